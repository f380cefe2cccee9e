"""The order: what a customer has bought in a channel, as the channel reports it. Every report is a whole snapshot."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from lockstep.canonical.amounts import Amounts, check_lines
from lockstep.canonical.identifiers import Code, ItemReference
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Money
from lockstep.canonical.quantities import Quantity


class SalesChannel(StrEnum):
    """Where the customer bought."""

    WEB = "web"
    STORE = "store"
    MARKETPLACE = "marketplace"
    STAFF = "staff"
    """Entered by staff: telephone, draft order, back office."""
    OTHER = "other"


class OrderStatus(StrEnum):
    """Whether the order stands."""

    DRAFT = "draft"
    """A quotation, a basket or an unpaid parked sale: nothing is promised."""
    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class PaymentState(StrEnum):
    """How far an order is paid."""

    UNPAID = "unpaid"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially paid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    UNKNOWN = "unknown"
    """The source does not say, or in a word that is new to us."""


class FulfilmentState(StrEnum):
    """How far an order is handed over."""

    UNFULFILLED = "unfulfilled"
    PARTIALLY_FULFILLED = "partially fulfilled"
    FULFILLED = "fulfilled"
    RETURNED = "returned"
    UNKNOWN = "unknown"


class OrderLine(Canonical):
    """Goods or a service ordered. What it costs stands in the order's amounts, under its number."""

    number: Annotated[int, Field(ge=1)]
    """Its place, in this order and for good: what is billed refers to it."""
    key: Code
    """The source's own identifier of the line."""
    item: ItemReference | None = None
    """None for a custom line, which stands for no article."""
    description: Annotated[str, Field(max_length=512)] = ""
    """For a custom line: what it is."""
    quantity: Quantity
    """Ordered and not taken out again; below zero for goods that come back in an exchange."""
    fulfilled: Quantity | None = None
    """Handed over so far; None where the source does not say."""
    unit: Code = "EA"
    """UN/ECE Recommendation 20 unit code."""
    part_of: Code | None = None
    """For a component of a bundle: the key of the bundle's line."""
    is_stocked: bool = True
    """False for what no stock is kept of: a service, a digital article, a bundle whose components are lines."""


class OrderTender(Canonical):
    """How the order was paid, where the report says: positive is received, negative is given back."""

    tender: Code
    """As the source names it."""
    amount: Money
    is_gift_card: bool = False
    """Stored value used: a liability settled, never revenue."""


class Order(Canonical):
    """A snapshot of an order."""

    id: Code
    """The source's own identifier."""
    version: Code
    """What makes this snapshot itself: the source's version number, or the time of its last change."""
    number: Code | None = None
    """What customers and staff call it."""
    channel: SalesChannel
    status: OrderStatus
    payment: PaymentState
    fulfilment: FulfilmentState
    placed_at: AwareDatetime
    changed_at: AwareDatetime
    location: Code | None = None
    """Store or stock location that sells it, as the source names it; None where it has none."""
    workstation: Code | None = None
    customer: Code | None = None
    """The source's own identifier of the customer."""
    lines: tuple[OrderLine, ...] = ()
    shop: Amounts
    """In the currency of the shop, in which its books are kept."""
    presentment: Amounts | None = None
    """In the currency the customer saw, where the source gives both."""
    tenders: tuple[OrderTender, ...] = ()
    original: Code | None = None
    """For an exchange or a return sold as an order: the order it refers to."""
    cancelled_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_lines([line.number for line in self.lines], shop=self.shop, presentment=self.presentment)
        for tender in self.tenders:
            if tender.amount.currency not in {self.shop.currency, self.presentment and self.presentment.currency}:
                raise ValueError(f"tender is in {tender.amount.currency}, which the order is not")
        return self

    @property
    def total(self) -> Money:
        """What the customer pays, in the currency of the shop."""
        return self.shop.total

    @property
    def occurred_at(self) -> datetime:
        """When it became what it is here."""
        return self.changed_at


class DocumentKind(StrEnum):
    """Which document does not add up."""

    ORDER = "order"
    REFUND = "refund"
    PAYOUT = "payout"


class UnbalancedDocument(Canonical):
    """A document whose parts are not what its source states: genuine, kept in its place, not used until it is repaired.

    Its content stays in the delivery that brought it.
    """

    document: DocumentKind
    id: Code
    version: Code
    order: Code | None = None
    """The order it belongs to; None for one that belongs to none."""
    changed_at: AwareDatetime
    due: Money
    """What the parts add up to."""
    stated: Money
    """What the source says."""
    problem: str
    """What does not add up, for a person, without personal data."""

    @property
    def occurred_at(self) -> datetime:
        """When it became what it is here."""
        return self.changed_at
