"""The EasyPost connector, as the core sees it."""

from datetime import datetime

from lockstep.connectors.easypost.translate import translate_notification
from lockstep.connectors.easypost.verify import verify_signature
from lockstep.messaging.inbound import Delivery, Request, Translation


class EasypostConnector:
    """Implements `InboundConnector` for EasyPost's webhooks."""

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        del now  # no time is signed
        return verify_signature(request.headers, request.body, secrets)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_notification(delivery)
