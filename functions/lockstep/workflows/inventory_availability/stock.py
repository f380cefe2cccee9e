"""What an event says of stock, in the source's own words. Pure.

A movement and a count say what happened. An order says how things stand: what it claims now, whatever it claimed
before; what follows from it is the difference to what its last snapshot claimed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from lockstep.canonical.events import (
    Event,
    InventoryAdjusted,
    InventoryLevelReported,
    OrderReported,
    RefundReported,
    TransactionClosed,
)
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.order import FulfilmentState, Order, OrderLine, OrderStatus, PaymentState, SalesChannel
from lockstep.canonical.refund import Refund, RefundStatus, Restock
from lockstep.messaging.workflow import Context

DEFAULT_LOCATION: Final = "default"
"""What a location is called that an order does not name: from which the web shop of that account is served."""

_NOTHING: Final = Decimal(0)
_PAID: Final = frozenset({PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED})


@dataclass(frozen=True, slots=True)
class Stock:
    """What is said of one item at one place: how much moved and is claimed, or how much there is."""

    moved: Decimal = _NOTHING
    """Positive is more on hand."""
    reserved: Decimal = _NOTHING
    counted: Decimal | None = None
    """For a count: what is there."""

    def __add__(self, other: "Stock") -> "Stock":
        counted = self.counted if other.counted is None else other.counted
        return Stock(self.moved + other.moved, self.reserved + other.reserved, counted)

    def __sub__(self, other: "Stock") -> "Stock":
        return Stock(self.moved - other.moved, self.reserved - other.reserved, self.counted)

    def __bool__(self) -> bool:
        return self.counted is not None or bool(self.moved) or bool(self.reserved)


Said = Mapping[tuple[ItemReference, str], Stock]
"""By item and location, both as the source names them."""


def said_of_stock(event: Event, context: Context) -> Said:
    """What an event says; nothing for one that says nothing of stock."""
    if isinstance(event, InventoryLevelReported):
        place = event.data.location
        return {(count.item, place): Stock(counted=count.on_hand) for count in event.data.counts}
    if isinstance(event, InventoryAdjusted):
        return _sums((m.item, event.data.location, Stock(moved=m.delta)) for m in event.data.movements)
    if isinstance(event, TransactionClosed):
        lines = _sold(event, context)
        return _sums((item, event.data.id.store, Stock(moved=moved)) for item, moved in lines)
    if isinstance(event, OrderReported):
        place = event.data.location or DEFAULT_LOCATION
        return _sums((item, place, _claimed(event.data, line)) for line in event.data.lines if (item := _kept(line)))
    if isinstance(event, RefundReported):
        return _sums(_restocked(event.data))
    return {}


def snapshot_of(event: Event) -> str | None:
    """The record of what the last snapshot of the same thing claimed; None for an event that is no snapshot."""
    if isinstance(event, OrderReported):
        return f"order/{event.source}/{event.data.id}"
    if isinstance(event, RefundReported):
        return f"refund/{event.source}/{event.data.id}"
    return None


def was_given_up(event: Event) -> bool:
    """Whether a snapshot says that the thing has come to nothing: that is to be known should an older one come late."""
    if isinstance(event, OrderReported):
        return event.data.status is OrderStatus.CANCELLED
    return isinstance(event, RefundReported) and event.data.status is RefundStatus.FAILED


def voided_id(event: TransactionClosed) -> str | None:
    """Id of the voided event, when the void repeats none of its lines."""
    if event.data.voids is None or event.data.lines:
        return None
    return f"{event.source}/{event.type}/{event.data.voids}"


def _sums(parts: Iterable[tuple[ItemReference, str, Stock]]) -> dict[tuple[ItemReference, str], Stock]:
    totals: dict[tuple[ItemReference, str], Stock] = {}
    for item, place, stock in parts:
        totals[item, place] = totals.get((item, place), Stock()) + stock
    return totals


def _sold(event: TransactionClosed, context: Context) -> list[tuple[ItemReference, Decimal]]:
    """Items and how much more of them is on hand."""
    voided = voided_id(event)
    if voided is None:
        return [(line.item, -line.quantity) for line in event.data.lines]
    original = context.earlier.get(voided)
    if not isinstance(original, TransactionClosed):
        return []
    return [(line.item, line.quantity) for line in original.data.lines]


def _kept(line: OrderLine) -> ItemReference | None:
    return line.item if line.is_stocked else None


def _claimed(order: Order, line: OrderLine) -> Stock:
    """What is handed over has left; what is ordered and not handed over is reserved while the order stands."""
    if order.status is OrderStatus.DRAFT:
        return Stock()
    out = _handed_over(order, line)
    stands = order.status is not OrderStatus.CANCELLED
    return Stock(moved=-out, reserved=max(_NOTHING, line.quantity - out) if stands else _NOTHING)


def _handed_over(order: Order, line: OrderLine) -> Decimal:
    if line.fulfilled is not None:
        return line.fulfilled
    over_the_counter = order.channel is SalesChannel.STORE and order.payment in _PAID
    cancelled = order.status is OrderStatus.CANCELLED
    if cancelled or not (over_the_counter or order.fulfilment is FulfilmentState.FULFILLED):
        return _NOTHING
    return line.quantity


def _restocked(refund: Refund) -> Iterable[tuple[ItemReference, str, Stock]]:
    if refund.status is RefundStatus.FAILED:
        return
    for line in refund.lines:
        if line.item is not None and line.restock is Restock.RETURNED:
            place = line.location or refund.location or DEFAULT_LOCATION
            yield line.item, place, Stock(moved=line.quantity)
