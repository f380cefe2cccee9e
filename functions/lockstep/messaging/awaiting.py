"""Waiting for what has not come: a case that is expected to end by itself, with a clock that opens it.

Such a case is in state `expected`: nobody has to look at it yet. Beside it stands `C#<case>/AWAITED`, under one value
of the open index, where the sweep finds it. What is awaited comes, and the sweep lets go what waits; or it is due, and
the sweep opens the case for its owner. Then too it is looked at: should it come after all, nobody has to do anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from lockstep.messaging.errors import CaseKey, PredecessorMissing
from lockstep.messaging.ledger import (
    AWAITED_CASES,
    INDEX_OPEN,
    OPEN_CASES,
    awaited_key,
    case_key,
    moment,
    stamp,
)
from lockstep.messaging.ports import ABSENT, Delete, Item, Patch, Table, Write, WriteRefused

PREDECESSOR_MISSING: Final = "predecessor_missing"
SEQUENCE_GAP: Final = "sequence_gap"
CASE_DUE: Final = timedelta(hours=24)
"""How long an owner has before a case is overdue."""
LOOKS_AT_ONCE: Final = 250
"""Awaited cases that one sweep looks at; those looked at go behind the others."""


def missing(event_ids: Iterable[str], problem: str) -> PredecessorMissing:
    """The failure of what refers to events that are not there yet: one case for each of them."""
    return PredecessorMissing(problem, *(CaseKey(PREDECESSOR_MISSING, event_id) for event_id in event_ids))


def events_awaited(causes: Iterable[str]) -> list[str]:
    """Ids of the events that something parked under these cases waits for."""
    first = f"{PREDECESSOR_MISSING}/"
    return [cause.removeprefix(first) for cause in causes if cause.startswith(first)]


def wait_for(case: str, now: datetime, within: timedelta, values: Mapping[str, Any] | None = None) -> Patch:
    """Have the sweep look after a case; one that it looks after already keeps its clock."""
    return Patch(
        awaited_key(case),
        set=values or {},
        default={"open_key": AWAITED_CASES, "open_since": stamp(now), "due_at": stamp(now + within)},
        add={"holds": 1},
    )


def expect_case(key: CaseKey, problem: str, *, owner: str, consumer: str, now: datetime, state: str) -> Patch:
    """Note one more that waits in a case that nobody has to look at yet. One that is open stays open.

    Args:
        key: Of the case.
        problem: What it says.
        owner: Of a new one.
        consumer: Who waits.
        now: UTC.
        state: Of the case as it was read, and still must be; empty when there was none. One that was resolved is to be
            opened again instead.
    """
    return Patch(
        case_key(str(key)),
        set={"record": "case", "problem": problem, "last_seen": stamp(now)},
        default={
            "state": "expected",
            "kind": key.kind,
            "reference": key.reference,
            "owner": owner,
            "consumer": consumer,
        },
        add=counted(consumer, 1),
        expect={"state": state or ABSENT},
    )


def counted(consumer: str, by: int) -> dict[str, int]:
    """What counts how many wait for a case, all in all and with one consumer."""
    return {"waiting": by, f"waiting#{consumer}": by}


@dataclass(frozen=True, slots=True)
class Awaited:
    """What the sweep looks after, as read before everything that is worked out about it."""

    case: str
    item: Item

    @property
    def kind(self) -> str:
        """Of the case."""
        return self.case.split("/", 1)[0]

    @property
    def due_at(self) -> datetime:
        """When the case is opened."""
        return moment(self.item["due_at"])

    @property
    def values(self) -> Mapping[str, Any]:
        """What was noted beside the clock."""
        return self.item

    def done(self) -> Delete:
        """There is nothing left to look after, unless more came since it was read."""
        return Delete(awaited_key(self.case), expect={"holds": self.item["holds"]})


@dataclass(slots=True)
class Looked:
    """What a look at awaited cases led to."""

    looked_at: int = 0
    opened: list[str] = field(default_factory=list)
    """Cases that a person now has to look at."""
    settled: int = 0
    """Cases that ended by themselves."""
    bells: dict[str, set[str]] = field(default_factory=dict)
    """Streams to ring, by consumer."""


def read_awaited(table: Table, now: datetime, *, limit: int = LOOKS_AT_ONCE) -> list[Awaited]:
    """Those looked at longest ago; where there may be more, these go behind them."""
    keys = table.index(INDEX_OPEN, AWAITED_CASES, limit=limit)
    found = table.get(keys)
    awaited = [Awaited(key.pk.removeprefix("C#"), found[key]) for key in keys if key in found]
    if len(keys) == limit:
        for one in awaited:
            _write(table, Patch(awaited_key(one.case), set={"open_since": stamp(now)}, expect=_there(one)))
    return awaited


def open_expected(table: Table, case: str, now: datetime) -> bool:
    """Open a case for which something still waits; False when it is open, or nothing waits any more."""
    key = case_key(case)
    item = table.get([key]).get(key)
    if item is None or item.get("state") == "open" or int(item.get("waiting", 0)) <= 0:
        return False
    return _write(table, Patch(key, set=opened(now), expect={"state": item.get("state")}))


def opened(now: datetime) -> dict[str, Any]:
    """What makes a case one that its owner has to look at."""
    return {
        "state": "open",
        "opened_at": stamp(now),
        "due_at": stamp(now + CASE_DUE),
        "open_key": OPEN_CASES,
        "open_since": stamp(now),
    }


def stop_looking(table: Table, awaited: Awaited) -> bool:
    """Look after it no more; False when something came meanwhile: it is looked at again."""
    return _write(table, awaited.done())


def _there(awaited: Awaited) -> Mapping[str, Any]:
    return {"holds": awaited.item["holds"]}


def _write(table: Table, write: Write) -> bool:
    try:
        table.write([write])
    except WriteRefused:
        return False  # somebody else was faster: the next sweep looks again
    return True
