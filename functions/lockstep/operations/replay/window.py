"""Which entries a replay goes through, found by their days and not by looking through streams.

What a till closed is found by its business day, everything else by the day (UTC) on which it was accepted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from lockstep.canonical.streams import StreamId
from lockstep.messaging.references import Resolver
from lockstep.messaging.topology import Consumer
from lockstep.operations.reconciliation.days import Days, Kept, tills_of


@dataclass(frozen=True, slots=True)
class Run:
    """Entries of one stream that belong to one day, in order and one after the other."""

    stream: str
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """What is to be gone through.

    Attributes:
        first: The first day.
        last: The last one, included.
        store: Only what the tills of this store closed; everything when empty.
    """

    first: date
    last: date
    store: str = ""

    def __str__(self) -> str:
        days = str(self.first) if self.first == self.last else f"{self.first} to {self.last}"
        return f"{days}, store {self.store}" if self.store else days

    @property
    def days(self) -> list[date]:
        """Every day, in order."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def runs_of(
    days: Days, resolver: Resolver, accounts: Iterable[str], workflow: Consumer, window: Window
) -> list[tuple[str, int, date, bool]]:
    """Where a workflow's entries begin: (stream, number, day, whether that is a business day), the oldest day first.

    A late batch of an older day begins anew, so that a stream may stand here more than once.
    """
    accounts = tuple(dict.fromkeys(accounts))
    found: list[tuple[str, int, date, bool]] = []
    for day in window.days:
        for account in accounts:
            for _, till in tills_of(days, resolver, account, day, window.store):
                found += ((stream, seq, day, True) for stream, seq in till.runs)
            if not window.store:
                found += ((stream, seq, day, False) for stream, seq in days.accepted(account, day))
    return [one for one in found if workflow.reads(StreamId.parse(one[0]))]


def read_runs(days: Days, places: Iterable[tuple[str, int, date, bool]]) -> Iterator[Run]:
    """The entries themselves, with what was made of them; parts of a run that are not next to each other apart."""
    for stream, first, day, is_business_day in places:
        kept = days.run(stream, first, day) if is_business_day else days.accepted_run(stream, first, day)
        part: list[Kept] = []
        for one in kept:
            if part and one.entry.seq != part[-1].entry.seq + 1:
                yield Run(stream, tuple(part))
                part = []
            part.append(one)
        yield Run(stream, tuple(part))
