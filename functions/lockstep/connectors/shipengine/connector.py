"""The ShipEngine connector, as the core sees it."""

from datetime import UTC, datetime, tzinfo

from lockstep.connectors.shipengine.translate import translate_message
from lockstep.connectors.shipengine.verify import verify_signature
from lockstep.messaging.inbound import Delivery, Request, Translation


class ShipengineConnector:
    """Implements `InboundConnector` for the tracking webhooks of ShipEngine and ShipStation's API."""

    def __init__(self, *, zone: tzinfo = UTC) -> None:
        """Args:
        zone: For times of carriers that are written without an offset.
        """
        self._zone = zone

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        return verify_signature(request.headers, request.body, secrets, now)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_message(delivery, self._zone)
