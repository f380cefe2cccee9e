"""The POSLog connector, as the core sees it."""

from datetime import UTC, datetime, timedelta, tzinfo

from lockstep.connectors.poslog.manifest import MANIFEST
from lockstep.connectors.poslog.parse import Conventions
from lockstep.connectors.poslog.translate import translate_poslog
from lockstep.connectors.poslog.verify import verify_signature
from lockstep.messaging.inbound import Delivery, Request, Translation


class PoslogConnector:
    """Implements `InboundConnector` for POSLog over HTTPS, signed as Standard Webhooks has it."""

    def __init__(self, *, default_currency: str | None = None, zone: tzinfo = UTC) -> None:
        """Args:
        default_currency: ISO 4217 code, for documents that name no currency; without it they are malformed.
        zone: Where the account's tills are, for times that are written without an offset.
        """
        self._conventions = Conventions(currency=default_currency, zone=zone)

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """See `InboundConnector.verify`."""
        return verify_signature(request.headers, request.body, secrets, now=now, tolerance=_TOLERANCE)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        return translate_poslog(delivery, self._conventions)


def _tolerance() -> timedelta:
    inbound = MANIFEST.inbound
    if inbound is None or inbound.signature.tolerance is None:
        raise ValueError("the manifest declares no tolerance")
    return inbound.signature.tolerance


_TOLERANCE = _tolerance()
