"""Proves who sent a message: base64 of HMAC-SHA256 over the raw body (REST API documentation, Webhooks).

No time is signed, so an old message proves itself for ever; that it came before is known by its delivery id and by the
identity of what is in it.
"""

import hmac
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from lockstep.messaging.errors import ConfigurationError, SignatureInvalid

SIGNATURE_HEADER: Final = "x-wc-webhook-signature"
DELIVERY_HEADER: Final = "x-wc-webhook-delivery-id"

_DELIVERY: Final = re.compile(r"[\x21-\x7e]{1,256}")


def verify_signature(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once one of the secrets is shown to have signed these bytes; every secret is tried.

    Raises:
        SignatureInvalid: A header is missing or malformed, or no secret fits.
        ConfigurationError: There is no secret, or an empty one.
    """
    if not secrets or not all(secrets):
        raise ConfigurationError("this account has no signing secret")
    delivery_id = headers.get(DELIVERY_HEADER, "")
    if not _DELIVERY.fullmatch(delivery_id):
        raise SignatureInvalid(f"{DELIVERY_HEADER} is {'malformed' if delivery_id else 'missing'}")
    signature = _decoded(headers.get(SIGNATURE_HEADER, ""))
    fits = False
    for secret in secrets:
        fits |= hmac.compare_digest(hmac.digest(secret.encode(), body, sha256), signature)
    if not fits:
        raise SignatureInvalid("the signature fits no secret of this account")
    return delivery_id


def _decoded(header: str) -> bytes:
    if not header:
        raise SignatureInvalid(f"{SIGNATURE_HEADER} is missing")
    try:
        return b64decode(header, validate=True)
    except (Base64Error, ValueError) as error:
        raise SignatureInvalid(f"{SIGNATURE_HEADER} is malformed") from error
