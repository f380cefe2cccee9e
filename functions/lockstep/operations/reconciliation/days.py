"""Reads one business day out of the ledger: every till's transactions, with what each consumer made of them.

What has no business day is read by the day of its acceptance.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Final

from lockstep.messaging.ledger import (
    LAST,
    Entry,
    Outcome,
    StreamState,
    accepted_partition,
    day_partition,
    entry_from,
    entry_key,
    escape,
    stream_key,
    unescape,
)
from lockstep.messaging.ports import Table
from lockstep.messaging.references import Reference, ReferenceKind, Resolver

_PAGE: Final = 500
"""Items read at once: entries with their outcomes."""
_FIRST: Final = " "
"""Sorts before every key of a day."""
_NEXT: Final = "!"
"""Added to a key, sorts directly after it: before `#`, which begins every longer one."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One entry, with what its consumers made of it."""

    entry: Entry
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By consumer; a second document of a target stands under `<target>#1`."""


@dataclass(frozen=True, slots=True)
class TillDay:
    """What one till did on one business day, as far as it has arrived."""

    account: str
    store: str
    """As the till's account names it."""
    workstation: str
    runs: tuple[tuple[str, int], ...] = ()
    """(stream, number of the entry) from which on entries are of that day, in order."""
    passed_over: frozenset[int] = frozenset()
    """Numbers that it used for what is no transaction."""


class Days:
    """Finds and reads business days."""

    def __init__(self, table: Table) -> None:
        """Args:
        table: The ledger.
        """
        self._table = table

    def tills(self, account: str, day: date, store: str | None = None) -> list[TillDay]:
        """The tills of an account of which anything is known for a day, sorted; those of one store if it is named."""
        first, last = (f"{escape(store)}/", f"{escape(store)}/{LAST}") if store else (_FIRST, LAST)
        runs: dict[str, list[tuple[str, int]]] = {}
        numbers: dict[str, set[int]] = {}
        for key, item in self._table.query(day_partition(account, day), first, last):
            till, kind, _ = key.sk.split("#", 2)
            if kind == "E":
                runs.setdefault(till, []).append((item["stream"], int(item["seq"])))
            else:
                numbers.setdefault(till, set()).update(map(int, item["numbers"]))
        found = []
        for till in sorted({*runs, *numbers}):
            named, _, workstation = unescape(till).partition("/")
            passed_over = frozenset(numbers.get(till, ()))
            found.append(TillDay(account, named, workstation, tuple(runs.get(till, ())), passed_over))
        return found

    def entries(self, till: TillDay, day: date) -> Iterator[Kept]:
        """The till's entries of that day, in the order in which they were accepted."""
        for stream, first in till.runs:
            yield from self.run(stream, first, day)

    def run(self, stream: str, first: int, day: date) -> Iterator[Kept]:
        """Entries of a business day, from one on, up to the first of another day."""

        def of_that_day(entry: Entry) -> bool:
            place = entry.event.register()
            return place is not None and place.business_day == day

        return self._run(stream, first, of_that_day)

    def accepted(self, account: str, day: date) -> list[tuple[str, int]]:
        """(stream, number of the entry) from which on an account's entries without business day came on a day, UTC."""
        rows = self._table.query(accepted_partition(account, day), _FIRST, LAST)
        return [(item["stream"], int(item["seq"])) for _, item in rows]

    def accepted_run(self, stream: str, first: int, day: date) -> Iterator[Kept]:
        """Entries without business day that were accepted on a day, UTC, from one on."""
        found = self._run(stream, first, lambda entry: entry.accepted_at.astimezone(UTC).date() == day)
        return (kept for kept in found if kept.entry.event.register() is None)

    def states(self, till: TillDay) -> dict[str, StreamState]:
        """The till's streams, as they stand. Whoever compares them with outcomes reads them before those."""
        streams = dict.fromkeys(stream for stream, _ in till.runs)
        found = self._table.get(map(stream_key, streams)) if streams else {}
        return {stream: StreamState(stream, found.get(stream_key(stream), {})) for stream in streams}

    def state(self, stream: str) -> StreamState:
        """A stream as it stands."""
        key = stream_key(stream)
        return StreamState(stream, self._table.get([key]).get(key, {}))

    def kept(self, stream: str, seq: int) -> Kept:
        """One entry, with what its consumers made of it."""
        key = entry_key(stream, seq)
        rows = self._table.query(key.pk, key.sk, f"{key.sk}#{LAST}")
        outcomes = {where.sk.split("#", 2)[2]: Outcome.from_item(item) for where, item in rows if where != key}
        return Kept(entry_from(key, dict(rows)[key]), outcomes)

    def _run(self, stream: str, first: int, belongs: Callable[[Entry], bool]) -> Iterator[Kept]:
        """Entries from one on, up to the first that does not belong to them."""
        pk, after = entry_key(stream, first)
        at: Kept | None = None
        while True:
            page = self._table.query(pk, after, "E#" + LAST, limit=_PAGE)
            for key, item in page:
                after = key.sk + _NEXT
                _, _, consumer = key.sk[len("E#") :].partition("#")
                if consumer:
                    if at is not None:
                        at.outcomes[consumer] = Outcome.from_item(item)
                    continue
                if at is not None:
                    yield at
                entry = entry_from(key, item)
                if not belongs(entry):
                    return
                at = Kept(entry)
            if len(page) < _PAGE:
                break
        if at is not None:
            yield at


def tills_of(days: Days, resolver: Resolver, account: str, day: date, store: str = "") -> list[tuple[str, TillDay]]:
    """An account's tills of a day, each with the retailer's code of its store; the till's own where none is known.

    Args:
        days: Finds them.
        resolver: The crosswalk.
        account: Where they send from.
        day: The business day.
        store: Only this one, by either code; all when empty.
    """
    tills = days.tills(account, day)
    references = {Reference(ReferenceKind.STORE, account, till.store) for till in tills}
    names = {ref.value: name for ref, name in resolver.resolve(references).items()} if references else {}
    named = [(names.get(till.store, till.store), till) for till in tills]
    return [(name, till) for name, till in named if store in {"", name, till.store}]
