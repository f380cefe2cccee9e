"""What a repair sets free: the cases it ends are taken off everything that waits for them, and its lanes are rung."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from lockstep.canonical.streams import StreamId, StreamKind
from lockstep.messaging.ledger import LAST, case_key, stream_key
from lockstep.messaging.parking import ParkedEntry, resolve_case
from lockstep.messaging.ports import Clock, Doorbells, Item, Key, Table

STATE_SUBJECT: Final = "state:"
"""Begins the subject under which the poster of a shop holds one quantity back."""
_CASES_A_READ: Final = 100

_Pair = tuple[str, str]
"""A stream and a subject that is parked in it."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a case holds, or held."""

    sales: int = 0
    """Till transactions, each with its voids and returns."""
    stock_documents: int = 0
    """Counts and adjustments."""
    quantities: int = 0
    """What a shop should show of one SKU at one location."""
    lanes: int = 0
    """Whole lanes that had stopped."""

    def __bool__(self) -> bool:
        return any((self.sales, self.stock_documents, self.quantities, self.lanes))

    def __str__(self) -> str:
        names = (
            (self.sales, "sale"),
            (self.stock_documents, "stock document"),
            (self.quantities, "shop quantity"),
            (self.lanes, "lane"),
        )
        parts = [f"{count} {_plural(name, count)}" for count, name in names if count]
        return ", ".join(parts) or "nothing"

    @classmethod
    def of(cls, pairs: Iterable[_Pair]) -> "Held":
        """Count parked subjects by what they are."""
        pairs = set(pairs)
        whole = {stream for stream, subject in pairs if not subject}
        quantities = {subject for _, subject in pairs if subject.startswith(STATE_SUBJECT)}
        others = [StreamId.parse(stream).kind for stream, subject in pairs if subject and subject not in quantities]
        sales = others.count(StreamKind.TILL)
        return cls(sales, len(others) - sales, len(quantities), len(whole))


def _plural(name: str, count: int) -> str:
    if count == 1:
        return name
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


@dataclass(frozen=True, slots=True)
class CaseRelease:
    """One case that the repair ended."""

    case: str
    released: Held
    waiting: Held
    """What it held that still waits for another case."""


@dataclass(frozen=True, slots=True)
class Release:
    """What a repair set free."""

    cases: tuple[CaseRelease, ...] = ()
    released: Held = field(default_factory=Held)
    """Of all the cases together, each counted once."""
    waiting: Held = field(default_factory=Held)


def release_cases(
    cases: Sequence[str], *, ledger: Table, doorbells: Doorbells, clock: Clock, by: str, unfollowed: bool = False
) -> Release:
    """End those of these cases that are open, release what waits for nothing else, and ring for it.

    Safe to repeat. Should it be interrupted before it rings, the sweep rings within a minute.

    Args:
        cases: Keys of cases; those that are not open are passed over.
        ledger: The ledger.
        doorbells: Rung for what is free.
        clock: UTC.
        by: Who repaired it.
        unfollowed: What refers to an event that has never come shall go on without it.
    """
    touched: dict[str, frozenset[_Pair]] = {}
    bells: dict[str, set[str]] = {}
    for case in _open(ledger, cases):
        freed = resolve_case(ledger, case, clock.now(), by=by, unfollowed=unfollowed)
        touched[case] = freed.released | freed.waiting
        for consumer, free in freed.bells.items():
            bells.setdefault(consumer, set()).update(free)
    every = frozenset[_Pair]().union(*touched.values())
    held = _held_still(ledger, every)
    for consumer, streams in sorted(bells.items()):
        doorbells.ring(consumer, sorted(streams))
    return Release(
        tuple(CaseRelease(case, Held.of(pairs - held), Held.of(pairs & held)) for case, pairs in touched.items()),
        Held.of(every - held),
        Held.of(every & held),
    )


def _open(ledger: Table, cases: Sequence[str]) -> list[str]:
    keys = {case_key(case): case for case in cases}
    wanted = list(keys)
    found: dict[Key, Item] = {}
    for start in range(0, len(wanted), _CASES_A_READ):
        found |= ledger.get(wanted[start : start + _CASES_A_READ])
    return [
        case
        for key, case in keys.items()
        if key in found and (found[key].get("state") == "open" or found[key].get("waiting"))
    ]


def _held_still(ledger: Table, pairs: Iterable[_Pair]) -> frozenset[_Pair]:
    """Those that another case, or the same for another consumer, still holds."""
    held: set[_Pair] = set()
    by_stream: dict[str, set[str]] = {}
    for stream, subject in pairs:
        by_stream.setdefault(stream, set()).add(subject)
    for stream, subjects in by_stream.items():
        for key, item in ledger.query(stream_key(stream).pk, "P#", "P#" + LAST):
            parked = ParkedEntry.of(key, item)
            if parked.causes and parked.subject in subjects:
                held.add((stream, parked.subject))
    return frozenset(held)
