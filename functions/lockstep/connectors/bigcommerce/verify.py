"""Proves who sent a message: a secret in a header that the hook was created with.

BigCommerce documents no signature. Headers that it is told to send are all it offers, so the body is not proven: what
it says is read again at the vendor before anything follows from it.
"""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from lockstep.messaging.errors import ConfigurationError, SignatureInvalid

SECRET_HEADER: Final = "x-lockstep-secret"  # noqa: S105  # names a header
_LONGEST: Final = 256


def verify_caller(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once the caller is shown to know one of the secrets; every one is tried.

    It is the scope with the vendor's hash and time, which are the same when the message is sent again, or a digest of
    the body. The hash alone is of `data`, which is the same for every change of one resource.

    Raises:
        SignatureInvalid: The header is missing, or no secret fits.
        ConfigurationError: There is no secret, or an empty one.
    """
    if not secrets or not all(secrets):
        raise ConfigurationError("this account has no secret for its hooks")
    said = headers.get(SECRET_HEADER, "")
    if not said:
        raise SignatureInvalid(f"{SECRET_HEADER} is missing")
    given = sha256(said.encode()).digest()
    fits = False
    for secret in secrets:
        fits |= hmac.compare_digest(sha256(secret.encode()).digest(), given)
    if not fits:
        raise SignatureInvalid("the caller knows no secret of this account")
    return _named(body) or sha256(body).hexdigest()


def _named(body: bytes) -> str:
    try:
        said = json.loads(body)
        at, name = said["created_at"], f"{said['scope']}/{said['hash']}/{said['created_at']}"
        name = name if said["scope"] and said["hash"] and at else ""
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return name if name.isascii() and name.isprintable() and len(name) <= _LONGEST else ""
