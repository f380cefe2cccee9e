"""Proves that Square sent a webhook: HMAC-SHA256 over the notification URL and the body, in base64.

The key is the subscription's signature key as it is written; the URL is the one registered for the subscription, to the
letter; no time is signed (Square's webhook helper in its SDKs, and its documentation: validate event notifications).
"""

import base64
import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from pydantic_core import from_json

from lockstep.messaging.errors import ConfigurationError, SignatureInvalid

SIGNATURE_HEADER: Final = "x-square-hmacsha256-signature"
_LONGEST_ID: Final = 256


def verify_signature(headers: Mapping[str, str], url: str, body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once one of the secrets is shown to have signed this body for this address.

    It is the `event_id` of the body, which Square repeats when it sends again, and a digest of the body where there is
    none. Every secret is tried, whichever fits, so that the time it takes tells nothing.

    Raises:
        SignatureInvalid: The header is missing, or no secret fits.
        ConfigurationError: There is no secret.
    """
    given = headers.get(SIGNATURE_HEADER, "")
    if not given:
        raise SignatureInvalid(f"{SIGNATURE_HEADER} is missing")
    if not secrets:
        raise ConfigurationError("this account has no signature key")
    signed = url.encode() + body
    fits = False
    for secret in secrets:
        expected = base64.b64encode(hmac.digest(secret.encode(), signed, sha256))
        fits |= hmac.compare_digest(expected, given.encode())
    if not fits:
        raise SignatureInvalid("the signature fits no key of this account at the address that was called")
    return _event_id(body) or sha256(body).hexdigest()


def _event_id(body: bytes) -> str | None:
    try:
        message = from_json(body)
    except ValueError:
        return None
    found = message.get("event_id") if isinstance(message, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= _LONGEST_ID and found.isprintable() else None
