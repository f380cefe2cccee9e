"""The sweep: every minute, ring the lanes that have work and no bell, and put to rest those that have none.

A stream carries a sparse key while any consumer may be behind. The sweep reads those keys, never the table.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from lockstep.canonical.streams import StreamId
from lockstep.messaging.awaiting import PREDECESSOR_MISSING, SEQUENCE_GAP, Awaited, Looked, read_awaited
from lockstep.messaging.breaker import Breaker, allow_probe
from lockstep.messaging.errors import ConcurrentUpdate
from lockstep.messaging.gap_cases import look_after_gaps
from lockstep.messaging.ledger import (
    INDEX_OPEN,
    OPEN_SHARDS,
    SWEEP_POSITION,
    StreamState,
    breaker_key,
    entry_key,
    moment,
    open_shard,
    stamp,
    stream_key,
)
from lockstep.messaging.ports import Clock, Doorbells, Metrics, Patch, Put, Random, Table
from lockstep.messaging.predecessors import look_after
from lockstep.messaging.topology import Consumer, Owners

RINGS_AT_ONCE: Final = 500
"""Most bells that one sweep rings; the oldest go first, the next sweep rings the rest."""
STREAMS_AT_ONCE: Final = 4 * RINGS_AT_ONCE
"""Open streams that are looked at in one go."""
MOST_STREAMS: Final = 20_000
"""Open streams that are looked through for the lanes of one consumer."""
GRACE: Final = timedelta(seconds=20)
"""An entry younger than this still has its own bell on the way."""


@dataclass(frozen=True, slots=True)
class Behind:
    """One consumer that is behind on one stream."""

    consumer: str
    stream: str
    backlog: int
    """Entries it has not taken yet."""
    since: datetime
    """When the oldest of them was accepted; for controls alone, when the stream was last known to be level."""
    stopped: str = ""
    """Why it does not go on by itself."""


@dataclass(slots=True)
class Swept:
    """What a sweep found and did."""

    lanes: list[Behind] = field(default_factory=list)
    rung: int = 0
    probed: list[str] = field(default_factory=list)
    closed: int = 0
    looked: Looked = field(default_factory=Looked)
    """What became of cases that wait for something to come."""


def open_streams(table: Table, *, limit: int, after: Mapping[str, str] | None = None) -> list[StreamState]:
    """Streams that may have work, the oldest of each shard first.

    Args:
        table: The ledger.
        limit: Most of them.
        after: Only those that come after a place in the open index, by its value; of shards not named, none.
    """
    shards = [f"open#{shard}" for shard in range(OPEN_SHARDS)] if after is None else list(after)
    keys = [
        key
        for shard in shards
        for key in table.index(
            INDEX_OPEN, shard, limit=max(1, limit // OPEN_SHARDS), after=(after or {}).get(shard, "")
        )
    ]
    found = table.get(keys) if keys else {}
    return [StreamState(key.pk.removeprefix("S#"), found[key]) for key in keys if key in found]


def open_pages(table: Table, *, size: int = STREAMS_AT_ONCE, most: int = MOST_STREAMS) -> Iterator[list[StreamState]]:
    """All streams that may have work, up to a bound: the oldest of each shard first, then those after them."""
    page = open_streams(table, limit=size)
    seen: set[str] = set()
    for _ in range(max(1, most // size)):
        yield [state for state in page if state.stream not in seen]
        seen |= {state.stream for state in page}
        last = _full_shards(page, size)
        if not last:
            return
        page = open_streams(table, limit=size, after=last)


def _full_shards(states: Sequence[StreamState], limit: int) -> dict[str, str]:
    """Of the shards that may hold more than was read, the place after which to read on.

    One place before the last: others may stand at the very same time as that, as those of one delivery do.
    """
    places: dict[str, list[str]] = {}
    for state in states:
        places.setdefault(open_shard(state.stream), []).append(str(state.item.get("open_since", "")))
    full = {shard: found for shard, found in places.items() if len(found) >= max(1, limit // OPEN_SHARDS)}
    return {shard: max([at for at in found if at < max(found)], default=max(found)) for shard, found in full.items()}


def has_errands(state: StreamState, consumer: str) -> bool:
    """Whether a consumer has something to do here beside entries: a control, or something parked to look up again."""
    return state.applied(consumer) < state.controls or bool(state.unchecked(consumer))


def lanes_behind(
    table: Table, states: Sequence[StreamState], consumers: Iterable[Consumer]
) -> tuple[list[Behind], list[StreamState]]:
    """Who is behind on what, and the streams on which nobody is."""
    consumers = tuple(consumers)
    waiting: list[tuple[StreamState, Consumer, int]] = []
    level: list[StreamState] = []
    for state in states:
        stream = StreamId.parse(state.stream)
        behind = [
            (state, consumer, state.cursor(consumer.id).seq)
            for consumer in consumers
            if consumer.reads(stream)
            and (state.cursor(consumer.id).seq < state.head or has_errands(state, consumer.id))
        ]
        waiting += behind
        if not behind:
            level.append(state)
    oldest = table.get(entry_key(state.stream, seq + 1) for state, _, seq in waiting if seq < state.head)
    lanes = []
    for state, consumer, seq in waiting:
        entry = oldest.get(entry_key(state.stream, seq + 1))
        since = moment(entry["accepted_at"] if entry else state.item["open_since"])
        stopped = state.stopped(consumer.id)
        reason = stopped.get("reason", "stopped") if stopped is not None else ""
        lanes.append(Behind(consumer.id, state.stream, state.head - seq, since, reason))
    return sorted(lanes, key=lambda lane: lane.since), level


def ring_waiting(table: Table, doorbells: Doorbells, consumer: Consumer) -> int:
    """Ring the lanes that one consumer is behind on, up to `RINGS_AT_ONCE`: its target is back. How many that were."""
    streams: list[str] = []
    for states in open_pages(table):
        lanes, _ = lanes_behind(table, states, [consumer])
        streams += [lane.stream for lane in lanes if not lane.stopped]
        if len(streams) >= RINGS_AT_ONCE:
            break
    streams = streams[:RINGS_AT_ONCE]
    if streams:
        doorbells.ring(consumer.id, streams)
    return len(streams)


def _shared(streams: Mapping[str, Sequence[str]], most: int) -> dict[str, list[str]]:
    """At most so many of these lanes, each consumer's first ones first: none rings more while another has fewer.

    The lanes of a target that is down, and rings in vain, leave the others their share.
    """
    shared: dict[str, list[str]] = {}
    left = {consumer: list(reversed(lanes)) for consumer, lanes in streams.items()}
    while left and most > 0:
        for consumer in list(left)[:most]:
            shared.setdefault(consumer, []).append(left[consumer].pop())
            most -= 1
            if not left[consumer]:
                del left[consumer]
    return shared


class Sweep:
    """Keeps every lane moving, whatever became of its bells."""

    def __init__(
        self,
        consumers: Sequence[Consumer],
        *,
        table: Table,
        doorbells: Doorbells,
        clock: Clock,
        random: Random,
        metrics: Metrics,
        rings_at_once: int = RINGS_AT_ONCE,
        owners: Owners | None = None,
    ) -> None:
        self._consumers = {consumer.id: consumer for consumer in consumers}
        self._table = table
        self._doorbells = doorbells
        self._clock = clock
        self._random = random
        self._metrics = metrics
        self._rings_at_once = rings_at_once
        self._owners = owners or Owners()

    def run(self) -> Swept:
        """One sweep."""
        now = self._clock.now()
        swept = Swept(looked=self._look(now))
        states = self._open_streams()
        swept.lanes, level = lanes_behind(self._table, states, self._consumers.values())
        for state in level:
            swept.closed += self._rest(state)
        self._note_oldest(states, swept.lanes)
        breakers = self._breakers()
        closed: dict[str, list[str]] = {}
        for lane in self._ready(swept.lanes, states, now):
            breaker = breakers.get(lane.consumer)
            if breaker is None or not breaker.is_open:
                closed.setdefault(lane.consumer, []).append(lane.stream)
            elif breaker.may_be_probed(now) and lane.consumer not in swept.probed:
                probe = self._random.token()
                if allow_probe(self._table, breaker, probe, now):
                    self._doorbells.ring(lane.consumer, [lane.stream], probe=probe)
                    swept.probed.append(lane.consumer)
        for consumer, streams in _shared(closed, self._rings_at_once).items():
            self._doorbells.ring(consumer, streams)
            swept.rung += len(streams)
        self._report(swept.lanes, now)
        return swept

    def _open_streams(self) -> list[StreamState]:
        """The oldest open streams; where there are more, each time others of them too, in turn.

        Without that, lanes that cannot move would hide younger ones that can, for as long as an outage lasts.
        """
        half = self._rings_at_once * 2
        oldest = open_streams(self._table, limit=half)
        full = _full_shards(oldest, half)
        if not full:
            return oldest
        position = self._table.get([SWEEP_POSITION]).get(SWEEP_POSITION, {})
        page = open_streams(
            self._table, limit=half, after={shard: max(last, position.get(shard, "")) for shard, last in full.items()}
        )
        self._table.write([Put(SWEEP_POSITION, dict(_full_shards(page, half)))])
        return list({state.stream: state for state in (*oldest, *page)}.values())

    def _look(self, now: datetime) -> Looked:
        """Look after what waits for something to come: it has, or it is time that a person hears of it."""
        looked = Looked()
        for awaited in read_awaited(self._table, now):
            looked.looked_at += 1
            try:
                self._look_after(awaited, now, looked)
            except ConcurrentUpdate:
                continue  # somebody works on the same: the next sweep looks again
        for consumer, streams in looked.bells.items():
            self._doorbells.ring(consumer, sorted(streams))
        return looked

    def _look_after(self, awaited: Awaited, now: datetime, looked: Looked) -> None:
        if awaited.kind == PREDECESSOR_MISSING:
            look_after(self._table, awaited, self._consumers, now, looked)
        elif awaited.kind == SEQUENCE_GAP:
            look_after_gaps(self._table, awaited, now, looked, owner=self._owners.of(SEQUENCE_GAP))

    def _ready(self, lanes: Sequence[Behind], states: Sequence[StreamState], now: datetime) -> list[Behind]:
        """Lanes that can move: not stopped, old enough, and with something let through by those that feed them.

        None of a target that is maintained: it is neither rung for nor probed.

        Nobody can take a lane while another holds its lease. Whoever holds it is at work; or is dead, and then a probe
        sent there would find out nothing, minute after minute, while other lanes could tell that the target is back.
        """
        by_stream = {state.stream: state for state in states}
        maintained = {id_ for id_, consumer in self._consumers.items() if consumer.maintained_until(now) is not None}
        ready = []
        for lane in lanes:
            consumer, state = self._consumers[lane.consumer], by_stream[lane.stream]
            if consumer.id in maintained:
                continue
            feeders = consumer.fed_by(StreamId.parse(lane.stream))
            limit = min((state.cursor(feeder).seq for feeder in feeders), default=state.head)
            movable = state.cursor(lane.consumer).seq < limit or has_errands(state, lane.consumer)
            lease = state.lease(lane.consumer)
            held = lease is not None and bool(lease.token) and lease.until > now
            if movable and not held and not lane.stopped and now - lane.since >= GRACE:
                ready.append(lane)
        return ready

    def _breakers(self) -> dict[str, Breaker]:
        posters = [consumer.id for consumer in self._consumers.values() if consumer.is_poster]
        found = self._table.get(map(breaker_key, posters))
        return {poster: Breaker.of(poster, found.get(breaker_key(poster))) for poster in posters}

    def _rest(self, state: StreamState) -> bool:
        """Take a level stream's sparse key away, unless something came meanwhile."""
        patch = Patch(
            stream_key(state.stream),
            remove=("open_key", "open_since"),
            expect={"head": state.raw("head"), "controls": state.raw("controls")},
        )
        try:
            self._table.write([patch])
        except ConcurrentUpdate:
            return False
        return True

    def _note_oldest(self, states: Sequence[StreamState], lanes: Sequence[Behind]) -> None:
        """Let a stream's place in the index tell the age of its oldest waiting entry, so that busy is not old."""
        oldest: dict[str, datetime] = {}
        for lane in lanes:
            oldest[lane.stream] = min(lane.since, oldest.get(lane.stream, lane.since))
        for state in states:
            since = oldest.get(state.stream)
            if since is None or stamp(since) == state.item.get("open_since"):
                continue
            patch = Patch(
                stream_key(state.stream),
                set={"open_since": stamp(since)},
                expect={"open_since": state.raw("open_since")},
            )
            try:
                self._table.write([patch])
            except ConcurrentUpdate:
                continue  # it was put to rest, or noted by another sweep: the next one looks again

    def _report(self, lanes: Sequence[Behind], now: datetime) -> None:
        for consumer in self._consumers:
            own = [lane for lane in lanes if lane.consumer == consumer]
            age = max(((now - lane.since).total_seconds() for lane in own), default=0.0)
            self._metrics.count("LanesOpen", len(own), service=consumer)
            self._metrics.count("LanesStopped", sum(1 for lane in own if lane.stopped), service=consumer)
            self._metrics.count("OldestEntryAgeSeconds", max(0.0, age), service=consumer)
