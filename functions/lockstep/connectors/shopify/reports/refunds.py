"""Refunds: what the shop gives back for an order, each an event of its own on its own day.

The parts are what is refunded of lines (`subtotal`, net of discounts, and `total_tax`), of shipping, duties and fees,
and adjustments. What it states is the money that went back: its transactions. A refund without transactions gives no
money back: it lowers what is open, as when an unpaid order is edited; its parts are then all that is stated.

Whether a `subtotal` holds the tax is said by the order alone, and not by `refunds/create`: there the money that went
back shows it. Where neither does, the refund is read at the shop.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from lockstep.canonical.events import RefundReported
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.order import DocumentKind, OrderTender
from lockstep.canonical.refund import Refund as CanonicalRefund
from lockstep.canonical.refund import RefundLine, RefundStatus, Restock
from lockstep.canonical.sale_transaction import ChargeKind
from lockstep.connectors.shopify.models.base import MoneyBag
from lockstep.connectors.shopify.models.order import Order, Refund, RefundLineItem, Transaction
from lockstep.connectors.shopify.reports.envelope import Report
from lockstep.connectors.shopify.reports.parts import Parts, Side
from lockstep.connectors.shopify.reports.payments import GIFT_CARD, ROUNDING, rounding_of
from lockstep.connectors.shopify.reports.values import code, item, location, problem_of
from lockstep.messaging.errors import MessageMalformed

_ZERO: Final = Decimal(0)
_FIRST_CHARGE: Final = 1001
_BACK: Final = "refund"
_SUGGESTED: Final = "suggested_refund"
_FAILED: Final = frozenset({"failure", "error"})
_PENDING: Final = frozenset({"pending", "awaiting_response", "unknown"})
_SHIPPING: Final = "shipping_refund"
RESTOCK: Final[dict[str, Restock]] = {
    "no_restock": Restock.NONE,
    "return": Restock.RETURNED,
    "legacy_restock": Restock.RETURNED,
    "cancel": Restock.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the order says of its refunds."""

    order: str | None = None
    currency: str | None = None
    taxes_included: bool | None = None


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
    known = _Known(refund.order_id, refund.currency, refund.taxes_included)
    _report(refund, refund.id, known, report, embedded=False)


def report_embedded(refund: Refund, order: Order, report: Report) -> None:
    """A refund inside its order: the same event as by itself.

    One that does not add up there is read at the shop by itself before it becomes a case: an order may hold less of it.
    """
    if refund.id is None:
        raise MessageMalformed("refunds.id is missing")
    known = _Known(order.id, order.currency, order.taxes_included)
    _report(refund, refund.id, known, report, embedded=True)


def _report(refund: Refund, number: str, known: _Known, report: Report, *, embedded: bool) -> None:
    moved = [transaction for transaction in refund.transactions if transaction.kind == _BACK]
    if moved and all(transaction.test for transaction in moved):
        report.ignore(f"refund {number}: test transactions")
        return
    currency, presentment = _currencies(refund, known)
    if currency is None:
        report.reread("refund", f"{known.order}/{number}")
        return
    status = _status(moved)
    shop = Side(currency)
    refunded_at = refund.processed_at or refund.created_at or report.told_at
    try:
        seen = Side(presentment, is_presentment=True) if presentment else None
        readings = list(_readings(refund, shop, seen, moved, known.taxes_included))
        fitting = [reading for reading in readings if reading.fits]
        if not fitting:
            if embedded:
                report.reread("refund", f"{known.order}/{number}", status.value)
                return
            wrong = next(account for account in readings[0].accounts if not account.fits)
            report.unbalanced(
                DocumentKind.REFUND,
                id=number,
                version=status.value,
                order=known.order,
                changed_at=refunded_at,
                due=wrong.due,
                stated=wrong.due if wrong.stated is None else wrong.stated,
                problem=f"what refund {number} says of lines, shipping and adjustments is not the money that went back",
            )
            return
        if len({reading.accounts[0].due for reading in fitting}) > 1:
            report.reread("refund", f"{known.order}/{number}", status.value)
            return
        amounts = [account.parts.amounts(account.due) for account in fitting[0].accounts]
        report.add(
            RefundReported,
            CanonicalRefund(
                id=number,
                version=status.value,
                order=known.order,
                payment=next((row.parent_id for row in moved if row.parent_id), None),
                status=status,
                refunded_at=refunded_at,
                changed_at=refund.created_at or refunded_at,
                location=location(next((row.location_id for row in moved if row.location_id), None)),
                reason=_reason(refund),
                lines=tuple(_lines(refund)),
                shop=amounts[0],
                presentment=amounts[1] if seen else None,
                tenders=tuple(_tenders(moved, {currency, presentment})),
            ),
        )
    except ValueError as error:
        raise MessageMalformed(f"refund {number}: {problem_of(error)}") from error


def _currencies(refund: Refund, known: _Known) -> tuple[str | None, str | None]:
    """The shop's, and the customer's where amounts are given in that one too; None where the message does not say."""
    shop, seen = known.currency, None
    for bag in _bags(refund):
        if bag.shop_money is not None:
            shop = shop or bag.shop_money.currency_code
        if bag.presentment_money is not None:
            seen = seen or bag.presentment_money.currency_code
    shop = shop or next((row.currency for row in refund.transactions if row.currency), None)
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
    stated: Money | None
    """The money that went back, where any did in this currency."""

    @property
    def fits(self) -> bool:
        """Whether nothing speaks against it."""
        return self.stated is None or self.due == self.stated


@dataclass(frozen=True, slots=True)
class _Reading:
    """A refund, read in one way: with the shop's currency first, and the customer's where that is another one."""

    accounts: tuple[_Account, ...]

    @property
    def fits(self) -> bool:
        """Whether it can be read so."""
        return all(account.fits for account in self.accounts)


def _readings(
    refund: Refund, shop: Side, seen: Side | None, moved: list[Transaction], taxes_included: bool | None
) -> Iterator[_Reading]:
    """With the tax in the subtotals or not, as the order says; each way where it does not. Of shipping, each way."""
    ways = (taxes_included,) if taxes_included is not None else (False, True)
    for lines in ways:
        for shipping in (lines, not lines):
            yield _Reading(
                tuple(
                    _Account(parts, parts.due(), _stated(moved, side.currency))
                    for side in (shop, seen)
                    if side is not None
                    for parts in (_parts(refund, side, lines=lines, shipping=shipping),)
                )
            )
            if not moved or not _shipping_tax(refund, shop):
                break


def _shipping_tax(refund: Refund, side: Side) -> Decimal:
    own = sum((side.or_nothing(row.tax_amount_set) for row in refund.refund_shipping_lines), _ZERO)
    return own or sum((side.or_nothing(row.tax_amount_set, row.tax_amount) for row in refund.order_adjustments), _ZERO)


def _stated(moved: list[Transaction], currency: str) -> Money | None:
    """The money that went back or is on its way; None where there is none in this currency.

    Of a refund that failed altogether, what was to go back.
    """
    rows = [row for row in moved if row.status not in _FAILED] or moved
    amounts = [_given(row, currency) for row in rows]
    if not amounts or any(amount is None for amount in amounts):
        return None
    return Money.rounded(sum((amount for amount in amounts if amount is not None), _ZERO), currency)


def _given(row: Transaction, currency: str) -> Decimal | None:
    for money in (row.amount_set.shop_money, row.amount_set.presentment_money) if row.amount_set else ():
        if money is not None and money.currency_code == currency:
            return money.amount
    return row.amount if row.currency in {None, currency} else None


def _parts(refund: Refund, side: Side, *, lines: bool, shipping: bool) -> Parts:
    """The parts of it.

    Args:
        refund: What is refunded.
        side: In which currency.
        lines: Whether subtotals of lines hold the tax.
        shipping: Whether those of shipping do.
    """
    parts = Parts(side)
    for number, row in enumerate(refund.refund_line_items, start=1):
        amount = side.or_nothing(row.subtotal_set, row.subtotal)
        kind = _charge_kind(row)
        if kind is None:
            parts.line(number, amount)
        elif not parts.charge(number, kind, amount, row.line_item.sku if row.line_item else None):
            continue
        for name, rate, tax in _taxes(row, side):
            parts.tax(name, rate, tax, included=lines, line=number)
    number = _FIRST_CHARGE + len(refund.refund_line_items)
    shipped = list(_shipping(refund, side))
    for number, (amount, tax) in enumerate(shipped, start=number):  # noqa: B020  # goes on where the lines ended
        if parts.charge(number, ChargeKind.SHIPPING, amount):
            parts.tax(None, None, tax, included=shipping, line=number)
    number += 1
    duties = side.or_nothing(refund.total_duties_set)
    parts.charge(number, ChargeKind.DUTY, duties)
    number += 1
    fees = side.or_nothing(refund.total_additional_fees_set)
    parts.charge(number, ChargeKind.FEE, fees, "additional_fees")
    for adjustment in refund.order_adjustments:
        if adjustment.kind == _SHIPPING:
            continue
        kept = side.or_nothing(adjustment.amount_set, adjustment.amount)
        kept += side.or_nothing(adjustment.tax_amount_set, adjustment.tax_amount)
        name = adjustment.kind or adjustment.reason or "adjustment"
        if refund.refund_line_items:
            parts.discount(kept, None, name)
        else:
            number += 1
            parts.charge(number, ChargeKind.FEE, -kept, name)
    return parts


def _shipping(refund: Refund, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
    """What is given back of shipping, and its tax. Newer versions say it twice: as lines and as adjustments."""
    if refund.refund_shipping_lines:
        for row in refund.refund_shipping_lines:
            yield side.or_nothing(row.subtotal_amount_set), side.or_nothing(row.tax_amount_set)
        return
    for adjustment in refund.order_adjustments:
        if adjustment.kind == _SHIPPING:
            amount = side.or_nothing(adjustment.amount_set, adjustment.amount)
            yield -amount, -side.or_nothing(adjustment.tax_amount_set, adjustment.tax_amount)


def _charge_kind(row: RefundLineItem) -> ChargeKind | None:
    if row.line_item is None:
        return None
    if row.line_item.gift_card:
        return ChargeKind.GIFT_CARD
    return ChargeKind.TIP if row.line_item.tip is not None else None


def _taxes(row: RefundLineItem, side: Side) -> Iterator[tuple[str | None, Decimal | None, Decimal]]:
    """The tax of a refunded line, shared out among the taxes of the line by what each of them was."""
    total = side.or_nothing(row.total_tax_set, row.total_tax)
    taxes = row.line_item.tax_lines if row.line_item else ()
    weights = [abs(side.or_nothing(tax.price_set, tax.price)) for tax in taxes]
    if not any(weights):
        yield (taxes[0].title, taxes[0].rate, total) if taxes else (None, None, total)
        return
    shares = Money.rounded(total, side.currency).allocate(weights)
    for tax, share in zip(taxes, shares, strict=True):
        yield tax.title, tax.rate, share.amount


def _lines(refund: Refund) -> Iterator[RefundLine]:
    for number, row in enumerate(refund.refund_line_items, start=1):
        if _charge_kind(row) is None:
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


def _tenders(moved: list[Transaction], currencies: set[str | None]) -> Iterator[OrderTender]:
    """Where the money goes; what is on its way included."""
    for row in moved:
        if row.status in _FAILED or row.currency not in currencies or row.amount is None:
            continue
        rounding = Money.rounded(rounding_of(row), str(row.currency))
        given = Money.rounded(row.amount, str(row.currency)) + rounding
        tender = code(row.gateway)
        if given and tender:
            yield OrderTender(tender=tender, amount=given, is_gift_card=tender == GIFT_CARD)
        if rounding:
            yield OrderTender(tender=ROUNDING, amount=-rounding)
