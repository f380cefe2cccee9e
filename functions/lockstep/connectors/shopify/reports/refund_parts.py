"""What a refund is made of: lines net of discounts, shipping, duties, fees, and adjustments."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.money import Money
from lockstep.connectors.shopify.models.order import OrderAdjustment, Refund, RefundLineItem
from lockstep.connectors.shopify.reports.parts import Parts, Side

_ZERO: Final = Decimal(0)
_FIRST_CHARGE: Final = 1001
_SHIPPING: Final = "shipping_refund"


def parts_of(refund: Refund, side: Side, *, lines: bool, shipping: bool) -> Parts:
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
        kind = charge_kind(row)
        if kind is None:
            parts.line(number, amount)
        elif not parts.charge(number, kind, amount, row.line_item.sku if row.line_item else None):
            continue
        for name, rate, tax in _taxes(row, side):
            parts.tax(name, rate, tax, included=lines, line=number)
    first = _FIRST_CHARGE + len(refund.refund_line_items)
    amount, tax = _shipping(refund, side)
    if parts.charge(first, ChargeKind.SHIPPING, amount):
        name, rate = _tax_of_shipping(refund)
        parts.tax(name, rate, tax, included=shipping, line=first)
    parts.charge(first + 1, ChargeKind.DUTY, side.or_nothing(refund.total_duties_set))
    parts.charge(first + 2, ChargeKind.FEE, side.or_nothing(refund.total_additional_fees_set), "additional_fees")
    for number, adjustment in enumerate(_adjustments(refund), start=first + 3):
        kept = side.or_nothing(adjustment.amount_set, adjustment.amount)
        kept += side.or_nothing(adjustment.tax_amount_set, adjustment.tax_amount)
        name = adjustment.kind or adjustment.reason or "adjustment"
        if parts.lines:
            parts.discount(kept, None, name)
        else:
            parts.charge(number, ChargeKind.FEE, -kept, name)
    return parts


def shipping_tax(refund: Refund, side: Side) -> Decimal:
    """The tax of what is given back of shipping."""
    return _shipping(refund, side)[1]


def _adjustments(refund: Refund) -> list[OrderAdjustment]:
    return [adjustment for adjustment in refund.order_adjustments if adjustment.kind != _SHIPPING]


def _shipping(refund: Refund, side: Side) -> tuple[Decimal, Decimal]:
    """What is given back of shipping, and its tax.

    Newer versions say it twice, as lines and as adjustments; and adjustments are taken back and made again.
    """
    if refund.refund_shipping_lines:
        rows = refund.refund_shipping_lines
        amount = sum((side.or_nothing(row.subtotal_amount_set) for row in rows), _ZERO)
        return amount, sum((side.or_nothing(row.tax_amount_set) for row in rows), _ZERO)
    given = [adjustment for adjustment in refund.order_adjustments if adjustment.kind == _SHIPPING]
    amount = sum((side.or_nothing(one.amount_set, one.amount) for one in given), _ZERO)
    return -amount, -sum((side.or_nothing(one.tax_amount_set, one.tax_amount) for one in given), _ZERO)


def _tax_of_shipping(refund: Refund) -> tuple[str | None, Decimal | None]:
    """Which tax it is: that of the shipping line, or of the goods where they have one; otherwise nobody says."""
    of_shipping = [
        tax for row in refund.refund_shipping_lines if row.shipping_line for tax in row.shipping_line.tax_lines
    ]
    of_goods = [tax for row in refund.refund_line_items if row.line_item for tax in row.line_item.tax_lines]
    named = {(tax.title, tax.rate) for tax in of_shipping or of_goods}
    return named.pop() if len(named) == 1 else (None, None)


def charge_kind(row: RefundLineItem) -> ChargeKind | None:
    """What is refunded where it is no goods: stored value, or a tip."""
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
