"""Every message of Square's that may lie beside the checkout, and what becomes of it."""

import pytest

from tests.contract.kit.outcomes import outcome
from tests.contract.kit.shared import PAYLOADS

MESSAGES = PAYLOADS / "square"
OUTCOMES = {
    "catalog.version.updated__1.json": ["notice catalog 6SSW7HV8K2ST5"],
    "customer.created__1.json": ["CustomerReported"],
    "customer.updated__1.json": ["CustomerReported"],
    "gift_card.activity.created__1.json": ["GiftCardMoved issued 10.00 USD"],
    "inventory.count.updated__1.json": ["InventoryLevelReported"],
    "location.updated__1.json": ["ignored: topic not declared: location.updated"],
    "order.created__1.json": ["notice order eA3vssLHKJrv9H0IdJCM3gNqfdcZY"],
    "order.updated__1.json": ["notice order eA3vssLHKJrv9H0IdJCM3gNqfdcZY"],
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
    "resource.SearchOrdersResponse__1.json": [
        "notice order CAISEM82RcpmcFBM0TfOyiHV3es",
        "notice order CAISENgvlJ6jLWAzERDzjyHVybY",
        "notice order CAISEM52YcpmcWAzERDOyiWS3ty",
    ],
    "resource.UpdateOrderResponse__1.json": ["OrderReported 9.00 USD"],
}
"""By file: what the events say, or why there is none."""

pytestmark = pytest.mark.skipif(not MESSAGES.exists(), reason="the vendors' messages are not beside the checkout")


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_becomes_of_a_message(name: str) -> None:
    assert outcome("square", "fetched/order" if name.startswith("resource.") else "", name) == OUTCOMES[name]


def test_every_message_is_in_the_table() -> None:
    assert {path.name for path in MESSAGES.glob("*.json")} == set(OUTCOMES)
