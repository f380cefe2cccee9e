"""The Adobe Commerce connector, as the core sees it."""

import re
from datetime import datetime
from typing import Final

from lockstep.connectors.adobe_commerce.translate import translate_message
from lockstep.connectors.adobe_commerce.verify import verify_signature
from lockstep.messaging.inbound import Answer, Delivery, Request, Translation

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,256}")


class AdobeCommerceConnector:
    """Implements `InboundConnector` and `Greets` for I/O Events and Commerce Webhooks of one shop."""

    def __init__(self, *, currency: str | None = None) -> None:
        """Args:
        currency: ISO 4217 code of the shop, for prices, which name none.
        """
        self._currency = currency

    def greet(self, request: Request) -> Answer | None:
        """The answer to the challenge with which I/O Events makes sure of a new webhook: a GET, to be echoed."""
        challenge = request.query.get("challenge", "")
        return Answer(200, challenge) if request.method == "GET" and _CHALLENGE.fullmatch(challenge) else None

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        del now  # no time is signed
        return verify_signature(request.headers, request.body, secrets)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_message(delivery, self._currency)
