"""The BigCommerce connector, as the core sees it."""

from datetime import datetime

from lockstep.connectors.bigcommerce.translate import translate_message
from lockstep.connectors.bigcommerce.verify import verify_caller
from lockstep.messaging.inbound import Delivery, Request, Translation


class BigcommerceConnector:
    """Implements `InboundConnector` for the webhooks of one store."""

    def __init__(self, *, currency: str | None = None) -> None:
        """Args:
        currency: ISO 4217 code, for prices, and for what is read without the order that names one.
        """
        self._currency = currency

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        del now  # no time is signed
        return verify_caller(request.headers, request.body, secrets)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_message(delivery, self._currency)
