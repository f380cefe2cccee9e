"""Every message of Adyen's that may lie beside the checkout, and what becomes of it."""

import pytest

from tests.contract.kit.outcomes import outcome
from tests.contract.kit.shared import PAYLOADS

MESSAGES = PAYLOADS / "adyen"
OUTCOMES = {
    "ACH_NOTIFICATION_OF_CHANGE__1.json": ["ignored: topic not declared: ach.notificationOfChange"],
    "AUTHORISATION_ADJUSTMENT__1.json": ["PaymentRecorded authorization 10.00 EUR"],
    "AUTHORISATION__1.json": ["PaymentRecorded authorization 10.00 EUR"],
    "AUTORESCUE__1.json": ["ignored: topic not declared: AUTORESCUE"],
    "CANCEL_OR_REFUND__1.json": ["PaymentRecorded void 10.00 EUR"],
    "CAPTURE_FAILED__1.json": ["PaymentRecorded capture 10.00 EUR"],
    "CAPTURE__1.json": ["PaymentRecorded capture 10.00 EUR"],
    "CHARGEBACK__1.json": ["PaymentRecorded chargeback 10.00 EUR", "DisputeReported 10.00 EUR"],
    "DIRECT_DEBIT_NOTICE_OF_CHANGE_NOTIFICATION__ach_notice_of_change.json": [
        "ignored: topic not declared: ach.notificationOfChange"
    ],
    "INFORMATION_SUPPLIED__1.json": ["DisputeReported 100.00 USD"],
    "ISSUER_COMMENTS__1.json": ["DisputeReported 10.00 EUR"],
    "ISSUER_RESPONSE_TIMEFRAME_EXPIRED__1.json": ["DisputeReported 100.00 USD"],
    "MANUAL_REVIEW_REJECT__1.json": ["ignored: topic not declared: MANUAL_REVIEW_REJECT"],
    "NOTIFICATION_OF_FRAUD__1.json": ["DisputeReported 10.00 EUR"],
    "ORDER_CLOSED__1.json": ["ignored: topic not declared: ORDER_CLOSED"],
    "PAYOUT_DECLINE__1.json": ["PaymentRecorded payout 10.00 EUR"],
    "PAYOUT_THIRDPARTY__1.json": ["PaymentRecorded payout 10.00 EUR"],
    "REFUNDED_REVERSED__1.json": ["PaymentRecorded refund reversal 10.00 EUR"],
    "REFUND_FAILED__1.json": ["PaymentRecorded refund 10.00 EUR"],
    "REFUND_WITH_DATA__1.json": ["PaymentRecorded refund 10.00 EUR"],
    "REFUND__1.json": ["PaymentRecorded refund 10.00 EUR"],
    "sdk.cancellation-true__1.json": ["PaymentRecorded void 5.00 EUR"],
    "sdk.capture-true__1.json": ["PaymentRecorded capture 236.23 USD"],
    "sdk.chargeback__1.json": ["PaymentRecorded chargeback 10.00 EUR", "DisputeReported 10.00 EUR"],
    "sdk.display-notification__1.json": ["ignored: topic not declared: a terminal's message to its till"],
    "sdk.event-notification__1.json": ["ignored: topic not declared: a terminal's message to its till"],
    "sdk.management-webhook-payment-method-created-unknown-enum__1.json": [
        "ignored: topic not declared: paymentMethod.created"
    ],
    "sdk.refund-true__1.json": ["PaymentRecorded refund 15.00 EUR"],
    "sdk.tokenization-webhook-recurring-token-alreadyExisting__1.json": [
        "ignored: topic not declared: recurring.token.alreadyExisting"
    ],
    "sdk.tokenization-webhook-recurring-token-created__1.json": [
        "ignored: topic not declared: recurring.token.created"
    ],
    "sdk.tokenization-webhook-recurring-token-disabled__1.json": [
        "ignored: topic not declared: recurring.token.disabled"
    ],
}
"""By file: what the events say, or why there is none."""

pytestmark = pytest.mark.skipif(not MESSAGES.exists(), reason="the vendors' messages are not beside the checkout")


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_becomes_of_a_message(name: str) -> None:
    assert outcome("adyen", "", name) == OUTCOMES[name]


def test_every_message_is_in_the_table() -> None:
    assert {path.name for path in MESSAGES.glob("*.json")} == set(OUTCOMES)
