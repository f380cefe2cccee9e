"""Declares the financial posting workflow."""

from datetime import UTC, datetime, timedelta

from lockstep.messaging.specs import Criticality, Delivery, Role, ServiceLevel, WorkflowSpec

SPEC = WorkflowSpec(
    consumer="financial_posting",
    title="Financial posting",
    consumes=("TransactionClosed", "TransactionUnbalanced", "OrderReported", "RefundReported", "DocumentUnbalanced"),
    role=Role.ERP,
    delivery=Delivery.DOCUMENTS,
    decides="which documents the ledger of record must hold for what a till closed, a channel sold or refunded",
    subject="the till transaction with its voids and returns, or the order with its refunds",
    service_level=ServiceLevel(percentile=0.99, within=timedelta(minutes=5)),
    criticality=Criticality.BOOKS,
    exceptions=(
        "unmapped_reference",
        "unmatched_tender",
        "invalid_tax_code",
        "unbalanced_totals",
        "document_rejected",
        "period_closed",
        "predecessor_missing",
        "sequence_gap",
        "changed_after_booking",
    ),
    owner="Store accounting",
    active_from=datetime(2026, 1, 1, tzinfo=UTC),
)
