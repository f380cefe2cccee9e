"""Declares the Shopify connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Delivery, Evidence, Outbound, Role

OUTBOUND = Outbound(
    role=Role.SHOP,
    delivery=Delivery.STATE,
    api_version="2026-10",
    allowed_hosts=(".myshopify.com",),
    batch_size=250,
    max_concurrency=2,
    call_timeout=timedelta(seconds=20),
    idempotency_retention=timedelta(hours=24),
    throttle_signals=(
        "HTTP 200 with errors[].extensions.code THROTTLED; the wait follows from extensions.cost.throttleStatus",
        "HTTP 429, with or without Retry-After",
    ),
)

MANIFEST = ConnectorManifest(
    system="shopify",
    title="Shopify",
    proven_against=((Evidence.MACHINE_READABLE_CONTRACT, "Admin GraphQL schema 2026-10"),),
    outbound=OUTBOUND,
    notes=(
        "Sets the quantity named `available`; the shop itself keeps what its orders have committed.",
        "A call sets all of its quantities or none.",
    ),
)
