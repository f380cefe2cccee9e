"""The poster of a target account that shows state: only the newest matters.

One drain at a time for a target account, over many lanes at once: what all their decisions touched is worked out anew,
compared with what the target is believed to show, and pushed in batches with compare-and-set. What is under way stands
in the drain's item before it is pushed, so that whoever comes after a crash repeats that very push under its
idempotency key before anything else.

The target may have changed by itself (it sells too) in ways that have not reached us. Then the push is stale; the
target is read, and what it shows plus what *we* know to have changed is pushed instead. What it is believed to show
moves by exactly what a push has moved it; a movement that came from the target moves it too, so the two meet again.
Nothing below zero is ever shown: what had to be left out for that stays in what is believed.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from lockstep.canonical.streams import StreamId
from lockstep.messaging.breaker import Breaker, TargetGuard
from lockstep.messaging.errors import Action, BusinessError, EndpointUnavailable, disposition_of
from lockstep.messaging.lane import may_go_on
from lockstep.messaging.ledger import (
    Cursor,
    Outcome,
    StreamState,
    Unchecked,
    breaker_key,
    control_key,
    drain_key,
    moment,
    outcome_key,
    parked_key,
    record_key,
    stamp,
    state_key,
    stream_key,
)
from lockstep.messaging.outbound import StateChange, StateKey, StateTarget
from lockstep.messaging.parking import (
    RUNS_AGAIN,
    ParkedEntry,
    about_references,
    hold,
    parked_entries,
    parked_subjects,
    recheck,
    weight,
)
from lockstep.messaging.ports import (
    ABSENT,
    CHUNK,
    Bell,
    Clock,
    Delete,
    Doorbells,
    Item,
    Metrics,
    Patch,
    Put,
    Random,
    Table,
    Write,
    WriteRefused,
)
from lockstep.messaging.references import Reference, Resolver, require
from lockstep.messaging.retry import ATTEMPTS, past_contention
from lockstep.messaging.specs import Outbound
from lockstep.messaging.topology import Consumer, Owners
from lockstep.messaging.unit_of_work import UnitOfWork

NOT_SHOWN: Final = "-"
"""Counterpart in the crosswalk of what a target is not meant to show."""
LANE_WINDOW: Final = 25
"""Entries of one lane taken at once."""
_HELD: Final = "state:"
"""Before a key that is parked by itself: what a lane holds back here is a quantity, not an event."""
_NOTHING_HAPPENED: Final = frozenset({Action.WAIT, Action.STOP_TARGET})
_STALE_ROUNDS: Final = 5
_BUSY_DELAY: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one entry, or one parked key of an entry, asks to be shown."""

    seq: int
    keys: tuple[StateKey, ...]
    accepted_at: datetime | None
    parked: ParkedEntry | None = None

    @property
    def again(self) -> str:
        """Who wants it set again although it was shown."""
        return self.parked.again if self.parked is not None else ""


@dataclass(slots=True)
class _Lane:
    """One stream's share of a drain."""

    state: StreamState
    entries: list[_Entry] = field(default_factory=list)
    through: Cursor = field(default_factory=Cursor)
    applied: int = 0
    held: set[str] = field(default_factory=set)
    """Keys that are parked here already."""


@dataclass(frozen=True, slots=True)
class _Push:
    """One quantity on its way."""

    key: StateKey
    believed: int
    """What the target is believed to show, by what we know."""
    desired: int
    """What it should show, by what we know; never below zero."""
    seen: int | None
    """What the target must still show for the push to hold; None to set it whatever it shows."""
    value: int
    """What is pushed: differs from desired by what the target did that has not reached us."""
    marker: str
    """Attempt that last changed what we believe; empty before the first."""

    @property
    def moves(self) -> int:
        """By how much the push changes what is believed."""
        return self.value - (self.believed if self.seen is None else self.seen)

    def after(self, seen: int | None) -> "_Push":
        """The push that fits what the target turned out to show."""
        if seen is None or not self.marker:
            return replace(self, seen=None, value=self.desired)
        return replace(self, seen=seen, value=max(0, seen + self.desired - self.believed))

    def to_item(self) -> list[Any]:
        """As kept while under way."""
        return [str(self.key), self.believed, self.desired, self.seen, self.value, self.marker]

    @classmethod
    def from_item(cls, item: Sequence[Any]) -> "_Push":
        """As kept."""
        key, believed, desired, seen, value, marker = item
        return cls(
            StateKey.parse(key), int(believed), int(desired), None if seen is None else int(seen), int(value), marker
        )


class StatePoster:
    """Keeps one target account showing what it should."""

    def __init__(
        self,
        consumer: Consumer,
        target: StateTarget,
        outbound: Outbound,
        *,
        collection: str,
        value_of: Callable[[Mapping[str, Any] | None], int],
        owner: str,
        table: Table,
        resolver: Resolver,
        doorbells: Doorbells,
        clock: Clock,
        random: Random,
        metrics: Metrics,
        guard: TargetGuard,
        case_owners: Mapping[str, str] | None = None,
    ) -> None:
        """Args:
        collection: Where the feeding workflow keeps the records that the state follows from.
        value_of: What the target should show for a record; for None, that there is no record.
        """
        self._me = consumer.id
        self._consumer = consumer
        self._target = target
        self._outbound = outbound
        self._collection = collection
        self._value_of = value_of
        self._owners = Owners(case_owners or {}, owner)
        self._table = table
        self._resolver = resolver
        self._doorbells = doorbells
        self._clock = clock
        self._random = random
        self._metrics = metrics
        self._guard = guard
        self._drain_key = drain_key(self._me)

    @property
    def consumer(self) -> str:
        """Its id."""
        return self._me

    def drain(self, bells: Sequence[Bell], *, until: datetime, dead_by: datetime) -> None:
        """Bring the target level with what was decided on these streams.

        Args:
            bells: Name the streams.
            until: When to leave off and ring again, UTC.
            dead_by: When this process is sure to be gone: the drain is its own until then.

        Raises:
            TransientEndpointError, OutcomeUnknown: The lanes wait.
            ConfigurationError: The target is stopped.
        """
        found = self._table.get([breaker_key(self._me), self._drain_key, *(stream_key(bell.stream) for bell in bells)])
        breaker = Breaker.of(self._me, found.get(breaker_key(self._me)))
        states = {bell.stream: StreamState(bell.stream, found.get(stream_key(bell.stream), {})) for bell in bells}
        # Of several bells of one lane only one may be the one that starts it again.
        streams = list(
            dict.fromkeys(
                bell.stream
                for bell in bells
                if may_go_on(self._table, states[bell.stream], self._me, bell) and breaker.lets_through(bell)
            )
        )
        if streams and not self._is_maintained():
            drain = found.get(self._drain_key, {})
            self._guard.run(breaker, lambda: self._drain([states[s] for s in streams], drain, until, dead_by))

    def _is_maintained(self) -> bool:
        return self._consumer.maintained_until(self._clock.now()) is not None

    # ---- the drain's own lease ----

    def _drain(self, states: Sequence[StreamState], drain: Item, until: datetime, dead_by: datetime) -> bool:
        streams = [state.stream for state in states]
        token = self._take(drain, dead_by)
        if token is None:
            self._doorbells.ring(self._me, streams, delay=_BUSY_DELAY)
            return False
        heard = False
        refused = 0
        try:
            while True:
                try:
                    went_on = self._go_on(states, drain, token)
                    refused = 0
                except WriteRefused:
                    refused += 1
                    if refused >= ATTEMPTS:
                        raise
                    went_on = False
                if went_on is None:
                    return heard
                heard = heard or went_on
                if self._is_maintained():
                    return heard  # the sweep rings when it is over
                if self._clock.now() >= until:
                    self._doorbells.ring(self._me, streams)
                    return heard
                found = self._table.get([self._drain_key, *map(stream_key, streams)])
                drain = found.get(self._drain_key, {})
                states = [StreamState(stream, found.get(stream_key(stream), {})) for stream in streams]
                if drain.get("token") != token:
                    return heard
        finally:
            self._leave(token)

    def _go_on(self, states: Sequence[StreamState], drain: Item, token: str) -> bool | None:
        """What is to be done next: whether the target was heard from; None when there is nothing to do."""
        if drain.get("attempting"):
            return self._repeat(drain, token)
        unchecked = [state for state in states if state.unchecked(self._me)]
        for state in unchecked:
            self._recheck(state)
        if unchecked:
            return False
        lanes = [lane for state in states if (lane := self._lane(state)) is not None]
        return self._show(lanes, token) if lanes else None

    def _take(self, drain: Item, dead_by: datetime) -> str | None:
        """The token of the drain, now ours; None when somebody else drains."""
        held = drain.get("token", "")
        if held and moment(drain["until"]) > self._clock.now():
            return None
        token = self._random.token()
        patch = Patch(
            self._drain_key,
            set={"token": token, "until": stamp(dead_by)},
            expect={name: drain.get(name, ABSENT) for name in ("token", "attempting")},
        )
        try:
            self._table.write([patch])
        except WriteRefused:
            return None
        return token

    def _leave(self, token: str) -> None:
        try:
            self._table.write([Patch(self._drain_key, set={"token": ""}, expect={"token": token})])
        except WriteRefused:
            return  # the lease ran out and somebody else has it: it is theirs to give back

    # ---- what is to be shown ----

    def _lane(self, state: StreamState) -> _Lane | None:
        """What a lane asks for; None when it asks for nothing more."""
        feeders = self._feeders(state.stream)
        cursor = state.cursor(self._me)
        limit = min((state.cursor(feeder).seq for feeder in feeders), default=0)
        last = min(limit, cursor.seq + LANE_WINDOW)
        lane = _Lane(state, through=Cursor(max(last, cursor.seq)), applied=state.applied(self._me))
        lane.held = parked_subjects(self._table, state, self._me)
        if lane.applied < state.controls:
            lane.applied += 1
            lane.through = cursor
            lane.entries = self._released(state, lane.applied)
            return lane
        if last <= cursor.seq:
            return None
        keys = [(seq, outcome_key(state.stream, seq, f)) for seq in range(cursor.seq + 1, last + 1) for f in feeders]
        found = self._table.get(key for _, key in keys)
        for seq, key in keys:
            if key in found:
                outcome = Outcome.from_item(found[key])
                states = tuple(map(StateKey.parse, outcome.states))
                if states:
                    lane.entries.append(_Entry(seq, states, outcome.accepted_at))
        return lane

    def _released(self, state: StreamState, number: int) -> list[_Entry]:
        key = control_key(state.stream, number)
        control = self._table.get([key])[key]
        if control["consumer"] != self._me or control["action"] not in RUNS_AGAIN:
            return []
        subject = control["subject"]
        entries = []
        for parked in parked_entries(self._table, state.stream, self._me, subject):
            if parked.causes:
                continue
            if parked.skip:
                keys: tuple[StateKey, ...] = ()
            elif subject.startswith(_HELD):
                keys = (StateKey.parse(subject.removeprefix(_HELD)),)
            else:
                keys = self._states_of(state.stream, parked.seq)
            entries.append(_Entry(parked.seq, keys, None, parked))
        return entries

    def _feeders(self, stream: str) -> tuple[str, ...]:
        return self._consumer.fed_by(StreamId.parse(stream))

    def _states_of(self, stream: str, seq: int) -> tuple[StateKey, ...]:
        keys = [outcome_key(stream, seq, feeder) for feeder in self._feeders(stream)]
        found = self._table.get(keys)
        return tuple(StateKey.parse(text) for item in found.values() for text in Outcome.from_item(item).states)

    # ---- showing it ----

    def _show(self, lanes: Sequence[_Lane], token: str) -> bool:
        """Push what differs, record it, and move the lanes' cursors; whether the target was heard from."""
        keys = list(dict.fromkeys(key for lane in lanes for entry in lane.entries for key in entry.keys))
        again = {key for lane in lanes for entry in lane.entries if entry.again for key in entry.keys}
        names, errors = self._names(keys)
        unnamed = frozenset(errors)
        shown = [key for key in keys if key in names]
        record: list[Write] = []
        heard = False
        for start in range(0, len(shown), self._outbound.batch_size):
            pending = self._work_out(shown[start : start + self._outbound.batch_size], again)
            for _ in range(_STALE_ROUNDS):
                if not pending:
                    break
                pending, record = self._push(pending, names, errors, token, record)
                heard = True
            if pending:
                raise EndpointUnavailable(f"{self._me} kept changing what it shows of {pending[0].key}")
        if heard:
            record.append(Patch(self._drain_key, remove=("attempting",), expect={"token": token}))
        moves = [writes for lane in lanes for writes in self._lane_writes(lane, errors, unnamed)]
        self._write([*([write] for write in record), *moves])
        for lane in lanes:
            self._count(lane, errors)
        return heard

    def _names(
        self, keys: Sequence[StateKey]
    ) -> tuple[dict[StateKey, Mapping[Reference, str]], dict[StateKey, BusinessError]]:
        """The target's names for what each key is about; errors for keys it has none for. Neither: not to be shown."""
        wanted = {key: tuple(self._target.references(key)) for key in keys}
        known = self._resolver.resolve({reference for references in wanted.values() for reference in references})
        names: dict[StateKey, Mapping[Reference, str]] = {}
        errors: dict[StateKey, BusinessError] = {}
        for key, references in wanted.items():
            if any(known.get(reference) == NOT_SHOWN for reference in references):
                continue
            try:
                require(known, references)
            except BusinessError as error:
                errors[key] = error
            else:
                names[key] = {reference: known[reference] for reference in references}
        return names, errors

    def _work_out(self, keys: Sequence[StateKey], again: Collection[StateKey]) -> list[_Push]:
        """What differs, and what a person wants set again whatever the target is believed to show."""
        records = {key: record_key(self._collection, str(key)) for key in keys}
        beliefs = {key: state_key(self._me, str(key)) for key in keys}
        found = self._table.get([*records.values(), *beliefs.values()])
        pushes = []
        for key in keys:
            record, belief = found.get(records[key]), found.get(beliefs[key], {})
            desired = max(0, self._value_of(record["value"] if record else None))
            believed, marker = int(belief.get("expected", 0)), belief.get("marker", "")
            if believed != desired or not marker or key in again:
                seen = believed if marker and key not in again else None
                pushes.append(_Push(key, believed, desired, seen, desired, marker))
        return pushes

    def _push(
        self,
        pushes: Sequence[_Push],
        names: Mapping[StateKey, Mapping[Reference, str]],
        errors: dict[StateKey, BusinessError],
        token: str,
        record: Sequence[Write],
    ) -> tuple[list[_Push], list[Write]]:
        """One call: what is still to be pushed, and the writes that record what now is shown."""
        attempt = self._random.token()
        under_way = {
            "key": attempt,
            "at": stamp(self._clock.now()),
            "pushes": [push.to_item() for push in pushes],
            # As they were called when it was sent: a mapping that changes meanwhile must not make it another call.
            "names": [[names[push.key][ref] for ref in self._target.references(push.key)] for push in pushes],
        }
        begin = Patch(self._drain_key, set={"attempting": under_way}, expect={"token": token})
        self._write([*([write] for write in record), [begin]])
        changes = [_change(push, names[push.key]) for push in pushes]
        try:
            outcomes = self._target.push(changes, idempotency_key=attempt)
        except Exception as error:
            if disposition_of(error).action in _NOTHING_HAPPENED:
                self._table.write([Patch(self._drain_key, remove=("attempting",), expect={"token": token})])
            raise
        shown: list[Write] = []
        again: list[_Push] = []
        stale: list[_Push] = []
        for push, outcome in zip(pushes, outcomes, strict=True):
            if outcome.error is not None:
                errors[push.key] = outcome.error
            elif outcome.stale:
                stale.append(push)
            elif outcome.retry:
                again.append(push)
            else:
                shown.append(self._record_of(push, attempt))
        if stale:
            actual = self._target.read([_change(push, names[push.key]) for push in stale])
            again += [push.after(seen) for push, seen in zip(stale, actual, strict=True)]
        self._metrics.count("StatesPushed", len(shown), service=self._me)
        return again, shown

    def _record_of(self, push: _Push, attempt: str) -> Write:
        """The write that records a push, once: a second of the same attempt is refused by its marker."""
        expect = {"marker": push.marker or ABSENT}
        key = state_key(self._me, str(push.key))
        return Patch(key, set={"marker": attempt}, add={"expected": push.moves}, expect=expect)

    def _repeat(self, drain: Item, token: str) -> bool:
        """Finish what somebody left under way: repeat that very call, and record what had become of it."""
        under_way = drain["attempting"]
        attempt = under_way["key"]
        pushes = [_Push.from_item(item) for item in under_way["pushes"]]
        beliefs = self._table.get(state_key(self._me, str(push.key)) for push in pushes)
        changes = [
            _change(push, dict(zip(self._target.references(push.key), names, strict=True)))
            for push, names in zip(pushes, under_way["names"], strict=True)
        ]
        retention = self._outbound.idempotency_retention
        if retention is None or self._clock.now() < moment(under_way["at"]) + retention:
            outcomes = self._target.push(changes, idempotency_key=attempt)
            happened = [not (outcome.stale or outcome.retry or outcome.error) for outcome in outcomes]
        else:
            happened = [seen == push.value for push, seen in zip(pushes, self._target.read(changes), strict=True)]
        record: list[list[Write]] = [
            [self._record_of(push, attempt)]
            for push, done in zip(pushes, happened, strict=True)
            if done and beliefs.get(state_key(self._me, str(push.key)), {}).get("marker") != attempt
        ]
        self._write([*record, [Patch(self._drain_key, remove=("attempting",), expect={"token": token})]])
        return True

    # ---- what is committed ----

    def _lane_writes(
        self, lane: _Lane, errors: Mapping[StateKey, BusinessError], unnamed: Collection[StateKey]
    ) -> list[list[Write]]:
        """Transactions that note what became of a lane's entries and move its cursor.

        Args:
            lane: What was gone through.
            errors: What cannot be shown, and why.
            unnamed: Those of them of which a name is missing; the target refused the others.
        """
        work = UnitOfWork(self._table, self._me, lane.state, feeders=self._feeders(lane.state.stream))
        writes: list[list[Write]] = []
        at = lane.state.cursor(self._me)
        now = self._clock.now()
        for entry in lane.entries:
            failed = {key: errors[key] for key in entry.keys if key in errors}
            for key, error in failed.items():
                if work.room < weight(error):
                    writes.append(work.take(at))
                self._hold(
                    work, lane, entry, key, error, references=self._target.references(key) if key in unnamed else ()
                )
            if work.room < 2:  # noqa: PLR2004  # its outcome, and what parked it
                writes.append(work.take(at))
            if entry.parked is not None and not (failed and entry.parked.subject.startswith(_HELD)):
                work.add([Delete(parked_key(lane.state.stream, self._me, entry.parked.subject, entry.seq))])
                work.count_parked(-1)
            held = f", {len(failed)} held" if failed else ""
            pushed = len(entry.keys) - len(failed)
            what = f"{pushed} {'quantity' if pushed == 1 else 'quantities'}{held}"
            outcome = Outcome("pushed", now, what, again=entry.again)
            if entry.parked is not None and entry.parked.skip:
                what = entry.parked.subject.removeprefix(_HELD)
                outcome = Outcome("skipped", now, f"{what} {entry.parked.skip}")
            work.add([Put(outcome_key(lane.state.stream, entry.seq, self._me), outcome.to_item())])
            if entry.parked is None:
                at = Cursor(entry.seq)
        name = f"applied#{self._me}"
        if lane.applied != lane.state.applied(self._me):
            work.patch_stream(values={name: lane.applied}, expect={name: lane.state.raw(name)})
        writes.append(work.take(lane.through))
        return writes

    def _hold(
        self,
        work: UnitOfWork,
        lane: _Lane,
        entry: _Entry,
        key: StateKey,
        error: BusinessError,
        *,
        references: Sequence[Reference],
    ) -> None:
        """Hold one quantity back under its cases; once a lane, whichever entry asked first.

        `references` are those of which one was not found. What a target refused had all its names.
        """
        subject = f"{_HELD}{key}"
        again = entry.parked is not None and entry.parked.subject == subject
        if subject in lane.held and not again:
            return
        now = self._clock.now()
        work.add(hold(lane.state.stream, entry.seq, self._me, subject, error, owners=self._owners, now=now))
        work.check_again(subject, entry.seq, about_references(error, references))
        if not again:
            lane.held.add(subject)
            work.count_parked(1)

    def _write(self, groups: Iterable[Sequence[Write]]) -> None:
        """Write groups in order, as many as fit into one transaction at a time; each whole."""
        together: list[Write] = []
        for group in groups:
            keys = {write.key for write in together}
            if together and (len(together) + len(group) > CHUNK or any(write.key in keys for write in group)):
                self._surely(together)
                together = []
            together.extend(group)
        if together:
            self._surely(together)

    def _surely(self, writes: Sequence[Write]) -> None:
        """Write what has happened outside."""
        past_contention(lambda: self._table.write(writes), self._clock)

    def _recheck(self, state: StreamState) -> None:
        def references_of(held: Unchecked) -> Sequence[Reference]:
            return self._target.references(StateKey.parse(held.subject.removeprefix(_HELD)))

        recheck(self._table, self._resolver, state, self._me, references_of, now=self._clock.now())

    def _count(self, lane: _Lane, errors: Mapping[StateKey, BusinessError]) -> None:
        now = self._clock.now()
        for entry in lane.entries:
            if any(key in errors for key in entry.keys):
                self._metrics.count("SubjectsParked", service=self._me)
            elif entry.parked is not None and entry.parked.skip:
                self._metrics.count("EntriesSkipped", service=self._me)
            elif entry.accepted_at is not None:
                took = (now - entry.accepted_at) / timedelta(milliseconds=1)
                self._metrics.count("AcceptToEffectMilliseconds", took, service=self._me)


def _change(push: _Push, names: Mapping[Reference, str]) -> StateChange:
    return StateChange(push.key, push.seen, push.value, names)
