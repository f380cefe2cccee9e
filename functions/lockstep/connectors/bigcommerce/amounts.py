"""What the parts of an order come to, held against the total that the store states.

BigCommerce writes every amount twice, without and with tax, and says which of the two is exact
(`is_tax_inclusive_pricing`). Taxes of the lines are before discounts, the order's own are after them, and both can be
overridden when an order is made by API; fees may be told of that the total does not hold. So there are readings, and
the first one that comes to the total is taken. Nothing is adjusted.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from lockstep.canonical.amounts import Amounts, Charge, Discount, LineAmount, Tax
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.money import Money
from lockstep.connectors.bigcommerce.models import Order, OrderProduct, OrderTax, WholeOrder
from lockstep.messaging.lenient import code, rounding

SUMMARY: Final = 1
"""Number of the line that stands for all products of an order whose products were not read."""
GIFT_CERTIFICATE: Final = "giftcertificate"
"""Type of a product that is stored value."""

Round = Callable[[Decimal], Decimal]
"""To the minor unit of a currency, half away from zero."""

_NOTHING: Final = Decimal(0)
_HIGHEST_RATE: Final = 1000
_CHARGES: Final = 1_000_000_000
_FEES: Final = 2_000_000_000
"""Charges are numbered beyond the ids of products, and so that a number stays what it is."""
_SHIPPING, _HANDLING, _WRAPPING, _GIFT, _CREDIT = (_CHARGES + place for place in range(1, 6))
_PLACES: Final = {"shipping": _SHIPPING, "handling": _HANDLING, "gift-wrapping": _WRAPPING}
"""`line_item_type` of a tax."""
_UNNAMED: Final = "tax"


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """The parts do not come to what is stated."""

    due: Money
    stated: Money
    problem: str


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    ex: Decimal
    inc: Decimal
    kind: ChargeKind | None = None
    """None for goods."""
    code: str | None = None
    quantity: Decimal = _NOTHING

    def amount(self, *, included: bool) -> Decimal:
        return self.inc if included else self.ex


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the amounts are taken."""

    included: bool
    """Whether those with tax are."""
    tax: Decimal
    stored_value: bool
    """Whether the total is what stored value left to pay."""


def amounts_of(whole: WholeOrder | Order, currency: str) -> Amounts | Unbalanced:
    """The amounts of an order, if they come to its total.

    Args:
        whole: With its products, or by itself: then one line stands for all of them.
        currency: ISO 4217 code, a known one.
    """
    order = whole.order if isinstance(whole, WholeOrder) else whole
    rounded = rounding(currency)
    parts = [
        _Part(part.number, rounded(part.ex), rounded(part.inc), part.kind, part.code, part.quantity)
        for part in _parts(whole)
    ]
    stated = order.total_inc_tax
    off = rounded(order.discount_amount) + rounded(order.coupon_discount)
    value = rounded(order.gift_certificate_amount) + rounded(order.store_credit_amount)
    without_fees = [part for part in parts if part.number < _FEES]
    for held in (parts, without_fees) if len(without_fees) < len(parts) else (parts,):
        for reading in _readings(order, held, rounded):
            if _due(reading, held, off, value) == stated:
                return _built(reading, whole, held, currency)
    problem = (
        "the total is finer than the currency's minor unit"
        if stated != rounded(stated)
        else "products, charges, taxes and discounts do not come to the total"
    )
    due = _due(next(_readings(order, parts, rounded)), parts, off, value)
    return Unbalanced(Money.rounded(due, currency), Money.rounded(stated, currency), problem)


def leaves_stored_value_out(amounts: Amounts) -> bool:
    """Whether the total is what stored value left to pay: it is then a charge below zero, and no tender."""
    return any(charge.number in (_GIFT, _CREDIT) for charge in amounts.charges)


def _parts(whole: WholeOrder | Order) -> Iterator[_Part]:
    order = whole.order if isinstance(whole, WholeOrder) else whole
    if isinstance(whole, WholeOrder):
        for product in whole.products:
            is_value = product.type == GIFT_CERTIFICATE
            yield _Part(
                int(product.id),
                product.total_ex_tax,
                product.total_inc_tax,
                ChargeKind.GIFT_CARD if is_value else None,
                code(product.gift_certificate_id) if is_value else None,
                product.quantity,
            )
    elif order.subtotal_ex_tax or order.subtotal_inc_tax:
        yield _Part(SUMMARY, order.subtotal_ex_tax, order.subtotal_inc_tax)
    for number, kind, name, ex, inc in (
        (_SHIPPING, ChargeKind.SHIPPING, "shipping", order.shipping_cost_ex_tax, order.shipping_cost_inc_tax),
        (_HANDLING, ChargeKind.FEE, "handling", order.handling_cost_ex_tax, order.handling_cost_inc_tax),
        (_WRAPPING, ChargeKind.FEE, "gift wrapping", order.wrapping_cost_ex_tax, order.wrapping_cost_inc_tax),
    ):
        if ex or inc:
            yield _Part(number, ex, inc, kind, name)
    for fee in order.fees:
        name = code(fee.display_name_merchant) or code(fee.display_name_customer) or "fee"
        yield _Part(_FEES + int(fee.id), fee.cost_ex_tax, fee.cost_inc_tax, ChargeKind.FEE, name)


def _readings(order: Order, parts: Sequence[_Part], rounded: Round) -> Iterator[_Reading]:
    """In the order in which they are tried: what the store says is exact, with the tax that it states, first."""
    own = rounded(order.total_tax)
    of_parts = sum((part.inc - part.ex for part in parts), _NOTHING)
    exact = order.is_tax_inclusive_pricing
    for tax in dict.fromkeys((own, of_parts)):
        for included in (exact, not exact):
            for stored_value in (False, True):
                yield _Reading(included, tax, stored_value)


def _due(reading: _Reading, parts: Sequence[_Part], off: Decimal, value: Decimal) -> Decimal:
    amounts = sum((part.amount(included=reading.included) for part in parts), _NOTHING)
    return (
        amounts - off + (_NOTHING if reading.included else reading.tax) - (value if reading.stored_value else _NOTHING)
    )


def _built(reading: _Reading, whole: WholeOrder | Order, parts: Sequence[_Part], currency: str) -> Amounts:
    order = whole.order if isinstance(whole, WholeOrder) else whole
    rounded = rounding(currency)
    charges = [
        Charge(
            number=part.number,
            kind=part.kind,
            amount=_money(part.amount(included=reading.included), currency),
            code=part.code,
        )
        for part in parts
        if part.kind is not None
    ]
    if reading.stored_value:
        for number, name, amount in (
            (_GIFT, "gift certificate", rounded(order.gift_certificate_amount)),
            (_CREDIT, "store credit", rounded(order.store_credit_amount)),
        ):
            if amount:
                used = _money(-amount, currency)
                charges.append(Charge(number=number, kind=ChargeKind.GIFT_CARD, amount=used, code=name))
    return Amounts(
        currency=currency,
        total=_money(order.total_inc_tax, currency),
        lines=tuple(_line(part, reading, currency, rounded) for part in parts if part.kind is None),
        charges=tuple(charges),
        discounts=tuple(_discounts(whole, currency, rounded)),
        taxes=tuple(_taxes(reading, whole, parts, currency, rounded)),
    )


def _line(part: _Part, reading: _Reading, currency: str, rounded: Round) -> LineAmount:
    amount = part.amount(included=reading.included)
    unit_price = None
    if part.quantity:
        each = amount / part.quantity
        if each == rounded(each):
            unit_price = _money(each, currency)
    return LineAmount(line=part.number, amount=_money(amount, currency), unit_price=unit_price)


def _discounts(whole: WholeOrder | Order, currency: str, rounded: Round) -> Iterator[Discount]:
    """By line where the lines name all of it, else for the whole document."""
    order = whole.order if isinstance(whole, WholeOrder) else whole
    automatic, coupon = rounded(order.discount_amount), rounded(order.coupon_discount)
    products: Sequence[OrderProduct] = whole.products if isinstance(whole, WholeOrder) else ()
    by_line = [
        (int(product.id), rounded(discount.amount), code(discount.code))
        for product in products
        for discount in product.applied_discounts
        if discount.amount
    ]
    if by_line and sum((amount for _, amount, _ in by_line), _NOTHING) == automatic + coupon:
        for number, amount, name in by_line:
            if amount:
                yield Discount(amount=_money(amount, currency), line=number, code=name)
        return
    coupons = whole.coupons if isinstance(whole, WholeOrder) else ()
    if automatic:
        yield Discount(amount=_money(automatic, currency))
    if coupon:
        name = code(coupons[0].code) if len(coupons) == 1 else None
        yield Discount(amount=_money(coupon, currency), code=name)


def _taxes(
    reading: _Reading, whole: WholeOrder | Order, parts: Sequence[_Part], currency: str, rounded: Round
) -> Iterator[Tax]:
    """By rate, where the list of taxes comes to the tax; else by part, where these do; else in one sum."""
    if not reading.tax:
        return
    rows = [row for row in whole.taxes if row.line_amount] if isinstance(whole, WholeOrder) else []
    numbers = {part.number for part in parts}
    # Without goods it belongs to a charge: there is nothing else to book it with.
    otherwise = None if any(part.kind is None for part in parts) or not parts else parts[0].number
    shares = _shares(reading.tax, [row.line_amount for row in rows], rounded)
    if shares is not None:
        for row, share in zip(rows, shares, strict=True):
            if share:
                yield _tax(row, share, _place(row, numbers) or otherwise, reading, currency)
        return
    names = {(row.name, row.rate): row for row in rows}
    only = next(iter(names.values())) if len(names) == 1 else OrderTax()
    own = [(part.number, part.inc - part.ex) for part in parts if part.inc != part.ex]
    if sum((tax for _, tax in own), _NOTHING) == reading.tax:
        for number, tax in own:
            yield _tax(only, tax, number, reading, currency)
    else:
        yield _tax(only, reading.tax, otherwise, reading, currency)


def _tax(row: OrderTax, amount: Decimal, line: int | None, reading: _Reading, currency: str) -> Tax:
    rate = row.rate if row.rate is not None and 0 <= row.rate <= _HIGHEST_RATE else None
    return Tax(
        code=code(row.name) or _UNNAMED,
        rate=rate,
        amount=_money(amount, currency),
        included=reading.included,
        line=line,
    )


def _place(row: OrderTax, numbers: set[int]) -> int | None:
    """The line or charge that a tax is on; None where the list was read without details."""
    if row.line_item_type in _PLACES:
        number = _PLACES[row.line_item_type]
    else:
        number = next((own for own in numbers if str(own) == row.order_product_id), 0)
    return number if number in numbers else None


def _shares(whole: Decimal, parts: Sequence[Decimal], rounded: Round) -> list[Decimal] | None:
    """The parts in minor units, if unrounded they come to the whole; what rounding leaves over goes to the largest."""
    if not parts or rounded(sum(parts, _NOTHING)) != whole:
        return None
    shares = [rounded(part) for part in parts]
    largest = max(range(len(shares)), key=lambda place: abs(shares[place]))
    shares[largest] += whole - sum(shares, _NOTHING)
    return shares


def _money(amount: Decimal, currency: str) -> Money:
    return Money(amount=amount, currency=currency)
