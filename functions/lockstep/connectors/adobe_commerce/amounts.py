"""What a document of Commerce comes to, in the shop's currency (`base_`) or in the one the customer saw.

    grand_total = subtotal + shipping_amount + tax_amount + discount_amount (below zero)
                + discount_tax_compensation_amount + fixed product taxes + gift wrapping + custom fees
                + adjustment_positive - adjustment_negative (credit memos)
                - gift cards - store credit - reward points

Amounts of lines are without tax. Where prices hold the tax, a discount does too, and the compensation is that part: it
is taken off the discount. A configurable product is a line with a price and its child without one; a bundle's price is
on the bundle, on its parts, or on both. So which lines count is read from the subtotal. Nothing is adjusted.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from lockstep.canonical.amounts import Amounts, Charge, Discount, LineAmount, Tax
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.connectors.adobe_commerce.fields import Fields
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code, rounding

_NOTHING: Final = Decimal(0)
_HIGHEST_RATE: Final = 1000
_UNNAMED: Final = "tax"
_CHARGES: Final = 1_000_000_000
"""Charges are numbered beyond the ids of items, and so that a number stays what it is."""
_SHIPPING: Final = _CHARGES + 1
_FEES: Final = _CHARGES + 100
_WRAPPING: Final = ("gw_price", "gw_items_price", "gw_card_price")
_WRAPPING_TAX: Final = ("gw_tax_amount", "gw_items_tax_amount", "gw_card_tax_amount")
_STORED_VALUE: Final = (
    ("gift_cards_amount", "gift cards"),
    ("customer_balance_amount", "store credit"),
    ("reward_currency_amount", "reward points"),
)

Round = Callable[[Decimal], Decimal]
"""To the minor unit of a currency, half away from zero."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a document, and its place among the others."""

    number: int
    fields: Fields
    quantity: Decimal
    parent: int | None = None
    """For a part of a configurable product or a bundle: the number of its whole."""
    has_children: bool = False
    is_gift_card: bool = False
    """Stored value that is sold: a charge, and no line."""


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """The parts do not come to what is stated."""

    due: Money
    stated: Money
    problem: str


def currency_of(document: Fields, name: str, otherwise: str = "") -> str:
    """A currency that is known.

    Raises:
        MessageMalformed: It is none.
    """
    written = (document.text(name) or otherwise).upper()
    if not written:
        raise MessageMalformed(f"{document.at(name)} is missing")
    if written not in EXPONENTS:
        raise MessageMalformed(f"{document.at(name)} is no ISO 4217 code")
    return written


def amounts_of(
    document: Fields, items: Sequence[Item], currency: str, *, base: bool, adjusts: bool = False
) -> Amounts | Unbalanced:
    """The amounts of an order or a credit memo, if they come to its grand total.

    Args:
        document: The order or credit memo.
        items: Its lines.
        currency: ISO 4217 code, a known one.
        base: Whether the amounts are those in the shop's currency.
        adjusts: Whether adjustments are part of it: an order only repeats those of its credit memos.

    Raises:
        MessageMalformed: The grand total is missing, or an amount is none; names the field.
    """
    stated = document.stated("grand_total", base=base)
    if stated is None:
        raise MessageMalformed(f"{document.at('base_grand_total' if base else 'grand_total')} is missing")
    return _Sums(document, items, currency, stated, base=base, adjusts=adjusts).amounts()


class _Sums:
    def __init__(
        self,
        document: Fields,
        items: Sequence[Item],
        currency: str,
        stated: Decimal,
        *,
        base: bool,
        adjusts: bool,
    ) -> None:
        self._document = document
        self._items = items
        self._currency = currency
        self._stated = stated
        self._base = base
        self._read: dict[tuple[int, str], Decimal] = {}
        self._adjusts = adjusts
        self._rounded = rounding(currency)

    def amounts(self) -> Amounts | Unbalanced:
        counted = self._counted
        rows = {item.number: self._of(item, "row_total") for item in counted}
        charges = [*self._charges(), *self._deducted()]
        off = abs(self._total("discount_amount")) - self._compensation()
        tax = self._total("tax_amount")
        before = sum(rows.values(), _NOTHING) + sum((charge.amount.amount for charge in charges), _NOTHING) - off
        # Fixed product taxes (FPT) may be in the prices: what was decided then is seen in the total.
        fixed = sum((self._of(item, "weee_tax_applied_row_amount") for item in counted), _NOTHING)
        if fixed and before + tax + fixed == self._stated:
            charges.append(self._charge(_CHARGES + 6, ChargeKind.FEE, fixed, "fixed product tax"))
            before += fixed
        wrapping = sum((self._total(name) for name in _WRAPPING_TAX), _NOTHING)
        # Versions differ on whether the tax of gift wrapping is in the order's.
        due = next((t for t in dict.fromkeys((tax, tax + wrapping)) if before + t == self._stated), None)
        if due is None:
            problem = (
                "the total is finer than the currency's minor unit"
                if self._stated != self._rounded(self._stated)
                else "lines, charges, taxes and discounts do not come to the grand total"
            )
            return Unbalanced(
                Money.rounded(before + tax, self._currency), Money.rounded(self._stated, self._currency), problem
            )
        known = {*rows, *(charge.number for charge in charges)}
        return Amounts(
            currency=self._currency,
            total=self._money(self._stated),
            lines=tuple(self._line(item, rows) for item in self._items if not item.is_gift_card),
            charges=(
                *charges,
                *(
                    Charge(number=item.number, kind=ChargeKind.GIFT_CARD, amount=self._money(rows[item.number]))
                    for item in counted
                    if item.is_gift_card
                ),
            ),
            discounts=tuple(self._discounts(off)),
            taxes=tuple(self._taxes(due, known)),
        )

    def _of(self, item: Item, name: str) -> Decimal:
        found = self._read.get((item.number, name))
        if found is None:
            found = self._read[item.number, name] = self._rounded(item.fields.amount(name, base=self._base))
        return found

    def _total(self, name: str) -> Decimal:
        return self._rounded(self._document.amount(name, base=self._base))

    def _money(self, amount: Decimal) -> Money:
        return Money(amount=amount, currency=self._currency)

    @cached_property
    def _counted(self) -> list[Item]:
        """The lines whose totals come to the subtotal; a whole that repeats what its parts come to stands for them."""
        subtotal = self._total("subtotal")
        parts: dict[int, Decimal] = {}
        for item in self._items:
            if item.parent is not None:
                parts[item.parent] = parts.get(item.parent, _NOTHING) + self._of(item, "row_total")
        repeating = {
            item.number
            for item in self._items
            if parts.get(item.number) and parts[item.number] == self._of(item, "row_total")
        }
        choices = (
            [item for item in self._items if item.parent not in repeating],
            [item for item in self._items if item.parent is None],
            [item for item in self._items if not item.has_children],
        )
        for chosen in choices:
            if sum((self._of(item, "row_total") for item in chosen), _NOTHING) == subtotal:
                return chosen
        return choices[0]

    def _line(self, item: Item, rows: dict[int, Decimal]) -> LineAmount:
        amount = rows.get(item.number, _NOTHING)
        unit_price = None
        if item.quantity:
            each = amount / item.quantity
            unit_price = self._money(each) if each == self._rounded(each) else None
        return LineAmount(line=item.number, amount=self._money(amount), unit_price=unit_price)

    def _charges(self) -> Iterator[Charge]:
        shipping = self._total("shipping_amount")
        if shipping:
            yield self._charge(_SHIPPING, ChargeKind.SHIPPING, shipping, "shipping")
        for place, name in enumerate(_WRAPPING, 2):
            if amount := self._total(name):
                yield self._charge(_CHARGES + place, ChargeKind.FEE, amount, "gift wrapping")
        adjustment = self._total("adjustment_positive") - self._total("adjustment_negative")
        if adjustment and self._adjusts:
            yield self._charge(_CHARGES + 5, ChargeKind.FEE, adjustment, "adjustment")
        for place, fee in enumerate(self._document.list("custom_fees")):
            if amount := self._rounded(fee.amount("custom_fee_amount", base=self._base)):
                name = code(fee.text("custom_fee_code")) or "fee"
                yield self._charge(_FEES + place, ChargeKind.FEE, amount, name)

    def _deducted(self) -> Iterator[Charge]:
        """Stored value that was used: the grand total is what it left to pay."""
        for place, (name, what) in enumerate(_STORED_VALUE, 10):
            if amount := self._total(name):
                yield self._charge(_CHARGES + place, ChargeKind.GIFT_CARD, -amount, what)

    def _charge(self, number: int, kind: ChargeKind, amount: Decimal, name: str) -> Charge:
        return Charge(number=number, kind=kind, amount=self._money(amount), code=name)

    def _compensation(self) -> Decimal:
        return self._total("discount_tax_compensation_amount") + self._total(
            "shipping_discount_tax_compensation_amount"
        )

    def _discounts(self, off: Decimal) -> Iterator[Discount]:
        """By line where the lines name all of it, else for the whole document."""
        if not off:
            return
        names = self._document.text("coupon_code")
        coupon = code(names) if names else None
        found: list[tuple[int, Decimal]] = []
        for item in self._items:
            taken = abs(self._of(item, "discount_amount")) - self._of(item, "discount_tax_compensation_amount")
            if taken and not item.is_gift_card:
                found.append((item.number, taken))
        shipping = self._total("shipping_discount_amount") - self._total("shipping_discount_tax_compensation_amount")
        if shipping and self._total("shipping_amount"):
            found.append((_SHIPPING, shipping))
        if sum((amount for _, amount in found), _NOTHING) != off:
            yield Discount(amount=self._money(off), code=coupon)
            return
        for number, amount in found:
            yield Discount(amount=self._money(amount), line=number, code=coupon)

    def _taxes(self, due: Decimal, known: set[int]) -> Iterator[Tax]:
        """By line where the lines name all of it, else by rate where the order lists them, else in one sum."""
        if not due:
            return
        own = [
            (item.number, self._of(item, "tax_amount"), item.fields.number("tax_percent"))
            for item in self._items
            if item.number in known and self._of(item, "tax_amount")
        ]
        shipping = self._total("shipping_tax_amount")
        if shipping and _SHIPPING in known:
            own.append((_SHIPPING, shipping, None))
        applied = [
            (
                code(tax.text("code")) or _UNNAMED,
                tax.number("percent"),
                self._rounded(tax.amount("amount", base=self._base)),
            )
            for tax in self._document.list("applied_taxes")
        ]
        # Without goods it belongs to a charge: there is nothing else to book it with.
        otherwise = None if any(not item.is_gift_card for item in self._items) else min(known, default=None)
        names = {name for name, _, _ in applied}
        only = names.pop() if len(names) == 1 else _UNNAMED
        if sum((amount for _, amount, _ in own), _NOTHING) == due:
            for number, amount, percent in own:
                yield self._tax(only, percent, amount, number)
        elif sum((amount for _, _, amount in applied), _NOTHING) == due:
            for name, percent, amount in applied:
                yield self._tax(name, percent, amount, otherwise)
        else:
            yield self._tax(only, None, due, otherwise)

    def _tax(self, name: str, percent: Decimal | None, amount: Decimal, line: int | None) -> Tax:
        rate = percent if percent is not None and 0 <= percent <= _HIGHEST_RATE else None
        return Tax(code=name, rate=rate, amount=self._money(amount), included=False, line=line)
