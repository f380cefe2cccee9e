"""The ordered consumer of a workflow: takes entries after its cursor, decides, and commits everything at once.

Its effects are in the transaction that moves its cursor, so it needs no lease: who reads an old cursor cannot commit.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from lockstep.canonical.events import Event
from lockstep.messaging.awaiting import events_awaited, missing
from lockstep.messaging.correcting import as_corrected, correction_of
from lockstep.messaging.errors import BusinessError, CaseKey, PredecessorMissing
from lockstep.messaging.lane import may_go_on
from lockstep.messaging.ledger import (
    Cursor,
    Entry,
    Outcome,
    StreamState,
    Unchecked,
    case_key,
    control_key,
    entry_from,
    entry_key,
    outcome_key,
    parked_key,
    record_key,
    stamp,
    state_key,
    stream_key,
)
from lockstep.messaging.outbound import Document
from lockstep.messaging.parking import (
    RUNS_AGAIN,
    CaseNote,
    ParkedEntry,
    about_references,
    all_parked,
    append_control,
    causes_of,
    close_patch,
    open_case,
    others_behind,
    park,
    park_behind,
    parked_entries,
    parked_places,
    read_cases,
    recheck,
    stop_for,
    take_over,
    unpark,
    weight,
)
from lockstep.messaging.ports import (
    Bell,
    Check,
    Clock,
    Doorbells,
    Key,
    Metrics,
    Patch,
    Put,
    Random,
    Table,
    Write,
    WriteRefused,
)
from lockstep.messaging.predecessors import ahead_of, may_run, places_of, waits
from lockstep.messaging.references import Reference, Resolver
from lockstep.messaging.specs import WorkflowSpec
from lockstep.messaging.topology import Owners, workflow_consumer
from lockstep.messaging.unit_of_work import UnitOfWork

_ROUNDS: Final = 3
"""Rounds of looking up: a source's names, then the targets' names for what those meant, and one to spare."""
_ATTEMPTS: Final = 12
"""Tries against concurrent writers before the bell is left to ring again."""

Names = Mapping[Reference, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A new value of one of the workflow's records, with what goes along with it. Committed whole or not."""

    record: str
    value: Mapping[str, Any]
    state: str = ""
    """Key whose state at the targets follows from this record."""
    believed: Mapping[str, int] = field(default_factory=dict)
    """By how much each target changed by itself what it shows under `state`: the movement came from there."""
    case: CaseKey | None = None
    """A case to open although the entry goes through."""
    problem: str = ""
    """What the case says."""
    repaired: CaseKey | None = None
    """A case of that kind that this change mends."""

    @property
    def weight(self) -> int:
        """How many items it touches."""
        return 1 + len(self.believed) + (self.case is not None) + (self.repaired is not None)


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from one event."""

    summary: str
    """For a person who follows the event."""
    changes: tuple[Change, ...] = ()
    """In an order that depends on the event alone, so that a decision half committed can be completed."""
    documents: tuple[tuple[str, Document], ...] = ()
    """(target account, document) pairs, in the order in which they are to be posted."""
    states: tuple[str, ...] = ()
    """Keys whose state at the targets is looked at although no record of theirs may have changed."""

    @property
    def shown(self) -> tuple[str, ...]:
        """All keys whose state at the targets is looked at, each once."""
        return tuple(dict.fromkeys([*(change.state for change in self.changes if change.state), *self.states]))


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may look at beside the event."""

    names: Names
    """Counterparts of the references asked for, where they have one."""
    records: Mapping[str, Mapping[str, Any]]
    """The workflow's records asked for, where they exist."""
    earlier: Mapping[str, Event]
    """The events that this one follows, by id, where they have arrived."""
    targets: tuple[str, ...]
    """Accounts bound to the workflow's role."""
    unfollowed: frozenset[str] = frozenset()
    """Ids of events that it follows and that have never come: a person decided that it shall go on without them."""


class Workflow(Protocol):
    """A business process: pure functions of an event and its context."""

    spec: WorkflowSpec
    collection: str
    """Where its records stand; empty when it keeps none."""

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        """What it must look up, given what it has found so far (asked again until nothing new is wanted)."""
        ...

    def records(self, event: Event, context: Context) -> Sequence[str]:
        """Keys of the records it decides on, given those it has been given so far (asked again until nothing new)."""
        ...

    def decide(self, event: Event, context: Context) -> Decision:
        """What follows. Pure: the same event and context give the same decision.

        Raises:
            BusinessError: It cannot be decided until a person repairs what its cases name.
        """
        ...

    def amount_at_stake(self, event: Event) -> str:
        """How much money waits while the event is parked, as in `54.60 USD`; empty where none does."""
        ...


class WorkflowConsumer:
    """Drains streams for one workflow."""

    def __init__(
        self,
        workflow: Workflow,
        *,
        targets: tuple[str, ...],
        table: Table,
        resolver: Resolver,
        doorbells: Doorbells,
        clock: Clock,
        random: Random,
        metrics: Metrics,
        owners: Owners | None = None,
    ) -> None:
        """Args:
        workflow: Its process.
        targets: Accounts bound to its role.
        table: The ledger.
        resolver: Looks names up.
        doorbells: Rung for the targets.
        clock: UTC.
        random: For pauses.
        metrics: Counts.
        owners: Of cases, by kind; the workflow's own unless given.
        """
        self._workflow = workflow
        self._owners = owners or Owners(otherwise=workflow.spec.owner)
        self._spec = workflow.spec
        self._me = workflow.spec.consumer
        self._targets = targets
        self._table = table
        self._resolver = resolver
        self._doorbells = doorbells
        self._clock = clock
        self._random = random
        self._metrics = metrics

    @property
    def consumer(self) -> str:
        """Its id."""
        return self._me

    def drain(self, bell: Bell, *, until: datetime) -> None:
        """Bring this consumer level with the head of a stream.

        Args:
            bell: Names the stream; a redriven bell clears the stop it caused.
            until: When to leave off and ring again, UTC.

        Raises:
            ConcurrentUpdate: Others kept writing the same items.
        """
        moved = False
        refused = 0
        while True:
            state = self._read(bell.stream)
            try:
                if not self._go_on(state, bell, batch=max(1, self._spec.batch_size >> refused)):
                    break
                moved = True
                refused = 0
            except WriteRefused:
                refused += 1
                if refused >= _ATTEMPTS:
                    raise
                pause = timedelta(milliseconds=min(1000, 10 * 2**refused))
                self._clock.sleep(pause * self._random.random())
            if self._clock.now() >= until:
                self._doorbells.ring(self._me, [bell.stream])
                break
        if moved:
            for target in self._targets:
                self._doorbells.ring(target, [bell.stream])

    def _go_on(self, state: StreamState, bell: Bell, *, batch: int) -> bool:
        """Do what is to be done next; whether there was anything."""
        if state.unchecked(self._me):
            self._recheck(state)
        elif not may_go_on(self._table, state, self._me, bell):
            return False
        elif state.applied(self._me) < state.controls:
            self._apply_control(state)
        elif state.cursor(self._me).seq < state.head:
            self._advance(state, batch=batch)
        else:
            return False
        return True

    def _read(self, stream: str) -> StreamState:
        key = stream_key(stream)
        return StreamState(stream, self._table.get([key]).get(key, {}))

    # ---- entries after the cursor ----

    def _advance(self, state: StreamState, *, batch: int) -> None:
        cursor = state.cursor(self._me)
        last = min(state.head, cursor.seq + batch)
        entries = self._entries(state.stream, range(cursor.seq + 1, last + 1))
        held = all_parked(self._table, state, self._me)
        parked = parked_places(held)
        ahead = ahead_of(self._table, state.stream, held)
        awaited: dict[str, Collection[str]] = {}
        concerned = [entry for entry in entries if self._concerns(entry)]
        contexts = self._contexts(concerned)
        parked_as = self._parked_as(state.stream, concerned) if parked else {}
        work = UnitOfWork(self._table, self._me, state)
        work.load(self._record_keys(concerned, contexts))
        parkings = 0
        at = cursor
        for entry in concerned:
            at = max(at, Cursor(entry.seq - 1))
            behind = self._parked_before(entry, parked, parked_as)
            first = entry.seq in ahead.get(behind or "", ()) or entry.event.id in awaited.get(behind or "", ())
            if behind and not first:
                self._make_room(work, at, 2)
                work.add(self._behind(entry, behind))
                work.count_parked(1)
                parked_as[entry.event.id] = behind
                parked.setdefault(entry.event.subject, behind)
            else:
                try:
                    skip = cursor.part if entry.seq == cursor.seq + 1 else 0
                    self._decide(work, entry, contexts[entry.seq], at=at, skip=skip)
                except BusinessError as error:
                    full = self._case_at_limit(error)
                    if full is not None:
                        causes = about_references(error, self._missing(entry, contexts[entry.seq]))
                        self._stop(work, at, entry, causes, case=full[0], waiting=full[1])
                        return
                    self._make_room(work, at, weight(error))
                    subject = entry.event.subject
                    if first and isinstance(error, PredecessorMissing):
                        work.add(self._behind(entry, subject))  # the first of its subject may wait for the same
                    else:
                        self._park(work, entry, contexts[entry.seq], subject, error, part=skip)
                        parkings += 1
                    work.count_parked(1)
                    ahead.pop(subject, None)
                    awaited[subject] = () if first else events_awaited(causes_of(error))
                    parked[subject] = parked_as[entry.event.id] = subject
            at = Cursor(entry.seq)
        work.commit(Cursor(last))
        self._count(len(contexts), parkings)

    def _parked_before(
        self,
        entry: Entry,
        parked: Mapping[str, str],
        parked_as: Mapping[str, str],
    ) -> str | None:
        """The parked subject behind which an entry waits: that of one it follows, or where its own waits."""
        for event_id in entry.event.follows():
            if parked_as.get(event_id) in parked:
                return parked_as[event_id]
        return parked.get(entry.event.subject)

    def _behind(self, entry: Entry, subject: str) -> list[Write]:
        return park_behind(entry.stream, entry.seq, self._me, subject, self._clock.now(), own=entry.event.subject)

    def _stop(
        self, work: UnitOfWork, at: Cursor, entry: Entry, causes: Sequence[str], *, case: str, waiting: int
    ) -> None:
        """Stop the lane before an entry, for a case that holds too many already.

        Args:
            causes: Those of the entry's cases that an import repairs.
        """
        if not work.is_empty:
            work.commit(at)  # which may have added to that case: what is read next says whether it is still full
            return
        now = self._clock.now()
        still = Check(case_key(case), {f"waiting#{self._me}": waiting})
        work.add([*stop_for(case, entry.stream, self._me, now), still])
        reason = {"reason": f"{waiting} already wait for {case}", "bell": "", "since": stamp(now)}
        work.patch_stream(values={f"stopped#{self._me}": reason})
        work.check_again("", entry.seq, causes)
        work.commit(at)

    def _make_room(self, work: UnitOfWork, at: Cursor, items: int) -> None:
        if work.room < items:
            work.commit(at)

    def _concerns(self, entry: Entry) -> bool:
        return entry.event.type in self._spec.consumes and entry.accepted_at >= self._spec.active_from

    def _entries(self, stream: str, seqs: Iterable[int]) -> list[Entry]:
        keys = [entry_key(stream, seq) for seq in seqs]
        found = self._table.get(keys)
        return [entry_from(key, found[key]) for key in keys]

    def _contexts(self, entries: Sequence[Entry]) -> dict[int, Context]:
        """What each entry's decision may look at, by seq: looked up for all of them together."""
        earlier = self._earlier(entries)
        contexts = {entry.seq: Context({}, {}, earlier, self._targets) for entry in entries}
        names: dict[Reference, str] = {}
        asked: set[Reference] = set()
        for _ in range(_ROUNDS):
            wanted = {
                reference
                for entry in entries
                for reference in self._workflow.references(entry.event, contexts[entry.seq])
            } - asked
            if not wanted:
                break
            asked |= wanted
            names |= self._resolver.resolve(wanted)
            contexts = {seq: replace(context, names=names) for seq, context in contexts.items()}
        return contexts

    def _record_keys(self, entries: Sequence[Entry], contexts: Mapping[int, Context]) -> list[Key]:
        collection = self._workflow.collection
        return [
            record_key(collection, key)
            for entry in entries
            for key in self._workflow.records(entry.event, contexts[entry.seq])
        ]

    def _places(self, entries: Sequence[Entry]) -> dict[str, tuple[str, int]]:
        """Where the events that these follow stand, by id."""
        return places_of(self._table, (event_id for entry in entries for event_id in entry.event.follows()))

    def _earlier(self, entries: Sequence[Entry]) -> dict[str, Event]:
        """The events that these follow, as they count for this consumer.

        What a person corrected for another one is known under the id that it should have had; until it is corrected
        here too it has not come.
        """
        places = self._places(entries)
        if not places:
            return {}
        keys = {event_id: entry_key(*place) for event_id, place in places.items()}
        outcomes = {event_id: outcome_key(*place, self._me) for event_id, place in places.items()}
        found = self._table.get([*keys.values(), *outcomes.values()])
        made = {id_: Outcome.from_item(found[key]) for id_, key in outcomes.items() if key in found}
        events = {id_: as_corrected(entry_from(key, found[key]), made.get(id_)).event for id_, key in keys.items()}
        return {id_: event for id_, event in events.items() if event.id == id_}

    def _parked_as(self, stream: str, entries: Sequence[Entry]) -> dict[str, str]:
        """The events of this stream that these follow and that are parked: id to the subject they are parked under."""
        places = {event_id: seq for event_id, (where, seq) in self._places(entries).items() if where == stream}
        keys = {event_id: outcome_key(stream, seq, self._me) for event_id, seq in places.items()}
        found = self._table.get(keys.values()) if keys else {}
        return {
            event_id: found[key]["subject"]
            for event_id, key in keys.items()
            if key in found and found[key]["state"] == "parked"
        }

    # ---- one entry ----

    def _decide(
        self,
        work: UnitOfWork,
        entry: Entry,
        context: Context,
        *,
        at: Cursor,
        skip: int,
        parked: ParkedEntry | None = None,
        reserve: int = 0,
    ) -> None:
        """Put what follows from an entry into the work, committing whenever it is full.

        A parked entry notes in its own item how far it got, another in the cursor. The outcome, and `reserve` items
        that the caller adds, are left for one commit, so that nobody sees the one without the other.
        """
        event = entry.event
        decision = self._workflow.decide(event, replace(context, records=self._records(work, event, context)))
        for number, change in enumerate(decision.changes):
            if number < skip:
                continue
            if work.room < change.weight + 1:
                self._commit_part(work, entry, number, at, parked)
            self._apply(work, change, event)
        if work.room < 1 + reserve:
            self._commit_part(work, entry, len(decision.changes), at, parked)
        outcome = Outcome(
            state="decided",
            at=self._clock.now(),
            summary=decision.summary,
            subject=event.subject,
            documents=tuple({"target": target} | document.to_item() for target, document in decision.documents),
            states=decision.shown,
            accepted_at=entry.accepted_at,
            correction=parked.correction if parked is not None else b"",
        )
        correction = correction_of(parked)
        if correction is not None:
            outcome = replace(outcome, summary=f"{decision.summary}; {correction.note}")
        work.add([Put(outcome_key(entry.stream, entry.seq, self._me), outcome.to_item())])

    def _records(self, work: UnitOfWork, event: Event, context: Context) -> dict[str, Mapping[str, Any]]:
        """The records that the workflow decides on. Those asked for first may name others, as what an order claimed."""
        records: dict[str, Mapping[str, Any]] = {}
        asked: set[str] = set()
        for _ in range(_ROUNDS):
            wanted = [
                key for key in self._workflow.records(event, replace(context, records=records)) if key not in asked
            ]
            if not wanted:
                break
            asked |= set(wanted)
            keys = {key: record_key(self._workflow.collection, key) for key in wanted}
            work.load(keys.values())
            records |= {key: value for key in keys if (value := work.record(keys[key])) is not None}
        return records

    def _commit_part(self, work: UnitOfWork, entry: Entry, part: int, at: Cursor, parked: ParkedEntry | None) -> None:
        if parked is None:
            work.commit(Cursor(entry.seq - 1, part))
        else:
            key = parked_key(entry.stream, self._me, parked.subject, entry.seq)
            work.add([Patch(key, set={"part": part}, expect=parked.as_read)])
            work.commit(at)

    def _apply(self, work: UnitOfWork, change: Change, event: Event) -> None:
        now = self._clock.now()
        work.put_record(record_key(self._workflow.collection, change.record), change.value)
        work.add(Patch(state_key(target, change.state), add={"expected": by}) for target, by in change.believed.items())
        if change.case is not None:
            note = CaseNote(
                change.case, change.problem, self._owners.of(change.case.kind), self._me, event.correlation_id
            )
            work.add([open_case(note, now, waiting=0)])
            self._metrics.count("CasesOpened", service=self._me)
        if change.repaired is not None:
            work.add([close_patch(change.repaired, now, by=self._me)])

    def _park(
        self,
        work: UnitOfWork,
        entry: Entry,
        context: Context,
        subject: str,
        error: BusinessError,
        *,
        part: int,
        again: ParkedEntry | None = None,
        others: Sequence[ParkedEntry] = (),
    ) -> None:
        """Park an entry; `again` is what was known of it when it was parked before, `others` as for `take_over`."""
        writes = park(
            entry.stream,
            entry.seq,
            self._me,
            subject,
            error,
            owners=self._owners,
            now=self._clock.now(),
            amount=self._workflow.amount_at_stake(entry.event),
            part=part,
            own=entry.event.subject,
            correction=again.correction if again is not None else b"",
            without=again.without if again is not None else (),
            within=self._spec.predecessor_within,
            cases=read_cases(self._table, error),
            before=again.as_read if again is not None else {},
        )
        work.add(take_over(writes, entry.stream, self._me, subject, others))
        work.check_again(subject, entry.seq, about_references(error, self._missing(entry, context)))

    def _missing(self, entry: Entry, context: Context) -> list[Reference]:
        """The names that it wants and that were not found: to find others again repairs nothing."""
        wanted = self._workflow.references(entry.event, context)
        return [reference for reference in wanted if reference not in context.names]

    def _case_at_limit(self, error: BusinessError) -> tuple[str, int] | None:
        """The case that already holds as many of ours as may wait for one cause, and how many."""
        keys = {case_key(case): case for case in causes_of(error)}
        for key, item in self._table.get(keys).items():
            waiting = int(item.get(f"waiting#{self._me}", 0))
            if waiting >= self._spec.park_limit:
                return keys[key], waiting
        return None

    def _recheck(self, state: StreamState) -> None:
        def references_of(held: Unchecked) -> Sequence[Reference]:
            (entry,) = self._entries(state.stream, [held.seq])
            key = parked_key(state.stream, self._me, held.subject, held.seq)
            item = self._table.get([key]).get(key)
            entry = as_corrected(entry, ParkedEntry.of(key, item) if item is not None else None)
            return self._workflow.references(entry.event, self._contexts([entry])[entry.seq])

        recheck(self._table, self._resolver, state, self._me, references_of, now=self._clock.now())

    def _count(self, decided: int, parked: int) -> None:
        self._metrics.count("EntriesDecided", decided - parked, service=self._me)
        if parked:
            self._metrics.count("SubjectsParked", parked, service=self._me)

    # ---- controls ----

    def _apply_control(self, state: StreamState) -> None:
        number = state.applied(self._me) + 1
        key = control_key(state.stream, number)
        control = self._table.get([key])[key]
        if control["consumer"] == self._me and control["action"] in RUNS_AGAIN:
            waiting = parked_entries(self._table, state.stream, self._me, control["subject"])
            for parked in may_run(self._table, state.stream, waiting):
                if parked.skip:
                    self._skip(parked, state)
                    return
                if self._run_again(parked, state, waiting):
                    return  # and look again: others wait behind it, and others may have joined them
        name = f"applied#{self._me}"
        expect = {name: state.raw(name), **state.standing(self._me)}
        self._table.write([Patch(stream_key(state.stream), set={name: number}, expect=expect)])

    def _skip(self, parked: ParkedEntry, state: StreamState) -> None:
        """Let a parked entry have no effect, as a person decided: to posters it is one without documents."""
        made = f"; {parked.part} of its changes had been made" if parked.part else ""
        outcome = Outcome("skipped", self._clock.now(), parked.skip + made, subject=parked.subject)
        work = UnitOfWork(self._table, self._me, state)
        work.add(
            [
                Put(outcome_key(state.stream, parked.seq, self._me), outcome.to_item()),
                unpark(state.stream, self._me, parked),
            ]
        )
        work.count_parked(-1)
        work.commit(state.cursor(self._me))
        self._metrics.count("EntriesSkipped", service=self._me)

    def _run_again(self, parked: ParkedEntry, state: StreamState, waiting: Sequence[ParkedEntry]) -> bool:
        """Decide a parked entry again: it goes through, or is parked under what it runs into now.

        False for one that would go ahead of the first of its subject and has to wait for others itself: it stays there.

        Args:
            parked: The entry.
            state: Of its stream.
            waiting: Everything parked of its subject, in order.
        """
        (entry,) = self._entries(state.stream, [parked.seq])
        entry = as_corrected(entry, parked)
        context = replace(self._contexts([entry])[entry.seq], unfollowed=frozenset(parked.without))
        cursor = state.cursor(self._me)
        work = UnitOfWork(self._table, self._me, state)
        try:
            self._hold_behind_own_lane(entry)
            reserve = 1 + 2 * len(self._targets)
            self._decide(work, entry, context, at=cursor, skip=parked.part, parked=parked, reserve=reserve)
        except BusinessError as error:
            if parked is not waiting[0] and isinstance(error, PredecessorMissing):
                return False
            others = others_behind(parked, waiting)
            self._park(work, entry, context, parked.subject, error, part=parked.part, again=parked, others=others)
            work.commit(cursor)
            self._count(1, 1)
            return True
        work.add([unpark(state.stream, self._me, parked)])
        work.count_parked(-1)
        self._hand_on(work, state, entry)
        work.commit(cursor)
        self._count(1, 0)
        return True

    def _hold_behind_own_lane(self, entry: Entry) -> None:
        """What refers to an entry that this consumer has parked waits behind it, whoever lets it go.

        Raises:
            PredecessorMissing: It has.
        """
        for event_id, place in self._places([entry]).items():
            if place[0] == entry.stream and place[1] > entry.seq and self._waits(entry.stream, {event_id: place}):
                raise missing([event_id], f"{event_id}, to which it refers, is held itself")

    def _waits(self, stream: str, places: Mapping[str, tuple[str, int]]) -> bool:
        return waits(self._table, workflow_consumer(self._spec), stream, places)

    def _hand_on(self, work: UnitOfWork, state: StreamState, entry: Entry) -> None:
        """Let posters that have gone past a released entry come back to it, under its own subject.

        Here it may have waited under the subject of one that it follows; what is decided is posted by its own.

        One that has not may just have read it as parked: the count of released tells it to read again.
        """
        work.patch_stream(add={f"released#{self._me}": 1})
        for target in self._targets:
            name = f"cursor#{target}"
            work.patch_stream(expect={name: state.raw(name)})
        passed = [target for target in self._targets if state.cursor(target) > Cursor(entry.seq - 1)]
        if not passed:
            return
        keys = {target: parked_key(state.stream, target, entry.event.subject, entry.seq) for target in passed}
        known = self._table.get(keys.values())
        for target, key in keys.items():
            count = f"parked#{target}"
            work.patch_stream(expect={count: state.raw(count)})
            if key in known:  # what another workflow decided of it is parked there: it goes on from its beginning again
                work.add([Patch(key, set={"part": 0})])
            else:
                work.add([Put(key, {"causes": []})])
                work.patch_stream(add={count: 1})
            if state.cursor(target).seq < entry.seq:
                work.patch_stream(values={f"cursor#{target}": str(Cursor(entry.seq))})  # the rest goes with it
        asked = [(target, "release", entry.event.subject) for target in passed]
        *entries, stream_patch = append_control(state, asked, self._clock.now(), by=self._me)
        work.add(entries)
        if isinstance(stream_patch, Patch):
            work.patch_stream(values=stream_patch.set, expect=stream_patch.expect)
