"""Declares the Tryton connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Delivery, DocumentKey, Evidence, Outbound, Role

OUTBOUND = Outbound(
    role=Role.ERP,
    delivery=Delivery.DOCUMENTS,
    api_version="8.2",
    allowed_hosts=(),
    batch_size=50,
    max_concurrency=1,
    call_timeout=timedelta(seconds=30),
    document_key=DocumentKey.UNIQUE,
    settle_after=timedelta(seconds=5),
    throttle_signals=(
        "HTTP 429 (too many attempts to sign in)",
        "HTTP 503 `could not obtain lock`, when others post at the same time",
    ),
)

MANIFEST = ConnectorManifest(
    system="tryton",
    title="Tryton",
    proven_against=((Evidence.REAL_SOFTWARE, "trytond 8.2 with sale_point on SQLite"),),
    outbound=OUTBOUND,
    notes=(
        "Needs a module in the ERP that adds a unique `external_ref` to `sale.point.sale`; see README.md.",
        "Receipt numbers are gapless, so posting is serial: one writer an account.",
    ),
)
