"""Proves who sent a message: Standard Webhooks, symmetric signatures (`v1`).

The signed bytes are `id.timestamp.body`, HMAC-SHA256, base64 (standard-webhooks.com specification, "Webhook headers"
and "Verifying signatures"). The reference package is not called here: it decodes the body as UTF-8, which a POSLog in
another encoding is not, and it reads the clock itself. The tests hold this module to what that package signs.
"""

import hmac
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from lockstep.messaging.errors import ConfigurationError, MessageExpired, SignatureInvalid

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"

_SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # marks a secret, is none
_VERSION: Final = "v1"
_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,11}")
_MOST_SIGNATURES: Final = 16


def verify_signature(
    headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...], *, now: datetime, tolerance: timedelta
) -> str:
    """The delivery id, once one of the secrets is shown to have signed these bytes and the signed time is near.

    Every secret is tried against every signature, whatever fits first, so that the time it takes tells nothing.

    Raises:
        SignatureInvalid: A header is missing or malformed, or no secret fits.
        MessageExpired: A secret fits, but the signed time is further from now than the tolerance, either way.
        ConfigurationError: There is no secret, or one is not base64.
    """
    given = {name.lower(): value for name, value in headers.items()}
    delivery_id = _header(given, ID_HEADER, _ID)
    timestamp = _header(given, TIMESTAMP_HEADER, _TIMESTAMP)
    signatures = _signatures(given.get(SIGNATURE_HEADER, ""))
    if not secrets:
        raise ConfigurationError("this account has no signing secret")
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    fits = False
    for secret in secrets:
        expected = hmac.digest(_key(secret), signed, sha256)
        for signature in signatures:
            fits |= hmac.compare_digest(expected, signature)
    if not fits:
        raise SignatureInvalid("no signature fits a secret of this account")
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > tolerance:
        raise MessageExpired(f"{TIMESTAMP_HEADER} is more than {tolerance} from now")
    return delivery_id


def _header(headers: Mapping[str, str], name: str, form: re.Pattern[str]) -> str:
    value = headers.get(name, "")
    if not form.fullmatch(value):
        raise SignatureInvalid(f"{name} is {'malformed' if value else 'missing'}")
    return value


def _signatures(header: str) -> list[bytes]:
    if not header:
        raise SignatureInvalid(f"{SIGNATURE_HEADER} is missing")
    found = []
    for part in header.split(" ")[:_MOST_SIGNATURES]:
        version, _, encoded = part.partition(",")
        if version == _VERSION:
            try:
                found.append(b64decode(encoded, validate=True))
            except (Base64Error, ValueError) as error:
                raise SignatureInvalid(f"{SIGNATURE_HEADER} is malformed") from error
    return found


def _key(secret: str) -> bytes:
    encoded = secret.removeprefix(_SECRET_PREFIX).rstrip("=")
    try:
        key = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (Base64Error, ValueError) as error:
        raise ConfigurationError("a signing secret is not base64") from error
    if not key:
        raise ConfigurationError("a signing secret is empty")
    return key
