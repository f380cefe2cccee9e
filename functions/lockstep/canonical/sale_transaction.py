"""The sale transaction: what a till closes (ARTS). Amounts are signed as the customer pays: what is bought and paid is
positive, what comes back is negative. Sums hold to the minor unit at construction.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import Code, ItemReference, TransactionId
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Currency, Money
from lockstep.canonical.quantities import Percent, Quantity


class TransactionKind(StrEnum):
    """Five things that are not each other."""

    SALE = "sale"
    """Goods go out, money comes in."""
    RETURN = "return"
    """Goods come back, their price goes out."""
    EXCHANGE = "exchange"
    """Goods come back and goods go out in one transaction; the difference is paid."""
    REFUND = "refund"
    """Money goes out without goods coming back."""
    VOID = "void"
    """An earlier transaction is undone as if it had not been."""


class SaleLine(Canonical):
    """Goods out (quantity above zero) or back (below zero)."""

    number: Annotated[int, Field(ge=0)]
    """As the till numbers it; unique in the transaction."""
    item: ItemReference
    quantity: Quantity
    unit: Code = "EA"
    """UN/ECE Recommendation 20 unit code."""
    unit_price: Money
    """Before discounts; never negative."""
    amount: Money
    """Quantity x unit price as the till rounded it, before discounts; has the sign of the quantity."""
    original: TransactionId | None = None
    """For goods that come back: the transaction that sold them, where it is known."""

    @model_validator(mode="after")
    def _signs(self) -> Self:
        if not self.quantity:
            raise ValueError(f"line {self.number}: quantity is zero")
        if self.unit_price.amount < 0:
            raise ValueError(
                f"line {self.number}: unit price is negative; goods that come back have a negative quantity"
            )
        if self.amount and (self.amount.amount > 0) != (self.quantity > 0):
            raise ValueError(f"line {self.number}: amount and quantity differ in sign")
        return self

    @property
    def is_return(self) -> bool:
        """Whether goods come back."""
        return self.quantity < 0


class DiscountLine(Canonical):
    """What is taken off: positive lowers what the customer pays."""

    amount: Money
    line: int | None = None
    """The sale line it belongs to; None for the whole transaction."""
    reason: Code | None = None


class TaxLine(Canonical):
    """One tax on one line, or on the whole transaction."""

    code: Code
    """As the source names it: a tax group, rule or type."""
    rate: Percent | None = None
    """Per cent."""
    taxable: Money | None = None
    amount: Money
    included: bool
    """Whether the amounts of the lines already hold it."""
    line: int | None = None


class ChargeLine(Canonical):
    """A charge beside the goods; positive raises what the customer pays."""

    kind: ChargeKind
    amount: Money
    number: int | None = None


class TenderLine(Canonical):
    """A means of payment: positive is received, negative is given back (change, refund)."""

    tender: Code
    """As the source names it."""
    amount: Money
    number: int | None = None
    tendered: Money | None = None
    """What was handed over in another currency, where it was."""


class SaleTransaction(Canonical):
    """Lines + taxes not included + charges - discounts = tenders, to the minor unit."""

    id: TransactionId
    kind: TransactionKind
    currency: Currency
    closed_at: AwareDatetime
    lines: tuple[SaleLine, ...] = ()
    discounts: tuple[DiscountLine, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    charges: tuple[ChargeLine, ...] = ()
    tenders: tuple[TenderLine, ...] = ()
    voids: TransactionId | None = None
    """For a void: the transaction it undoes. Its own lines are then those of that transaction with opposite signs,
    or none where the till repeats nothing."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._in_one_currency()
        self._lines_exist()
        self._kind_fits()
        due, paid = self.total, self.paid
        if due != paid:
            raise ValueError(f"unbalanced: lines + taxes + charges - discounts = {due}, tenders = {paid}")
        return self

    def _in_one_currency(self) -> None:
        for name, amount in self._amounts():
            if amount.currency != self.currency:
                raise ValueError(f"{name} is in {amount.currency}, the transaction in {self.currency}")

    def _amounts(self) -> Iterator[tuple[str, Money]]:
        for line in self.lines:
            yield f"line {line.number}", line.amount
            yield f"unit price of line {line.number}", line.unit_price
        for name, others in (
            ("discount", self.discounts),
            ("tax", self.taxes),
            ("charge", self.charges),
            ("tender", self.tenders),
        ):
            for other in others:
                yield name, other.amount
        for tax in self.taxes:
            if tax.taxable is not None:
                yield "taxable amount", tax.taxable

    def _lines_exist(self) -> None:
        numbers = [line.number for line in self.lines]
        known = set(numbers)
        if len(known) < len(numbers):
            raise ValueError("two lines have the same number")
        for name, parts in (("discount", self.discounts), ("tax", self.taxes)):
            for part in parts:
                if part.line is not None and part.line not in known:
                    raise ValueError(f"{name} belongs to line {part.line}, which is not there")

    def _kind_fits(self) -> None:
        out = any(not line.is_return for line in self.lines)
        back = any(line.is_return for line in self.lines)
        fits = {
            TransactionKind.SALE: not back,
            TransactionKind.RETURN: back and not out,
            TransactionKind.EXCHANGE: back and out,
            TransactionKind.REFUND: not self.lines and self.total.amount <= 0,
            TransactionKind.VOID: self.voids is not None,
        }[self.kind]
        if not fits:
            raise ValueError(f"what is in it does not make it a {self.kind.value}")
        if self.voids == self.id:
            raise ValueError("it voids itself")
        if self.voids is not None and self.kind is not TransactionKind.VOID:
            raise ValueError(f"only a void names a transaction that it voids, not a {self.kind.value}")

    @property
    def total(self) -> Money:
        """What the customer pays: lines + taxes not included + charges - discounts."""
        added = (
            *(line.amount for line in self.lines),
            *(tax.amount for tax in self.taxes if not tax.included),
            *(charge.amount for charge in self.charges),
        )
        taken_off = (discount.amount for discount in self.discounts)
        return Money.total(added, self.currency) - Money.total(taken_off, self.currency)

    @property
    def paid(self) -> Money:
        """What the tenders add up to."""
        return Money.total((tender.amount for tender in self.tenders), self.currency)

    @property
    def tax(self) -> Money:
        """All taxes, included or not."""
        return Money.total((tax.amount for tax in self.taxes), self.currency)

    @property
    def occurred_at(self) -> datetime:
        """When the till closed it."""
        return self.closed_at


class UnbalancedTransaction(Canonical):
    """A till transaction whose parts do not add up: genuine, kept in its place, and not used until a person says how.

    Its content stays in the delivery that brought it.
    """

    id: TransactionId
    closed_at: AwareDatetime
    due: Money
    """What the parts add up to."""
    paid: Money
    """What the tenders add up to."""
    problem: str
    """What does not add up, for a person."""

    @property
    def occurred_at(self) -> datetime:
        """When the till closed it."""
        return self.closed_at
