"""Payments: movements of money at the gateways of the shop, and of stored value that pays."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.payment import (
    GiftCardMovement,
    GiftCardMovementKind,
    Payment,
    PaymentKind,
    PaymentStatus,
)
from lockstep.connectors.shopify.models.base import MoneyBag
from lockstep.connectors.shopify.models.order import Transaction
from lockstep.connectors.shopify.reports.envelope import Reading, Report
from lockstep.connectors.shopify.reports.values import location, problem_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code

GIFT_CARD: Final = "gift_card"
ROUNDING: Final = "cash_rounding"
"""The tender under which cash rounding stands: what was paid in cash more, or less, than was due."""
_ZERO: Final = Decimal(0)

KINDS: Final[dict[str, PaymentKind]] = {
    "authorization": PaymentKind.AUTHORIZATION,
    "emv_authorization": PaymentKind.AUTHORIZATION,
    "capture": PaymentKind.CAPTURE,
    "sale": PaymentKind.SALE,
    "void": PaymentKind.VOID,
    "refund": PaymentKind.REFUND,
    "change": PaymentKind.REFUND,
}
"""`change` is cash handed back over the counter: money that goes out, as a refund of what was tendered too much."""
STATUSES: Final[dict[str, PaymentStatus]] = {
    "success": PaymentStatus.SUCCEEDED,
    "failure": PaymentStatus.FAILED,
    "error": PaymentStatus.FAILED,
}
"""Everything else has not ended: pending, awaiting_response, unknown."""


def report_transaction(transaction: Transaction, report: Report, *, order: str | None = None) -> None:
    """A movement; and, where it is one of a gift card that is named, what it does to the card.

    Raises:
        MessageMalformed: Money or identity is missing.
    """
    if transaction.test and not report.takes_tests:
        report.ignore("test transaction")
        return
    if transaction.kind == "suggested_refund":
        report.ignore("a suggestion of what could be refunded: nothing was")
        return
    if transaction.id is None:
        raise MessageMalformed("id is missing")
    if transaction.amount is None:
        raise MessageMalformed("amount is missing")
    if not transaction.kind:
        raise MessageMalformed("kind is missing")
    order = order or transaction.order_id
    currency = transaction.currency or report.currency
    if currency is None and order is not None:
        report.reread("order", order, f"transaction/{transaction.id}")
        return
    if currency not in EXPONENTS:
        raise MessageMalformed("currency: is not an ISO 4217 currency code")
    kind = KINDS.get(transaction.kind, PaymentKind.OTHER)
    status = STATUSES.get(transaction.status or "", PaymentStatus.PENDING)
    moved_at = transaction.processed_at or transaction.created_at or report.told_at
    try:
        amount = Money.rounded(abs(transaction.amount + rounding_of(transaction)), currency)
        report.add(
            Payment(
                id=transaction.id,
                payment=transaction.parent_id or transaction.id,
                kind=kind,
                status=status,
                amount=amount,
                shop_amount=_in_shop_currency(transaction, currency),
                order=order,
                reference=code(transaction.payment_id),
                tender=code(transaction.gateway),
                is_gift_card=transaction.gateway == GIFT_CARD,
                location=location(transaction.location_id),
                reason=code(transaction.error_code),
                moved_at=moved_at,
            ),
        )
        if status is PaymentStatus.SUCCEEDED:
            _gift_card(transaction, report, amount=amount, kind=kind, order=order, moved_at=moved_at)
    except ValueError as error:
        raise MessageMalformed(f"transaction {transaction.id}: {problem_of(error)}") from error


def rounding_of(transaction: Transaction) -> Decimal:
    """What cash rounding adds to a transaction's amount: what moved is both together."""
    said = transaction.amount_rounding
    if isinstance(said, MoneyBag):
        money = said.presentment_money or said.shop_money
        said = money.amount if money else None
    return said or _ZERO


def _in_shop_currency(transaction: Transaction, currency: str) -> Money | None:
    money = transaction.amount_set.shop_money if transaction.amount_set else None
    if money is None or money.amount is None or money.currency_code not in EXPONENTS or money.currency_code == currency:
        return None
    return Money.rounded(abs(money.amount), money.currency_code)


def _gift_card(
    transaction: Transaction,
    report: Report,
    *,
    amount: Money,
    kind: PaymentKind,
    order: str | None,
    moved_at: datetime,
) -> None:
    receipt = transaction.receipt if isinstance(transaction.receipt, dict) else {}
    card = receipt.get("gift_card_id")
    taken = kind in {PaymentKind.SALE, PaymentKind.CAPTURE}
    if transaction.gateway != GIFT_CARD or not isinstance(card, int | str) or not (taken or kind is PaymentKind.REFUND):
        return
    report.add(
        GiftCardMovement(
            id=f"transaction/{transaction.id}",
            card=str(card),
            kind=GiftCardMovementKind.REDEEMED if taken else GiftCardMovementKind.REFUNDED,
            amount=-amount if taken else amount,
            order=order,
            payment=transaction.id,
            location=location(transaction.location_id),
            moved_at=moved_at,
        ),
    )


READINGS: Final = {
    "transaction": Reading(Transaction, report_transaction),
}
