"""Proves that EasyPost sent a webhook.

`X-Hmac-Signature: hmac-sha256-hex=<digest>`, HMAC-SHA256 over the body as it came, with the secret normalized to NFKD
and encoded as UTF-8 (EasyPost's client libraries, `validate_webhook`). No time is signed.
"""

import unicodedata
from collections.abc import Mapping
from typing import Final

from lockstep.messaging.lenient import named_in
from lockstep.messaging.signatures import digest_of, header, in_hex, require_hmac

SIGNATURE_HEADER: Final = "x-hmac-signature"
_PREFIX: Final = b"hmac-sha256-hex="


def verify_signature(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once one of the secrets is shown to have signed this body.

    It is the event's id, which is the same when it is sent again, and a digest of the body where there is none.

    Raises:
        SignatureInvalid: The header is missing, or no secret fits.
        ConfigurationError: There is no secret.
    """
    given = header(headers, SIGNATURE_HEADER)
    require_hmac(body, [given], secrets, written=lambda digest: _PREFIX + in_hex(digest), key=key_of)
    return named_in(body, "id") or digest_of(body)


def key_of(secret: str) -> bytes:
    """The key that EasyPost makes of a secret."""
    return unicodedata.normalize("NFKD", secret).encode()
