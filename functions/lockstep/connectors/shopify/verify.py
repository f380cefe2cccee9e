"""Proves that the shop sent a message: HMAC-SHA256 over the raw bytes with the app's client secret, in base64.

Two families of headers are in use, with and without `X-` (Shopify's own library, `shopify-app-js`, webhook headers).
No time is signed, so that an old message cannot be told from a new one; its delivery id can.
"""

from collections.abc import Mapping
from typing import Final

from lockstep.messaging.errors import SignatureInvalid
from lockstep.messaging.signatures import digest_of, require_hmac

SIGNATURES: Final = ("x-shopify-hmac-sha256", "shopify-hmac-sha256")
IDS: Final = ("x-shopify-event-id", "x-shopify-webhook-id", "shopify-event-id", "shopify-webhook-id")
_LONGEST_ID: Final = 200
_DIGEST: Final = 12


def verify_signature(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once one of the secrets is shown to have signed these bytes.

    Raises:
        SignatureInvalid: The header is missing, or no secret fits.
        ConfigurationError: There is no secret.
    """
    given = {name.lower(): value for name, value in headers.items()}
    signatures = [given[name] for name in SIGNATURES if given.get(name)]
    if not signatures:
        raise SignatureInvalid(f"{SIGNATURES[0]} is missing")
    require_hmac(body, signatures, secrets)
    return delivery_id(given, body)


def delivery_id(headers: Mapping[str, str], body: bytes) -> str:
    """The id of the event, or else of the webhook, with a digest of the body.

    One event of the shop may bring several messages, of several topics or things (shopify.dev, *Ignore duplicate
    webhooks*: one for each subscription); a message that is sent again has the same body.
    """
    named = next((headers[name] for name in IDS if headers.get(name)), "")
    content = digest_of(body)
    if not named or len(named) > _LONGEST_ID or not named.isprintable():
        return content
    return f"{named}.{content[:_DIGEST]}"
