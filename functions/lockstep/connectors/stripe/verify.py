"""Proves that Stripe sent a webhook: `Stripe-Signature: t=...,v1=...`, HMAC-SHA256 over time and body, in hex.

The signing secret counts as it is written, `whsec_` and all; there is a `v1` for each secret of the endpoint while one
is being replaced; `v0` is for tests and never counts (Stripe's SDKs, and its documentation: verify webhook signatures).
"""

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from pydantic_core import from_json

from lockstep.messaging.errors import ConfigurationError, MessageExpired, SignatureInvalid

SIGNATURE_HEADER: Final = "stripe-signature"
_TIMESTAMP: Final = re.compile(r"[0-9]{1,11}")
_MOST_SIGNATURES: Final = 16
_LONGEST_ID: Final = 256


def verify_signature(
    headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...], *, now: datetime, tolerance: timedelta
) -> str:
    """The event's id, once one of the secrets is shown to have signed this body and the signed time is near.

    Every secret is tried against every signature, whatever fits first, so that the time it takes tells nothing.

    Raises:
        SignatureInvalid: The header is missing or malformed, or no secret fits.
        MessageExpired: A secret fits, but the signed time is further from now than the tolerance, either way.
        ConfigurationError: There is no secret.
    """
    given = headers.get(SIGNATURE_HEADER, "")
    if not given:
        raise SignatureInvalid(f"{SIGNATURE_HEADER} is missing")
    if not secrets:
        raise ConfigurationError("this account has no signing secret")
    parts = [part.strip().partition("=") for part in given.split(",")]
    timestamp = next((value for name, _, value in parts if name == "t"), "")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureInvalid(f"{SIGNATURE_HEADER} names no time")
    signatures = [value.encode() for name, _, value in parts if name == "v1"][:_MOST_SIGNATURES]
    signed = f"{timestamp}.".encode() + body
    fits = False
    for secret in secrets:
        expected = hmac.new(secret.encode(), signed, sha256).hexdigest().encode()
        for signature in signatures:
            fits |= hmac.compare_digest(expected, signature)
    if not fits:
        raise SignatureInvalid("no signature fits a secret of this account")
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > tolerance:
        raise MessageExpired(f"the time in {SIGNATURE_HEADER} is more than {tolerance} from now")
    return _event_id(body) or sha256(body).hexdigest()


def _event_id(body: bytes) -> str | None:
    try:
        message = from_json(body)
    except ValueError:
        return None
    found = message.get("id") if isinstance(message, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= _LONGEST_ID and found.isprintable() else None
