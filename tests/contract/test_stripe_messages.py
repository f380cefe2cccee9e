"""Every message of Stripe's that may lie beside the checkout, and what becomes of it."""

import pytest

from tests.contract.kit.outcomes import outcome
from tests.contract.kit.shared import PAYLOADS

MESSAGES = PAYLOADS / "stripe"
OUTCOMES = {
    "charge.captured__1.json": ["PaymentRecorded capture 1.00 USD"],
    "charge.dispute.created__1.json": ["DisputeReported 1.00 USD"],
    "charge.dispute.updated__1.json": ["DisputeReported 10.00 USD"],
    "charge.refunded__1.json": ["PaymentRecorded refund 1.00 USD"],
    "checkout.session.completed.payment_mode__1.json": ["PaymentRecorded authorization 250.00 USD"],
    "checkout.session.completed.setup_mode__1.json": ["ignored: a checkout session that only sets up a payment method"],
    "invoice.payment_failed__1.json": ["PaymentRecorded authorization 20.00 USD"],
    "payment_intent.canceled__1.json": ["PaymentRecorded void 20.00 USD"],
    "payment_intent.created__1.json": ["ignored: no money has moved: the payment requires payment method"],
    "payment_intent.payment_failed__1.json": ["PaymentRecorded authorization 20.00 USD"],
    "payment_intent.processing__1.json": ["PaymentRecorded sale 9.00 EUR"],
    "payment_intent.requires_action__1.json": ["ignored: no money has moved: the payment requires action"],
    "payment_intent.succeeded__1.json": ["PaymentRecorded sale 20.00 USD"],
    "payout.paid__1.json": ["PayoutReported 11.00 USD"],
    "price.updated__1.json": ["PriceReported"],
    "product.created__1.json": ["ProductReported"],
    "product.deleted__1.json": ["ProductReported"],
    "product.updated__1.json": ["ProductReported"],
    "resource.charge_ch_fakefakefakefakefake0001__1.json": ["PaymentRecorded sale 20.00 USD"],
    "resource.dispute_ch_fakefakefakefake01__1.json": ["refused: charge.amount is no whole number of minor units"],
    "resource.dispute_dp_fakefakefakefake02__1.json": ["DisputeReported 10.00 USD"],
    "resource.dispute_dp_funds_reinstated_full__1.json": ["DisputeReported 10.00 USD"],
    "resource.dispute_pm_fakefakefakefake01__1.json": ["ignored: no event by itself: payment_method"],
    "resource.dispute_txn_fakefakefakefake01__1.json": ["ignored: no event by itself: balance_transaction"],
    "resource.fixtures3_balance_transaction__1.json": ["ignored: no event by itself: balance_transaction"],
    "resource.fixtures3_invoice__1.json": ["ignored: a bill that nobody has paid moves no money"],
    "resource.fixtures3_payment_intent__1.json": ["PaymentRecorded authorization 10.99 USD"],
    "resource.invoice_in_fakefakefakefakefake0001__1.json": ["PaymentRecorded sale 20.00 USD"],
    "resource.invoice_in_fakefakefakefakefake0004__1.json": ["PaymentRecorded sale 40.00 USD"],
    "resource.order_order_fakefakefakefake0001__1.json": ["ignored: no event by itself: order"],
    "resource.payment_intent_pi_fakefakefakefakefake0001__1.json": ["PaymentRecorded sale 20.00 USD"],
    "resource.tax_rate_txr_fakefakefakefakefake0001__1.json": ["ignored: no event by itself: tax_rate"],
    "resource.tax_rate_txr_fakefakefakefakefake0002__1.json": ["ignored: no event by itself: tax_rate"],
    "tax_rate.created__1.json": ["ignored: topic not declared: tax_rate.created"],
    "tax_rate.updated__1.json": ["ignored: topic not declared: tax_rate.updated"],
}
"""By file: what the events say, or why there is none."""

pytestmark = pytest.mark.skipif(not MESSAGES.exists(), reason="the vendors' messages are not beside the checkout")


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_becomes_of_a_message(name: str) -> None:
    assert outcome("stripe", "fetched/charge" if name.startswith("resource.") else "", name) == OUTCOMES[name]


def test_every_message_is_in_the_table() -> None:
    assert {path.name for path in MESSAGES.glob("*.json")} == set(OUTCOMES)
