"""Refunds: what the shop gives back for an order, each an event of its own on its own day.

The parts are what is refunded of lines (`subtotal`, net of discounts, and `total_tax`), of shipping, duties and fees,
and adjustments. What it states is the money that went back: its transactions. A refund without transactions gives no
money back: it lowers what is open, as when an unpaid order is edited; its parts are then all that is stated.

A refund that settles a return may be worth more than its money: the rest pays for what was taken in exchange, which is
a new line of the order, or for fees. It stands as a tender of its own.

Whether a `subtotal` holds the tax is said by the order alone, and not by `refunds/create`: there the money that went
back shows it. Where neither does, the refund is read at the shop.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.order import DocumentKind, OrderTender
from lockstep.canonical.refund import Refund as CanonicalRefund
from lockstep.canonical.refund import RefundLine, RefundStatus, Restock
from lockstep.connectors.shopify.models.base import MoneyBag
from lockstep.connectors.shopify.models.order import Order, Refund, Transaction
from lockstep.connectors.shopify.reports.envelope import Reading, Report
from lockstep.connectors.shopify.reports.parts import Parts, Side
from lockstep.connectors.shopify.reports.payments import GIFT_CARD, ROUNDING, rounding_of
from lockstep.connectors.shopify.reports.refund_parts import charge_kind, parts_of, shipping_tax
from lockstep.connectors.shopify.reports.values import item, location, problem_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code

_ZERO: Final = Decimal(0)
_BACK: Final = "refund"
_SUGGESTED: Final = "suggested_refund"
_FAILED: Final = frozenset({"failure", "error"})
_PENDING: Final = frozenset({"pending", "awaiting_response", "unknown"})
RETURN_BALANCE: Final = "return_balance"
"""The tender under which stands what a return is worth beside the money: it pays for what was taken in exchange."""
RESTOCK: Final[dict[str, Restock]] = {
    "no_restock": Restock.NONE,
    "return": Restock.RETURNED,
    "legacy_restock": Restock.UNKNOWN,  # of 2018 and before: whether it had been handed over, nobody says
    "cancel": Restock.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class _Given:
    """A refund, and what its order says of it."""

    refund: Refund
    number: str
    order: str
    currency: str | None
    """Of the shop; None where the order did not say."""
    taxes_included: bool | None
    """None where the order did not say."""

    @property
    def moved(self) -> list[Transaction]:
        """Money that goes back."""
        return [transaction for transaction in self.refund.transactions if transaction.kind == _BACK]


def report_refund(refund: Refund, report: Report) -> None:
    """A refund by itself.

    Raises:
        MessageMalformed: Money or identity is missing.
    """
    if any(transaction.kind == _SUGGESTED for transaction in refund.transactions):
        report.ignore("a suggestion of what could be refunded: nothing was")
        return
    if refund.id is None:
        raise MessageMalformed("id is missing")
    if refund.order_id is None:
        raise MessageMalformed("order_id is missing")
    given = _Given(refund, refund.id, refund.order_id, refund.currency, refund.taxes_included)
    _report(given, report, embedded=False)


def report_embedded(refund: Refund, order: Order, currency: str, report: Report) -> None:
    """A refund inside its order: the same event as by itself.

    One that does not add up there is read at the shop by itself before it becomes a case: an order may hold less of it.
    """
    if refund.id is None:
        raise MessageMalformed("refunds.id is missing")
    _report(_Given(refund, refund.id, order.id, currency, order.taxes_included), report, embedded=True)


def _report(given: _Given, report: Report, *, embedded: bool) -> None:
    moved, key = given.moved, f"{given.order}/{given.number}"
    if moved and all(transaction.test for transaction in moved) and not report.takes_tests:
        report.ignore(f"refund {given.number}: test transactions")
        return
    currency, presentment = _currencies(given)
    if currency is None:
        report.reread("refund", key)
        return
    sides = [Side(currency), *([Side(presentment, is_presentment=True)] if presentment else [])]
    try:
        readings = list(_readings(given, sides))
        fitting = [reading for reading in readings if reading.fits]
        if fitting and len({reading.shop.due for reading in fitting}) == 1:
            report.add(_refund(given, fitting[0], report))
        elif fitting or embedded:
            report.reread("refund", key, _version(moved, readings[0].shop))
        else:
            wrong = next(account for account in readings[0].accounts if not account.fits)
            report.unbalanced(
                DocumentKind.REFUND,
                id=given.number,
                version=_version(moved, wrong),
                order=given.order,
                changed_at=_refunded_at(given.refund, report),
                due=wrong.due,
                stated=wrong.stated[0],
                problem=f"lines, shipping and adjustments of refund {given.number} are not the money that went back",
            )
    except ValueError as error:
        raise MessageMalformed(f"refund {given.number}: {problem_of(error)}") from error


def _refund(given: _Given, reading: "_Reading", report: Report) -> CanonicalRefund:
    refund, moved = given.refund, given.moved
    at = _refunded_at(refund, report)
    kept_back = reading.shop.kept_back
    balance = (OrderTender(tender=RETURN_BALANCE, amount=kept_back),) if kept_back else ()
    amounts = [account.parts.amounts(account.due) for account in reading.accounts]
    return CanonicalRefund(
        id=given.number,
        version=_version(moved, reading.shop),
        order=given.order,
        payment=next((row.parent_id for row in moved if row.parent_id), None),
        status=_status(moved),
        refunded_at=at,
        changed_at=refund.created_at or at,
        location=location(next((row.location_id for row in moved if row.location_id), None)),
        reason=_reason(refund),
        lines=tuple(_lines(refund)),
        shop=amounts[0],
        presentment=amounts[1] if len(amounts) > 1 else None,
        tenders=(*_tenders(_counted(moved, reading.shop), {amount.currency for amount in amounts}), *balance),
    )


def _refunded_at(refund: Refund, report: Report) -> datetime:
    return refund.processed_at or refund.created_at or report.told_at


def _version(moved: list[Transaction], account: "_Account") -> str:
    """How far it is, and how much: a refund that is on its way changes both, and has no time of its own."""
    money = account.due if account.fits else account.stated[0]
    return f"{_status(moved).value}/{money.amount}"


def _currencies(given: _Given) -> tuple[str | None, str | None]:
    """The shop's, and the customer's where amounts are given in that one too; None where the message does not say."""
    shop, seen = given.currency, None
    for bag in _bags(given.refund):
        if bag.shop_money is not None:
            shop = shop or bag.shop_money.currency_code
        if bag.presentment_money is not None:
            seen = seen or bag.presentment_money.currency_code
    shop = shop or next((row.currency for row in given.moved if row.currency), None)
    if shop not in EXPONENTS:
        return None, None
    return shop, seen if seen in EXPONENTS and seen != shop else None


def _bags(refund: Refund) -> Iterator[MoneyBag]:
    found = (
        *(row.subtotal_set for row in refund.refund_line_items),
        *(row.amount_set for row in refund.order_adjustments),
        *(row.subtotal_amount_set for row in refund.refund_shipping_lines),
        refund.total_duties_set,
        refund.total_additional_fees_set,
    )
    yield from (bag for bag in found if bag is not None)


def _status(moved: Iterable[Transaction]) -> RefundStatus:
    states = {transaction.status or "success" for transaction in moved}
    if states and states <= _FAILED:
        return RefundStatus.FAILED
    return RefundStatus.PENDING if states & _PENDING else RefundStatus.SUCCEEDED


@dataclass(frozen=True, slots=True)
class _Account:
    """A refund in one currency."""

    parts: Parts
    due: Money
    stated: tuple[Money, ...]
    """What the money may say, best first; empty where it says nothing in this currency."""
    of_return: bool
    """Whether it settles a return: what was taken in exchange, and fees, are then kept back of the money."""

    @property
    def fits(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.stated or self.due in self.stated or bool(self.kept_back)

    @property
    def kept_back(self) -> Money | None:
        """What a return is worth more than the money that went back for it."""
        if not self.of_return or not self.stated or self.due in self.stated or self.due < self.stated[0]:
            return None
        return self.due - self.stated[0]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A refund, read in one way: with the shop's currency first, and the customer's where that is another one."""

    accounts: tuple[_Account, ...]

    @property
    def shop(self) -> _Account:
        """In the shop's currency."""
        return self.accounts[0]

    @property
    def fits(self) -> bool:
        """Whether it can be read so."""
        return all(account.fits for account in self.accounts)


def _readings(given: _Given, sides: list[Side]) -> Iterator[_Reading]:
    """With the tax in the subtotals or not, as the order says; each way where it does not. Of shipping, each way."""
    ways = (False, True) if given.taxes_included is None else (given.taxes_included,)
    apart = bool(given.moved and shipping_tax(given.refund, sides[0]))
    for lines in ways:
        for shipping in (lines, not lines) if apart else (lines,):
            read = [(side, parts_of(given.refund, side, lines=lines, shipping=shipping)) for side in sides]
            of_return = bool(given.refund.of_return)
            yield _Reading(
                tuple(
                    _Account(parts, parts.due(), _stated(given.moved, side.currency), of_return) for side, parts in read
                )
            )


def _stated(moved: list[Transaction], currency: str) -> tuple[Money, ...]:
    """What the money says in this currency: all that went back or is on its way; or, since the shop takes what is on
    its way out again by an adjustment, what has arrived. Of a refund that failed altogether, what was to go back.
    """
    rows = [row for row in moved if row.status not in _FAILED] or moved
    if not rows or any(_given(row, currency) is None for row in rows):
        return ()
    arrived = [row for row in rows if row.status not in _PENDING | _FAILED]
    sums = (sum((_given(row, currency) or _ZERO for row in some), _ZERO) for some in (rows, arrived))
    return tuple(dict.fromkeys(Money.rounded(one, currency) for one in sums))


def _given(row: Transaction, currency: str) -> Decimal | None:
    for money in (row.amount_set.shop_money, row.amount_set.presentment_money) if row.amount_set else ():
        if money is not None and money.currency_code == currency:
            return money.amount
    return row.amount if row.currency in {None, currency} else None


def _lines(refund: Refund) -> Iterator[RefundLine]:
    for number, row in enumerate(refund.refund_line_items, start=1):
        if charge_kind(row) is None:
            line = row.line_item
            yield RefundLine(
                number=number,
                order_line=row.line_item_id or (line.id if line else None),
                item=item(line.sku, line.variant_id) if line else None,
                quantity=Decimal(row.quantity),
                restock=RESTOCK.get(row.restock_type or "", Restock.UNKNOWN),
                location=location(row.location_id),
            )


def _reason(refund: Refund) -> str | None:
    """What the shop names; never the note, which is written by people about people."""
    return next((code(row.reason) for row in refund.order_adjustments if row.reason), None)


def _counted(moved: list[Transaction], account: _Account) -> list[Transaction]:
    """Those that the total holds: what failed is in none, what is on its way in some."""
    with_pending = not account.stated or account.due == account.stated[0] or account.kept_back is not None
    left_out = _FAILED if with_pending else _FAILED | _PENDING
    return [row for row in moved if row.status not in left_out]


def _tenders(moved: list[Transaction], currencies: set[str]) -> Iterator[OrderTender]:
    """Where the money goes."""
    for row in moved:
        if row.currency not in currencies or row.amount is None:
            continue
        rounding = Money.rounded(rounding_of(row), str(row.currency))
        given = Money.rounded(row.amount, str(row.currency)) + rounding
        tender = code(row.gateway)
        if given and tender:
            yield OrderTender(tender=tender, amount=given, is_gift_card=tender == GIFT_CARD)
        if rounding:
            yield OrderTender(tender=ROUNDING, amount=-rounding)


READINGS: Final = {
    "refund": Reading(Refund, report_refund),
}
