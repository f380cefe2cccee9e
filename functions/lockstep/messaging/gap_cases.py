"""The case of what a till left out: opened when it is overdue, ended when that comes or a person gives it up."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple, Self

from lockstep.canonical.events import EVENTS
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.streams import StreamKind
from lockstep.messaging.awaiting import SEQUENCE_GAP, Awaited, Looked, stop_looking
from lockstep.messaging.errors import CaseKey
from lockstep.messaging.ledger import awaited_key, case_key, day_numbers_between, identity_key, moment
from lockstep.messaging.parking import CaseNote, close_case, open_case
from lockstep.messaging.ports import Patch, Table, WriteRefused
from lockstep.messaging.sequence_gaps import NOTED, OVERDUE, Gap, missing_between

MOST_LOOKED_UP: Final = 100
"""Numbers of one gap that are looked up at once, the lowest first: as long as one of them is missing the gap stands."""
MOST_DAYS: Final = 7
"""Days before that of a gap that its numbers may belong to."""


class _Till(NamedTuple):
    """A till on a business day, as a case names it."""

    account: str
    store: str
    workstation: str
    day: date

    @classmethod
    def of(cls, case: str) -> Self:
        _, account, store, workstation, day = case.split("/")
        return cls(account, store, workstation, date.fromisoformat(day))

    def transaction(self, number: int, day: date) -> TransactionId:
        return TransactionId(store=self.store, workstation=self.workstation, business_day=day, sequence=number)

    def days_from(self, first: str) -> list[date]:
        back = min((self.day - date.fromisoformat(first)).days, MOST_DAYS)
        return [self.day - timedelta(days=days) for days in range(back + 1)]


def look_after_gaps(table: Table, awaited: Awaited, now: datetime, done: Looked, *, owner: str) -> None:
    """Forget the numbers that have come; open the case of those that are overdue, close it when there are none."""
    noted = _noted(awaited)
    left = {name: _still_missing(table, _Till.of(awaited.case), gap) for name, gap in noted.items()}
    overdue = [gap for name in sorted(left) for gap in left[name] if moment(noted[name]["since"]) + OVERDUE <= now]
    if not any(left.values()):
        close_case(table, awaited.case, now, "the sweep")
        done.settled += stop_looking(table, awaited)
        return
    _keep(table, awaited, noted, left)
    if overdue:
        if _tell(table, awaited.case, overdue, now, owner):
            done.opened.append(awaited.case)
    else:
        close_case(table, awaited.case, now, "the sweep")


def forgo(table: Table, case: str, now: datetime) -> tuple[Gap, ...]:
    """Look no more after what a case names: a person decided that it never comes. What that is.

    Numbers that the till leaves out later, or that are not overdue yet, are looked after as before.

    Raises:
        WriteRefused: The till left out more just now; read again.
    """
    key = awaited_key(case)
    item = table.get([key]).get(key)
    if item is None:
        return ()
    awaited = Awaited(case, item)
    noted = _noted(awaited)
    given_up = {name: gap for name, gap in noted.items() if moment(gap["since"]) + OVERDUE <= now}
    if len(given_up) == len(noted):
        table.write([awaited.done()])
    elif given_up:
        table.write([Patch(key, remove=tuple(given_up), expect={"holds": item["holds"]})])
    return tuple(Gap(int(first), int(last)) for gap in given_up.values() for first, last in gap["missing"])


def _noted(awaited: Awaited) -> dict[str, Mapping[str, Any]]:
    return {name: value for name, value in awaited.item.items() if name.startswith(NOTED)}


def _still_missing(table: Table, till: _Till, noted: Mapping[str, Any]) -> list[Gap]:
    gaps = [Gap(int(first), int(last)) for first, last in noted["missing"]]
    days = till.days_from(noted["from"])
    looked_up = [number for gap in gaps for number in range(gap.first, min(gap.last, gap.first + MOST_LOOKED_UP) + 1)]
    looked_up = looked_up[:MOST_LOOKED_UP]
    places = {
        identity_key(f"{till.account}/{event.type_name()}/{till.transaction(number, day)}"): number
        for number in looked_up
        for day in days
        for event in EVENTS
        if event.STREAM_KIND is StreamKind.TILL
    }
    known = {places[key] for key in table.get(places)}
    for day in days:
        pk, first, last = day_numbers_between(till.account, till.transaction(0, day))
        known |= {int(number) for _, item in table.query(pk, first, last) for number in item["numbers"]}
    return [left for gap in gaps for left in missing_between(known, gap.first, gap.last)]


def _keep(
    table: Table, awaited: Awaited, noted: Mapping[str, Mapping[str, Any]], left: Mapping[str, Sequence[Gap]]
) -> None:
    """Note what is still missing of what was, so that what has come is not looked up again."""
    kept = {name: [[gap.first, gap.last] for gap in gaps] for name, gaps in left.items()}
    changed = {
        name: {**noted[name], "missing": missing}
        for name, missing in kept.items()
        if missing and missing != noted[name]["missing"]
    }
    gone = tuple(name for name, missing in kept.items() if not missing)
    if not changed and not gone:
        return
    try:
        expect = {"holds": awaited.item["holds"]}
        table.write([Patch(awaited_key(awaited.case), set=changed, remove=gone, expect=expect)])
    except WriteRefused:
        return  # more was left out meanwhile: the next sweep looks again


def _tell(table: Table, case: str, overdue: Sequence[Gap], now: datetime, owner: str) -> bool:
    """Open the case, or have it name what is missing now; whether it was opened."""
    key = case_key(case)
    item = table.get([key]).get(key, {})
    count = sum(gap.count for gap in overdue)
    numbers = f"{'number' if count == 1 else 'numbers'} {', '.join(map(str, overdue))}"
    problem = f"the till went on without {numbers}: {count} in all"
    is_open = item.get("state") == "open"
    if is_open and item.get("problem") == problem:
        return False
    till = _Till.of(case)
    reference = f"{till.account}/{till.store}/{till.workstation}/{till.day.isoformat()}"
    note = CaseNote(CaseKey(SEQUENCE_GAP, reference), problem, owner, "sweep")
    table.write([open_case(note, now, waiting=0)])
    return not is_open
