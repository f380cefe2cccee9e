"""The Stripe connector, as the core sees it."""

from datetime import datetime, timedelta
from typing import Final

from lockstep.connectors.stripe.manifest import MANIFEST
from lockstep.connectors.stripe.translate import translate_delivery
from lockstep.connectors.stripe.verify import verify_signature
from lockstep.messaging.inbound import Delivery, Request, Translation


class StripeConnector:
    """Implements `InboundConnector` for Stripe."""

    def __init__(self, *, takes_tests: bool = False) -> None:
        """Args:
        takes_tests: Test events of connected accounts count.
        """
        self._takes_tests = takes_tests

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        return verify_signature(request.headers, request.body, secrets, now=now, tolerance=_TOLERANCE)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_delivery(delivery, takes_tests=self._takes_tests)


def _tolerance() -> timedelta:
    inbound = MANIFEST.inbound
    if inbound is None or inbound.signature.tolerance is None:
        raise ValueError("the manifest declares no tolerance")
    return inbound.signature.tolerance


_TOLERANCE: Final = _tolerance()
