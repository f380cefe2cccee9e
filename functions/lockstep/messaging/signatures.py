"""Proving a sender by a shared secret: HMAC-SHA256, in constant time, whichever secret fits."""

import base64
import hmac
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256

from lockstep.messaging.errors import ConfigurationError, SignatureInvalid


def in_base64(digest: bytes) -> bytes:
    """A digest as base64 writes it."""
    return base64.b64encode(digest)


def in_hex(digest: bytes) -> bytes:
    """A digest in lower-case hexadecimal digits."""
    return digest.hex().encode()


def utf8(secret: str) -> bytes:
    """A secret that is used as it is written."""
    return secret.encode()


def header(headers: Mapping[str, str], name: str) -> str:
    """A header that has to be there.

    Raises:
        SignatureInvalid: It is not, or is empty.
    """
    value = headers.get(name, "")
    if not value:
        raise SignatureInvalid(f"{name} is missing")
    return value


def require_hmac(
    signed: bytes,
    given: Iterable[str],
    secrets: tuple[str, ...],
    *,
    written: Callable[[bytes], bytes] = in_base64,
    key: Callable[[str], bytes] = utf8,
) -> None:
    """Hold that one of the secrets signed these bytes.

    Every secret is tried against every signature given, whatever fits first, so that the time it takes tells nothing.

    Args:
        signed: The bytes that were signed, as they came.
        given: Signatures from the call.
        secrets: Those that may sign now.
        written: How the vendor writes a digest.
        key: How the vendor makes a key of a secret.

    Raises:
        SignatureInvalid: None fits.
        ConfigurationError: There is no secret, or one is empty, with which anyone could sign.
    """
    if not all(secrets) or not secrets:
        raise ConfigurationError("this account has no signing secret")
    signatures = [signature.encode("utf-8", "replace") for signature in given]
    fits = False
    for secret in secrets:
        expected = written(hmac.digest(key(secret), signed, sha256))
        for signature in signatures:
            fits |= hmac.compare_digest(expected, signature)
    if not fits:
        raise SignatureInvalid("no signature fits a secret of this account")


def digest_of(body: bytes) -> str:
    """What stands for the id of a delivery whose sender gives it none: the same bytes are the same delivery."""
    return sha256(body).hexdigest()
