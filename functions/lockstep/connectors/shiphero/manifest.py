"""Declares the ShipHero connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Poll, Signature

MANIFEST = ConnectorManifest(
    system="shiphero",
    title="ShipHero",
    proven_against=(
        (Evidence.REAL_MESSAGES, "an abridged shipment update from a published integration"),
        (Evidence.DOCUMENTATION, "ShipHero's developer pages on webhooks"),
    ),
    inbound=Inbound(
        topics=("Shipment Update", "Order Packed Out", "Inventory Update", "Inventory Change"),
        events=("ShipmentReported", "InventoryLevelReported", "InventoryAdjusted"),
        signature=Signature(
            scheme="HMAC-SHA256 over the body, base64",
            headers=("x-shiphero-hmac-sha256",),
            tolerance=None,
            source="published integrations",
            proven=False,
        ),
        delivery_id="header x-shiphero-message-id, and a digest of the body where there is none",
        event_identity="shipment and its packages; tote and order; SKU, warehouse, time and message of a stock figure",
        max_body_bytes=1_000_000,
        answer_within=timedelta(seconds=10),
        rate_per_second=50,
        burst=100,
        redelivery="five attempts; ShipHero says itself that a webhook may not be sent at all",
        delivery_guaranteed=False,
        pages=("shipment", "stock"),
        polls=(
            Poll("shipment", every=timedelta(minutes=30), overlap=timedelta(minutes=30)),
            Poll("stock", every=timedelta(hours=2), overlap=timedelta(minutes=30)),
        ),
        reads_per_second=1,
        allowed_hosts=("public-api.shiphero.com",),
        acknowledgement={"code": "200", "Status": "Success"},
    ),
    notes=(
        "Integrations tell of the signature, no vector of ShipHero's does: a call that it does not fit is refused.",
        "Inventory Update says what there is, Inventory Change what moved: for a warehouse, subscribe to one of them.",
        "Times carry no offset: they are taken in the account's zone.",
        "Cancelled orders, returns and purchase orders are not taken: their channel tells of them.",
    ),
)
