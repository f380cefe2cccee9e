"""What the contract kit, samples and the command line are told of BigCommerce. Not deployed."""

import json
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from lockstep.messaging.conformance import Conformance, Contract, Message, VendorAnswer
from lockstep.messaging.errors import ConfigurationError, EndpointTimeout, EndpointUnavailable, RateLimited
from lockstep.messaging.inbound import Request


def sign(message: Message, secret: str) -> Request:
    """The call with which BigCommerce delivers to a hook that was created with our header."""
    return Request({**message.headers, "x-lockstep-secret": secret}, message.body, message.url)


def totals(topic: str, body: bytes) -> Sequence[Decimal]:
    """`total_inc_tax` of an order, `total_amount` of a refund."""
    said = json.loads(body, parse_float=Decimal)
    if topic == "fetched/order" and isinstance(said, dict):
        return [Decimal(said.get("order", said)["total_inc_tax"])]
    if topic == "fetched/order_refund":
        return [Decimal(str((said.get("refund") or said.get("data") or said)["total_amount"]))]
    if topic == "fetched/order_transactions":
        return [Decimal(str(entry["amount"])) for entry in said["data"] if not entry.get("test")]
    return []


CONFORMANCE = Conformance(
    secrets=("an example header secret", "another header secret"),
    sign=sign,
    currency="USD",
    required={
        "store-order-created": ("data.id", "created_at"),
        "store-order-refund-created": ("data.id", "data.refund.refund_id"),
        "store-sku-inventory-updated": ("data.inventory.product_id",),
        "fetched-order--tax_added": (
            "order.id",
            "order.total_inc_tax",
            "products.0.id",
            "products.0.quantity",
            "products.0.total_ex_tax",
        ),
        "fetched-order_refund--priced": ("refund.id", "refund.total_amount", "refund.created"),
        "fetched-order_transactions--authorized_captured_refunded": ("data.0.id", "data.0.amount", "data.0.currency"),
        "fetched-product--two_variants": ("data.id", "data.variants.0.id"),
        "fetched-shipment--one_parcel": ("id", "date_created", "items.0.quantity"),
        "fetched-customer--with_address": ("data.0.id",),
    },
    totals=totals,
    personal=("Ines", "Falkenried", "ines.falkenried@example.com", "12 Harbour Street", "555-0123"),
    tampered=None,
    payload_topics={
        "resource.order_product": "",
        "resource.order_tax": "",
    },
    contracts=(
        Contract(
            file="bigcommerce/orders.v2.oas2.yml",
            schema="/components/schemas/order_Resp",
            fixtures="fetched-order--[!lp]*",
            at="/order",
        ),
        Contract(
            file="bigcommerce/orders.v2.oas2.yml",
            schema="/components/schemas/orderProducts",
            fixtures="fetched-order--[!lp]*",
            at="/products/0",
        ),
        Contract(
            file="bigcommerce/orders.v2.oas2.yml",
            schema="/components/schemas/orderShipment",
            fixtures="fetched-shipment--*",
        ),
        Contract(
            file="bigcommerce/orders.v3.yml",
            schema="/components/schemas/RefundID_Get/properties/data",
            fixtures="fetched-order_refund--[!a]*",
            at="/refund",
        ),
        Contract(
            file="bigcommerce/orders.v3.yml",
            schema="/components/schemas/Transaction",
            fixtures="fetched-order_transactions--*",
            at="/data/0",
        ),
        Contract(
            file="bigcommerce/customers.v3.yml",
            schema="/components/schemas/customer_Full",
            fixtures="fetched-customer--*",
            at="/data/0",
        ),
        Contract(
            file="bigcommerce/inventory.v3.yml",
            schema="/components/schemas/ItemResponse",
            fixtures="fetched-inventory--levels",
            at="/data/0",
        ),
    ),
    connection={"api_path": "https://api.bigcommerce.com/stores/ab12cd34/v3/", "token": "an-example-token"},
    statuses=(
        VendorAnswer(status=200, means=None),
        VendorAnswer(status=404, means=None),
        VendorAnswer(status=400, means=ConfigurationError),
        VendorAnswer(status=401, means=ConfigurationError),
        VendorAnswer(status=403, means=ConfigurationError),
        VendorAnswer(status=408, means=EndpointTimeout),
        VendorAnswer(status=409, means=EndpointUnavailable),
        VendorAnswer(status=422, means=ConfigurationError),
        VendorAnswer(
            status=429,
            means=RateLimited,
            headers={"x-rate-limit-time-reset-ms": "15000", "x-rate-limit-requests-left": "0"},
            retry_after=timedelta(seconds=15),
        ),
        VendorAnswer(status=429, means=RateLimited, retry_after=None),
        VendorAnswer(status=500, means=EndpointUnavailable),
        VendorAnswer(status=503, means=EndpointUnavailable),
    ),
)
