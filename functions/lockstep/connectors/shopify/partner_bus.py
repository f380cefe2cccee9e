"""Takes a message from the vendor's partner event bus, where the cloud vouches for the sender instead of a signature.

`detail` holds the message as `payload`, and what would have been the headers as `metadata` (shopify.dev, *Deliver
webhooks through Amazon EventBridge*).
"""

import json
from collections.abc import Mapping
from typing import Any

from lockstep.connectors.shopify.verify import delivery_id
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Request


def unpack(event: Mapping[str, Any]) -> tuple[str, Request]:
    """Delivery id and message of an event on the partner bus: as the webhook would have brought it.

    Raises:
        MessageMalformed: It is no such event.
    """
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise MessageMalformed("detail is missing")
    payload, metadata = detail.get("payload"), detail.get("metadata")
    if not isinstance(payload, Mapping):
        raise MessageMalformed("detail.payload is missing")
    if not isinstance(metadata, Mapping):
        raise MessageMalformed("detail.metadata is missing")
    headers = {str(name).lower(): str(value) for name, value in metadata.items() if value is not None}
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return delivery_id(headers, body), Request(headers, body)
