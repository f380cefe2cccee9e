"""Every message of Square's that may lie beside the checkout, and what becomes of it."""

from datetime import UTC, datetime

import pytest

from lockstep.connectors.square.connector import SquareConnector
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery
from tests.contract.kit.shared import PAYLOADS

MESSAGES = PAYLOADS / "square"
RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
OUTCOMES = {
    "catalog.version.updated__1.json": ["read catalog"],
    "customer.created__1.json": ["CustomerReported"],
    "customer.updated__1.json": ["CustomerReported"],
    "gift_card.activity.created__1.json": ["GiftCardMoved issued 10.00 USD"],
    "inventory.count.updated__1.json": ["InventoryLevelReported"],
    "location.updated__1.json": ["ignored: topic not declared: location.updated"],
    "order.created__1.json": ["read order"],
    "order.updated__1.json": ["read order"],
    "payment.updated__1.json": ["PaymentRecorded capture 1.00 USD"],
    "payout.paid__1.json": ["PayoutReported 4.57 EUR"],
    "refund.created__1.json": ["PaymentRecorded refund 10.00 USD"],
    "refund.updated__1.json": ["PaymentRecorded refund 10.00 USD"],
    "resource.CalculateOrderResponse__1.json": ["refused: order.id is missing"],
    "resource.CloneOrderResponse__1.json": ["OrderReported 61.76 USD"],
    "resource.CreateOrderRequest__1.json": ["refused: order.id is missing"],
    "resource.CreatePaymentResponse__1.json": ["PaymentRecorded capture 10.00 USD"],
    "resource.GetPaymentRefundResponse__1.json": ["PaymentRecorded refund 5.55 USD"],
    "resource.GetPaymentResponse__1.json": ["PaymentRecorded capture 5.55 USD"],
    "resource.ListPaymentRefundsResponse__1.json": ["PaymentRecorded refund 5.55 USD"],
    "resource.RefundPaymentResponse__1.json": ["PaymentRecorded refund 10.00 USD"],
    "resource.SearchOrdersResponse__1.json": ["read order", "read order", "read order"],
    "resource.UpdateOrderResponse__1.json": ["OrderReported 9.00 USD"],
}
"""By file: what the events say, or why there is none."""

pytestmark = pytest.mark.skipif(not MESSAGES.exists(), reason="the vendors' messages are not beside the checkout")


def outcome(name: str) -> list[str]:
    """Events with their amounts, notices, reasons, or the refusal; each in a few words."""
    body = (MESSAGES / name).read_bytes()
    topic = "fetched/order" if name.startswith("resource.") else ""
    try:
        translation = SquareConnector().translate(Delivery("square.main", "d", body, RECEIVED, topic))
    except MessageMalformed as error:
        return [f"refused: {error}"]
    told = []
    for event in translation.events:
        data = event.data
        amount = getattr(data, "total", None) or getattr(data, "amount", None)
        kind = getattr(data, "kind", None)
        words = (event.type, kind.value if kind else "", str(amount) if amount else "")
        told.append(" ".join(word for word in words if word))
    told += [f"read {notice.resource}" for notice in translation.notices]
    return told + [f"ignored: {reason}" for reason in translation.ignored]


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_becomes_of_a_message(name: str) -> None:
    assert outcome(name) == OUTCOMES[name]


def test_every_message_is_in_the_table() -> None:
    assert {path.name for path in MESSAGES.glob("*.json")} == set(OUTCOMES)
