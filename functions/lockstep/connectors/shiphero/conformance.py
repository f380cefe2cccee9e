"""What the contract kit, samples and the command line are told of ShipHero. Not deployed."""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from lockstep.connectors.shiphero.verify import MESSAGE_HEADER, SIGNATURE_HEADER
from lockstep.messaging.conformance import Conformance, Message, Vector, VendorAnswer
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable, RateLimited
from lockstep.messaging.inbound import Request


def sign(message: Message, secret: str) -> Request:
    """The call with which ShipHero sends a message."""
    digest = base64.b64encode(hmac.digest(secret.encode(), message.body, sha256)).decode()
    own = {SIGNATURE_HEADER: digest, MESSAGE_HEADER: message.delivery}
    return Request({**message.headers, **own}, message.body, message.url)


_EMPTY = b'{"data":{"shipments":{"data":{"pageInfo":{"hasNextPage":false},"edges":[]}}}}'

CONFORMANCE = Conformance(
    secrets=("shiphero-example-secret", "another-shiphero-example-secret"),
    sign=sign,
    required={
        "Shipment-Update--two_packages": ("webhook_type", "fulfillment.created_at"),
        "Inventory-Change": ("sku", "quantity", "timestamp", "warehouse_id"),
        "Order-Packed-Out": ("order_id",),
    },
    identified_by_delivery=("Inventory-Update",),
    connection={"token": "shiphero-example-token"},
    statuses=(
        VendorAnswer(status=200, means=None, body=_EMPTY),
        VendorAnswer(
            status=200,
            means=RateLimited,
            body=b'{"errors":[{"code":30,"message":"not enough credits","time_remaining":"12 seconds"}]}',
            retry_after=timedelta(seconds=12),
        ),
        VendorAnswer(status=200, means=ConfigurationError, body=b'{"errors":[{"code":5,"message":"bad field"}]}'),
        VendorAnswer(status=200, means=EndpointUnavailable, body=b"<html>"),
        VendorAnswer(status=401, means=ConfigurationError),
        VendorAnswer(status=429, means=RateLimited, headers={"retry-after": "3"}, retry_after=timedelta(seconds=3)),
        VendorAnswer(status=500, means=EndpointUnavailable),
        VendorAnswer(status=502, means=EndpointUnavailable),
        VendorAnswer(status=503, means=EndpointUnavailable),
    ),
    personal=("B. Packer", "recipient@example.com"),
    own_vectors=(
        Vector(  # worked out with `openssl dgst -sha256 -hmac key -binary | base64`
            request=Request(
                {SIGNATURE_HEADER: "stpqPso0QhtJMcj9OqXLgX87qhiByfdVekCO0ymYkWk="},
                b'{"webhook_type":"Inventory Update","inventory":[]}',
            ),
            secret="key",  # noqa: S106  # an example
            now=datetime(2026, 11, 23, tzinfo=UTC),
        ),
    ),
)
