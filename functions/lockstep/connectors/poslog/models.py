"""What a POSLog says, in its own terms: read leniently, nothing decided yet.

Amounts are as written but without their sign; whether something comes back is said beside them.
"""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import TransactionId
from lockstep.connectors.poslog.document import Node


class Modifier(NamedTuple):
    """A reduction of a price (an addition when negative)."""

    amount: Decimal
    reason: str | None


class Tax(NamedTuple):
    """A tax, on a line or on the whole transaction."""

    code: str
    rate: Decimal | None
    amount: Decimal | None
    """Signed as written; None where only the rate is said."""
    taxable: Decimal | None
    value_added: bool
    """Whether it is of a kind that is usually in the price."""
    refund: bool


class Line(NamedTuple):
    """Goods, or a charge that the till rings up like goods."""

    place: int
    """Among the lines of its transaction, from 1."""
    number: int | None
    charge: ChargeKind | None
    """None for goods."""
    back: bool
    item: str
    quantity: Decimal
    """Above zero."""
    unit: str
    prices: tuple[Decimal, ...]
    """Regular first, then the price actually asked."""
    extended: Decimal
    modifiers: tuple[Modifier, ...]
    taxes: tuple[Tax, ...]
    tax_included: bool | None
    original: TransactionId | None

    @property
    def sign(self) -> int:
        """-1 for what comes back."""
        return -1 if self.back else 1


class Tender(NamedTuple):
    """A means of payment, signed: positive is received."""

    name: str
    amount: Decimal
    signed: bool
    """Whether its direction was written, by a sign or a type."""
    number: int | None
    foreign: tuple[Decimal, str] | None = None
    change: "tuple[str, Decimal] | None" = None
    """What was given back out of it, and in what means."""
    cashback: Decimal = Decimal(0)
    tip: Decimal = Decimal(0)
    rounding: Decimal = Decimal(0)


class RetailTransaction(NamedTuple):
    """The content of one `RetailTransaction`."""

    currency: str
    lines: tuple[Line, ...] = ()
    discounts: tuple[Modifier, ...] = ()
    """On the whole transaction."""
    taxes: tuple[Tax, ...] = ()
    """On the whole transaction, or repeating those of the lines."""
    tenders: tuple[Tender, ...] = ()
    rounding: Decimal = Decimal(0)
    tax_total: Decimal | None = None
    problems: tuple[str, ...] = ()
    """What could not be read into the above; explains it when the parts do not add up."""


class Header(NamedTuple):
    """What every transaction has."""

    element: Node
    id: TransactionId
    closed_at: datetime
