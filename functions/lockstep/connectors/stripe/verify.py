"""Proves that Stripe sent a webhook: `Stripe-Signature: t=...,v1=...`, HMAC-SHA256 over time and body, in hex.

The signing secret counts as it is written, `whsec_` and all; there is a `v1` for each secret of the endpoint while one
is being replaced; `v0` is for tests and never counts (Stripe's SDKs, and its documentation: verify webhook signatures).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from lockstep.messaging.errors import MessageExpired, SignatureInvalid
from lockstep.messaging.lenient import named_in
from lockstep.messaging.signatures import digest_of, header, in_hex, require_hmac

SIGNATURE_HEADER: Final = "stripe-signature"
_TIMESTAMP: Final = re.compile(r"[0-9]{1,11}")
_MOST_SIGNATURES: Final = 16


def verify_signature(
    headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...], *, now: datetime, tolerance: timedelta
) -> str:
    """The event's id, once one of the secrets is shown to have signed this body and the signed time is near.

    Raises:
        SignatureInvalid: The header is missing or malformed, or no secret fits.
        MessageExpired: A secret fits, but the signed time is further from now than the tolerance, either way.
        ConfigurationError: There is no secret.
    """
    given = header(headers, SIGNATURE_HEADER)
    parts = [part.strip().partition("=") for part in given.split(",")]
    timestamp = next((value for name, _, value in parts if name == "t"), "")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureInvalid(f"{SIGNATURE_HEADER} names no time")
    signatures = [value for name, _, value in parts if name == "v1"][:_MOST_SIGNATURES]
    require_hmac(f"{timestamp}.".encode() + body, signatures, secrets, written=in_hex)
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > tolerance:
        raise MessageExpired(f"the time in {SIGNATURE_HEADER} is more than {tolerance} from now")
    return named_in(body, "id") or digest_of(body)
