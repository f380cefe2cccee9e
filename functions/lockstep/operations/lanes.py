"""Who is behind on what, why, and until when."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lockstep.canonical.streams import StreamId
from lockstep.messaging.breaker import Breaker
from lockstep.messaging.ledger import StreamState, breaker_key, control_key, stream_key
from lockstep.messaging.ports import Table
from lockstep.messaging.sweep import lanes_behind, open_streams
from lockstep.messaging.topology import Consumer
from lockstep.operations.cases import read_cases, read_waiting
from lockstep.operations.drain import measure
from lockstep.operations.exceptions import awaited_case_keys, open_case_keys
from lockstep.operations.forecast import Drain, forecast

MOST_STREAMS = 2000
"""Streams with work that are looked at, the oldest first."""


@dataclass(frozen=True, slots=True)
class BreakerView:
    """Whether a target is being spared."""

    state: str
    """closed, open (tried again by itself), maintenance (planned, until a time), paused (by a person, until a time or
    until it is resumed), or stopped (our own set-up is wrong: a person closes it)."""
    failures: int = 0
    """In a row."""
    reason: str = ""
    probed_after: datetime | None = None
    """When it is tried again by itself; None when it is not."""
    paused_by: str = ""


@dataclass(frozen=True, slots=True)
class LaneView:
    """One stream on which one consumer is behind or holds something."""

    consumer: str
    stream: str
    backlog: int
    """Entries not taken yet."""
    controls: int
    """Releases and other controls for this consumer that it has not applied yet."""
    oldest: datetime | None
    """When the first of the entries was accepted; None when there is none."""
    parked: int
    """Entries that wait under cases."""
    stopped: str
    """Why the lane does not go on by itself; empty when it does."""


@dataclass(frozen=True, slots=True)
class ConsumerView:
    """One consumer, over all its lanes."""

    consumer: str
    poster: bool
    lanes: int
    """On which it is behind."""
    backlog: int
    oldest: datetime | None
    parked: int
    stopped: int
    """Lanes that do not go on by themselves."""
    breaker: BreakerView | None
    """Of the target account; None for one that delivers to none."""
    drain: Drain | None = None
    """When what waits for the target is drained; None for a consumer that delivers to none."""

    @property
    def needs_attention(self) -> bool:
        """Whether something does not go on by itself, or a target is down."""
        return bool(self.stopped) or (self.breaker is not None and self.breaker.state not in {"closed", "maintenance"})


@dataclass(frozen=True, slots=True)
class LanesReport:
    """Every consumer, and every lane that is not level."""

    at: datetime
    consumers: tuple[ConsumerView, ...]
    lanes: tuple[LaneView, ...]
    """The oldest first."""


def lanes_report(table: Table, consumers: Sequence[Consumer], now: datetime) -> LanesReport:
    """Where things stand.

    Args:
        table: The ledger.
        consumers: Everyone who reads streams here.
        now: UTC.
    """
    states = _states(table, now)
    behind, _ = lanes_behind(table, states, consumers)
    by_lane = {(lane.consumer, lane.stream): lane for lane in behind}
    lanes: list[LaneView] = []
    for state in states:
        for consumer in consumers:
            if not consumer.reads(StreamId.parse(state.stream)):
                continue
            lane = by_lane.get((consumer.id, state.stream))
            backlog = lane.backlog if lane else 0
            controls = _controls(table, state, consumer.id)
            parked = state.parked(consumer.id)
            stopped = state.stopped(consumer.id)
            if backlog or controls or parked or stopped is not None:
                lanes.append(
                    LaneView(
                        consumer.id,
                        state.stream,
                        backlog=backlog,
                        controls=controls,
                        oldest=lane.since if lane and backlog else None,
                        parked=parked,
                        stopped=stopped.get("reason", "stopped") if stopped is not None else "",
                    )
                )
    lanes.sort(key=lambda lane: (lane.oldest or now, lane.stream, lane.consumer))
    breakers = read_breakers(table, consumers, now)
    by_stream = {state.stream: state for state in states}
    views = []
    for consumer in consumers:
        breaker = breakers.get(consumer.id)
        drain = _drain(table, consumer, breaker, lanes, states=by_stream, now=now)
        views.append(_consumer(consumer, lanes, breaker, drain))
    return LanesReport(now, tuple(views), tuple(lanes))


def _drain(
    table: Table,
    consumer: Consumer,
    breaker: BreakerView | None,
    lanes: Sequence[LaneView],
    *,
    states: Mapping[str, StreamState],
    now: datetime,
) -> Drain | None:
    """The forecast of a poster, of its lanes; nothing is read for one that is level."""
    if breaker is None:
        return None
    waiting = [lane for lane in lanes if lane.consumer == consumer.id and lane.backlog and not lane.stopped]
    if not waiting:
        return forecast(0, None, 0.0, now)
    measured = measure(table, consumer, [states[lane.stream] for lane in waiting], now)
    return forecast(
        math.ceil(sum(lane.backlog for lane in waiting) * measured.share),
        measured.per_minute,
        measured.arriving_per_minute,
        now,
        away=breaker.state != "closed",
        back_at=breaker.probed_after if breaker.paused_by or breaker.state == "maintenance" else None,
    )


def _controls(table: Table, state: StreamState, consumer: str) -> int:
    """Controls are numbered through for all consumers of a stream: only its own are work for one."""
    first = state.applied(consumer) + 1
    if first > state.controls:
        return 0
    keys = [control_key(state.stream, number) for number in range(first, state.controls + 1)]
    return sum(1 for control in table.get(keys).values() if control["consumer"] == consumer)


def read_breakers(table: Table, consumers: Sequence[Consumer], now: datetime) -> dict[str, BreakerView]:
    """The breakers of those consumers that deliver to a target account."""
    posters = {consumer.id: consumer for consumer in consumers if consumer.is_poster}
    found = table.get(map(breaker_key, posters))
    return {
        poster: _breaker(Breaker.of(poster, found.get(breaker_key(poster))), consumer.maintained_until(now))
        for poster, consumer in posters.items()
    }


def _breaker(breaker: Breaker, maintained_until: datetime | None) -> BreakerView:
    if maintained_until is not None and not (breaker.configuration or breaker.paused_by):
        return BreakerView("maintenance", breaker.failures, breaker.reason, maintained_until)
    state = "closed"
    if breaker.is_open:
        state = "stopped" if breaker.configuration else "paused" if breaker.paused_by else "open"
    by_itself = not (breaker.configuration or breaker.until_resumed)
    probed_after = breaker.open_until if by_itself else None
    return BreakerView(state, breaker.failures, breaker.reason, probed_after, breaker.paused_by)


def _states(table: Table, now: datetime) -> list[StreamState]:
    """Streams with work, and those that only hold what waits for a case."""
    states = {state.stream: state for state in open_streams(table, limit=MOST_STREAMS)}
    waiting = {one.stream for case in read_cases(table, open_case_keys(table), now) for one in case.waiting}
    waiting |= {one.stream for case in awaited_case_keys(table) for one in read_waiting(table, case)}
    keys = {stream_key(stream): stream for stream in sorted(waiting - set(states))}
    found = table.get(keys) if keys else {}
    return [*states.values(), *(StreamState(stream, found[key]) for key, stream in keys.items() if key in found)]


def _consumer(
    consumer: Consumer, lanes: Sequence[LaneView], breaker: BreakerView | None, drain: Drain | None
) -> ConsumerView:
    own = [lane for lane in lanes if lane.consumer == consumer.id]
    return ConsumerView(
        consumer.id,
        poster=consumer.is_poster,
        lanes=sum(1 for lane in own if lane.backlog or lane.controls),
        backlog=sum(lane.backlog for lane in own),
        oldest=min((lane.oldest for lane in own if lane.oldest is not None), default=None),
        parked=sum(lane.parked for lane in own),
        stopped=sum(1 for lane in own if lane.stopped),
        breaker=breaker,
        drain=drain,
    )
