"""Proves who sent a message: RSA-SHA256 (PKCS #1 v1.5) with a public key that the account's secret holds.

- I/O Events sign the raw body with two keys of Adobe's own, the same for all its customers: so the event must also name
  the client that it is for (Signature Verification for Events; the event libraries of Adobe verify so).
- Commerce Webhooks sign the base64 of the raw body with the shop's key pair. Adobe's page calls this an HMAC, and shows
  it verified with a public key: an HMAC has none.

A secret is the client's id, where there is one, and the keys in PEM, one after the other:

    client_id 0123456789abcdef
    -----BEGIN PUBLIC KEY-----
    ...

No time is signed: that a message came before is known by its id.
"""

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from lockstep.messaging.errors import ConfigurationError, SignatureInvalid

EVENT_HEADERS: Final = ("x-adobe-digital-signature-1", "x-adobe-digital-signature-2")
WEBHOOK_HEADER: Final = "x-adobe-commerce-webhook-signature"

_PEM: Final = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_CLIENT: Final = re.compile(r"^\s*client_id[ :=]+([!-~]{1,256})\s*$", re.MULTILINE)
_LONGEST_ID: Final = 256


@dataclass(frozen=True, slots=True)
class _Trusted:
    client: str
    keys: tuple[RSAPublicKey, ...]


def verify_signature(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once one of the keys is shown to have signed these bytes, for the client that the account names.

    Raises:
        SignatureInvalid: A header is missing or malformed, no key fits, or it is for another client.
        ConfigurationError: There is no secret, or one holds no key.
    """
    if not secrets:
        raise ConfigurationError("this account has no public keys")
    trusted = [_trusted(secret) for secret in secrets]
    if WEBHOOK_HEADER in headers:
        signed, signatures = b64encode(body), [_decoded(headers, WEBHOOK_HEADER)]
        if not any(_fits(one, signatures, signed) for one in trusted):
            raise SignatureInvalid("the signature fits no key of this account")
        return sha256(body).hexdigest()
    signatures = [_decoded(headers, name) for name in EVENT_HEADERS if name in headers]
    if not signatures:
        raise SignatureInvalid(f"{EVENT_HEADERS[0]} is missing")
    fitting = [one for one in trusted if _fits(one, signatures, body)]
    if not fitting:
        raise SignatureInvalid("the signature fits no key of this account")
    events = list(_events(body))
    for one in fitting:
        if one.client and events and all(_is_for(event, one.client) for event in events):
            return _delivery_id(events, body)
    raise SignatureInvalid("recipient_client_id is not the client of this account")


def _fits(trusted: _Trusted, signatures: list[bytes], signed: bytes) -> bool:
    return any(_signed_by(key, signature, signed) for key in trusted.keys for signature in signatures)


def _signed_by(key: RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _is_for(event: Any, client: str) -> bool:
    said = event.get("recipient_client_id") or event.get("recipientclientid") if isinstance(event, dict) else None
    return isinstance(said, str) and compare_digest(said.encode(), client.encode())


def _events(body: bytes) -> Iterator[Any]:
    """What is in the body: one event, or a batch. Read after it is proven that Adobe sent it."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return
    yield from said if isinstance(said, list) else (said,)


def _delivery_id(events: list[Any], body: bytes) -> str:
    said = events[0].get("id") if len(events) == 1 else None
    fits = isinstance(said, str) and 0 < len(said) <= _LONGEST_ID and said.isascii() and said.isprintable()
    return said if fits and isinstance(said, str) else sha256(body).hexdigest()


def _decoded(headers: Mapping[str, str], name: str) -> bytes:
    if not headers[name]:
        raise SignatureInvalid(f"{name} is missing")
    try:
        return b64decode(headers[name], validate=True)
    except (Base64Error, ValueError) as error:
        raise SignatureInvalid(f"{name} is malformed") from error


@lru_cache(maxsize=16)
def _trusted(secret: str) -> _Trusted:
    """Raises:
    ConfigurationError: It holds no RSA public key.
    """
    keys = []
    for pem in _PEM.findall(secret):
        try:
            key = load_pem_public_key(pem.encode())
        except ValueError as error:
            raise ConfigurationError("a public key of this account cannot be read") from error
        if not isinstance(key, RSAPublicKey):
            raise ConfigurationError("a public key of this account is not RSA")
        keys.append(key)
    if not keys:
        raise ConfigurationError("a secret of this account holds no public key")
    client = _CLIENT.search(secret)
    return _Trusted(client[1] if client else "", tuple(keys))
