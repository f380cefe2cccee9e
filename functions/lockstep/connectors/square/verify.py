"""Proves that Square sent a webhook: HMAC-SHA256 over the notification URL and the body, in base64.

The key is the subscription's signature key as it is written; the URL is the one registered for the subscription, to the
letter; no time is signed (Square's webhook helper in its SDKs, and its documentation: validate event notifications).
"""

from collections.abc import Mapping
from typing import Final

from lockstep.messaging.lenient import named_in
from lockstep.messaging.signatures import digest_of, header, require_hmac

SIGNATURE_HEADER: Final = "x-square-hmacsha256-signature"


def verify_signature(headers: Mapping[str, str], url: str, body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once one of the secrets is shown to have signed this body for this address.

    It is the `event_id` of the body, which Square repeats when it sends again, and a digest of the body where there is
    none.

    Raises:
        SignatureInvalid: The header is missing, or no secret fits.
        ConfigurationError: There is no secret.
    """
    given = header(headers, SIGNATURE_HEADER)
    require_hmac(url.encode() + body, [given], secrets)
    return named_in(body, "event_id") or digest_of(body)
