"""The Adyen connector, as the core sees it."""

from datetime import datetime

from lockstep.connectors.adyen.translate import translate_delivery
from lockstep.connectors.adyen.verify import verify_signature
from lockstep.messaging.inbound import Delivery, Request, Translation


class AdyenConnector:
    """Implements `InboundConnector` for Adyen."""

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:  # noqa: ARG002  # no time is signed
        """See `InboundConnector.verify`."""
        return verify_signature(request.headers, request.body, secrets)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_delivery(delivery)
