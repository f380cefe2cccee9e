"""Proves who sent a message: base64 of HMAC-SHA256 over the raw body (REST API documentation, Webhooks).

No time is signed, so an old message proves itself for ever; that it came before is known by its delivery id and by the
identity of what is in it.
"""

import re
from collections.abc import Mapping
from typing import Final

from lockstep.messaging.errors import SignatureInvalid
from lockstep.messaging.signatures import header, require_hmac

SIGNATURE_HEADER: Final = "x-wc-webhook-signature"
DELIVERY_HEADER: Final = "x-wc-webhook-delivery-id"

_DELIVERY: Final = re.compile(r"[\x21-\x7e]{1,256}")


def verify_signature(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once one of the secrets is shown to have signed these bytes; every secret is tried.

    Raises:
        SignatureInvalid: A header is missing or malformed, or no secret fits.
        ConfigurationError: There is no secret, or an empty one.
    """
    delivery_id = headers.get(DELIVERY_HEADER, "")
    if not _DELIVERY.fullmatch(delivery_id):
        raise SignatureInvalid(f"{DELIVERY_HEADER} is {'malformed' if delivery_id else 'missing'}")
    require_hmac(body, [header(headers, SIGNATURE_HEADER)], secrets)
    return delivery_id
