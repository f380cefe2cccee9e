"""The Square connector, as the core sees it."""

from datetime import UTC, datetime, tzinfo

from lockstep.connectors.square.translate import translate_delivery
from lockstep.connectors.square.verify import verify_signature
from lockstep.messaging.inbound import Delivery, Request, Translation


class SquareConnector:
    """Implements `InboundConnector` for Square."""

    def __init__(self, *, zone: tzinfo = UTC) -> None:
        """Args:
        zone: Where the seller's day begins and ends: Square writes all times in UTC.
        """
        self._zone = zone

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:  # noqa: ARG002  # no time is signed
        """See `InboundConnector.verify`."""
        return verify_signature(request.headers, request.url, request.body, secrets)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_delivery(delivery, self._zone)
