"""Refund and return: money goes back, and goods come back. They are two things, and either may be without the other."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from lockstep.canonical.amounts import Amounts, check_lines
from lockstep.canonical.identifiers import Code, ItemReference
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Money
from lockstep.canonical.order import OrderTender
from lockstep.canonical.quantities import Quantity


class Restock(StrEnum):
    """What becomes of the stock of a refunded line."""

    NONE = "none"
    RETURNED = "returned"
    """The goods are back and may be sold again."""
    CANCELLED = "cancelled"
    """They were never handed over: what was reserved is free again."""
    UNKNOWN = "unknown"


class RefundLine(Canonical):
    """What is refunded of one line of the order. What it is worth stands in the refund's amounts, under its number."""

    number: Annotated[int, Field(ge=1)]
    order_line: Code | None = None
    """Key of the order's line; None for one that refers to none."""
    item: ItemReference | None = None
    quantity: Quantity
    """Above zero."""
    restock: Restock = Restock.UNKNOWN
    location: Code | None = None
    """Where it is put back, as the source names it."""


class RefundStatus(StrEnum):
    """How far the money is."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Refund(Canonical):
    """What a seller gives back for an order. Its amounts are positive: what goes to the customer."""

    id: Code
    version: Code
    """What makes this snapshot itself."""
    order: Code | None = None
    """The order, as the source identifies it; None for a refund without one."""
    payment: Code | None = None
    """The payment it is taken from, where the source names one."""
    status: RefundStatus = RefundStatus.SUCCEEDED
    refunded_at: AwareDatetime
    changed_at: AwareDatetime
    location: Code | None = None
    """Store that refunds, as the source names it."""
    reason: Code | None = None
    """The source's code for it."""
    lines: tuple[RefundLine, ...] = ()
    shop: Amounts
    presentment: Amounts | None = None
    tenders: tuple[OrderTender, ...] = ()
    """Where the money goes, where the report says: positive is given to the customer."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_lines([line.number for line in self.lines], shop=self.shop, presentment=self.presentment)
        return self

    @property
    def total(self) -> Money:
        """What goes back, in the currency of the shop."""
        return self.shop.total

    @property
    def occurred_at(self) -> datetime:
        """When it became what it is here."""
        return self.changed_at


class ReturnStatus(StrEnum):
    """How far a return is."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class ReturnLine(Canonical):
    """Goods that come back, or are asked to."""

    key: Code
    order_line: Code | None = None
    item: ItemReference | None = None
    quantity: Quantity
    """Above zero."""
    reason: Code | None = None


class Return(Canonical):
    """A return merchandise authorization, as the channel reports it."""

    id: Code
    version: Code
    order: Code
    number: Code | None = None
    status: ReturnStatus
    changed_at: AwareDatetime
    lines: tuple[ReturnLine, ...] = ()

    @property
    def occurred_at(self) -> datetime:
        """When it became what it is here."""
        return self.changed_at
