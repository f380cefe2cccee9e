"""Amounts worked out of the parts that the shop states, in one of its two currencies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from lockstep.canonical.amounts import Amounts, Charge, Discount, LineAmount, Tax
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.connectors.shopify.models.base import MoneyBag
from lockstep.connectors.shopify.models.order import TaxLine
from lockstep.connectors.shopify.reports.values import percent
from lockstep.messaging.lenient import code

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two currencies in which the shop gives amounts."""

    currency: str
    is_presentment: bool = False

    def of(self, bag: MoneyBag | None, plain: Decimal | None = None) -> Decimal | None:
        """The amount on this side; the plain field, which old versions have alone, is the shop's."""
        if bag is not None:
            money = bag.presentment_money if self.is_presentment else bag.shop_money
            if money is not None and money.amount is not None:
                return money.amount
        return None if self.is_presentment else plain

    def or_nothing(self, bag: MoneyBag | None, plain: Decimal | None = None) -> Decimal:
        """The same, zero where it is not said."""
        value = self.of(bag, plain)
        return _ZERO if value is None else value


class _Line(NamedTuple):
    number: int
    amount: Decimal
    unit_price: Decimal | None


class _Charge(NamedTuple):
    number: int
    kind: ChargeKind
    amount: Decimal
    code: str | None


class _Discount(NamedTuple):
    amount: Decimal
    line: int | None
    code: str | None


class _Tax(NamedTuple):
    code: str
    rate: Decimal | None
    amount: Decimal
    included: bool
    line: int | None


@dataclass(slots=True)
class Parts:
    """What a document is made of, before it is known whether that is what it states. Amounts of zero are left out,
    but those of lines.
    """

    side: Side
    lines: list[_Line] = field(default_factory=list)
    charges: list[_Charge] = field(default_factory=list)
    discounts: list[_Discount] = field(default_factory=list)
    taxes: list[_Tax] = field(default_factory=list)

    def line(self, number: int, amount: Decimal, unit_price: Decimal | None = None) -> None:
        """Goods."""
        self.lines.append(_Line(number, amount, unit_price))

    def charge(self, number: int, kind: ChargeKind, amount: Decimal, name: str | None = None) -> bool:
        """What is no goods; says whether there is anything to pay for it."""
        if amount:
            self.charges.append(_Charge(number, kind, amount, code(name)))
        return bool(amount)

    def discount(self, amount: Decimal, line: int | None, name: str | None) -> None:
        """What is taken off a line or charge that is there."""
        if amount:
            self.discounts.append(_Discount(amount, line, code(name)))

    def tax(self, name: str | None, rate: Decimal | None, amount: Decimal, *, included: bool, line: int | None) -> None:
        """One tax."""
        if amount:
            self.taxes.append(_Tax(code(name) or "tax", percent(rate), amount, included, line))

    def tax_lines(self, lines: Sequence[TaxLine], *, included: bool, line: int | None) -> None:
        """The taxes of a line or charge."""
        for tax in lines:
            amount = self.side.or_nothing(tax.price_set, tax.price)
            self.tax(tax.title, tax.rate, amount, included=included, line=line)

    def due(self) -> Money:
        """What the parts add up to, each to the minor unit.

        Raises:
            ValueError: An amount is out of range.
        """
        added = [
            *(line.amount for line in self.lines),
            *(charge.amount for charge in self.charges),
            *(tax.amount for tax in self.taxes if not tax.included),
        ]
        currency = self.side.currency
        off = sum((_minor(discount.amount, currency) for discount in self.discounts), _ZERO)
        return Money(amount=sum((_minor(amount, currency) for amount in added), _ZERO) - off, currency=currency)

    def amounts(self, total: Money) -> Amounts:
        """The same as amounts, which have to add up to the total.

        An amount finer than the minor unit is rounded: that the total then fits shows that the shop rounds so.

        Raises:
            ValueError: They do not add up, or one is out of range.
        """
        currency = self.side.currency
        return Amounts(
            currency=currency,
            total=total,
            lines=tuple(
                LineAmount(
                    line=line.number, amount=_money(line.amount, currency), unit_price=_exact(line.unit_price, currency)
                )
                for line in self.lines
            ),
            charges=tuple(
                Charge(number=charge.number, kind=charge.kind, amount=_money(charge.amount, currency), code=charge.code)
                for charge in self.charges
            ),
            discounts=tuple(
                Discount(amount=_money(discount.amount, currency), line=discount.line, code=discount.code)
                for discount in self.discounts
            ),
            taxes=tuple(
                Tax(
                    code=tax.code,
                    rate=tax.rate,
                    amount=_money(tax.amount, currency),
                    included=tax.included,
                    line=tax.line,
                )
                for tax in self.taxes
            ),
        )


def _money(amount: Decimal, currency: str) -> Money:
    return Money(amount=_minor(amount, currency), currency=currency)


def _minor(amount: Decimal, currency: str) -> Decimal:
    """To the minor unit. Most amounts are there already."""
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= EXPONENTS[currency]:
        return amount
    return Money.rounded(amount, currency).amount


def _exact(price: Decimal | None, currency: str) -> Money | None:
    """A unit price; None where there is none, or one finer than the minor unit."""
    if price is None:
        return None
    rounded = _money(price, currency)
    return rounded if rounded.amount == price else None
