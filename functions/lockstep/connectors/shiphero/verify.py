"""Proves that ShipHero sent a webhook.

`x-shiphero-hmac-sha256`: HMAC-SHA256 over the body as it came, with the shared signature secret as it is written, in
base64 (as published integrations have it; ShipHero shows the secret once, when the webhook is made). No time is signed.
"""

from collections.abc import Mapping
from typing import Final

from lockstep.messaging.signatures import digest_of, header, require_hmac

SIGNATURE_HEADER: Final = "x-shiphero-hmac-sha256"
MESSAGE_HEADER: Final = "x-shiphero-message-id"
_LONGEST_ID: Final = 128


def verify_signature(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once one of the secrets is shown to have signed this body.

    It is the message's id, which is the same when it is sent again, and a digest of the body where there is none.

    Raises:
        SignatureInvalid: The header is missing, or no secret fits.
        ConfigurationError: There is no secret.
    """
    require_hmac(body, [header(headers, SIGNATURE_HEADER)], secrets)
    message = headers.get(MESSAGE_HEADER, "").strip()
    return message if 0 < len(message) <= _LONGEST_ID and message.isprintable() else digest_of(body)
