"""What the contract kit, samples and the command line are told of WooCommerce. Not deployed."""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from lockstep.messaging.conformance import Conformance, Message, Vector, VendorAnswer
from lockstep.messaging.errors import ConfigurationError, EndpointTimeout, EndpointUnavailable, RateLimited
from lockstep.messaging.inbound import Request

_ORDERS: Final = ("order.", "fetched/order")


def sign(message: Message, secret: str) -> Request:
    """The call with which a shop sends a message."""
    digest = hmac.digest(secret.encode(), message.body, sha256)
    own = {
        "x-wc-webhook-delivery-id": message.delivery,
        "x-wc-webhook-signature": base64.b64encode(digest).decode(),
    }
    return Request({**message.headers, **own}, message.body, message.url)


def totals(topic: str, body: bytes) -> Sequence[Decimal]:
    """The `total` of orders, the `amount` of refunds."""
    said = json.loads(body, parse_float=Decimal)
    found = said if isinstance(said, list) else [said]
    if topic == "fetched/order_refund":
        return [Decimal(str(entry.get("refund", entry)["amount"])) for entry in found]
    if not topic.startswith(_ORDERS) or topic == "order.deleted":
        return []
    saved = (order for order in found if order["status"] != "auto-draft" and order["date_modified_gmt"])
    return [Decimal(str(order["total"])) for order in saved]


def _vector() -> Vector:
    """Signed with OpenSSL: `printf %s '{"id":12}' | openssl dgst -sha256 -hmac lantern -binary | base64`."""
    headers: Mapping[str, str] = {
        "x-wc-webhook-delivery-id": "900",
        "x-wc-webhook-signature": "tFir6ttQ3tvTfNPAvsAdBOedcNZgxQ2qfOBtNyD1x5o=",
    }
    return Vector(request=Request(headers, b'{"id":12}'), secret="lantern", now=datetime(2026, 11, 23, tzinfo=UTC))  # noqa: S106


def _refusal(status: int, code: str) -> bytes:
    """The vendor's own form of an error."""
    said: dict[str, Any] = {"code": code, "message": "", "data": {"status": status}}
    return json.dumps(said).encode()


CONFORMANCE = Conformance(
    secrets=("an example webhook secret", "another example secret"),
    sign=sign,
    currency="EUR",
    required={
        "order.created--two_rates_and_coupon": (
            "id",
            "currency",
            "total",
            "line_items.0.id",
            "line_items.0.quantity",
            "line_items.0.total",
            "shipping_lines.0.total",
            "fee_lines.0.total",
        ),
        "order.updated--refunds": ("refunds.0.id",),
        "fetched-order_refund--with_its_order": ("refund.amount", "refund.id"),
        "product.updated--simple": ("id",),
        "customer.created--registered": ("id",),
        "coupon.created--percent": ("id",),
        "order.deleted": ("id",),
    },
    totals=totals,
    personal=("Ines", "Falkenried", "ines.falkenried@example.com", "Hafenstrasse 12", "+49 40 5550123"),
    own_vectors=(_vector(),),
    payload_topics={
        "tax.resource": "",
        "webhook_subscription.resource": "",
    },
    connection={
        "base_url": "https://shop.example",
        "consumer_key": "ck_example_0123456789",
        "consumer_secret": "cs_example_9876543210",
    },
    statuses=(
        VendorAnswer(status=200, means=None),
        VendorAnswer(status=404, means=None, body=_refusal(404, "woocommerce_rest_shop_order_invalid_id")),
        VendorAnswer(status=400, means=ConfigurationError, body=_refusal(400, "rest_invalid_param")),
        VendorAnswer(status=401, means=ConfigurationError, body=_refusal(401, "woocommerce_rest_cannot_view")),
        VendorAnswer(status=403, means=ConfigurationError, body=_refusal(403, "rest_forbidden")),
        VendorAnswer(status=408, means=EndpointTimeout),
        VendorAnswer(status=429, means=RateLimited, headers={"retry-after": "7"}, retry_after=timedelta(seconds=7)),
        VendorAnswer(status=500, means=EndpointUnavailable, body=_refusal(500, "internal_server_error")),
        VendorAnswer(status=502, means=EndpointUnavailable, body=b"<html></html>"),
        VendorAnswer(status=503, means=EndpointUnavailable, body=b"<html></html>"),
    ),
)
