"""What the contract kit, samples and the command line are told of EasyPost. Not deployed."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from lockstep.connectors.easypost.verify import SIGNATURE_HEADER, key_of
from lockstep.messaging.conformance import Conformance, Message, Vector
from lockstep.messaging.inbound import Request


def sign(message: Message, secret: str) -> Request:
    """The call with which EasyPost sends a message."""
    digest = hmac.digest(key_of(secret), message.body, sha256).hex()
    return Request({**message.headers, SIGNATURE_HEADER: f"hmac-sha256-hex={digest}"}, message.body, message.url)


def vector(entry: Mapping[str, Any]) -> Vector:
    """EasyPost's own vector."""
    request = Request({SIGNATURE_HEADER: entry["expected"]}, base64.b64decode(entry["body_base64"]))
    return Vector(request=request, secret=entry["secret"], now=datetime(2026, 11, 23, tzinfo=UTC))


_REQUIRED = ("description", "result.id", "result.tracking_code")

CONFORMANCE = Conformance(
    secrets=("easypost-exämple-secret", "another-easypost-example-secret"),
    sign=sign,
    required={"tracker-updated--delivered": _REQUIRED, "tracker-created": _REQUIRED},
    personal=("A. RECIPIENT",),
    vectors_of=("easypost",),
    vector=vector,
    payload_topics={
        "resource.event": "",
        "resource.shipment": "",
        "resource.tracker_pre_transit": "",
    },
)
