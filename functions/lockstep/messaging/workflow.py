"""The ordered consumer of a workflow: takes entries after its cursor, decides, and commits everything at once.

Its effects are in the transaction that moves its cursor, so it needs no lease: who reads an old cursor cannot commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from lockstep.canonical.events import Event
from lockstep.messaging.errors import BusinessError, CaseKey
from lockstep.messaging.lane import may_go_on
from lockstep.messaging.ledger import (
    Cursor,
    Entry,
    Outcome,
    StreamState,
    case_key,
    control_key,
    entry_from,
    entry_key,
    identity_key,
    outcome_key,
    parked_key,
    record_key,
    state_key,
    stream_key,
)
from lockstep.messaging.outbound import Document
from lockstep.messaging.parking import (
    CaseNote,
    ParkedEntry,
    append_control,
    close_patch,
    open_case,
    park,
    park_behind,
    parked_entries,
    parked_subjects,
    recheck,
    stop_for,
)
from lockstep.messaging.ports import (
    Bell,
    Clock,
    Delete,
    Doorbells,
    Key,
    Metrics,
    Patch,
    Put,
    Random,
    Table,
    WriteRefused,
)
from lockstep.messaging.references import Reference, Resolver
from lockstep.messaging.specs import WorkflowSpec
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


class Workflow(Protocol):
    """A business process: pure functions of an event and its context."""

    spec: WorkflowSpec
    collection: str
    """Where its records stand; empty when it keeps none."""

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        """What it must look up, given what it has found so far (asked again until nothing new is wanted)."""
        ...

    def records(self, event: Event, context: Context) -> Sequence[str]:
        """Keys of the records it decides on."""
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
    ) -> None:
        self._workflow = workflow
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
            if not may_go_on(self._table, state, self._me, bell):
                break
            try:
                if state.applied(self._me) < state.controls:
                    self._apply_control(state)
                elif state.cursor(self._me).seq < state.head:
                    self._advance(state, batch=max(1, self._spec.batch_size >> refused))
                else:
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

    def _read(self, stream: str) -> StreamState:
        key = stream_key(stream)
        return StreamState(stream, self._table.get([key]).get(key, {}))

    # ---- entries after the cursor ----

    def _advance(self, state: StreamState, *, batch: int) -> None:
        cursor = state.cursor(self._me)
        last = min(state.head, cursor.seq + batch)
        entries = self._entries(state.stream, range(cursor.seq + 1, last + 1))
        parked = parked_subjects(self._table, state, self._me)
        concerned = [entry for entry in entries if self._concerns(entry)]
        contexts = self._contexts(concerned)
        subjects = self._subjects_of_followed(concerned) if parked else {}
        work = UnitOfWork(self._table, self._me, state)
        work.load(self._record_keys(concerned, contexts))
        parkings: list[tuple[BusinessError, Entry]] = []
        at = cursor
        for entry in entries:
            subject = subjects.get(entry.seq, entry.event.subject)
            if entry.seq in contexts and subject in parked:
                self._make_room(work, at, 2)
                work.add(park_behind(state.stream, entry.seq, self._me, subject, self._clock.now()))
                work.patch_stream(add={f"parked#{self._me}": 1})
            elif entry.seq in contexts:
                try:
                    skip = cursor.part if entry.seq == cursor.seq + 1 else 0
                    self._decide(work, entry, contexts[entry.seq], at=at, skip=skip)
                except BusinessError as error:
                    full = self._case_at_limit(error)
                    if full is not None:
                        work.add(stop_for(full, state.stream, self._me, self._clock.now()))
                        work.patch_stream(
                            values={f"stopped#{self._me}": {"reason": f"park limit of {full}", "bell": ""}}
                        )
                        break
                    self._make_room(work, at, 2 + 2 * len(error.cases))
                    self._park(work, entry, error)
                    parked.add(entry.event.subject)
                    parkings.append((error, entry))
            at = Cursor(entry.seq)
        work.commit(at)
        self._count(len(contexts), parkings)
        for why, entry in parkings:
            self._recheck(why, entry, contexts[entry.seq])

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
        ids = {event_id for entry in entries for event_id in entry.event.follows()}
        found = self._table.get(map(identity_key, ids)) if ids else {}
        return {key.pk.removeprefix("I#"): (item["stream"], int(item["seq"])) for key, item in found.items()}

    def _earlier(self, entries: Sequence[Entry]) -> dict[str, Event]:
        places = self._places(entries)
        if not places:
            return {}
        found = self._table.get(entry_key(*place) for place in places.values())
        keys = {event_id: entry_key(*place) for event_id, place in places.items()}
        return {event_id: entry_from(key, found[key]).event for event_id, key in keys.items()}

    def _subjects_of_followed(self, entries: Sequence[Entry]) -> dict[int, str]:
        """For entries that follow a parked one of their own stream: the subject that one is parked under."""
        places = self._places(entries)
        outcomes = self._table.get(outcome_key(stream, seq, self._me) for stream, seq in places.values())
        subjects: dict[int, str] = {}
        for entry in entries:
            for event_id in entry.event.follows():
                stream, seq = places.get(event_id, ("", 0))
                item = outcomes.get(outcome_key(stream, seq, self._me))
                if item is not None and stream == entry.stream and item["state"] == "parked":
                    subjects[entry.seq] = item["subject"]
        return subjects

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
    ) -> None:
        """Put what follows from an entry into the work, committing whenever it is full."""
        event, collection = entry.event, self._workflow.collection
        keys = {key: record_key(collection, key) for key in self._workflow.records(event, context)}
        work.load(keys.values())
        records = {key: value for key in keys if (value := work.record(keys[key])) is not None}
        decision = self._workflow.decide(event, replace(context, records=records))
        for number, change in enumerate(decision.changes):
            if number < skip:
                continue
            if work.room < change.weight + 1:
                if parked is None:
                    work.commit(Cursor(entry.seq - 1, number))
                else:
                    key = parked_key(entry.stream, self._me, parked.subject, entry.seq)
                    work.add([Patch(key, set={"part": number})])
                    work.commit(at)
            self._apply(work, change, event)
        if work.room < 1:
            work.commit(Cursor(entry.seq - 1, len(decision.changes)) if parked is None else at)
        outcome = Outcome(
            state="decided",
            at=self._clock.now(),
            summary=decision.summary,
            subject=event.subject,
            documents=tuple(_document_item(target, document) for target, document in decision.documents),
            states=tuple(change.state for change in decision.changes if change.state),
            accepted_at=entry.accepted_at,
        )
        work.add([Put(outcome_key(entry.stream, entry.seq, self._me), outcome.to_item())])

    def _apply(self, work: UnitOfWork, change: Change, event: Event) -> None:
        now = self._clock.now()
        work.put_record(record_key(self._workflow.collection, change.record), change.value)
        work.add(Patch(state_key(target, change.state), add={"expected": by}) for target, by in change.believed.items())
        if change.case is not None:
            note = CaseNote(change.case, change.problem, self._spec.owner, self._me, event.correlation_id)
            work.add([open_case(note, now, waiting=0)])
            self._metrics.count("CasesOpened", service=self._me)
        if change.repaired is not None:
            work.add([close_patch(change.repaired, now, by=self._me)])

    def _park(self, work: UnitOfWork, entry: Entry, error: BusinessError) -> None:
        work.add(
            park(
                entry.stream,
                entry.seq,
                self._me,
                entry.event.subject,
                error,
                owner=self._spec.owner,
                now=self._clock.now(),
                amount=self._workflow.amount_at_stake(entry.event),
            )
        )
        work.patch_stream(add={f"parked#{self._me}": 1})

    def _case_at_limit(self, error: BusinessError) -> str | None:
        """The case that already holds as many as may wait for one cause."""
        keys = {case_key(str(case)): str(case) for case in error.cases}
        for key, item in self._table.get(keys).items():
            if item.get("waiting", 0) >= self._spec.park_limit:
                return keys[key]
        return None

    def _recheck(self, error: BusinessError, entry: Entry, context: Context) -> None:
        references = self._workflow.references(entry.event, context)
        recheck(self._table, self._resolver, error, references, self._clock.now(), by=self._me)

    def _count(self, decided: int, parkings: Sequence[tuple[BusinessError, Entry]]) -> None:
        self._metrics.count("EntriesDecided", decided - len(parkings), service=self._me)
        if parkings:
            self._metrics.count("SubjectsParked", len(parkings), service=self._me)

    # ---- controls ----

    def _apply_control(self, state: StreamState) -> None:
        number = state.applied(self._me) + 1
        key = control_key(state.stream, number)
        control = self._table.get([key])[key]
        if control["consumer"] == self._me and control["action"] == "release":
            for parked in parked_entries(self._table, state.stream, self._me, control["subject"]):
                if parked.causes or not self._run_again(parked, self._read(state.stream)):
                    break
        name = f"applied#{self._me}"
        self._table.write([Patch(stream_key(state.stream), set={name: number}, expect={name: state.raw(name)})])

    def _run_again(self, parked: ParkedEntry, state: StreamState) -> bool:
        """Decide a parked entry again; whether it went through."""
        (entry,) = self._entries(state.stream, [parked.seq])
        context = self._contexts([entry])[entry.seq]
        cursor = state.cursor(self._me)
        work = UnitOfWork(self._table, self._me, state)
        key = parked_key(state.stream, self._me, parked.subject, parked.seq)
        try:
            self._decide(work, entry, context, at=cursor, skip=parked.part, parked=parked)
        except BusinessError as error:
            writes = park(
                state.stream,
                parked.seq,
                self._me,
                parked.subject,
                error,
                owner=self._spec.owner,
                now=self._clock.now(),
                amount=self._workflow.amount_at_stake(entry.event),
            )
            work.add(writes)
            work.commit(cursor)
            self._recheck(error, entry, context)
            return False
        if work.room < 1 + 2 * len(self._targets):
            work.commit(cursor)
        work.add([Delete(key)])
        work.patch_stream(add={f"parked#{self._me}": -1})
        self._hand_on(work, state, parked)
        work.commit(cursor)
        self._count(1, ())
        return True

    def _hand_on(self, work: UnitOfWork, state: StreamState, parked: ParkedEntry) -> None:
        """Let posters that have gone past a released entry come back to it."""
        passed = [target for target in self._targets if state.cursor(target).seq >= parked.seq]
        if not passed:
            return
        for target in self._targets:
            name = f"cursor#{target}"
            work.patch_stream(expect={name: state.raw(name)})
        for target in passed:
            work.add([Put(parked_key(state.stream, target, parked.subject, parked.seq), {"causes": []})])
            work.patch_stream(add={f"parked#{target}": 1})
        asked = [(target, "release", parked.subject) for target in passed]
        *entries, stream_patch = append_control(state, asked, self._clock.now(), by=self._me)
        work.add(entries)
        if isinstance(stream_patch, Patch):
            work.patch_stream(values=stream_patch.set, expect=stream_patch.expect)


def _document_item(target: str, document: Document) -> dict[str, Any]:
    return {
        "target": target,
        "key": document.key,
        "kind": document.kind,
        "subject": document.subject,
        "correlation_id": document.correlation_id,
        "body": document.body,
    }
