"""Decides what a transaction, an order, a movement or a count does to positions. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from lockstep.canonical.events import (
    DocumentUnbalanced,
    Event,
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
from lockstep.workflows.inventory_availability.stock import (
    Said,
    Stock,
    said_of_stock,
    snapshot_of,
    voided_id,
    was_given_up,
)

PLANNING: Final = "lockstep"
"""System under which the retailer's own planning parameters stand in the crosswalk."""
NO_STOCK: Final = "-"
"""Counterpart of a SKU there of which no stock is kept."""
MOST_MOVED: Final = 16
"""Movements that a position keeps for counts that come late. With them its item stays below the kilobyte up to which a
write costs the same."""


class InventoryAvailability:
    """The position of each SKU at each location: on hand, reserved, safety stock."""

    spec: WorkflowSpec = SPEC
    collection: str = "position"

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        """The items and their locations, by the source's names; then the safety stock of what they turned out to be."""
        said = _said(event, context)
        wanted = _required(event, said)
        if all(reference in context.names for reference in wanted):
            for key in _keyed(event, context, said):
                wanted += (_stock_keeping(key.sku), _safety_stock(key))
        return wanted

    def records(self, event: Event, context: Context) -> Sequence[str]:
        """The positions it touches, and what an earlier snapshot of it claimed; none while a name is missing."""
        said = _said(event, context)
        if any(reference not in context.names for reference in _required(event, said)):
            return ()
        keys = [str(key) for key in _kept(event, context, said)]
        snapshot = snapshot_of(event)
        if snapshot is None:
            return keys
        claimed = context.records.get(snapshot, {}).get("claims", {})
        return [snapshot, *dict.fromkeys([*keys, *claimed])]

    def decide(self, event: Event, context: Context) -> Decision:
        """New positions.

        Raises:
            ReferenceUnknown: An item or a location has no counterpart.
            TotalsUnbalanced: The document does not add up, so what it says of goods is not trusted either.
            PredecessorMissing: A void that repeats nothing of what it voids, which has not arrived.
        """
        if isinstance(event, TransactionUnbalanced | DocumentUnbalanced):
            if any(corrected in context.earlier for corrected in event.follows()):
                return Decision(summary="corrected in another delivery")
            raise TotalsUnbalanced(event.data.problem, CaseKey("unbalanced_totals", event.correlation_id))
        if _is_echo(event, context):
            return Decision(summary="a shop's own figure follows from what it sold and what it was told")
        if isinstance(event, TransactionClosed) and (voided := voided_id(event)) and voided not in context.earlier:
            raise PredecessorMissing(
                f"the transaction that it voids, {event.data.voids}, has not arrived",
                CaseKey("predecessor_missing", voided),
            )
        said = _said(event, context)
        require(context.names, _required(event, said))
        stock = _kept(event, context, said)
        snapshot = snapshot_of(event)
        if snapshot is not None:
            return self._decide_snapshot(event, context, snapshot, stock)
        changes = tuple(self._change(event, context, key, one) for key, one in stock.items())
        return Decision(summary=_summary(changes), changes=changes)

    def amount_at_stake(self, event: Event) -> str:
        """None: what waits here is stock."""
        del event
        return ""

    def _decide_snapshot(
        self, event: Event, context: Context, snapshot: str, claims: Mapping[StateKey, Stock]
    ) -> Decision:
        """What a snapshot claims beyond the one before it. The record of its claims comes last: half done, it is still
        the old one, so that the rest is worked out from the same difference.
        """
        before = context.records.get(snapshot, {})
        claimed = {StateKey.parse(key): _stock(kept) for key, kept in before.get("claims", {}).items()}
        named = list(dict.fromkeys([*claims, *claimed]))
        # A shop moves what it shows with each snapshot, also with one that changes no position any more.
        states = tuple(map(str, named)) if event.source in context.targets else ()
        if before and _counts_before(event, claims, before, claimed):
            return Decision(summary="a newer snapshot is known", states=states)
        moves = {key: claims.get(key, Stock()) - claimed.get(key, Stock()) for key in named}
        changes = [self._change(event, context, key, stock) for key, stock in moves.items() if stock]
        summary = _summary(changes)
        kept = {str(key): _kept_as(stock) for key, stock in claims.items() if stock}
        if kept or before or was_given_up(event):
            noted: dict[str, Any] = {"at": event.occurred_at.isoformat(), "claims": kept}
            if was_given_up(event):
                noted["given_up"] = True
            changes.append(Change(record=snapshot, value=noted))
        return Decision(summary=summary, changes=tuple(changes), states=states)

    def _change(self, event: Event, context: Context, key: StateKey, stock: Stock) -> Change:
        kept = context.records.get(str(key))
        before = Position.model_validate(kept) if kept else Position()
        safety = context.names.get(_safety_stock(key))
        update: dict[str, object] = {"safety_stock": Decimal(safety) if safety else before.safety_stock}
        counted = before.counted_at
        is_news = counted is None or event.occurred_at > counted
        if is_news and stock.counted is not None:
            since = tuple((at, by) for at, by in before.moved if at > event.occurred_at)
            on_hand = stock.counted + sum(by for _, by in since)
            update |= {"on_hand": on_hand, "counted_at": event.occurred_at, "moved": since}
        elif is_news and stock.moved:
            moved = sorted([*before.moved, (event.occurred_at, stock.moved)])[-MOST_MOVED:]
            update |= {"on_hand": before.on_hand + stock.moved, "moved": tuple(moved)}
        update["reserved"] = before.reserved + stock.reserved
        after = before.model_copy(update=update)
        case = CaseKey("negative_inventory", str(key))
        fell, rose = _free(before) >= 0 > _free(after), _free(before) < 0 <= _free(after)
        return Change(
            record=str(key),
            value=after.model_dump(mode="json", exclude_none=True),
            state=str(key),
            believed=_believed(event, context, before, after),
            case=case if fell else None,
            problem=_short(key, after) if fell else "",
            repaired=case if rose else None,
        )


def _counts_before(
    event: Event, claims: Mapping[StateKey, Stock], noted: Mapping[str, Any], claimed: Mapping[StateKey, Stock]
) -> bool:
    """Whether a snapshot is older than the last one noted.

    Sources tell time by the second. Of two of one moment that is the older which is less far: what was given up stays
    so, and what has moved does not come back with a snapshot of the same thing.
    """
    at = datetime.fromisoformat(noted["at"])
    if at != event.occurred_at:
        return at > event.occurred_at
    return _how_far(claims, given_up=was_given_up(event)) < _how_far(claimed, given_up="given_up" in noted)


def _how_far(claims: Mapping[StateKey, Stock], *, given_up: bool) -> tuple[bool, Decimal]:
    return given_up, sum((abs(stock.moved) for stock in claims.values()), Decimal(0))


def _free(position: Position) -> Decimal:
    return position.on_hand - position.reserved


def _short(key: StateKey, position: Position) -> str:
    reserved = f" and {position.reserved} are promised to orders" if position.reserved else ""
    return f"{key} stands at {position.on_hand}{reserved}: more went out than was there"


def _believed(event: Event, context: Context, before: Position, after: Position) -> Mapping[str, int]:
    """What came from a shop has already changed what that shop shows."""
    if event.source not in context.targets:
        return {}
    moved = int(after.available_to_sell // 1) - int(before.available_to_sell // 1)
    return {event.source: moved} if moved else {}


def _is_echo(event: Event, context: Context) -> bool:
    """Whether a shop that is told what it may sell says what it shows.

    That is our own figure coming back, or the shop's sale of which its order tells: neither is a count.
    """
    return isinstance(event, InventoryLevelReported) and event.source in context.targets


def _said(event: Event, context: Context) -> Said:
    return {} if _is_echo(event, context) else said_of_stock(event, context)


def _item(event: Event, item: ItemReference) -> Reference:
    return Reference(ReferenceKind.ITEM, event.source, item.lookup)


def _place(event: Event, location: str) -> Reference:
    return Reference(ReferenceKind.LOCATION, event.source, location)


def _required(event: Event, said: Said) -> list[Reference]:
    wanted = [
        *(_place(event, location) for _, location in said),
        *(_item(event, item) for item, _ in said),
    ]
    return list(dict.fromkeys(wanted))


def _safety_stock(key: StateKey) -> Reference:
    return Reference(ReferenceKind.SAFETY_STOCK, PLANNING, str(key), outward=True)


def _stock_keeping(sku: str) -> Reference:
    """Whose counterpart is `NO_STOCK` for a service or a charge that is sold like an article."""
    return Reference(ReferenceKind.ITEM, PLANNING, sku, outward=True)


def _kept(event: Event, context: Context, said: Said) -> dict[StateKey, Stock]:
    """Those of which stock is kept."""
    keyed = _keyed(event, context, said)
    return {key: stock for key, stock in keyed.items() if context.names.get(_stock_keeping(key.sku)) != NO_STOCK}


def _keyed(event: Event, context: Context, said: Said) -> dict[StateKey, Stock]:
    """The same by SKU and location: two barcodes of one SKU are one."""
    keyed: dict[StateKey, Stock] = {}
    for (item, location), stock in said.items():
        key = StateKey(context.names[_item(event, item)], context.names[_place(event, location)])
        known = keyed.get(key)
        if known is not None and known.counted is not None and stock.counted is not None:
            keyed[key] = Stock(counted=known.counted + stock.counted)
        else:
            keyed[key] = known + stock if known is not None else stock
    return keyed


def _kept_as(stock: Stock) -> Mapping[str, Any]:
    return {"moved": str(stock.moved), "reserved": str(stock.reserved)}


def _stock(kept: Mapping[str, Any]) -> Stock:
    return Stock(moved=Decimal(kept["moved"]), reserved=Decimal(kept["reserved"]))


def _summary(changes: Iterable[Change]) -> str:
    changes = tuple(changes)
    told = [f"{change.record} {_told(change.value)}" for change in changes[:5]]
    more = f" and {len(changes) - 5} more" if len(changes) > len(told) else ""
    return ", ".join(told) + more if told else "no stock moved"


def _told(position: Mapping[str, Any]) -> str:
    reserved = Decimal(position.get("reserved", "0"))
    return f"on hand {position['on_hand']}" + (f", {reserved} reserved" if reserved else "")
