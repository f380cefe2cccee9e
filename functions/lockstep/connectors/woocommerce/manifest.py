"""Declares the WooCommerce connector.

Facts: the REST API documentation v3, chapters Webhooks, Orders, Order refunds, Products, Coupons, Customers; for what a
`deleted` topic says (an order, product or coupon went to the trash) the hooks that the plugin binds its topics to.
"""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Poll, Signature

INBOUND = Inbound(
    topics=(
        "order.created",
        "order.updated",
        "order.deleted",
        "order.restored",
        "product.created",
        "product.updated",
        "product.deleted",
        "product.restored",
        "customer.created",
        "customer.updated",
        "customer.deleted",
        "coupon.created",
        "coupon.updated",
        "coupon.deleted",
        "coupon.restored",
    ),
    events=(
        "OrderReported",
        "RefundReported",
        "DocumentUnbalanced",
        "ShipmentReported",
        "ProductReported",
        "PriceReported",
        "CustomerReported",
        "PromotionReported",
    ),
    signature=Signature(
        scheme="base64 of HMAC-SHA256 over the raw body",
        headers=("x-wc-webhook-signature",),
        tolerance=None,
        source="WooCommerce REST API documentation, Webhooks",
    ),
    delivery_id="header x-wc-webhook-delivery-id",
    event_identity="the resource's id with its date_modified_gmt and a digest of what it says; a refund's own id",
    max_body_bytes=4_000_000,
    answer_within=timedelta(seconds=5),
    rate_per_second=50,
    burst=200,
    topic_headers=("x-wc-webhook-topic",),
    redelivery="sent once, in the background; five failures in a row switch the webhook off",
    delivery_guaranteed=False,
    reads=("order", "order_refund", "product", "product_variation", "coupon", "shipment_tracking"),
    pages=("order", "product", "coupon"),
    polls=(
        Poll(resource="order", every=timedelta(minutes=10), overlap=timedelta(minutes=10)),
        Poll(resource="product", every=timedelta(hours=1), overlap=timedelta(minutes=10)),
        Poll(resource="coupon", every=timedelta(hours=6), overlap=timedelta(minutes=10)),
    ),
    reads_per_second=5.0,
)

MANIFEST = ConnectorManifest(
    system="woocommerce",
    title="WooCommerce",
    proven_against=(
        (
            Evidence.REAL_MESSAGES,
            "a captured webhook, the REST bodies of the vendor's own apps and of its documentation",
        ),
        (Evidence.DOCUMENTATION, "signature, headers and the ping, as documented"),
    ),
    inbound=INBOUND,
    notes=(
        "The vendor asks for no answer time: five seconds are what WordPress waits by default.",
        "There is no refund topic: refunds are found in order updates, and read one by one.",
        "Amounts of products and coupons, and of a refund read without its order, are in the account's currency.",
        "The shop's own stock figures are not taken over: nothing says which sales are in them.",
    ),
)
