"""Declares the Business Central connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Poll, Signature

MANIFEST = ConnectorManifest(
    system="business_central",
    title="Dynamics 365 Business Central",
    proven_against=(
        (Evidence.MACHINE_READABLE_CONTRACT, "API v2.0: what is read satisfies its schemas"),
        (Evidence.REAL_MESSAGES, "the vendor's documented examples of notifications and documents"),
    ),
    inbound=Inbound(
        topics=("notification",),
        events=(
            "ProductReported",
            "PriceReported",
            "CustomerReported",
            "OrderReported",
            "DocumentUnbalanced",
        ),
        signature=Signature(
            scheme="clientState: a shared secret in each notification of the body",
            headers=(),
            tolerance=None,
            source="Microsoft Learn: working with webhooks in Dynamics 365 Business Central",
        ),
        delivery_id="a digest of the body: the vendor gives none",
        event_identity="the record's id and lastModifiedDateTime",
        max_body_bytes=1_000_000,
        answer_within=timedelta(seconds=30),
        rate_per_second=20,
        burst=50,
        redelivery="for 36 hours, but only after 408, 429 and 5xx: any other failure deletes the subscription",
        delivery_guaranteed=False,
        answers={400: 202, 401: 429, 404: 429, 413: 202},
        reads=("item", "customer", "salesOrder", "items", "customers", "salesOrders"),
        pages=("items", "customers", "salesOrders"),
        polls=(
            Poll("items", every=timedelta(hours=1), overlap=timedelta(minutes=10)),
            Poll("customers", every=timedelta(hours=1), overlap=timedelta(minutes=10)),
            Poll("salesOrders", every=timedelta(minutes=30), overlap=timedelta(minutes=10)),
        ),
        reads_per_second=5,
        allowed_hosts=("api.businesscentral.dynamics.com", "login.microsoftonline.com"),
    ),
    notes=(
        "Never answered with a status that deletes the subscription: what does not prove itself is answered 429.",
        "What cannot be read is answered 202, and what it was about is found by polling.",
        "Subscriptions expire after three days: whoever made one renews it. Until then polling catches up.",
        "Our own documents come back under the key that they were posted with, and are ignored.",
    ),
)
