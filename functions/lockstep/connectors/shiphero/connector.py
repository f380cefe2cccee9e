"""The ShipHero connector, as the core sees it."""

from datetime import UTC, datetime, tzinfo

from lockstep.connectors.shiphero.translate import translate_message
from lockstep.connectors.shiphero.verify import verify_signature
from lockstep.messaging.inbound import Delivery, Request, Translation


class ShipheroConnector:
    """Implements `InboundConnector` for ShipHero's webhooks."""

    def __init__(self, *, zone: tzinfo = UTC) -> None:
        """Args:
        zone: In which ShipHero writes times, which carry no offset.
        """
        self._zone = zone

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        del now  # no time is signed
        return verify_signature(request.headers, request.body, secrets)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_message(delivery, self._zone)
