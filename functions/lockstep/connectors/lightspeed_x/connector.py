"""The Lightspeed connector, as the core sees it."""

from datetime import UTC, datetime, tzinfo

from lockstep.connectors.lightspeed_x.translate import translate_message
from lockstep.connectors.lightspeed_x.values import Conventions
from lockstep.connectors.lightspeed_x.verify import verify_signature
from lockstep.messaging.inbound import Delivery, Request, Translation


class LightspeedConnector:
    """Implements `InboundConnector` for Lightspeed Retail (X-Series)."""

    def __init__(self, *, currency: str | None = None, zone: tzinfo = UTC) -> None:
        """Args:
        currency: ISO 4217 code of the retailer's: messages name none. Without it, money is malformed.
        zone: Where the retailer's business days begin and end.
        """
        self._conventions = Conventions(currency, zone)

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        del now  # no time is signed
        return verify_signature(request.headers, request.body, secrets)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_message(delivery, self._conventions)
