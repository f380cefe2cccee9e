"""Proves that ShipEngine sent a webhook: RSA with SHA-256 over `timestamp.body`, by a key of its JWKS.

`x-shipengine-rsa-sha256-key-id` names the key, `x-shipengine-rsa-sha256-signature` is the signature in base64,
`x-shipengine-timestamp` the time that is signed (ShipStation documentation, webhook validation; RSASSA-PKCS1-v1_5, RFC
8017; JWK, RFC 7517). The key set is public: what makes it trustworthy is that it stands in the account's secret, so
that no caller can name another.
"""

import json
from base64 import b64decode, urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from lockstep.connectors.shipengine.manifest import TOLERANCE
from lockstep.messaging.errors import ConfigurationError, MessageExpired, MessageMalformed, SignatureInvalid
from lockstep.messaging.lenient import moment
from lockstep.messaging.signatures import digest_of, header

KEY_HEADER: Final = "x-shipengine-rsa-sha256-key-id"
SIGNATURE_HEADER: Final = "x-shipengine-rsa-sha256-signature"
TIMESTAMP_HEADER: Final = "x-shipengine-timestamp"
_SHORTEST_KEY: Final = 2048


def verify_signature(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...], now: datetime) -> str:
    """The delivery id, once a key of the account's key sets is shown to have signed this body.

    It is a digest of the body: ShipEngine numbers no deliveries.

    Args:
        headers: Of the call, in lower case.
        body: As it came.
        secrets: Key sets as JSON (JWKS): the vendor's, and while it is being replaced the one before.
        now: UTC.

    Raises:
        SignatureInvalid: A header is missing or malformed, or no key fits.
        MessageExpired: A key fits, but the signed time is further from now than five minutes, either way.
        ConfigurationError: There is no key set, or one is none.
    """
    key_id, given = header(headers, KEY_HEADER), header(headers, SIGNATURE_HEADER)
    timestamp = header(headers, TIMESTAMP_HEADER)
    if not secrets:
        raise ConfigurationError("this account has no key set")
    try:
        signature = b64decode(given, validate=True)
        signed_at = moment(timestamp, TIMESTAMP_HEADER)
    except (Base64Error, ValueError, MessageMalformed) as error:
        raise SignatureInvalid(f"{SIGNATURE_HEADER} or {TIMESTAMP_HEADER} is malformed") from error
    keys = [key for secret in secrets for key in _keys(secret) if key.get("kid") == key_id]
    signed = timestamp.encode() + b"." + body
    if not any([_fits(key, signature, signed) for key in keys]):  # noqa: C419  # every key is tried, whatever fits
        raise SignatureInvalid("no key of this account fits the signature")
    if abs(now - signed_at) > TOLERANCE:
        raise MessageExpired(f"{TIMESTAMP_HEADER} is more than {TOLERANCE} from now")
    return digest_of(body)


def _keys(secret: str) -> list[Mapping[str, Any]]:
    try:
        keys = json.loads(secret)["keys"]
        return [key for key in keys if key.get("kty") == "RSA"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError("a key set is no JWKS") from error


def _fits(key: Mapping[str, Any], signature: bytes, signed: bytes) -> bool:
    # Loaded at the first call: a cold start that is only warmed need not pay for it.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    try:
        modulus, exponent = _number(key["n"]), _number(key["e"])
        if modulus.bit_length() < _SHORTEST_KEY:
            raise ConfigurationError("a key of the key set is too short")
        public = RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, ValueError, TypeError) as error:
        raise ConfigurationError("a key of the key set is no RSA key") from error
    try:
        public.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _number(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
