"""What an order's items add up to, held against the total that the shop states.

WooCommerce keeps items without tax, whatever its prices hold, and writes them rounded. Where a shop rounds the tax of
the order rather than of each item, or where its prices hold the tax, what it writes of the items may miss the total by
a minor unit; the unrounded figures are in the message too (an item's taxes, a line's unit price), and what they come to
decides. Nothing else is adjusted.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from lockstep.canonical.amounts import Amounts, Charge, Discount, LineAmount, Tax
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.money import Money
from lockstep.connectors.woocommerce.models import TaxLine, TaxOfItem
from lockstep.messaging.lenient import code, rounding

Round = Callable[[Decimal], Decimal]
"""To the minor unit of a currency, half away from zero."""

_NOTHING: Final = Decimal(0)
_HIGHEST_RATE: Final = 1000
UNNAMED_TAX: Final = "tax"
"""Code of a tax of which the message says no rate."""


@dataclass(frozen=True, slots=True)
class Part:
    """One item of a document: goods, where `kind` is None, or a charge. All without tax, signed as in the document."""

    number: int
    total: Decimal
    """After discounts."""
    tax: Decimal
    taxes: Sequence[TaxOfItem]
    before: Decimal | None = None
    """Before discounts."""
    unrounded: Decimal | None = None
    """What `total` is the rounded form of, where the message says."""
    quantity: Decimal = Decimal(1)
    kind: ChargeKind | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """The items do not come to what is stated."""

    due: Money
    stated: Money
    problem: str


class Rates:
    """The tax rates of a document."""

    def __init__(self, lines: Iterable[TaxLine]) -> None:
        self._lines = {line.rate_id: line for line in lines}

    def tax(self, rate_id: str, amount: Money, line: int | None) -> Tax:
        """An amount of one rate."""
        found = self._lines.get(rate_id)
        if found is None:
            return Tax(code=code(rate_id) or UNNAMED_TAX, amount=amount, included=False, line=line)
        percent = found.rate_percent
        rate = percent if percent is not None and 0 <= percent <= _HIGHEST_RATE else None
        name = code(found.rate_code) or code(found.label) or code(rate_id) or UNNAMED_TAX
        return Tax(code=name, rate=rate, amount=amount, included=False, line=line)


def amounts_of(
    parts: Sequence[Part],
    tax_lines: Sequence[TaxLine],
    *,
    stated: Decimal,
    stated_tax: Decimal | None,
    currency: str,
    coupon: str | None = None,
) -> Amounts | Unbalanced:
    """The amounts of a document, if they come to what it states.

    Args:
        parts: Its items.
        tax_lines: Its taxes by rate.
        stated: Its total.
        stated_tax: Its taxes together, where it says.
        currency: ISO 4217 code, a known one.
        coupon: What discounts came from, where that is known.
    """
    rounded = rounding(currency)
    reading = _Reading.of(parts, tax_lines, stated, stated_tax, rounded)
    if reading.problem:
        return Unbalanced(Money.rounded(reading.due, currency), Money.rounded(stated, currency), reading.problem)
    rates = Rates(tax_lines)
    goods = [(part, _before_discounts(part, rounded)) for part in parts if part.kind is None]
    charges = [
        Charge(number=part.number, kind=part.kind, amount=_money(rounded(part.total), currency), code=part.code)
        for part in parts
        if part.kind is not None
    ]
    if reading.rounding:
        number = max((part.number for part in parts), default=0) + 1
        charges.append(Charge(number=number, kind=ChargeKind.ROUNDING, amount=_money(reading.rounding, currency)))
    if reading.by_item:
        taxes = tuple(
            rates.tax(rate, _money(share, currency), part.number)
            for part in parts
            for rate, share in _by_rate(rounded(part.tax), part.taxes, rounded)
        )
    else:
        # Without goods it belongs to a charge: there is nothing else to book it with.
        place = None if goods or not charges else charges[0].number
        taxes = tuple(rates.tax(rate, _money(amount, currency), place) for rate, amount in reading.document_taxes)
    return Amounts(
        currency=currency,
        total=_money(stated, currency),
        lines=tuple(_line(part, before, currency, rounded) for part, before in goods),
        charges=tuple(charges),
        discounts=tuple(
            Discount(amount=_money(off, currency), line=part.number, code=coupon)
            for part, before in goods
            if (off := before - rounded(part.total))
        ),
        taxes=taxes,
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the figures of a document come to its total."""

    due: Decimal
    """The items with their taxes, as they are written."""
    by_item: bool = True
    """Whether taxes are taken from the items, or from the document's list by rate."""
    document_taxes: tuple[tuple[str, Decimal], ...] = ()
    """By rate, rounded."""
    rounding: Decimal = _NOTHING
    """What the total has more than the written items, where the unrounded ones come to it."""
    problem: str = ""
    """Why there is no such way."""

    @classmethod
    def of(
        cls,
        parts: Sequence[Part],
        tax_lines: Sequence[TaxLine],
        stated: Decimal,
        stated_tax: Decimal | None,
        rounded: Round,
    ) -> Self:
        """The first way that leads to the total; one that leads to its tax too goes first."""
        by_rate = tuple(
            (line.rate_id, amount)
            for line in tax_lines
            if (amount := rounded((line.tax_total or _NOTHING) + (line.shipping_tax_total or _NOTHING)))
        )
        goods = sum((rounded(part.total) for part in parts), _NOTHING)
        item_tax = sum((rounded(part.tax) for part in parts), _NOTHING)
        due = goods + item_tax
        if stated != rounded(stated):
            return cls(due, problem="the total is finer than the currency's minor unit")
        if due == stated and stated_tax in (None, item_tax):
            return cls(due)
        if by_rate and goods + sum((amount for _, amount in by_rate), _NOTHING) == stated:
            return cls(due, by_item=False, document_taxes=by_rate)
        if due == stated:
            return cls(due)
        if rounded(sum((_unrounded(part, rounded) for part in parts), _NOTHING)) == stated:
            return cls(due, rounding=stated - due)
        return cls(due, problem="the items and their taxes do not come to the total")


def _money(amount: Decimal, currency: str) -> Money:
    return Money(amount=amount, currency=currency)


def _before_discounts(part: Part, rounded: Round) -> Decimal:
    """A line's amount before discounts. A price that was raised by hand is no discount: it is the amount."""
    total = rounded(part.total)
    if part.before is None:
        return total
    before = rounded(part.before)
    return before if abs(before) >= abs(total) and before * total >= 0 else total


def _line(part: Part, amount: Decimal, currency: str, rounded: Round) -> LineAmount:
    unit_price = None
    if part.quantity:
        each = amount / part.quantity
        if each == rounded(each):
            unit_price = Money(amount=each, currency=currency)
    return LineAmount(line=part.number, amount=Money(amount=amount, currency=currency), unit_price=unit_price)


def _unrounded(part: Part, rounded: Round) -> Decimal:
    """An item with its taxes, as finely as the message says it without contradicting what it says of the item."""
    total, tax = part.total, part.tax
    if part.unrounded is not None and rounded(part.unrounded) == rounded(total):
        total = part.unrounded
    fine = sum((entry.total for entry in part.taxes if entry.total is not None), _NOTHING)
    if rounded(fine) == rounded(tax):
        tax = fine
    return total + tax


def _by_rate(tax: Decimal, taxes: Sequence[TaxOfItem], rounded: Round) -> list[tuple[str, Decimal]]:
    """An item's tax by rate; what rounding leaves over goes to the rate that takes most."""
    if not tax:
        return []
    shares = [(entry.id, rounded(entry.total)) for entry in taxes if entry.total]
    if not shares:
        return [(UNNAMED_TAX, tax)]
    largest = max(range(len(shares)), key=lambda place: abs(shares[place][1]))
    left_over = tax - sum((share for _, share in shares), _NOTHING)
    shares[largest] = (shares[largest][0], shares[largest][1] + left_over)
    return [(rate, share) for rate, share in shares if share]
