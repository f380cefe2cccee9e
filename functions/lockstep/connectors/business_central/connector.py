"""The Business Central connector, as the core sees it."""

from datetime import UTC, datetime, tzinfo

from lockstep.connectors.business_central.translate import translate_message
from lockstep.connectors.business_central.values import Conventions
from lockstep.connectors.business_central.verify import handshake, verify_client_state
from lockstep.messaging.inbound import Answer, Delivery, Request, Translation


class BusinessCentralConnector:
    """Implements `InboundConnector` and `Greets` for the notifications of Dynamics 365 Business Central."""

    def __init__(self, *, currency: str | None = None, zone: tzinfo = UTC) -> None:
        """Args:
        currency: ISO 4217 code of the company's own currency, which its documents leave empty.
        zone: Where the company's days begin: documents have dates without times.
        """
        self._conventions = Conventions(currency, zone)

    def greet(self, request: Request) -> Answer | None:
        """See `Greets.greet`: the handshake by which a subscription is made and renewed."""
        return handshake(request)

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        del now  # nothing is signed
        return verify_client_state(request.body, secrets)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_message(delivery, self._conventions)
