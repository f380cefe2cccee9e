"""What an order adds up to, in one of its currencies: its total says how the rest is to be read."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from lockstep.canonical.amounts import Amounts
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.money import Money
from lockstep.connectors.shopify.models.order import DiscountAllocation, LineItem, Order
from lockstep.connectors.shopify.reports.order_goods import Goods
from lockstep.connectors.shopify.reports.parts import Parts, Side
from lockstep.connectors.shopify.reports.values import NOISE, is_minor
from lockstep.messaging.errors import MessageMalformed

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Imbalance:
    """What the parts add up to in their first reading, and what is stated."""

    due: Money
    stated: Money


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the total may or may not hold; the message does not say, its total does."""

    removed_shipping: bool = True
    """Whether shipping that was taken out by editing is still in it, as lines are."""
    tip: bool = True
    """Whether a tip that stands in no line comes on top."""
    duties: bool = True
    """Whether duties come on top of the prices."""
    order_taxes: bool = False
    """Whether the order's own tax lines are the whole story, and those of the lines are not."""
    rest: bool = False
    """Whether what the order states of discounts beyond those of its parts is taken off the whole."""


def settled(order: Order, goods: Goods, side: Side) -> Amounts | Imbalance:
    """The amounts in the first reading that adds up to the stated total, best with the stated tax in it.

    The imbalance of the first reading where none adds up.

    Raises:
        MessageMalformed: A line has no price.
        ValueError: An amount is out of range.
    """
    total = side.or_nothing(order.total_price_set, order.total_price)
    stated = Money.rounded(total, side.currency)
    tax = side.of(order.total_tax_set, order.total_tax)
    balanced: Parts | None = None
    first: Money | None = None
    for reading in _readings(order, goods, side):
        parts = _parts(order, goods, side, reading)
        due = parts.due()
        first = due if first is None else first
        if due == stated and is_minor(total, stated):
            balanced = balanced or parts
            if tax is None or abs(sum((part.amount for part in parts.taxes), _ZERO) - tax) < NOISE:
                return parts.amounts(stated)
    if balanced is not None:
        return balanced.amounts(stated)
    return Imbalance(stated if first is None else first, stated)


def _readings(order: Order, goods: Goods, side: Side) -> Iterator[_Reading]:
    removed = any(line.is_removed for line in order.shipping_lines)
    tip = bool(side.or_nothing(order.total_tip_received_set, order.total_tip_received)) and not goods.tips
    duties = bool(_duties(order, side))
    discounted = side.or_nothing(order.total_discounts_set, order.total_discounts) > 0
    for rest, duty, shipping, tipped, taxes in itertools.product(
        (False, True) if discounted else (False,),
        (not order.duties_included, order.duties_included) if duties else (True,),
        (True, False) if removed else (True,),
        (True, False) if tip else (False,),
        (False, True),
    ):
        yield _Reading(removed_shipping=shipping, tip=tipped, duties=duty, order_taxes=taxes, rest=rest)


def _parts(order: Order, goods: Goods, side: Side, reading: _Reading) -> Parts:
    parts, included = Parts(side), order.taxes_included
    for number, line in enumerate(order.line_items, start=1):
        price = side.of(line.price_set, line.price)
        if price is None:
            if side.is_presentment:
                price = _ZERO
            else:
                raise MessageMalformed(f"line_items.{number - 1}.price is missing")
        if goods.is_goods(line):
            out = goods.units[line.id].taken_out
            stays = line.quantity - out
            parts.line(number, price * (stays or line.quantity), price)
            if out and stays:
                parts.line(goods.apart(number), price * out, price)
        else:
            kind = ChargeKind.GIFT_CARD if line.gift_card else ChargeKind.TIP
            if not parts.charge(number, kind, price * line.quantity, line.sku or line.title):
                continue
        _discounts_of_line(order, line, parts, number)
        if not reading.order_taxes:
            parts.tax_lines(line.tax_lines, included=included, line=number)
    _shipping(order, parts, reading, goods.base)
    _charges(order, parts, reading, goods.base)
    if reading.rest or not parts.discounts:
        off = side.or_nothing(order.total_discounts_set, order.total_discounts)
        told = sum((discount.amount for discount in parts.discounts), _ZERO)
        parts.discount(max(off - told, _ZERO), None, _discount_name(order, 0))
    if reading.order_taxes:
        parts.tax_lines(order.tax_lines, included=included, line=None)
    return parts


def _shipping(order: Order, parts: Parts, reading: _Reading, base: int) -> None:
    side = parts.side
    for number, shipping in enumerate(order.shipping_lines, start=base + 1):
        if shipping.is_removed and not reading.removed_shipping:
            continue
        price = side.or_nothing(shipping.price_set, shipping.price)
        if not parts.charge(number, ChargeKind.SHIPPING, price, shipping.code or shipping.title):
            continue
        discounted = side.of(shipping.discounted_price_set, shipping.discounted_price)
        if shipping.discount_allocations:
            _allocated(order, shipping.discount_allocations, parts, number)
        elif discounted is not None:
            parts.discount(max(price - discounted, _ZERO), number, None)
        if not reading.order_taxes:
            parts.tax_lines(shipping.tax_lines, included=order.taxes_included, line=number)


def _charges(order: Order, parts: Parts, reading: _Reading, base: int) -> None:
    """Duties, fees and a tip that stands in no line, under the numbers after those of shipping."""
    side, number = parts.side, base + len(order.shipping_lines)
    duties, fees, tip = number + 1, number + 2, number + 3
    if reading.duties and parts.charge(duties, ChargeKind.DUTY, _duties(order, side)) and not reading.order_taxes:
        for duty in (duty for line in order.line_items for duty in line.duties):
            parts.tax_lines(duty.tax_lines, included=order.taxes_included, line=duties)
    parts.charge(fees, ChargeKind.FEE, side.or_nothing(order.original_total_additional_fees_set), "additional_fees")
    if reading.tip:
        parts.charge(tip, ChargeKind.TIP, side.or_nothing(order.total_tip_received_set, order.total_tip_received))


def _duties(order: Order, side: Side) -> Decimal:
    stated = side.of(order.original_total_duties_set)
    if stated is not None:
        return stated
    return sum((side.or_nothing(duty) for line in order.line_items for duty in line.duties), _ZERO)


def _discounts_of_line(order: Order, line: LineItem, parts: Parts, number: int) -> None:
    if line.discount_allocations:
        _allocated(order, line.discount_allocations, parts, number)
    else:
        parts.discount(parts.side.or_nothing(line.total_discount_set, line.total_discount), number, None)


def _allocated(order: Order, allocations: tuple[DiscountAllocation, ...], parts: Parts, number: int) -> None:
    for allocation in allocations:
        amount = parts.side.or_nothing(allocation.amount_set, allocation.amount)
        parts.discount(amount, number, _discount_name(order, allocation.discount_application_index))


def _discount_name(order: Order, place: int | None) -> str | None:
    if place is None or not 0 <= place < len(order.discount_applications):
        return None
    application = order.discount_applications[place]
    return application.code or application.title or application.description or application.type
