"""Proves that AfterShip sent a webhook.

`aftership-hmac-sha256`: HMAC-SHA256 over the body as it came, with the webhook secret as it is written, in base64
(AfterShip documentation, webhook signature). No time is signed.
"""

from collections.abc import Mapping
from typing import Final

from lockstep.messaging.lenient import named_in
from lockstep.messaging.signatures import digest_of, header, require_hmac

SIGNATURE_HEADER: Final = "aftership-hmac-sha256"


def verify_signature(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once one of the secrets is shown to have signed this body.

    It is the event's id, which is the same when it is sent again, and a digest of the body where there is none.

    Raises:
        SignatureInvalid: The header is missing, or no secret fits.
        ConfigurationError: There is no secret.
    """
    require_hmac(body, [header(headers, SIGNATURE_HEADER)], secrets)
    return named_in(body, "event_id") or digest_of(body)
