"""Proves that Adyen sent a message: HMAC-SHA256 with a key that is written in hex, in base64.

Standard webhooks sign each item by itself: eight of its fields, parted by colons and not escaped, the signature among
the item's additional data. All other webhooks sign the raw body, the signature in the header `HmacSignature`. (Adyen's
SDKs, and its documentation: verify HMAC signatures.) A message with one item that is not signed is refused whole.

The fields that are signed stand in the body, so that is read before the sender is proven: as JSON, and nothing more.
"""

from binascii import unhexlify
from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import from_json

from lockstep.messaging.errors import ConfigurationError, SignatureInvalid
from lockstep.messaging.signatures import digest_of, require_hmac

SIGNATURE_HEADER: Final = "hmacsignature"
SIGNATURE_FIELD: Final = "hmacSignature"
_MOST_ITEMS: Final = 1_000


def verify_signature(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once every item, or the body, is shown to be signed with one of the secrets.

    Adyen gives messages no id: it is a digest of what the items' signatures cover, or of the body, which is the same
    when a message comes again.

    Raises:
        SignatureInvalid: A signature is missing, or fits no secret.
        ConfigurationError: There is no secret, or one is not hex.
    """
    items = _items(body)
    if items is None:
        _prove(body, headers.get(SIGNATURE_HEADER, ""), secrets)
        return digest_of(body)
    if not items:
        raise SignatureInvalid("the message has no item that could be signed")
    signed = [signed_fields(item) for item in items]
    for item, fields in zip(items, signed, strict=True):
        _prove(fields, _signature(item), secrets)
    return digest_of(b"\n".join(signed))


def signed_fields(item: Mapping[str, Any]) -> bytes:
    """What the signature of an item covers."""
    amount = item.get("amount")
    amount = amount if isinstance(amount, dict) else {}
    fields = (
        item.get("pspReference"),
        item.get("originalReference"),
        item.get("merchantAccountCode"),
        item.get("merchantReference"),
        amount.get("value"),
        amount.get("currency"),
        item.get("eventCode"),
        item.get("success"),
    )
    return ":".join(_text(field) for field in fields).encode()


def _text(field: Any) -> str:
    if field is None:
        return ""
    return str(field).lower() if isinstance(field, bool) else str(field)


def _items(body: bytes) -> list[Mapping[str, Any]] | None:
    """The items of a standard webhook; None where the message is of another form.

    Raises:
        SignatureInvalid: There are items that cannot have been signed.
    """
    try:
        message = from_json(body)
    except ValueError:
        return None
    if not isinstance(message, dict) or "notificationItems" not in message:
        return None
    holders = message["notificationItems"]
    if not isinstance(holders, list) or len(holders) > _MOST_ITEMS:
        raise SignatureInvalid("the message's items cannot be read")
    items = [holder.get("NotificationRequestItem") if isinstance(holder, dict) else None for holder in holders]
    found = [item for item in items if isinstance(item, dict)]
    if len(found) < len(items):
        raise SignatureInvalid("the message's items cannot be read")
    return list(found)


def _signature(item: Mapping[str, Any]) -> str:
    additional = item.get("additionalData")
    found = additional.get(SIGNATURE_FIELD) if isinstance(additional, dict) else None
    return found if isinstance(found, str) else ""


def _prove(signed: bytes, signature: str, secrets: tuple[str, ...]) -> None:
    if not signature:
        raise SignatureInvalid(f"{SIGNATURE_FIELD} is missing")
    require_hmac(signed, [signature], secrets, key=_key)


def _key(secret: str) -> bytes:
    try:
        key = unhexlify(secret.strip())
    except ValueError as error:
        raise ConfigurationError("an HMAC key is not hex") from error
    if not key:
        raise ConfigurationError("an HMAC key is empty")
    return key
