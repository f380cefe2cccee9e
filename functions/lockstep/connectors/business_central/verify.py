"""Proves that Business Central sent a notification, and answers its handshake.

Nothing is signed. A subscription is made with a `clientState` that every notification of it repeats: a shared secret in
the body. A handshake carries `validationToken` in its query, which is to be echoed as plain text with 200, when a
subscription is made and when it is renewed (Microsoft Learn, working with webhooks in Dynamics 365 Business Central).
"""

import hmac
import re
from typing import Final

from lockstep.connectors.business_central.models import Notifications
from lockstep.messaging.errors import ConfigurationError, SignatureInvalid
from lockstep.messaging.inbound import Answer, Request
from lockstep.messaging.lenient import read
from lockstep.messaging.signatures import digest_of

TOKEN_PARAMETER: Final = "validationToken"  # noqa: S105  # a parameter's name
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,2048}")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def handshake(request: Request) -> Answer | None:
    """The answer to a handshake; None for any other call. Whoever asks learns nothing but what they sent."""
    token = next((value for name, value in request.query.items() if name.lower() == TOKEN_PARAMETER.lower()), None)
    return Answer(200, token) if token is not None and _TOKEN.fullmatch(token) else None


def verify_client_state(body: bytes, secrets: tuple[str, ...]) -> str:
    """The delivery id, once every notification in it is shown to repeat one of the secrets: a digest of the body.

    Raises:
        SignatureInvalid: A notification has another client state, or none, or there is no notification.
        MessageMalformed: It cannot be read.
        ConfigurationError: There is no secret.
    """
    if not secrets:
        raise ConfigurationError("this account has no client state")
    notifications = read(Notifications, without_mark(body)).value or ()
    fits = bool(notifications)
    for notification in notifications:
        given = (notification.clientState or "").encode()
        # Every secret is compared with every notification, so that the time it takes tells nothing.
        fits &= any([hmac.compare_digest(secret.encode(), given) for secret in secrets])  # noqa: C419
    if not fits:
        raise SignatureInvalid("a notification does not repeat a client state of this account")
    return digest_of(body)


def without_mark(body: bytes) -> bytes:
    """The body without a byte order mark, with which versions before 19 begin."""
    return body.removeprefix(_BYTE_ORDER_MARK)
