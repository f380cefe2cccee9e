"""Declares the Square connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Poll, Signature

API_VERSION = "2025-08-20"
"""Sent with every read: that of the API description to which the fixtures are held."""

MANIFEST = ConnectorManifest(
    system="square",
    title="Square",
    proven_against=(
        (Evidence.MACHINE_READABLE_CONTRACT, "Square's API description: fixtures satisfy its schemas"),
        (Evidence.REAL_MESSAGES, "the examples of webhooks and answers in that description"),
        (Evidence.REAL_SOFTWARE, "a signature vector of Square's Python SDK"),
    ),
    inbound=Inbound(
        topics=(
            "order.created",
            "order.updated",
            "order.fulfillment.updated",
            "catalog.version.updated",
            "payment.created",
            "payment.updated",
            "refund.created",
            "refund.updated",
            "inventory.count.updated",
            "payout.sent",
            "payout.paid",
            "payout.failed",
            "gift_card.created",
            "gift_card.updated",
            "gift_card.activity.created",
            "gift_card.activity.updated",
            "dispute.created",
            "dispute.state.updated",
            "dispute.state.changed",
            "dispute.evidence.created",
            "dispute.evidence.added",
            "dispute.evidence.deleted",
            "dispute.evidence.removed",
            "customer.created",
            "customer.updated",
            "customer.deleted",
        ),
        events=(
            "OrderReported",
            "DocumentUnbalanced",
            "PaymentRecorded",
            "DisputeReported",
            "PayoutReported",
            "GiftCardMoved",
            "InventoryLevelReported",
            "ProductReported",
            "PriceReported",
            "PromotionReported",
            "CustomerReported",
            "ShipmentReported",
        ),
        signature=Signature(
            scheme="HMAC-SHA256 over notification URL + body, base64",
            headers=("x-square-hmacsha256-signature",),
            tolerance=None,
            source="Square documentation, validate event notifications; Square's SDKs",
        ),
        delivery_id="event_id of the body",
        event_identity="the object's id and version; a payment's or refund's id and status; a count's object and time",
        max_body_bytes=1_000_000,
        answer_within=timedelta(seconds=10),
        rate_per_second=100,
        burst=300,
        redelivery="sent again with growing pauses until 2xx, for up to 72 hours",
        reads=("order", "catalog", "catalog_object"),
        pages=("order", "payment", "refund", "payout", "inventory", "catalog"),
        polls=(
            Poll("order", every=timedelta(minutes=30), overlap=timedelta(minutes=10)),
            Poll("catalog", every=timedelta(hours=6), overlap=timedelta(hours=1)),
        ),
        reads_per_second=5,
        allowed_hosts=("connect.squareup.com", "connect.squareupsandbox.com"),
    ),
    notes=(
        "Square publishes no rate limit: five reads a second is our own choice, and a 429 is waited out.",
        "An order of Square's may be a sale, a return, or both: a return is an order with lines below zero.",
        "What a processing fee comes to is told after the payment and makes no new event: payouts have it.",
    ),
)
