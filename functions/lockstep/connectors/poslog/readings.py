"""What the amounts of a transaction mean.

POSLog leaves open, and vendors answer differently, whether an extended amount is before or after its discounts, whether
prices hold the tax, whether a tax or discount on the transaction is another one or the sum of those on the lines, and
whether a tendered amount still holds the change. Each set of answers is a reading. The one under which lines + taxes +
charges - discounts = tenders is what the till meant; nothing is ever adjusted to make a reading fit.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, auto
from itertools import product
from typing import Final, NamedTuple

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.money import EXPONENTS
from lockstep.connectors.poslog.models import Line, Modifier, RetailTransaction, Tax, Tender

_NONE: Final = Decimal(0)
_HUNDRED: Final = Decimal(100)
CASHBACK: Final = "Cashback"
"""Name of the tender in which cash is handed out against a card; POSLog gives it none."""
TAX_TOTAL: Final = "TransactionTaxAmount"
"""Code of a tax of which only the total is said."""


class TaxSource(Enum):
    """Which taxes count."""

    LINES = auto()
    TRANSACTION = auto()
    BOTH = auto()


class Reading(NamedTuple):
    """One set of answers."""

    discounts_off: bool
    """Extended amounts are after their discounts."""
    tax_included: bool
    """Prices hold the tax, where the line does not say."""
    taxes: TaxSource
    ticket_discounts: bool
    """Discounts on the transaction come on top of those on lines."""
    change_held: bool
    """Tendered amounts still hold the change."""
    rounding: int
    """1: what was rounded raises the total, -1: lowers it, 0: it is in other amounts already."""


class LineAmount(NamedTuple):
    """A line, signed and rounded to the minor unit, before discounts."""

    line: Line
    amount: Decimal


class TaxAmount(NamedTuple):
    """A tax, signed and rounded."""

    tax: Tax
    amount: Decimal
    taxable: Decimal | None
    included: bool
    line: Line | None


class DiscountAmount(NamedTuple):
    """A discount, signed (positive lowers the total) and rounded."""

    amount: Decimal
    reason: str | None
    line: Line | None


class ChargeAmount(NamedTuple):
    """A charge, signed and rounded."""

    kind: ChargeKind
    amount: Decimal
    number: int | None = None


class TenderAmount(NamedTuple):
    """A tender, signed and rounded."""

    name: str
    amount: Decimal
    number: int | None
    foreign: tuple[Decimal, str] | None = None


class Ledger(NamedTuple):
    """A transaction under one reading."""

    lines: tuple[LineAmount, ...]
    discounts: tuple[DiscountAmount, ...]
    taxes: tuple[TaxAmount, ...]
    charges: tuple[ChargeAmount, ...]
    tenders: tuple[TenderAmount, ...]

    @property
    def due(self) -> Decimal:
        """Lines + taxes not included + charges - discounts."""
        added = sum((tax.amount for tax in self.taxes if not tax.included), _NONE)
        taken_off = sum((discount.amount for discount in self.discounts), _NONE)
        charged = sum((charge.amount for charge in self.charges), _NONE)
        return sum((line.amount for line in self.lines), _NONE) + added + charged - taken_off

    @property
    def paid(self) -> Decimal:
        """What the tenders add up to."""
        return sum((tender.amount for tender in self.tenders), _NONE)


def read(retail: RetailTransaction) -> Ledger:
    """The transaction under the first reading that balances; under the most usual one when none does."""
    reader = _Reader(retail)
    usual: Ledger | None = None
    for reading in reader.readings():
        ledger = reader.under(reading)
        if ledger.due == ledger.paid:
            return ledger
        usual = usual or ledger
    return usual or reader.under(Reading(True, True, TaxSource.LINES, True, True, 0))


class _Reader:
    def __init__(self, retail: RetailTransaction) -> None:
        self._retail = retail
        self._quantum = Decimal(1).scaleb(-EXPONENTS[retail.currency])
        self._only_back = bool(retail.lines) and all(line.back for line in retail.lines)
        self._taxes = self._transaction_taxes()
        self._rounding = retail.rounding + sum((tender.rounding for tender in retail.tenders), _NONE)

    def readings(self) -> Iterator[Reading]:
        """The readings that differ here, the most usual first."""
        retail = self._retail
        on_lines = any(line.modifiers for line in retail.lines)
        taxed = [
            tax
            for tax in (*(tax for line in retail.lines for tax in line.taxes), *self._taxes)
            if tax.amount or tax.rate
        ]
        included = any(tax.value_added for tax in taxed) or any(tax.code == TAX_TOTAL for tax in taxed)
        return map(
            Reading._make,
            product(
                self._discounts_off() if on_lines else (True,),
                (included, not included) if taxed else (included,),
                self._tax_sources(),
                (True, False) if on_lines and retail.discounts else (True,),
                (True, False) if any(tender.change for tender in retail.tenders) else (True,),
                (1, -1, 0) if self._rounding else (0,),
            ),
        )

    def under(self, reading: Reading) -> Ledger:
        """The transaction under a reading."""
        lines: list[LineAmount] = []
        discounts: list[DiscountAmount] = []
        taxes: list[TaxAmount] = []
        charges: list[ChargeAmount] = []
        for line in self._retail.lines:
            off = [self._round(line.sign * modifier.amount) for modifier in line.modifiers]
            asked = self._round(line.sign * line.extended)
            before = asked + sum(off, _NONE) if reading.discounts_off else asked
            net = before - sum(off, _NONE)
            if line.charge is None:
                lines.append(LineAmount(line, before))
                discounts.extend(
                    DiscountAmount(amount, modifier.reason, line)
                    for amount, modifier in zip(off, line.modifiers, strict=True)
                )
            else:
                charges.append(ChargeAmount(line.charge, net, line.number))
            if reading.taxes is not TaxSource.TRANSACTION:
                taxes.extend(self._line_tax(line, tax, net, reading) for tax in line.taxes)
        if reading.taxes is not TaxSource.LINES:
            taxes.extend(self._transaction_tax(tax, reading) for tax in self._taxes)
        if reading.ticket_discounts:
            discounts.extend(self._ticket_discount(modifier) for modifier in self._retail.discounts)
        charges.extend(
            ChargeAmount(ChargeKind.TIP, self._round(t.tip), t.number) for t in self._retail.tenders if t.tip
        )
        if rounded := self._round(reading.rounding * self._rounding):
            charges.append(ChargeAmount(ChargeKind.ROUNDING, rounded))
        tenders = tuple(part for tender in self._retail.tenders for part in self._tender(tender, reading))
        return Ledger(tuple(lines), tuple(discounts), tuple(taxes), tuple(charges), tenders)

    def _transaction_taxes(self) -> tuple[Tax, ...]:
        """Taxes on the transaction; the total tax where nothing more is said of it."""
        retail = self._retail
        if retail.taxes or any(line.taxes for line in retail.lines) or not retail.tax_total:
            return retail.taxes
        return (Tax(TAX_TOTAL, None, retail.tax_total, None, value_added=True, refund=False),)

    def _discounts_off(self) -> tuple[bool, bool]:
        """ARTS has extended amounts after discounts; those that are regular price times quantity are before them."""
        discounted = [line for line in self._retail.lines if line.modifiers and line.prices]
        before = sum(self._round(line.prices[0] * line.quantity) == line.extended for line in discounted)
        return (False, True) if discounted and before == len(discounted) else (True, False)

    def _tax_sources(self) -> tuple[TaxSource, ...]:
        on_lines = [tax for line in self._retail.lines for tax in line.taxes]
        if not on_lines or not self._taxes:
            return (TaxSource.LINES,) if on_lines else (TaxSource.TRANSACTION,)
        from_lines = sum((self._round(abs(tax.amount or _NONE)) for tax in on_lines), _NONE)
        if from_lines == self._round(sum((abs(tax.amount or _NONE) for tax in self._taxes), _NONE)):
            return (TaxSource.LINES,)
        return (TaxSource.TRANSACTION, TaxSource.BOTH)

    def _line_tax(self, line: Line, tax: Tax, net: Decimal, reading: Reading) -> TaxAmount:
        included = reading.tax_included if line.tax_included is None else line.tax_included
        rate = tax.rate or _NONE
        if tax.amount is None:
            amount = net * rate / (_HUNDRED + rate) if included else net * rate / _HUNDRED
        else:
            amount = line.sign * abs(tax.amount)
        taxable = None if tax.taxable is None else self._round(line.sign * abs(tax.taxable))
        return TaxAmount(tax, self._round(amount), taxable, included, None if line.charge else line)

    def _transaction_tax(self, tax: Tax, reading: Reading) -> TaxAmount:
        amount = tax.amount or _NONE
        sign = -1 if amount >= 0 and (tax.refund or self._only_back) else 1
        taxable = None if tax.taxable is None else self._round((-1 if sign * amount < 0 else 1) * abs(tax.taxable))
        stated = {line.tax_included for line in self._retail.lines} - {None}
        included = stated == {True} if stated else reading.tax_included
        return TaxAmount(tax, self._round(sign * amount), taxable, included, None)

    def _ticket_discount(self, modifier: Modifier) -> DiscountAmount:
        return DiscountAmount(self._round((-1 if self._only_back else 1) * modifier.amount), modifier.reason, None)

    def _tender(self, tender: Tender, reading: Reading) -> Iterable[TenderAmount]:
        sign = -1 if self._only_back and not tender.signed else 1
        if tender.amount or tender.change is None:
            yield TenderAmount(tender.name, self._round(sign * tender.amount), tender.number, tender.foreign)
        if tender.change is not None and tender.change[1] and reading.change_held:
            yield TenderAmount(tender.change[0], self._round(-tender.change[1]), tender.number)
        if tender.cashback:
            yield TenderAmount(CASHBACK, self._round(-abs(tender.cashback)), tender.number)

    def _round(self, amount: Decimal) -> Decimal:
        return amount.quantize(self._quantum, rounding=ROUND_HALF_UP)
