"""The poster of a target account that keeps documents: each one, in the order of its lane, exactly once in effect.

It never passes the workflows that feed it. A lease makes it the only one who delivers for a lane; what it may have
sent without an answer stands in the lease (`attempting`), so that whoever comes next looks it up before sending.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from lockstep.canonical.streams import StreamId
from lockstep.messaging.awaiting import missing
from lockstep.messaging.breaker import Breaker, TargetGuard
from lockstep.messaging.correcting import Correction, correction_of
from lockstep.messaging.errors import BusinessError
from lockstep.messaging.lane import may_go_on, read_lane, take_lease
from lockstep.messaging.ledger import (
    Cursor,
    Lease,
    Outcome,
    StreamState,
    Unchecked,
    breaker_key,
    control_key,
    outcome_key,
    parked_key,
    stream_key,
)
from lockstep.messaging.outbound import Document, DocumentTarget, Posted, ResolvedDocument
from lockstep.messaging.parking import (
    RUNS_AGAIN,
    ParkedEntry,
    about_references,
    all_parked,
    others_behind,
    park,
    park_behind,
    parked_entries,
    read_cases,
    recheck,
    take_over,
    unpark,
    weight,
)
from lockstep.messaging.ports import (
    Bell,
    Clock,
    Doorbells,
    Key,
    Metrics,
    Patch,
    Put,
    Random,
    Table,
    WriteRefused,
)
from lockstep.messaging.predecessors import ahead_of, may_run, places_of, unsettled
from lockstep.messaging.references import Reference, Resolver, require
from lockstep.messaging.retry import ATTEMPTS, past_contention
from lockstep.messaging.specs import Outbound
from lockstep.messaging.topology import Consumer, Owners
from lockstep.messaging.unit_of_work import UnitOfWork

MOST_OF_A_WORKFLOW: Final = 1000
"""Documents that one workflow decides of one entry for one target, at most."""


@dataclass(frozen=True, slots=True)
class _Job:
    """One document of one entry."""

    seq: int
    number: int
    """Its place among the entry's documents for this target: from 0, of the second workflow that feeds it from
    `MOST_OF_A_WORKFLOW`, and so on."""
    is_last: bool
    """Whether the entry has no further one."""
    document: Document
    accepted_at: datetime | None

    correction: bytes = b""
    """What a person put in the place of the document, packed."""
    again: str = ""
    """Who has it looked up again although it was posted."""

    def as_corrected(self, parked: ParkedEntry | None) -> "_Job":
        """With what a person put in the place of its document."""
        correction = correction_of(parked)
        if parked is None or correction is None:
            return self
        document = correction.of_document(self.document, self.number)
        return self if document is self.document else replace(self, document=document, correction=parked.correction)

    @property
    def before(self) -> Cursor:
        """Where a cursor stands that has everything before it."""
        return Cursor(self.seq - 1, self.number)

    @property
    def after(self) -> Cursor:
        """Where a cursor stands that has it too."""
        return Cursor(self.seq) if self.is_last else Cursor(self.seq - 1, self.number + 1)


@dataclass(slots=True)
class _Step:
    """What is to become, and has become, of one job. With nothing set it is parked behind its subject."""

    job: _Job
    resolved: ResolvedDocument | None = None
    """It is to be posted."""
    posted: Posted | None = None
    error: BusinessError | None = None
    """It is to be parked."""

    @property
    def is_unknown(self) -> bool:
        """Whether it was to be posted and no result came."""
        return self.resolved is not None and self.posted is None and self.error is None


class DocumentPoster:
    """Drains streams for one target account."""

    def __init__(
        self,
        consumer: Consumer,
        target: DocumentTarget,
        outbound: Outbound,
        *,
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
        self._me = consumer.id
        self._consumer = consumer
        self._target = target
        self._outbound = outbound
        self._owners = Owners(case_owners or {}, owner)
        self._table = table
        self._resolver = resolver
        self._doorbells = doorbells
        self._clock = clock
        self._random = random
        self._metrics = metrics
        self._guard = guard

    @property
    def consumer(self) -> str:
        """Its id."""
        return self._me

    def drain(self, bell: Bell, *, until: datetime, dead_by: datetime) -> None:
        """Bring the target level with what the feeding workflows have decided on a stream.

        Args:
            bell: Names the stream.
            until: When to leave off and ring again, UTC.
            dead_by: When this process is sure to be gone: a lease lasts until then.

        Raises:
            TransientEndpointError, OutcomeUnknown: The lane waits; what was posted before stands.
            ConfigurationError: The target is stopped.
        """
        state, found = read_lane(self._table, bell.stream, breaker_key(self._me))
        breaker = Breaker.of(self._me, found.get(breaker_key(self._me)))
        # In this order: a redriven bell starts its lane even while the target is away, or nothing ever would.
        goes_on = may_go_on(self._table, state, self._me, bell) and breaker.lets_through(bell)
        if goes_on and not self._is_maintained():
            self._guard.run(breaker, lambda: self._drain(bell.stream, state, until, dead_by))

    def _is_maintained(self) -> bool:
        return self._consumer.maintained_until(self._clock.now()) is not None

    def _drain(self, stream: str, state: StreamState, until: datetime, dead_by: datetime) -> bool:
        heard = False
        refused = 0
        while True:
            try:
                went_on = self._go_on(state, dead_by)
                refused = 0
            except WriteRefused:
                refused += 1
                if refused >= ATTEMPTS:
                    raise
                self._clock.sleep(timedelta(milliseconds=min(1000, 10 * 2**refused)) * self._random.random())
                went_on = False
            if went_on is None:
                return heard
            heard = heard or went_on
            if self._is_maintained():
                return heard  # the sweep rings when it is over
            if self._clock.now() >= until:
                self._doorbells.ring(self._me, [stream])
                return heard
            state, _ = read_lane(self._table, stream)

    def _go_on(self, state: StreamState, dead_by: datetime) -> bool | None:
        """What is to be done next: whether the target was heard from; None when there is nothing to do for us."""
        if state.unchecked(self._me):
            self._recheck(state)
            return False
        if state.applied(self._me) < state.controls:
            return self._apply_control(state, dead_by)
        if state.cursor(self._me).seq < self._limit(state):
            return self._advance(state, dead_by)
        return None

    def _limit(self, state: StreamState) -> int:
        return min((state.cursor(feeder).seq for feeder in self._feeders(state.stream)), default=0)

    def _feeders(self, stream: str) -> tuple[str, ...]:
        return self._consumer.fed_by(StreamId.parse(stream))

    # ---- entries after the cursor ----

    def _advance(self, state: StreamState, dead_by: datetime) -> bool | None:
        """One batch. Whether the target was heard from; None when somebody else delivers for the lane."""
        cursor = state.cursor(self._me)
        last = min(self._limit(state), cursor.seq + self._outbound.batch_size)
        held = all_parked(self._table, state, self._me)
        parked = {entry.subject for entry in held}
        ahead = ahead_of(self._table, state.stream, held)
        jobs = [job for job in self._jobs(state.stream, range(cursor.seq + 1, last + 1)) if job.before >= cursor]
        steps = self._plan(jobs, state, parked=parked, ahead=ahead)
        through = Cursor(last) if len(steps) == len(jobs) else jobs[len(steps)].before
        lease: Lease | None = None
        failure: Exception | None = None
        if any(step.resolved for step in steps):
            lease = self._take_lease(state, dead_by, reach=through)
            if lease is None:
                return None
            failure = self._post(steps, look_up_first=_owed(state, self._me) != "")
        try:
            self._settle(state, lease, steps, through, failure)
        except WriteRefused:
            self._leave_word(state.stream, lease)
            raise
        if failure is not None:
            raise failure
        return lease is not None

    def _jobs(self, stream: str, seqs: Iterable[int]) -> list[_Job]:
        """The documents for this target that the feeding workflows decided, in order.

        Each workflow has numbers of its own: what one decides later does not renumber what another has decided.
        """
        keys = [
            (seq, place * MOST_OF_A_WORKFLOW, outcome_key(stream, seq, feeder))
            for seq in seqs
            for place, feeder in enumerate(self._feeders(stream))
        ]
        found = self._table.get(key for _, _, key in keys)
        by_seq: dict[int, list[tuple[int, Document, datetime | None]]] = {}
        for seq, first, key in keys:
            if key in found:
                outcome = Outcome.from_item(found[key])
                mine = (Document.from_item(item) for item in outcome.documents if item["target"] == self._me)
                by_seq.setdefault(seq, []).extend(
                    (number, document, outcome.accepted_at) for number, document in enumerate(mine, first)
                )
        return [
            _Job(seq, number, number == documents[-1][0], document, accepted_at)
            for seq, documents in by_seq.items()
            for number, document, accepted_at in documents
        ]

    def _plan(
        self, jobs: Sequence[_Job], state: StreamState, *, parked: set[str], ahead: dict[str, set[int]]
    ) -> list[_Step]:
        """What to do with each, up to the first whose subject, or predecessor, the batch already holds.

        Were one of a subject refused and the next of it posted in the same call, the next would have overtaken.

        Args:
            jobs: Documents, in order.
            state: Of their stream.
            parked: Subjects of which something is parked, behind which the next of each waits.
            ahead: Entries for which the first of a parked subject waits, by subject: they do not wait behind it.
        """
        names = self._resolver.resolve({ref for job in jobs for ref in self._target.references(job.document)})
        open_ = self._unsettled(jobs)
        steps: list[_Step] = []
        held: set[str] = set()
        for job in jobs:
            subject = job.document.subject
            if subject in parked and job.seq not in ahead.get(subject, ()):
                steps.append(_Step(job))
                continue
            before = {event_id: open_[event_id] for event_id in job.document.follows if event_id in open_}
            if subject in held or self._comes_first(before, job, state, steps):
                break
            if before and subject in parked:
                step = _Step(job)  # the first of its subject may wait for the same
                ahead = {**ahead, subject: set()}
            elif before:
                step = _Step(job, error=missing(before, f"{', '.join(before)}, which it follows, is not settled yet"))
                here = {seq for stream, seq in before.values() if stream == state.stream}
                ahead = {subject: here, **ahead}
            else:
                step = self._resolved(job, names)
                ahead = {**ahead, subject: set()} if step.error else ahead
            (held if step.resolved else parked).add(subject)
            steps.append(step)
        return steps

    def _unsettled(self, jobs: Sequence[_Job]) -> dict[str, tuple[str, int]]:
        """Where the events stand that some documents follow, and with which this target is not through.

        What has not arrived is not waited for: the workflow decided without it.
        """
        followed = {event_id for job in jobs for event_id in job.document.follows}
        places = places_of(self._table, followed) if followed else {}
        left = unsettled(self._table, self._consumer, places) if places else set()
        return {event_id: places[event_id] for event_id in sorted(left)}

    def _comes_first(
        self, before: Mapping[str, tuple[str, int]], job: _Job, state: StreamState, steps: Sequence[_Step]
    ) -> bool:
        """Whether one that a document follows is still to be gone past before it, in this batch, and is not parked."""
        at = state.cursor(self._me).seq
        parked = {step.job.seq for step in steps if step.resolved is None}
        return any(
            stream == state.stream and at < seq < job.seq and seq not in parked for stream, seq in before.values()
        )

    def _resolved(self, job: _Job, names: dict[Reference, str]) -> _Step:
        wanted = self._target.references(job.document)
        try:
            require(names, wanted)
        except BusinessError as error:
            return _Step(job, error=error)
        return _Step(job, resolved=ResolvedDocument(job.document, {ref: names[ref] for ref in wanted}))

    # ---- delivering ----

    def _take_lease(self, state: StreamState, dead_by: datetime, *, reach: Cursor) -> Lease | None:
        """Become the only one who delivers; None when somebody else does, or when what they left must settle first.

        Args:
            reach: How far what is to be sent goes. What was sent before may go further, past entries that were let
                through since, so the further one stands until the cursor is there.
        """
        now = self._clock.now()
        left = state.lease(self._me)
        if left is not None and left.attempting and left.until <= now < left.until + self._outbound.settle_after:
            self._doorbells.ring(self._me, [state.stream], delay=left.until + self._outbound.settle_after - now)
            return None
        owed = _owed(state, self._me)
        furthest = max(reach, Cursor.parse(owed)) if owed else reach
        lease = Lease(self._random.token(), dead_by, attempting=str(furthest))
        taken = take_lease(self._table, state, self._me, lease, now, feeders=self._feeders(state.stream))
        return lease if taken else None

    def _leave_word(self, stream: str, lease: Lease | None) -> None:
        """Give a lease back without the results of what was posted under it: the next one looks them up."""
        if lease is None:
            return
        name = f"lease#{self._me}"
        left = replace(lease, token="", until=self._clock.now())
        try:
            self._table.write([Patch(stream_key(stream), set={name: left.to_item()}, expect={name: lease.to_item()})])
        except WriteRefused:
            return  # it ran out and somebody else has it, who looks up what we posted

    def _post(self, steps: Sequence[_Step], *, look_up_first: bool) -> Exception | None:
        """Post what is to be posted, and note the results; what stopped it, if anything did."""
        ready = [step for step in steps if step.resolved is not None]
        documents = [step.resolved for step in ready if step.resolved is not None]
        try:
            results = self._target.post(documents, look_up_first=look_up_first)
            for step, result in zip(ready, results, strict=True):
                if isinstance(result, Posted):
                    step.posted = result
                else:
                    step.error = result.error
        except Exception as failure:  # noqa: BLE001  # raised again by the caller, once what was posted is committed
            return failure
        return None

    def _settle(
        self,
        state: StreamState,
        lease: Lease | None,
        steps: Sequence[_Step],
        through: Cursor,
        failure: Exception | None,
    ) -> None:
        """Commit the results up to the first that is not known, and the cursor; give the lease back.

        An entry is parked from its first document that cannot go on, with all that follow it.
        """
        work = self._work(state)
        at = state.cursor(self._me)
        parked = 0
        for step in steps:
            covered = step.job.seq == parked
            if step.is_unknown and not covered:
                through = step.job.before
                break
            if work.room < (weight(step.error) if step.error else 2):
                self._commit(work, at, lease)
            if step.posted is not None:
                self._note_posted(work, state.stream, step.job, step.posted)
            elif not covered:
                self._park(work, state.stream, step)
                work.count_parked(1)
                parked = step.job.seq
            at = max(at, Cursor(parked), step.job.after)
        through = max(at, through)
        reached = lease is None or (failure is None and through >= Cursor.parse(lease.attempting))
        since = self._clock.now() if failure else _left_at(state, self._me)
        self._give_back(work, lease, owed="" if lease is None or reached else lease.attempting, since=since)
        self._commit(work, through, lease)

    def _work(self, state: StreamState) -> UnitOfWork:
        return UnitOfWork(self._table, self._me, state, feeders=self._feeders(state.stream))

    def _note_posted(self, work: UnitOfWork, stream: str, job: _Job, posted: Posted) -> None:
        now = self._clock.now()
        correction = Correction.from_bytes(job.correction) if job.correction else None
        outcome = Outcome(
            "posted",
            now,
            f"{job.document.kind} {posted.number}" + (f"; {correction.note}" if correction else ""),
            posted.number,
            subject=job.document.subject,
            correction=job.correction,
            again=job.again,
        )
        work.add([Put(self._outcome_key(stream, job.seq, job.number), outcome.to_item())])
        self._metrics.count("DocumentsPosted", service=self._me)
        if job.accepted_at is not None and not job.again:
            took = (now - job.accepted_at) / timedelta(milliseconds=1)
            self._metrics.count("AcceptToEffectMilliseconds", took, service=self._me)

    def _park(self, work: UnitOfWork, stream: str, step: _Step) -> None:
        job, now, subject = step.job, self._clock.now(), step.job.document.subject
        if step.error is None:
            work.add(park_behind(stream, job.seq, self._me, subject, now, part=job.number))
            return
        self._park_under(work, stream, subject, job, step.error, refused=step.resolved is not None)

    def _park_under(
        self,
        work: UnitOfWork,
        stream: str,
        subject: str,
        job: _Job,
        error: BusinessError,
        *,
        refused: bool,
        others: Sequence[ParkedEntry] = (),
        again: ParkedEntry | None = None,
    ) -> None:
        """Park an entry under its cases, from one of its documents on; `again` is what it was parked as before.

        What the target refused had all its names: to find them again repairs nothing, and it would be sent for ever.
        Others of its subject may wait behind it under cases of their own.
        """
        now = self._clock.now()
        self._metrics.count("SubjectsParked", service=self._me)
        writes = park(
            stream,
            job.seq,
            self._me,
            subject,
            error,
            owners=self._owners,
            now=now,
            amount=job.document.at_stake,
            part=job.number,
            correction=job.correction,
            within=self._consumer.predecessor_within,
            cases=read_cases(self._table, error),
            before=again.as_read if again is not None else {},
        )
        work.add(take_over(writes, stream, self._me, subject, others))
        missing = () if refused else self._target.references(job.document)
        work.check_again(subject, job.seq, about_references(error, missing))

    def _give_back(self, work: UnitOfWork, lease: Lease | None, *, owed: str, since: datetime | None) -> None:
        """With the last commit the lease ends; where a look-up is owed it leaves word of it, and since when."""
        if lease is None:
            return
        name = f"lease#{self._me}"
        if owed:
            left = replace(lease, token="", until=since or self._clock.now(), attempting=owed)
            work.patch_stream(values={name: left.to_item()})
        else:
            work.patch_stream(remove=(name,))

    def _commit(self, work: UnitOfWork, at: Cursor, lease: Lease | None) -> None:
        """Commit what has happened outside: passing contention must not lose it, a lost lease must.

        Raises:
            WriteRefused: The lease was lost; whoever holds it looks up what we posted.
        """
        if lease is not None:
            work.patch_stream(expect={f"lease#{self._me}": lease.to_item()})
        past_contention(lambda: work.commit(at), self._clock)

    def _recheck(self, state: StreamState) -> None:
        def references_of(held: Unchecked) -> list[Reference]:
            key = parked_key(state.stream, self._me, held.subject, held.seq)
            item = self._table.get([key]).get(key)
            parked = ParkedEntry.of(key, item) if item is not None else None
            jobs = [job.as_corrected(parked) for job in self._jobs(state.stream, [held.seq])]
            return [reference for job in jobs for reference in self._target.references(job.document)]

        recheck(self._table, self._resolver, state, self._me, references_of, now=self._clock.now())

    # ---- controls ----

    def _apply_control(self, state: StreamState, dead_by: datetime) -> bool | None:
        number = state.applied(self._me) + 1
        key = control_key(state.stream, number)
        control = self._table.get([key])[key]
        if control["consumer"] == self._me and control["action"] in RUNS_AGAIN:
            waiting = parked_entries(self._table, state.stream, self._me, control["subject"])
            for parked in may_run(self._table, state.stream, waiting):
                if parked.skip:
                    self._skip(parked, state)
                    return False
                if parked is waiting[0] or not self._unsettled(self._left(state.stream, parked)):
                    return self._run_again(parked, state, dead_by, others=others_behind(parked, waiting))
        name = f"applied#{self._me}"
        expect = {name: state.raw(name), **state.standing(self._me)}
        self._table.write([Patch(stream_key(state.stream), set={name: number}, expect=expect)])
        return False

    def _skip(self, parked: ParkedEntry, state: StreamState) -> None:
        """Post no further document of a parked entry, as a person decided; those before stand."""
        outcome = Outcome("skipped", self._clock.now(), parked.skip, subject=parked.subject).to_item()
        work = self._work(state)
        numbers = [job.number for job in self._left(state.stream, parked)] or [parked.part]
        work.add(Put(self._outcome_key(state.stream, parked.seq, number), outcome) for number in numbers)
        self._unpark(work, state.stream, parked)
        self._commit(work, state.cursor(self._me), None)
        self._metrics.count("EntriesSkipped", service=self._me)

    def _run_again(
        self, parked: ParkedEntry, state: StreamState, dead_by: datetime, *, others: Sequence[ParkedEntry]
    ) -> bool | None:
        """Post the next document of a parked entry; whether the target was heard from, None when we may not.

        It is always looked up first: before it was parked it may have been sent.
        """
        jobs = [replace(job.as_corrected(parked), again=parked.again) for job in self._left(state.stream, parked)]
        work = self._work(state)
        if not jobs:
            self._unpark(work, state.stream, parked)
            self._commit(work, state.cursor(self._me), None)
            return False
        (step,) = self._plan(jobs[:1], state, parked=set(), ahead={})
        lease = self._take_lease(state, dead_by, reach=state.cursor(self._me)) if step.resolved else None
        if step.resolved and lease is None:
            return None
        failure = self._post([step], look_up_first=True) if step.resolved else None
        if step.posted is not None:
            self._note_posted(work, state.stream, step.job, step.posted)
            if step.job.is_last:
                self._unpark(work, state.stream, parked)
            else:
                key = parked_key(state.stream, self._me, parked.subject, parked.seq)
                work.add([Patch(key, set={"part": step.job.number + 1}, expect=parked.as_read)])
        elif step.error is not None:
            refused = step.resolved is not None
            self._park_under(
                work, state.stream, parked.subject, step.job, step.error, refused=refused, others=others, again=parked
            )
        owed = lease.attempting if lease and failure else _owed(state, self._me)
        since = self._clock.now() if failure else _left_at(state, self._me)
        self._give_back(work, lease, owed=owed, since=since)
        try:
            self._commit(work, state.cursor(self._me), lease)
        except WriteRefused:
            self._leave_word(state.stream, lease)
            raise
        if failure is not None:
            raise failure
        return lease is not None

    def _left(self, stream: str, parked: ParkedEntry) -> list[_Job]:
        """What is still to be posted, or to be looked up again, of a parked entry, as far as its workflows decided."""
        jobs = [job for job in self._jobs(stream, [parked.seq]) if job.number >= parked.part]
        keys = {job.number: self._outcome_key(stream, job.seq, job.number) for job in jobs}
        made = self._table.get(keys.values()) if keys else {}
        return [job for job in jobs if not _is_done(made.get(keys[job.number], {}), parked.again)]

    def _outcome_key(self, stream: str, seq: int, number: int) -> Key:
        return outcome_key(stream, seq, f"{self._me}#{number}" if number else self._me)

    def _unpark(self, work: UnitOfWork, stream: str, parked: ParkedEntry) -> None:
        work.add([unpark(stream, self._me, parked)])
        work.count_parked(-1)


def _is_done(outcome: Mapping[str, Any], again: str) -> bool:
    """Whether a document was posted or skipped; where somebody has it looked up again, whether it was for them."""
    if again and outcome.get("state") == "posted":
        return bool(outcome.get("again") == again)
    return outcome.get("state") in {"posted", "skipped"}


def _owed(state: StreamState, consumer: str) -> str:
    """Cursor up to which entries may have been sent without an answer; empty when none ahead may have been."""
    left = state.lease(consumer)
    if left is None or not left.attempting or Cursor.parse(left.attempting) <= state.cursor(consumer):
        return ""
    return left.attempting


def _left_at(state: StreamState, consumer: str) -> datetime | None:
    """When what may have been sent without an answer was sent at the latest."""
    left = state.lease(consumer)
    return left.until if left is not None else None
