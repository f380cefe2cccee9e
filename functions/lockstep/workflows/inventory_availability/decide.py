"""Decides what a transaction, a movement or a count does to positions. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from lockstep.canonical.events import (
    Event,
    InventoryAdjusted,
    InventoryLevelReported,
    TransactionClosed,
    TransactionUnbalanced,
)
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import Position
from lockstep.messaging.errors import CaseKey, PredecessorMissing, TotalsUnbalanced
from lockstep.messaging.outbound import StateKey
from lockstep.messaging.references import Reference, ReferenceKind, require
from lockstep.messaging.specs import WorkflowSpec
from lockstep.messaging.workflow import Change, Context, Decision
from lockstep.workflows.inventory_availability.spec import SPEC

PLANNING: Final = "lockstep"
"""System under which the retailer's own planning parameters stand in the crosswalk."""
NO_STOCK: Final = "-"
"""Counterpart of a SKU there of which no stock is kept."""


class InventoryAvailability:
    """The position of each SKU at each location: on hand, reserved, safety stock."""

    spec: WorkflowSpec = SPEC
    collection: str = "position"

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        """The items and the location, by the source's names; then the safety stock of what they turned out to be."""
        quantities = _quantities(event, context)
        location = _location(event)
        if location is None:
            return ()
        where = Reference(ReferenceKind.LOCATION, event.source, location)
        wanted = [where, *(_item(event, item) for item in quantities)]
        if all(reference in context.names for reference in wanted):
            for key in _keyed(event, context, quantities):
                wanted += (_stock_keeping(key.sku), _safety_stock(key))
        return wanted

    def records(self, event: Event, context: Context) -> Sequence[str]:
        """The positions it touches; none while a name is missing."""
        quantities = _quantities(event, context)
        location = _location(event)
        if location is None or any(reference not in context.names for reference in _required(event, quantities)):
            return ()
        return [str(key) for key in _kept(event, context, quantities)]

    def decide(self, event: Event, context: Context) -> Decision:
        """New positions.

        Raises:
            ReferenceUnknown: An item or the location has no counterpart.
            TotalsUnbalanced: The transaction does not add up, so what it says of goods is not trusted either.
            PredecessorMissing: A void that repeats nothing of what it voids, which has not arrived.
        """
        if isinstance(event, TransactionUnbalanced):
            if any(corrected in context.earlier for corrected in event.follows()):
                return Decision(summary="corrected in another delivery")
            raise TotalsUnbalanced(event.data.problem, CaseKey("unbalanced_totals", event.correlation_id))
        if isinstance(event, TransactionClosed) and (voided := _voided_id(event)) and voided not in context.earlier:
            raise PredecessorMissing(
                f"the transaction that it voids, {event.data.voids}, has not arrived",
                CaseKey("predecessor_missing", voided),
            )
        quantities = _quantities(event, context)
        require(context.names, _required(event, quantities))
        changes = tuple(
            self._change(event, context, key, quantity) for key, quantity in _kept(event, context, quantities).items()
        )
        return Decision(summary=_summary(changes), changes=changes)

    def amount_at_stake(self, event: Event) -> str:
        """None: what waits here is stock."""
        del event
        return ""

    def _change(self, event: Event, context: Context, key: StateKey, quantity: Decimal) -> Change:
        kept = context.records.get(str(key))
        before = Position.model_validate(kept) if kept else Position()
        safety = context.names.get(_safety_stock(key))
        update: dict[str, object] = {"safety_stock": Decimal(safety) if safety else before.safety_stock}
        counted = before.counted_at
        if isinstance(event, InventoryLevelReported):
            if counted is None or event.data.counted_at > counted:
                update |= {"on_hand": quantity, "counted_at": event.data.counted_at}
        elif counted is None or event.occurred_at > counted:
            update["on_hand"] = before.on_hand + quantity
        after = before.model_copy(update=update)
        case = CaseKey("negative_inventory", str(key))
        fell, rose = before.on_hand >= 0 > after.on_hand, before.on_hand < 0 <= after.on_hand
        return Change(
            record=str(key),
            value=after.model_dump(mode="json", exclude_none=True),
            state=str(key),
            believed=self._believed(event, context, before, after),
            case=case if fell else None,
            problem=f"{key} stands at {after.on_hand}: more went out than was there" if fell else "",
            repaired=case if rose else None,
        )

    def _believed(self, event: Event, context: Context, before: Position, after: Position) -> Mapping[str, int]:
        """A movement that came from a shop has already changed what that shop shows."""
        if event.source not in context.targets or isinstance(event, InventoryLevelReported):
            return {}
        moved = int(after.available_to_sell // 1) - int(before.available_to_sell // 1)
        return {event.source: moved} if moved else {}


def _location(event: Event) -> str | None:
    """Where stock moves, by the source's name."""
    if isinstance(event, TransactionClosed):
        return event.data.id.store
    if isinstance(event, InventoryAdjusted | InventoryLevelReported):
        return event.data.location
    return None


def _voided_id(event: TransactionClosed) -> str | None:
    """Id of the voided event, when the void repeats none of its lines."""
    if event.data.voids is None or event.data.lines:
        return None
    return f"{event.source}/{event.type}/{event.data.voids}"


def _lines(event: TransactionClosed, context: Context) -> Iterable[tuple[ItemReference, Decimal]]:
    """Items and what they take from stock."""
    voided = _voided_id(event)
    if voided is None:
        return [(line.item, -line.quantity) for line in event.data.lines]
    original = context.earlier.get(voided)
    if not isinstance(original, TransactionClosed):
        return []
    return [(line.item, line.quantity) for line in original.data.lines]


def _quantities(event: Event, context: Context) -> dict[ItemReference, Decimal]:
    """What the event says of each item: a movement, or for a count the level."""
    totals: dict[ItemReference, Decimal] = {}
    if isinstance(event, InventoryLevelReported):
        return {count.item: count.on_hand for count in event.data.counts}
    moved: Iterable[tuple[ItemReference, Decimal]] = ()
    if isinstance(event, TransactionClosed):
        moved = _lines(event, context)
    elif isinstance(event, InventoryAdjusted):
        moved = [(movement.item, movement.delta) for movement in event.data.movements]
    for item, delta in moved:
        totals[item] = totals.get(item, Decimal(0)) + delta
    return totals


def _item(event: Event, item: ItemReference) -> Reference:
    return Reference(ReferenceKind.ITEM, event.source, item.lookup)


def _required(event: Event, quantities: Mapping[ItemReference, Decimal]) -> list[Reference]:
    location = _location(event)
    where = [Reference(ReferenceKind.LOCATION, event.source, location)] if location is not None else []
    return [*where, *(_item(event, item) for item in quantities)]


def _safety_stock(key: StateKey) -> Reference:
    return Reference(ReferenceKind.SAFETY_STOCK, PLANNING, str(key), outward=True)


def _stock_keeping(sku: str) -> Reference:
    """Whose counterpart is `NO_STOCK` for a service or a charge that is sold like an article."""
    return Reference(ReferenceKind.ITEM, PLANNING, sku, outward=True)


def _kept(event: Event, context: Context, quantities: Mapping[ItemReference, Decimal]) -> dict[StateKey, Decimal]:
    """Those of which stock is kept."""
    keyed = _keyed(event, context, quantities)
    return {key: moved for key, moved in keyed.items() if context.names.get(_stock_keeping(key.sku)) != NO_STOCK}


def _keyed(event: Event, context: Context, quantities: Mapping[ItemReference, Decimal]) -> dict[StateKey, Decimal]:
    """The same by SKU and location: two barcodes of one SKU are one."""
    location = context.names[Reference(ReferenceKind.LOCATION, event.source, str(_location(event)))]
    keyed: dict[StateKey, Decimal] = {}
    for item, quantity in quantities.items():
        key = StateKey(context.names[_item(event, item)], location)
        keyed[key] = keyed.get(key, Decimal(0)) + quantity
    return keyed


def _summary(changes: Sequence[Change]) -> str:
    told = [f"{change.record} on hand {change.value['on_hand']}" for change in changes[:5]]
    more = f" and {len(changes) - 5} more" if len(changes) > len(told) else ""
    return ", ".join(told) + more if told else "no stock moved"
