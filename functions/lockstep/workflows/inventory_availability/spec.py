"""Declares the inventory availability workflow."""

from datetime import UTC, datetime, timedelta

from lockstep.messaging.specs import Criticality, Delivery, Role, ServiceLevel, WorkflowSpec

SPEC = WorkflowSpec(
    consumer="inventory_availability",
    title="Inventory availability",
    consumes=(
        "TransactionClosed",
        "TransactionUnbalanced",
        "InventoryAdjusted",
        "InventoryLevelReported",
        "OrderReported",
        "RefundReported",
        "DocumentUnbalanced",
    ),
    role=Role.SHOP,
    delivery=Delivery.STATE,
    decides="the position of each SKU at each location, and what every shop may still sell of it",
    subject="the till transaction with its voids and returns, the order with its refunds, or the stock document",
    service_level=ServiceLevel(percentile=0.99, within=timedelta(seconds=30)),
    criticality=Criticality.REVENUE,
    exceptions=("unmapped_reference", "negative_inventory"),
    owner="Inventory control",
    active_from=datetime(2026, 1, 1, tzinfo=UTC),
)
