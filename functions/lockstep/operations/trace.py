"""Follows a business event hop by hop: delivery, entry, what each consumer made of it, what holds it, its number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from lockstep.canonical.events import EVENTS
from lockstep.canonical.streams import StreamId
from lockstep.masterdata.release import STATE_SUBJECT
from lockstep.messaging.ledger import (
    INDEX_REFERENCE,
    LAST,
    Entry,
    Outcome,
    StreamState,
    delivery_key,
    entry_from,
    entry_key,
    identity_key,
    outcome_key,
    stream_key,
    unescape,
)
from lockstep.messaging.parking import ParkedEntry, parked_entries
from lockstep.messaging.ports import Item, Key, Table
from lockstep.messaging.topology import Consumer
from lockstep.operations.cases import Case, read_cases
from lockstep.operations.lanes import BreakerView, read_breakers

MOST_EVENTS: Final = 50
"""Events in one answer, the oldest first."""
LOOKED_THROUGH: Final = 1000
"""Items after an event in its stream that are looked through for what follows on it (its voids and returns)."""


class StepState(StrEnum):
    """How far a consumer is with an event."""

    DONE = "done"
    NOTHING_TO_DO = "nothing to do"
    WAITING = "waiting"
    """Its turn has not come."""
    HELD = "held"
    """A person has to repair something first."""
    STOPPED = "stopped"
    """Its lane, or its target, does not go on by itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one consumer made of an event."""

    consumer: str
    state: StepState
    what: str
    """In the consumer's own word: decided, posted, pushed, parked ... or waiting."""
    at: datetime | None = None
    after: timedelta | None = None
    """Since the event was accepted."""
    summary: str = ""
    reference: str = ""
    """The target's own number."""
    cases: tuple[str, ...] = ()
    """That it waits for."""


@dataclass(frozen=True, slots=True)
class TracedDelivery:
    """The call an event came in by."""

    account: str
    delivery_id: str
    received_at: datetime | None
    """None once the delivery is no longer kept."""


@dataclass(frozen=True, slots=True)
class TracedEvent:
    """One event, through every hop."""

    id: str
    type: str
    source: str
    subject: str
    correlation_id: str
    stream: str
    seq: int
    occurred_at: datetime
    received_at: datetime
    accepted_at: datetime
    delivery: TracedDelivery
    steps: tuple[Step, ...]

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be done."""
        return all(step.state in {StepState.DONE, StepState.NOTHING_TO_DO} for step in self.steps)

    @property
    def needs_attention(self) -> bool:
        """Whether it does not go on by itself."""
        return any(step.state in {StepState.HELD, StepState.STOPPED} for step in self.steps)


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything found under a name."""

    query: str
    found_as: str
    """What the name turned out to be; empty when nothing was found."""
    tried: tuple[str, ...]
    """What it was looked up as."""
    events: tuple[TracedEvent, ...] = ()
    cases: tuple[Case, ...] = ()
    """Those that hold any of the events."""
    more: int = 0
    """Events that were found beside these."""


@dataclass(slots=True)
class _Lane:
    """Everything read of an entry's stream."""

    state: StreamState
    outcomes: dict[str, Outcome] = field(default_factory=dict)


class Tracer:
    """Looks events up by any name they have."""

    def __init__(
        self,
        table: Table,
        consumers: Sequence[Consumer],
        accounts: Iterable[str],
        consumes: Mapping[str, Sequence[str]],
    ) -> None:
        """Args:
        table: The ledger.
        consumers: Everyone who reads streams here.
        accounts: Where events come from.
        consumes: Types of event that each workflow is concerned with.
        """
        self._table = table
        self._consumers = tuple(consumers)
        self._accounts = tuple(dict.fromkeys(accounts))
        self._consumes = consumes

    def trace(self, query: str, now: datetime, *, related: bool = True) -> Trace:
        """Everything known under a name.

        A name is, in this order: an event id; a business key with its account (a correlation id) or without (a till
        transaction `store/workstation/day/sequence`, an order number, a stock document `location/number`); a delivery
        id, with its account or without; or a target's own document number.

        Args:
            query: The name.
            now: UTC.
            related: Also what the event follows on, and what followed on it in the same stream.
        """
        tried: list[str] = []
        for found_as, look_up in (
            ("event or business key", self._by_identity),
            ("delivery", self._by_delivery),
            ("document number", self._by_reference),
        ):
            tried.append(found_as)
            places = look_up(query)
            if not places:
                continue
            entries = self._entries(places)
            if related:
                entries |= self._related(entries)
            return self._traced(query, found_as, tuple(tried), entries, now)
        return Trace(query, "", tuple(tried))

    # ---- looking up ----

    def _by_identity(self, query: str) -> list[tuple[str, int]]:
        account, _, rest = query.partition("/")
        names = [query]
        for event in EVENTS:
            if account in self._accounts:
                names.append(f"{account}/{event.type_name()}/{rest}")
            names += (f"{source}/{event.type_name()}/{query}" for source in self._accounts)
        return self._places(names)

    def _places(self, event_ids: Iterable[str]) -> list[tuple[str, int]]:
        found = self._table.get(map(identity_key, event_ids))
        return sorted({(item["stream"], int(item["seq"])) for item in found.values()})

    def _by_delivery(self, query: str) -> list[tuple[str, int]]:
        account, _, rest = query.partition("/")
        keys = [delivery_key(source, query) for source in self._accounts]
        if account in self._accounts:
            keys.append(delivery_key(account, rest))
        found = self._table.get(keys)
        return self._places(
            event_id for item in found.values() for event_id in (*item["accepted"], *item["duplicates"])
        )

    def _by_reference(self, query: str) -> list[tuple[str, int]]:
        keys = self._table.index(INDEX_REFERENCE, query, limit=MOST_EVENTS)
        return sorted(
            {(key.pk.removeprefix("S#"), int(key.sk.split("#")[1])) for key in keys if key.sk.startswith("E#")}
        )

    def _entries(self, places: Iterable[tuple[str, int]]) -> dict[Key, Item]:
        return self._table.get(entry_key(*place) for place in places)

    def _related(self, entries: Mapping[Key, Item]) -> dict[Key, Item]:
        """What they follow on, wherever that is, and what follows on them further down their own stream."""
        events = [entry_from(key, item).event for key, item in entries.items()]
        earlier = {event_id for event in events for event_id in event.follows()}
        found = self._entries(self._places(earlier)) if earlier else {}
        subjects = {(str(event.stream()), event.subject) for event in events}
        for stream in {stream for stream, _ in subjects}:
            first = min(entry_from(key, item).seq for key, item in entries.items() if key.pk == f"S#{stream}")
            after = entry_key(stream, first + 1)
            for key, item in self._table.query(after.pk, after.sk, "E#" + LAST, limit=LOOKED_THROUGH):
                if "event" in item and (stream, entry_from(key, item).event.subject) in subjects:
                    found[key] = item
        return found

    # ---- telling ----

    def _traced(
        self, query: str, found_as: str, tried: tuple[str, ...], items: Mapping[Key, Item], now: datetime
    ) -> Trace:
        entries = sorted(
            ((entry_from(key, item), item["delivery"]) for key, item in items.items()),
            key=lambda pair: (pair[0].accepted_at, pair[0].stream, pair[0].seq),
        )
        breakers = read_breakers(self._table, self._consumers, now)
        events = tuple(self._event(entry, delivery, breakers) for entry, delivery in entries[:MOST_EVENTS])
        keys = dict.fromkeys(case for event in events for step in event.steps for case in step.cases)
        cases = tuple(read_cases(self._table, keys, now)) if keys else ()
        return Trace(query, found_as, tried, events, cases, max(0, len(entries) - MOST_EVENTS))

    def _event(self, entry: Entry, delivery: str, breakers: Mapping[str, BreakerView]) -> TracedEvent:
        event = entry.event
        readers = [consumer for consumer in self._consumers if consumer.reads(StreamId.parse(entry.stream))]
        lane = self._lane(entry, readers)
        return TracedEvent(
            id=event.id,
            type=event.type,
            source=event.source,
            subject=event.subject,
            correlation_id=event.correlation_id,
            stream=entry.stream,
            seq=entry.seq,
            occurred_at=event.occurred_at,
            received_at=event.received_at,
            accepted_at=entry.accepted_at,
            delivery=self._delivery(delivery),
            steps=tuple(self._step(entry, consumer, lane, breakers.get(consumer.id)) for consumer in readers),
        )

    def _delivery(self, pk: str) -> TracedDelivery:
        _, account, delivery_id = pk.split("#", 2)
        item = self._table.get([Key(pk, "D")]).get(Key(pk, "D"))
        received = datetime.fromisoformat(item["received_at"]) if item else None
        return TracedDelivery(account, unescape(delivery_id), received)

    def _lane(self, entry: Entry, readers: Sequence[Consumer]) -> _Lane:
        keys = {outcome_key(entry.stream, entry.seq, consumer.id): consumer.id for consumer in readers}
        where = stream_key(entry.stream)
        found = self._table.get([where, *keys])
        outcomes = {name: Outcome.from_item(found[key]) for key, name in keys.items() if key in found}
        return _Lane(StreamState(entry.stream, found.get(where, {})), outcomes)

    def _step(self, entry: Entry, consumer: Consumer, lane: _Lane, breaker: BreakerView | None) -> Step:
        outcome = lane.outcomes.get(consumer.id)
        if outcome is None:
            return self._without_outcome(entry, consumer, lane, breaker)
        told: dict[str, Any] = {
            "consumer": consumer.id,
            "what": outcome.state,
            "at": outcome.at,
            "after": outcome.at - entry.accepted_at,
            "summary": "; ".join(
                filter(None, (outcome.summary, f"again for {outcome.again}" if outcome.again else ""))
            ),
            "reference": outcome.reference,
        }
        if outcome.state == "parked":
            return self._parked(entry, outcome, told)
        held = self._held_quantities(entry, consumer, lane)
        if held:
            return Step(state=StepState.HELD, cases=held, **told)
        return Step(state=StepState.DONE, **told)

    def _parked(self, entry: Entry, outcome: Outcome, told: Mapping[str, Any]) -> Step:
        waiting = parked_entries(self._table, entry.stream, told["consumer"], outcome.subject or entry.event.subject)
        causes = tuple(dict.fromkeys(cause for one in waiting if one.seq <= entry.seq for cause in one.causes))
        if causes:
            return Step(state=StepState.HELD, cases=causes, **told)
        return Step(state=StepState.WAITING, **{**told, "what": "released", "summary": "runs again next"})

    def _held_quantities(self, entry: Entry, consumer: Consumer, lane: _Lane) -> tuple[str, ...]:
        """Cases under which a poster of state holds back a quantity that this event changed."""
        if not (consumer.is_poster and lane.state.parked(consumer.id)):
            return ()
        states = {
            state
            for feeder in consumer.fed_by(StreamId.parse(entry.stream))
            if feeder in lane.outcomes
            for state in lane.outcomes[feeder].states
        }
        held: Iterator[ParkedEntry] = (
            one
            for state in sorted(states)
            for one in parked_entries(self._table, entry.stream, consumer.id, f"{STATE_SUBJECT}{state}")
        )
        return tuple(dict.fromkeys(cause for one in held for cause in one.causes))

    def _without_outcome(self, entry: Entry, consumer: Consumer, lane: _Lane, breaker: BreakerView | None) -> Step:
        feeders = self._undecided(entry, consumer, lane)
        if not feeders and not self._has_work(entry, consumer, lane):
            return Step(consumer.id, StepState.NOTHING_TO_DO, "passed over")
        stopped = lane.state.stopped(consumer.id)
        if stopped is not None:
            return Step(consumer.id, StepState.STOPPED, "stopped", summary=stopped.get("reason", ""))
        if breaker is not None and breaker.state == "stopped":
            return Step(consumer.id, StepState.STOPPED, "target stopped", summary=breaker.reason)
        if feeders:
            return Step(consumer.id, StepState.WAITING, "waiting", summary=f"for {', '.join(feeders)}")
        if breaker is not None and breaker.state in {"open", "paused", "maintenance"}:
            what = {"open": "target down", "maintenance": "target maintained"}.get(
                breaker.state, f"target paused by {breaker.paused_by}"
            )
            return Step(consumer.id, StepState.WAITING, what, summary=breaker.reason)
        behind = entry.seq - lane.state.cursor(consumer.id).seq - 1
        return Step(
            consumer.id,
            StepState.WAITING,
            "waiting",
            summary=f"{behind} before it in its lane" if behind > 0 else "next in its lane",
        )

    def _undecided(self, entry: Entry, consumer: Consumer, lane: _Lane) -> list[str]:
        """The workflows that have yet to decide whether a poster has to do with an entry."""
        return [
            feeder
            for feeder in consumer.fed_by(StreamId.parse(entry.stream))
            if (
                lane.outcomes[feeder].state == "parked" if feeder in lane.outcomes else self._ahead(entry, feeder, lane)
            )
        ]

    def _ahead(self, entry: Entry, workflow: str, lane: _Lane) -> bool:
        """Whether a workflow that concerns itself with such an entry has not come to it yet."""
        concerned = entry.event.type in self._consumes.get(workflow, (entry.event.type,))
        return concerned and lane.state.cursor(workflow).seq < entry.seq

    def _has_work(self, entry: Entry, consumer: Consumer, lane: _Lane) -> bool:
        """Whether a consumer without an outcome has something to do about an entry."""
        if not consumer.is_poster:
            return self._ahead(entry, consumer.id, lane)
        decided = [lane.outcomes[f] for f in consumer.fed_by(StreamId.parse(entry.stream)) if f in lane.outcomes]
        mine = any(document["target"] == consumer.id for outcome in decided for document in outcome.documents)
        return mine or any(outcome.states for outcome in decided)
