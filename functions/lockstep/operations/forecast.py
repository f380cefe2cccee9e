"""When a target will be level with what waits for it: by what it has done while it was busy, and what still comes.

Pure: `operations/drain.py` reads what goes in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

LONGEST_STEP: Final = timedelta(minutes=2)
"""A longer time between two is no work: the target was away, or its lane stood."""
_MINUTE: Final = timedelta(minutes=1)


class Done(NamedTuple):
    """One entry that a target has taken."""

    accepted_at: datetime
    done_at: datetime


class Came(NamedTuple):
    """So many entries came into a lane since then."""

    entries: int
    since: datetime


class DrainState(StrEnum):
    """What can be said of a target's backlog."""

    LEVEL = "level"
    """Nothing waits."""
    DRAINING = "draining"
    WHEN_BACK = "when it is back"
    """It is down, paused or in maintenance: so long after that."""
    NOT_CATCHING_UP = "not catching up"
    """More comes than it takes."""
    NOT_MEASURED = "not measured"
    """It has not been busy lately, so nobody knows how fast it is."""


@dataclass(frozen=True, slots=True)
class Drain:
    """A target's backlog, and when it is drained."""

    state: DrainState
    waiting: int
    """Entries that wait for it and may go on; not those of lanes that have stopped."""
    per_minute: float | None
    """Entries it takes while it is busy; None where that was not seen lately."""
    arriving_per_minute: float
    """Entries that come into the lanes that wait."""
    after: timedelta | None = None
    """Until it is drained: from now, or from when the target is back."""
    at: datetime | None = None
    """The same as a time; None when it is not known when the target is back."""

    def __str__(self) -> str:
        rate = f"{self.per_minute:.0f}" if self.per_minute is not None else "?"
        match self.state:
            case DrainState.LEVEL:
                return "level"
            case DrainState.NOT_MEASURED:
                return "not known: it has not been busy lately"
            case DrainState.NOT_CATCHING_UP:
                return f"not catching up: {self.arriving_per_minute:.0f} a minute come, {rate} are taken"
            case DrainState.WHEN_BACK:
                return f"{_told(self.after)} after it is back, at the {rate} a minute of before"
            case DrainState.DRAINING:
                return f"in {_told(self.after)}, at {rate} a minute"


def rate_of(lanes: Iterable[Sequence[Done]]) -> float | None:
    """Entries a minute that a target took while others waited behind them; None when that was never so.

    An entry that was accepted before the one ahead of it was done had to wait for it: the time between the two is what
    one takes. Lanes that were served at the same time count for that time once.

    Args:
        lanes: What was done lately, lane by lane, each in order.
    """
    steps = [
        (before.done_at, one.done_at)
        for lane in lanes
        for before, one in pairwise(lane)
        if one.accepted_at <= before.done_at and one.done_at - before.done_at <= LONGEST_STEP
    ]
    busy = _together(steps)
    return len(steps) / (busy / _MINUTE) if busy else None


def arrivals_of(lanes: Iterable[Came], now: datetime) -> float:
    """Entries a minute that come into some lanes."""
    return sum(came.entries / max((now - came.since) / _MINUTE, 1.0) for came in lanes)


def forecast(
    waiting: int,
    per_minute: float | None,
    arriving_per_minute: float,
    now: datetime,
    *,
    away: bool = False,
    back_at: datetime | None = None,
) -> Drain:
    """When what waits is drained.

    Args:
        waiting: Entries.
        per_minute: As of `rate_of`.
        arriving_per_minute: As of `arrivals_of`.
        now: UTC.
        away: Whether the target is not delivered to just now.
        back_at: When it is tried again, where a person said so; None when nobody knows.
    """
    if not waiting:
        return Drain(DrainState.LEVEL, 0, per_minute, arriving_per_minute)
    if per_minute is None:
        return Drain(DrainState.NOT_MEASURED, waiting, None, arriving_per_minute)
    if per_minute <= arriving_per_minute:
        return Drain(DrainState.NOT_CATCHING_UP, waiting, per_minute, arriving_per_minute)
    if away and back_at is not None:
        waiting_then = waiting + arriving_per_minute * (max(back_at - now, timedelta(0)) / _MINUTE)
    else:
        waiting_then = float(waiting)
    after = _MINUTE * (waiting_then / (per_minute - arriving_per_minute))
    state = DrainState.WHEN_BACK if away else DrainState.DRAINING
    begins = now if not away else max(back_at, now) if back_at is not None else None
    at = begins + after if begins is not None else None
    return Drain(state, waiting, per_minute, arriving_per_minute, after, at)


def _together(spans: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How long at least one of some spans of time lasted."""
    total = timedelta(0)
    reached: datetime | None = None
    for begin, end in sorted(spans):
        start = begin if reached is None else max(begin, reached)
        if end > start:
            total += end - start
        reached = end if reached is None else max(reached, end)
    return total


def _told(duration: timedelta | None) -> str:
    minutes = round((duration or timedelta(0)) / _MINUTE)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:  # noqa: PLR2004
        return f"{minutes} min"
    return f"{minutes / 60:.0f} h"
