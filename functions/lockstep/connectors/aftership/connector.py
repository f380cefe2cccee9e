"""The AfterShip connector, as the core sees it."""

from datetime import UTC, datetime, tzinfo

from lockstep.connectors.aftership.translate import translate_notification
from lockstep.connectors.aftership.verify import verify_signature
from lockstep.messaging.inbound import Delivery, Request, Translation


class AftershipConnector:
    """Implements `InboundConnector` for AfterShip's tracking webhooks."""

    def __init__(self, *, zone: tzinfo = UTC) -> None:
        """Args:
        zone: For times of carriers that are written without an offset.
        """
        self._zone = zone

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        del now  # no time is signed
        return verify_signature(request.headers, request.body, secrets)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_notification(delivery, self._zone)
