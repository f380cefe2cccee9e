"""What the contract kit, samples and the command line are told of Lightspeed. Not deployed."""

import hmac
import json
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode

from lockstep.connectors.lightspeed_x.verify import SIGNATURE_HEADER
from lockstep.messaging.conformance import Conformance, Contract, Message, VendorAnswer, widened_json
from lockstep.messaging.errors import (
    ConfigurationError,
    EndpointUnavailable,
    RateLimited,
)
from lockstep.messaging.inbound import Request


def sign(message: Message, secret: str) -> Request:
    """The call with which Lightspeed sends a message."""
    digest = hmac.digest(secret.encode(), message.body, sha256).hex()
    own = {SIGNATURE_HEADER: f"signature={digest},algorithm=HMAC-SHA256"}
    return Request({**message.headers, **own}, message.body, message.url)


def load(body: bytes) -> Any:
    """The object in a message, whether it is a form or a list that was read."""
    return json.loads(body if body.lstrip()[:1] == b"{" else parse_qs(body.decode())["payload"][0])


def dump(tree: Any) -> bytes:
    """An object as a message: a form, unless it is a list."""
    written = json.dumps(tree, ensure_ascii=False)
    if isinstance(tree, dict) and "data" in tree:
        return written.encode("utf-8", "surrogatepass")
    return urlencode({"payload": written, "type": _type_of(tree)}, errors="surrogatepass").encode()


def widened(body: bytes) -> bytes:
    """With unknown fields everywhere in the object."""
    return dump(json.loads(widened_json(json.dumps(load(body)).encode())))


def totals(topic: str, body: bytes) -> Sequence[Decimal]:
    """What sales state, and what articles cost."""
    found = load(body)
    carried = found.get("data", found)
    amounts = []
    for one in carried if isinstance(carried, list) else [carried]:
        said = one.get("totals", one)
        if "total_price" in said:
            exact = Decimal(str(said["total_price"])) + Decimal(str(said["total_tax"]))
            amounts.append(exact.quantize(Decimal("0.01")))
    return amounts if "sale" in topic else []


def _type_of(tree: Any) -> str:
    marks = {
        "register_sale_products": "sale.update",
        "consignment_id": "consignment.receive",
        "reorder_point": "inventory.update",
        "customer_code": "customer.update",
    }
    if not isinstance(tree, dict):
        return "sale.update"
    return next((kind for mark, kind in marks.items() if mark in tree), "product.update")


CONFORMANCE = Conformance(
    secrets=("lightspeed-example-client-secret", "another-lightspeed-client-secret"),
    sign=sign,
    content_type="application/x-www-form-urlencoded",
    currency="NZD",
    time_zone="Pacific/Auckland",
    load=load,
    dump=dump,
    widened=widened,
    totals=totals,
    required={
        "sale.update--split_tender": (
            "id",
            "version",
            "register_sale_products.0.quantity",
            "register_sale_products.0.product_id",
            "totals.total_price",
            "register_sale_payments.0.amount",
        ),
        "inventory.update": ("product_id", "version", "outlet_id", "count"),
        "product.update": ("id",),
        "product.update--undated": ("id", "version"),
        "customer.update": ("id",),
    },
    personal=("Moana", "Example Road 5", "moana@example.co.nz", "+64 21 000 000"),
    contracts=(
        Contract(
            file="lightspeed_x/api_2.0_v1.0.openapi.json",
            schema="/components/schemas/Sale",
            fixtures="fetched-sale",
            at="/data/0",
        ),
    ),
    connection={"base_url": "https://lantern.retail.lightspeed.app", "token": "lightspeed-example-token"},
    statuses=(
        VendorAnswer(status=200, means=None, body=b'{"data":[]}'),
        VendorAnswer(status=404, means=ConfigurationError),
        VendorAnswer(status=400, means=ConfigurationError),
        VendorAnswer(status=401, means=ConfigurationError),
        VendorAnswer(status=403, means=ConfigurationError),
        VendorAnswer(status=429, means=RateLimited, headers={"retry-after": "30"}, retry_after=timedelta(seconds=30)),
        VendorAnswer(status=500, means=EndpointUnavailable),
        VendorAnswer(status=503, means=EndpointUnavailable),
    ),
)
