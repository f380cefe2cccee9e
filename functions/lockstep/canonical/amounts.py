"""Amounts: what a commercial document adds up to, in one currency. Sums hold to the minor unit at construction."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import Code
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Currency, Money
from lockstep.canonical.quantities import Percent


class LineAmount(Canonical):
    """What a line of the document costs, before discounts and before taxes that are not included."""

    line: Annotated[int, Field(ge=1)]
    """Number of the line."""
    amount: Money
    """Quantity x unit price, as the source rounded it."""
    unit_price: Money | None = None
    """None where the source gives none, or one finer than the minor unit."""


class Discount(Canonical):
    """What is taken off: positive lowers the total."""

    amount: Money
    line: int | None = None
    """The line or charge it belongs to; None for the whole document."""
    code: Code | None = None
    """The promotion or code it came from, as the source names it."""


class Tax(Canonical):
    """One tax on one line or charge, or on the whole document."""

    code: Code
    """As the source names it."""
    rate: Percent | None = None
    """Per cent."""
    amount: Money
    included: bool
    """Whether the amounts of lines and charges already hold it."""
    line: int | None = None
    """The line or charge it belongs to; None for the whole document."""


class Charge(Canonical):
    """What is paid for that is not goods; positive raises the total."""

    number: Annotated[int, Field(ge=1)]
    """Among lines and charges together; discounts and taxes refer to it."""
    kind: ChargeKind
    amount: Money
    code: Code | None = None
    """As the source names it: a shipping method, a fee."""


class Amounts(Canonical):
    """Lines + charges + taxes not included - discounts = total, to the minor unit."""

    currency: Currency
    total: Money
    """As the source states it."""
    lines: tuple[LineAmount, ...] = ()
    charges: tuple[Charge, ...] = ()
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, amount in self._amounts():
            if amount.currency != self.currency:
                raise ValueError(f"{name} is in {amount.currency}, the document in {self.currency}")
        numbers = [*(line.line for line in self.lines), *(charge.number for charge in self.charges)]
        known = set(numbers)
        if len(known) < len(numbers):
            raise ValueError("two lines or charges have the same number")
        for name, parts in (("discount", self.discounts), ("tax", self.taxes)):
            for part in parts:
                if part.line is not None and part.line not in known:
                    raise ValueError(f"{name} belongs to line {part.line}, which is not there")
        if self.due != self.total:
            raise ValueError(f"unbalanced: lines + charges + taxes - discounts = {self.due}, total = {self.total}")
        return self

    def _amounts(self) -> Iterator[tuple[str, Money]]:
        yield "total", self.total
        for line in self.lines:
            yield f"line {line.line}", line.amount
            if line.unit_price is not None:
                yield f"unit price of line {line.line}", line.unit_price
        for charge in self.charges:
            yield f"charge {charge.number}", charge.amount
        for discount in self.discounts:
            yield "discount", discount.amount
        for tax in self.taxes:
            yield "tax", tax.amount

    @property
    def due(self) -> Money:
        """What the parts add up to."""
        added = (
            *(line.amount for line in self.lines),
            *(charge.amount for charge in self.charges),
            *(tax.amount for tax in self.taxes if not tax.included),
        )
        taken_off = (discount.amount for discount in self.discounts)
        return Money.total(added, self.currency) - Money.total(taken_off, self.currency)

    @property
    def tax(self) -> Money:
        """All taxes, included or not."""
        return Money.total((tax.amount for tax in self.taxes), self.currency)


def check_lines(numbers: Sequence[int], **amounts: Amounts | None) -> None:
    """Hold the lines of a document against what its amounts say of them.

    Raises:
        ValueError: Two lines have the same number, or an amount stands for a line that is not there.
    """
    known = set(numbers)
    if len(known) < len(numbers):
        raise ValueError("two lines have the same number")
    for name, stated in amounts.items():
        for line in stated.lines if stated else ():
            if line.line not in known:
                raise ValueError(f"{name}: there is no line {line.line}")
