"""The ordered consumer behind a door: it expands deliveries that were accepted whole, and reads what notices name.

Its effect, accepting what is in a delivery, is idempotent by the events' identities, so it needs no transaction around
effect and cursor: whatever was done before a crash is known the next time.

A vendor that asks for patience, or does not answer, holds up the lanes of its own notices and nothing else. A resource
that was read and cannot be used is parked under a case, so that the others go on.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from lockstep.canonical.events import DeliveryReceived, ResourceChanged
from lockstep.canonical.notices import ResourceNotice
from lockstep.canonical.streams import StreamId
from lockstep.messaging.accept import Acceptor, events_of, expires_at, stored_delivery
from lockstep.messaging.errors import (
    BusinessError,
    CaseKey,
    ConfigurationError,
    ContentError,
    MessageMalformed,
    RateLimited,
    TransientEndpointError,
)
from lockstep.messaging.inbound import FETCHED, Delivery, Translation
from lockstep.messaging.lane import may_go_on, read_lane
from lockstep.messaging.ledger import (
    Cursor,
    Entry,
    Outcome,
    StreamState,
    control_key,
    delivery_key,
    entry_from,
    entry_key,
    outcome_key,
    stream_key,
)
from lockstep.messaging.parking import (
    RUNS_AGAIN,
    ParkedEntry,
    park,
    park_behind,
    parked_entries,
    parked_subjects,
    resolve_case,
    unpark,
)
from lockstep.messaging.ports import Bell, Claims, Clock, Doorbells, Metrics, Patch, Put, Table, Write
from lockstep.messaging.topology import Owners
from lockstep.messaging.unit_of_work import UnitOfWork

UNREADABLE: Final = "unreadable_resource"
"""Kind of case: what was read at the vendor is not understood."""
OWNER: Final = "Integration"
"""Who answers for those cases."""
_WITHIN: Final = timedelta(seconds=20)
"""How long one chunk goes on against concurrent writers."""
_AHEAD: Final = 25
"""Entries looked at together: of the notices of one resource among them only the newest is read."""
_AGAIN_AFTER: Final = timedelta(minutes=1)
"""When a vendor that does not answer is tried again."""

Translate = Callable[[Delivery], Translation]
Fetch = Callable[[str, ResourceNotice], bytes]
"""Reads a resource of an account (`Reader.fetch`)."""


_OWNERS: Final = Owners(otherwise=OWNER)


class IntakeConsumer:
    """Drains intake streams for one connector."""

    def __init__(
        self,
        consumer: str,
        translate: Translate,
        *,
        acceptor: Acceptor,
        table: Table,
        claims: Claims,
        doorbells: Doorbells,
        clock: Clock,
        metrics: Metrics,
        fetch: Fetch | None = None,
        reads_per_second: float = 1.0,
    ) -> None:
        """Args:
        fetch: Reads at the vendor; None for a connector that reads nothing.
        reads_per_second: Most reads, sustained.
        """
        self._me = consumer
        self._translate = translate
        self._acceptor = acceptor
        self._table = table
        self._claims = claims
        self._doorbells = doorbells
        self._clock = clock
        self._metrics = metrics
        self._fetch = fetch
        self._between_reads = timedelta(seconds=1 / reads_per_second)
        self._next_read: datetime | None = None

    @property
    def consumer(self) -> str:
        """Its id."""
        return self._me

    def drain(self, bell: Bell, *, until: datetime) -> None:
        """Take in everything after the cursor, in order.

        Args:
            bell: Names the stream.
            until: When to leave off and ring again, UTC.

        Raises:
            ConcurrentUpdate: Others kept writing to the same streams.
            RateLimited: The vendor asks for patience; the lane stands where it stood.
            ConfigurationError: The vendor cannot be read by us as we are set up.
        """
        while True:
            state, _ = read_lane(self._table, bell.stream)
            if not may_go_on(self._table, state, self._me, bell):
                return
            try:
                if not self._go_on(state, until):
                    return
            except RateLimited:
                raise
            except TransientEndpointError:
                # No breaker stands before a vendor that is only read: its lanes ask again, and nothing else waits.
                self._metrics.count("ReadsFailed", service=StreamId.parse(bell.stream).source)
                self._doorbells.ring(self._me, [bell.stream], delay=_AGAIN_AFTER)
                return
            if self._clock.now() >= until:
                self._doorbells.ring(self._me, [bell.stream])
                return

    def _go_on(self, state: StreamState, until: datetime) -> bool:
        """Do what is to be done next; whether there was anything."""
        if state.applied(self._me) < state.controls:
            self._apply_control(state)
            return True
        seq = state.cursor(self._me).seq
        if seq >= state.head:
            return False
        entries = self._entries(state.stream, range(seq + 1, min(state.head, seq + _AHEAD) + 1))
        parked = parked_subjects(self._table, state, self._me)
        newest = {entry.event.subject: entry.seq for entry in entries}
        work = UnitOfWork(self._table, self._me, state)
        for entry in entries:
            subject = entry.event.subject
            later = newest[subject] if isinstance(entry.event, ResourceChanged) else entry.seq
            if later > entry.seq:
                self._note(work, entry, "decided", f"read once, with the newer notice {later}")
                work.commit(Cursor(entry.seq))
                continue
            taken = self._take_in(work, entry, behind=subject in parked)
            work.commit(Cursor(entry.seq))
            if taken and subject in parked:
                self._settle(state.stream, subject)
                break
            if not taken:
                parked.add(subject)
            if self._clock.now() >= until:
                break
        return True

    def _settle(self, stream: str, subject: str) -> None:
        """What waited under a case could be read after all: let it go on; it says nothing that is not known now."""
        now = self._clock.now()
        for parked in parked_entries(self._table, stream, self._me, subject):
            for cause in parked.causes:
                resolve_case(self._table, cause, now, by=self._me)

    def _entries(self, stream: str, seqs: Iterable[int]) -> list[Entry]:
        keys = [entry_key(stream, seq) for seq in seqs]
        found = self._table.get(keys)
        return [entry_from(key, found[key]) for key in keys]

    def _take_in(self, work: UnitOfWork, entry: Entry, *, behind: bool = False) -> bool:
        """Take in what an entry stands for; False where it cannot be used, and waits for its repair.

        Args:
            work: What it is committed with.
            entry: The entry.
            behind: An earlier one of its subject waits already.
        """
        try:
            summary = self._expand(StreamId.parse(entry.stream).source, entry)
        except BusinessError as error:
            now, subject = self._clock.now(), entry.event.subject
            if behind:
                work.add(park_behind(entry.stream, entry.seq, self._me, subject, now))
            else:
                held = _held(error, entry)
                work.add(park(entry.stream, entry.seq, self._me, subject, held, owners=_OWNERS, now=now))
                self._metrics.count("SubjectsParked", service=self._me)
            work.count_parked(1)
            return False
        self._note(work, entry, "decided", summary)
        return True

    def _note(self, work: UnitOfWork, entry: Entry, state: str, summary: str) -> None:
        outcome = Outcome(state, self._clock.now(), summary, accepted_at=entry.accepted_at)
        work.add([Put(outcome_key(entry.stream, entry.seq, self._me), outcome.to_item())])
        work.add(self._let_expire(entry))

    def _let_expire(self, entry: Entry) -> list[Write]:
        """From now on the delivery need not be kept: it was, as long as it was still to be taken in."""
        if not isinstance(entry.event, DeliveryReceived | ResourceChanged):
            return []
        key = delivery_key(entry.event.source, entry.event.data.delivery_id)
        item = self._table.get([key]).get(key)
        if item is None or "expires_at" in item:
            return []
        there = {"received_at": item["received_at"]}
        return [Patch(key, set={"expires_at": expires_at(self._clock.now())}, expect=there)]

    def _expand(self, account: str, entry: Entry) -> str:
        match entry.event:
            case DeliveryReceived(data=notice):
                delivery = stored_delivery(self._table, self._claims, account, notice.delivery_id)
                said = self._translate(delivery)
                receipt = self._acceptor.expand(
                    delivery, events_of(delivery, said), within=_WITHIN, passed_over=said.passed_over
                )
                return f"{len(receipt.accepted)} events accepted, {len(receipt.duplicates)} known before"
            case ResourceChanged(data=notice):
                return self._read(account, notice)
            case _:
                return "nothing to expand"

    def _read(self, account: str, notice: ResourceNotice) -> str:
        """Read a resource and accept what it says: a snapshot that is known already is a duplicate."""
        if self._fetch is None:
            raise ConfigurationError(f"{self._me} has a notice to read, and its connector reads nothing")
        self._wait_for_turn()
        body = self._fetch(account, notice)
        if not body:
            return f"{notice.resource} {notice.key} is not at the vendor any more"
        name = f"{FETCHED}{notice.resource}"
        delivery_id = f"{name}/{notice.key}/{notice.version or notice.delivery_id}"
        delivery = Delivery(account, delivery_id, body, self._clock.now(), name)
        try:
            said = self._translate(delivery)
        except MessageMalformed as error:
            reference = f"{account}/{notice.resource}/{notice.key}"
            raise ContentError(str(error), CaseKey(UNREADABLE, reference)) from error
        receipt = self._acceptor.accept(
            delivery, events_of(delivery, said), within=_WITHIN, passed_over=said.passed_over
        )
        new, known = len(receipt.accepted), len(receipt.duplicates)
        return f"read: {new} events accepted, {known} known before, {len(said.ignored)} ignored"

    def _wait_for_turn(self) -> None:
        now = self._clock.now()
        if self._next_read is not None and self._next_read > now:
            self._clock.sleep(self._next_read - now)
            now = self._next_read
        self._next_read = now + self._between_reads

    # ---- what was parked ----

    def _apply_control(self, state: StreamState) -> None:
        number = state.applied(self._me) + 1
        key = control_key(state.stream, number)
        control = self._table.get([key])[key]
        if control["consumer"] == self._me and control["action"] in RUNS_AGAIN:
            waiting = parked_entries(self._table, state.stream, self._me, control["subject"])
            if waiting and not waiting[0].causes:
                self._run_again(waiting[0], state)
                return  # and look again: others wait behind it
        name = f"applied#{self._me}"
        expect = {name: state.raw(name), **state.standing(self._me)}
        self._table.write([Patch(stream_key(state.stream), set={name: number}, expect=expect)])

    def _run_again(self, parked: ParkedEntry, state: StreamState) -> None:
        """Take in a parked entry, unless a person decided that it shall have no effect."""
        (entry,) = self._entries(state.stream, [parked.seq])
        work = UnitOfWork(self._table, self._me, state)
        if parked.skip:
            self._note(work, entry, "skipped", parked.skip)
        elif not self._take_in(work, entry):
            work.count_parked(-1)  # it was counted when it came to wait
            work.commit(state.cursor(self._me))
            return
        work.add([unpark(state.stream, self._me, parked)])
        work.count_parked(-1)
        work.commit(state.cursor(self._me))


def _held(error: BusinessError, entry: Entry) -> BusinessError:
    """The error with a case to wait for: one that names none would wait for ever."""
    if error.cases:
        return error
    return ContentError(str(error), CaseKey(UNREADABLE, f"{entry.event.source}/{entry.event.subject}"))
