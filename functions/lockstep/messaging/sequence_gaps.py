"""Numbers that a till leaves out: noted when what comes after them is accepted, looked after until they come.

The lane does not wait for them: its order is that of acceptance, and holding it would hold stock and books too. The
clock waits. What has not come after `OVERDUE` is a case, one for each till and business day, that names the numbers. It
ends by itself when they come, or when the till says that it used them for something else.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple, Self

from lockstep.canonical.identifiers import TransactionId
from lockstep.messaging.awaiting import SEQUENCE_GAP, wait_for
from lockstep.messaging.ledger import stamp
from lockstep.messaging.ports import Patch

OVERDUE: Final = timedelta(minutes=30)
"""How long numbers may be missing before a person hears of it: senders try again for minutes, batches come in any
order."""
NOTED: Final = "gap#"
"""Begins the names under which gaps stand beside the clock."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that nobody has seen."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """How many."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def missing_between(known: Iterable[int], first: int, last: int) -> Iterator[Gap]:
    """The gaps that numbers leave from a first up to a last."""
    at = first
    for number in sorted(number for number in known if first <= number <= last):
        if number > at:
            yield Gap(at, number - 1)
        at = max(at, number + 1)
    if at <= last:
        yield Gap(at, last)


class Newest(NamedTuple):
    """The highest number of the latest business day that a till's stream has seen."""

    day: str
    number: int

    @classmethod
    def of(cls, kept: Sequence[Any] | None) -> Self | None:
        """As kept."""
        return cls(str(kept[0]), int(kept[1])) if kept else None


class LeftOut(NamedTuple):
    """What a till left out before a transaction of a day."""

    one: TransactionId
    """A transaction of that till and day."""
    between: tuple[Gap, ...]
    """Among the numbers of that day, and so of that day."""
    before: tuple[Gap, ...]
    """Ahead of them: of that day, or of one since the till was last seen."""
    since: str
    """When that was; that day itself where it began its numbers anew."""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All of them, in order."""
        return self.before + self.between


def left_out(
    newest: Newest | None, accepted: Sequence[TransactionId], passed_over: Collection[TransactionId]
) -> tuple[Newest | None, list[LeftOut]]:
    """What numbers, just accepted in one stream, leave out behind its newest; and the newest then. Pure.

    Of a late batch of an older day nothing is said, nor of what was before the first number ever seen: whether such
    days are complete the reconciliation tells. A day that begins below the number of the day before begins with 1.
    """
    found: list[LeftOut] = []
    by_day: dict[date, list[TransactionId]] = {}
    for one in accepted:
        by_day.setdefault(one.business_day, []).append(one)
    for day in sorted(by_day):
        numbers = {one.sequence for one in by_day[day]}
        if newest is not None and day.isoformat() < newest.day:
            continue
        lowest = min(numbers)
        begins = newest is None or (newest.day < day.isoformat() and lowest <= newest.number)
        before = newest.number if newest is not None and not begins else 0
        first = lowest if newest is None else before + 1
        till = by_day[day][0]
        known = numbers | {
            one.sequence for one in passed_over if one == till.model_copy(update={"sequence": one.sequence})
        }
        missing = LeftOut(
            one=till,
            between=tuple(missing_between(known, max(first, lowest), max(numbers))),
            before=tuple(missing_between(known, first, lowest)),
            since=newest.day if newest is not None and not begins else day.isoformat(),
        )
        if missing.gaps:
            found.append(missing)
        newest = Newest(day.isoformat(), max(before, *numbers))
    return newest, found


def look_for(account: str, found: LeftOut, now: datetime) -> Patch:
    """Have the sweep look after what a till left out."""
    one = found.one
    case = f"{SEQUENCE_GAP}/{account}/{one.store}/{one.workstation}/{one.business_day.isoformat()}"
    noted = {
        f"{NOTED}{gaps[-1].last:012d}": {
            "since": stamp(now),
            "from": day,
            "missing": [[gap.first, gap.last] for gap in gaps],
        }
        for day, gaps in ((found.since, found.before), (one.business_day.isoformat(), found.between))
        if gaps
    }
    return wait_for(case, now, OVERDUE, noted)
