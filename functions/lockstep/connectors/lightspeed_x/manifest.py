"""Declares the Lightspeed Retail (X-Series) connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Poll, Signature

MANIFEST = ConnectorManifest(
    system="lightspeed_x",
    title="Lightspeed Retail (X-Series)",
    proven_against=(
        (Evidence.REAL_MESSAGES, "the vendor's documented examples of webhooks"),
        (Evidence.MACHINE_READABLE_CONTRACT, "API 2.0: what is read again satisfies its schemas"),
    ),
    inbound=Inbound(
        topics=(
            "sale.update",
            "product.update",
            "customer.update",
            "inventory.update",
            "consignment.receive",
        ),
        events=(
            "OrderReported",
            "DocumentUnbalanced",
            "ProductReported",
            "PriceReported",
            "CustomerReported",
            "InventoryLevelReported",
            "InventoryAdjusted",
        ),
        signature=Signature(
            scheme="HMAC-SHA256 over the body, hexadecimal, in signature=...,algorithm=HMAC-SHA256",
            headers=("x-signature",),
            tolerance=None,
            source="Lightspeed documentation; not confirmed",
            proven=False,
        ),
        delivery_id="a digest of the body: the vendor gives none",
        event_identity="the object's id and version",
        max_body_bytes=1_000_000,
        answer_within=timedelta(seconds=5),
        rate_per_second=50,
        burst=200,
        redelivery="up to 20 attempts over about 48 hours; Lightspeed says itself that delivery is not guaranteed",
        delivery_guaranteed=False,
        pages=("sale", "product", "customer", "inventory"),
        polls=(Poll("sale", every=timedelta(minutes=15), overlap=timedelta(minutes=15)),),
        reads_per_second=1,
        allowed_hosts=(".retail.lightspeed.app", ".vendhq.com"),
    ),
    notes=(
        "Webhooks made by hand in Lightspeed's back office are unsigned: they are refused. Make them by the API.",
        "Messages name no currency: it is the account's.",
        "Sales name a register, not a store: map the register in the crosswalk.",
        "Gift cards that are sold are articles to Lightspeed: map theirs to the article that books stored value.",
    ),
)
