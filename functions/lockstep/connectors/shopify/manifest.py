"""Declares the Shopify connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Delivery, Evidence, Outbound, Role

MANIFEST = ConnectorManifest(
    system="shopify",
    title="Shopify",
    proven_against=((Evidence.MACHINE_READABLE_CONTRACT, "Admin GraphQL schema 2026-10"),),
    outbound=Outbound(
        role=Role.SHOP,
        delivery=Delivery.STATE,
        api_version="2026-10",
        allowed_hosts=(".myshopify.com",),
        batch_size=250,
        max_concurrency=2,
        call_timeout=timedelta(seconds=20),
        idempotency_retention=timedelta(hours=24),
    ),
)
