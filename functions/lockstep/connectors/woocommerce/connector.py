"""The WooCommerce connector, as the core sees it."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

from lockstep.connectors.woocommerce.shop import Shop
from lockstep.connectors.woocommerce.translate import translate_message
from lockstep.connectors.woocommerce.verify import SIGNATURE_HEADER, verify_signature
from lockstep.messaging.inbound import Answer, Delivery, Request, Translation

_PING: Final = re.compile(rb"webhook_id=[0-9]{1,20}")


class WoocommerceConnector:
    """Implements `InboundConnector` and `Greets` for the webhooks of one shop."""

    def __init__(self, *, currency: str | None = None, zone: tzinfo = UTC) -> None:
        """Args:
        currency: ISO 4217 code, for prices and coupons, which name none.
        zone: The shop's, for times that are written without an offset and without their `_gmt` twin.
        """
        self._shop = Shop(currency=currency, zone=zone)

    def greet(self, request: Request) -> Answer | None:
        """The answer to the ping that a new or changed webhook sends: a form with its number, unsigned.

        It says nothing, so nothing is believed of it. Without a 2xx the shop refuses to save the webhook.
        """
        if _PING.fullmatch(request.body.strip()) and SIGNATURE_HEADER not in request.headers:
            return Answer(200)
        return None

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        del now  # no time is signed
        return verify_signature(request.headers, request.body, secrets)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_message(delivery, self._shop)
