"""What the contract kit, samples and the command line are told of AfterShip. Not deployed."""

import base64
import hmac
from datetime import UTC, datetime
from hashlib import sha256

from lockstep.connectors.aftership.verify import SIGNATURE_HEADER
from lockstep.messaging.conformance import Conformance, Message, Vector
from lockstep.messaging.inbound import Request


def sign(message: Message, secret: str) -> Request:
    """The call with which AfterShip sends a message."""
    digest = base64.b64encode(hmac.digest(secret.encode(), message.body, sha256)).decode()
    return Request({**message.headers, SIGNATURE_HEADER: digest}, message.body, message.url)


_REQUIRED = ("event", "msg.id", "msg.tracking_number")

CONFORMANCE = Conformance(
    secrets=("aftership-example-secret", "another-aftership-example-secret"),
    sign=sign,
    required={"tracking_update--delivered": _REQUIRED, "edd_revise": _REQUIRED},
    personal=("A. Recipient", "recipient@example.com"),
    own_vectors=(
        Vector(  # worked out with `openssl dgst -sha256 -hmac key -binary | base64`
            request=Request(
                {SIGNATURE_HEADER: "ZBUoFZr4Akc1wttaKbe7fTiMxQDObjsIY8+Y4Al3bnQ="},
                b'{"event":"tracking_update","event_id":"e-1"}',
            ),
            secret="key",  # noqa: S106  # an example
            now=datetime(2026, 11, 23, tzinfo=UTC),
        ),
    ),
)
