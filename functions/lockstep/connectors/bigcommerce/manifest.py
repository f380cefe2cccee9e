"""Declares the BigCommerce connector.

Facts: BigCommerce's webhook overview and event pages, its rate limit page, and its API descriptions (orders V2 and V3,
inventory V3, customers V3).
"""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Poll, Signature

INBOUND = Inbound(
    topics=(
        "store/order/created",
        "store/order/updated",
        "store/order/archived",
        "store/order/statusUpdated",
        "store/order/refund/created",
        "store/order/transaction/created",
        "store/order/transaction/updated",
        "store/product/created",
        "store/product/updated",
        "store/product/deleted",
        "store/product/inventory/updated",
        "store/product/inventory/order/updated",
        "store/sku/created",
        "store/sku/updated",
        "store/sku/deleted",
        "store/sku/inventory/updated",
        "store/sku/inventory/order/updated",
        "store/shipment/created",
        "store/shipment/updated",
        "store/shipment/deleted",
        "store/customer/created",
        "store/customer/updated",
        "store/customer/deleted",
        "store/customer/address/created",
        "store/customer/address/updated",
        "store/customer/address/deleted",
    ),
    events=(
        "OrderReported",
        "RefundReported",
        "DocumentUnbalanced",
        "PaymentRecorded",
        "ProductReported",
        "PriceReported",
        "InventoryLevelReported",
        "ShipmentReported",
        "CustomerReported",
    ),
    signature=Signature(
        scheme="a secret header of our own, which the hook is created with",
        headers=("x-lockstep-secret",),
        tolerance=None,
        source="BigCommerce webhook overview: custom headers are all that it offers",
        proven=False,
    ),
    delivery_id="`scope`, `hash` and `created_at` in the body",
    event_identity="the resource's id with its date_modified and a digest of what it says",
    max_body_bytes=262_144,
    answer_within=timedelta(seconds=10),
    rate_per_second=50,
    burst=200,
    redelivery="eleven times within two days, then the hook is switched off; below 90 % success the domain is "
    "left alone for three minutes",
    reads=("order", "order_refund", "order_transactions", "product", "inventory", "shipment", "customer"),
    pages=("order", "product", "customer"),
    polls=(
        Poll(resource="order", every=timedelta(hours=1), overlap=timedelta(minutes=10)),
        Poll(resource="product", every=timedelta(hours=6), overlap=timedelta(minutes=10)),
        Poll(resource="customer", every=timedelta(hours=6), overlap=timedelta(minutes=10)),
    ),
    reads_per_second=1.2,
    allowed_hosts=("api.bigcommerce.com",),
)

MANIFEST = ConnectorManifest(
    system="bigcommerce",
    title="BigCommerce",
    proven_against=(
        (Evidence.MACHINE_READABLE_CONTRACT, "BigCommerce's API descriptions: fixtures satisfy their schemas"),
        (Evidence.REAL_MESSAGES, "the callbacks and resources of its documentation"),
    ),
    inbound=INBOUND,
    notes=(
        "No signature is documented; four that others name contradict each other. A secret header proves the caller.",
        "What a message says is read again at the vendor; only a deletion is believed.",
        "The answer time is not documented: ten seconds are assumed.",
        "A read of an order or a refund is four calls: 1.2 reads a second stay below 150 calls in 30 seconds.",
    ),
)
