"""Proves that Lightspeed sent a webhook.

`X-Signature: signature=<hex>,algorithm=HMAC-SHA256`: HMAC-SHA256 over the body as it came, form-encoded, with the
client secret of the application that made the webhook (Lightspeed documentation; not confirmed by a vector). What is
not signed is refused: anybody could have sent it.
"""

from collections.abc import Mapping
from typing import Final

from lockstep.messaging.errors import SignatureInvalid
from lockstep.messaging.signatures import digest_of, header, in_hex, require_hmac

SIGNATURE_HEADER: Final = "x-signature"
_ALGORITHM: Final = "HMAC-SHA256"


def verify_signature(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once one of the secrets is shown to have signed this body: a digest of it, for it has none.

    Raises:
        SignatureInvalid: The header is missing or malformed, names another algorithm, or no secret fits.
        ConfigurationError: There is no secret.
    """
    parts = dict(part.strip().partition("=")[::2] for part in header(headers, SIGNATURE_HEADER).split(","))
    if parts.get("algorithm", _ALGORITHM).upper() != _ALGORITHM:
        raise SignatureInvalid(f"{SIGNATURE_HEADER} names another algorithm than {_ALGORITHM}")
    given = parts.get("signature", "")
    if not given:
        raise SignatureInvalid(f"{SIGNATURE_HEADER} is malformed")
    require_hmac(body, [given.lower()], secrets, written=in_hex)
    return digest_of(body)
