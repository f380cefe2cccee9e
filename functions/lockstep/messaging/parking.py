"""Parking: a business failure takes its subject off the lane, under the cases it waits for; repair brings it back.

Entries of a parked subject stand under `P#<consumer>#<subject>#`, the first with its causes, those behind it without,
unless they have failed themselves. Under a case there is one place for each subject, whichever of its entries waits
there. A release is a control entry: the consumer runs them again, in order, before it goes on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from lockstep.messaging.awaiting import counted, events_awaited, expect_case, opened, wait_for
from lockstep.messaging.case_history import as_read, noted
from lockstep.messaging.errors import BusinessError, CaseKey, PredecessorMissing
from lockstep.messaging.ledger import (
    LAST,
    Outcome,
    StreamState,
    Unchecked,
    case_key,
    control_key,
    escape,
    moment,
    open_shard,
    outcome_key,
    parked_key,
    stamp,
    stream_key,
    unescape,
    waiting_key,
)
from lockstep.messaging.ports import ABSENT, NEW, Delete, Expectation, Item, Key, Patch, Put, Table, Write
from lockstep.messaging.references import Reference, Resolver
from lockstep.messaging.retry import until_accepted
from lockstep.messaging.specs import PREDECESSOR_WITHIN
from lockstep.messaging.topology import Owners

RUNS_AGAIN: Final = frozenset({"release", "skip", "correct"})
"""What a control entry asks of a consumer: to go through what it has parked of a subject, as far as it is free. What is
marked as skipped has no effect then, the rest runs again."""
MOST_BEHIND: Final = 40
"""Entries behind another for which the same is decided with it, so that it fits a transaction."""
MOST_CAUSES: Final = 20
"""Cases that one entry waits for at once, so that parking fits a transaction. Once they are repaired it runs into the
rest and is parked under those."""


@dataclass(frozen=True, slots=True)
class ParkedEntry:
    """An entry that waits."""

    seq: int
    subject: str
    causes: tuple[str, ...]
    """Cases to be repaired first; none for one that waits behind another, or is free to run."""
    part: int = 0
    """Changes already committed, when its release was interrupted."""
    skip: str = ""
    """Who decided that it shall have no effect, and why; empty for one that is to run again."""
    own: str = ""
    """Its own subject, where it waits under that of one it follows."""
    correction: bytes = b""
    """What a person put in its place, packed; see `messaging/correcting.py`."""
    without: tuple[str, ...] = ()
    """Ids of events that it refers to and is to go on without, since they have never come."""
    again: str = ""
    """Who has it looked up, or set, at the target again although it was delivered; see `Outcome.again`."""
    ahead: bool = False
    """Whether it may go ahead of what waits before it, because others wait for it too long already."""

    @property
    def as_read(self) -> Expectation:
        """What must still be so when it is written what became of it: it runs without a lease, and another may have
        run it and parked it under a case since.
        """
        return {"causes": list(self.causes)}

    @classmethod
    def of(cls, key: Key, item: Item) -> "ParkedEntry":
        """As kept."""
        _, _, subject, seq = key.sk.split("#")
        return cls(
            int(seq),
            unescape(subject),
            tuple(item.get("causes", ())),
            int(item.get("part", 0)),
            item.get("skip", ""),
            item.get("own", ""),
            bytes(item.get("correction", b"")),
            tuple(item.get("without", ())),
            item.get("again", ""),
            bool(item.get("ahead", False)),
        )


def parked_subjects(table: Table, state: StreamState, consumer: str) -> set[str]:
    """Subjects that the consumer has parked on this stream."""
    return {entry.subject for entry in all_parked(table, state, consumer)}


def all_parked(table: Table, state: StreamState, consumer: str) -> list[ParkedEntry]:
    """Everything that the consumer has parked on this stream, subject by subject, each in order."""
    if not state.parked(consumer):
        return []
    prefix = f"P#{consumer}#"
    return [ParkedEntry.of(key, item) for key, item in table.query(f"S#{state.stream}", prefix, prefix + LAST)]


def heads_of(entries: Iterable[ParkedEntry]) -> dict[str, ParkedEntry]:
    """The first parked entry of each subject."""
    heads: dict[str, ParkedEntry] = {}
    for entry in entries:
        heads.setdefault(entry.subject, entry)
    return heads


def others_behind(parked: ParkedEntry, waiting: Sequence[ParkedEntry]) -> list[ParkedEntry]:
    """Of a subject's entries, in order, those that wait under cases of their own behind the first, which this one is.

    It came to stand before them when what feeds this consumer let it go later than them; or they may go ahead of it,
    and failed. None for an entry that is not the first.
    """
    return [one for one in waiting[1:] if one.causes] if parked is waiting[0] else []


def parked_places(entries: Iterable[ParkedEntry]) -> dict[str, str]:
    """Subjects of which something is parked, and under which subject the next of each has to wait."""
    entries = list(entries)
    places = {entry.own: entry.subject for entry in entries if entry.own}
    return places | {entry.subject: entry.subject for entry in entries}


def _own(subject: str, own: str) -> Item:
    return {"own": own} if own not in {"", subject} else {}


def parked_entries(table: Table, stream: str, consumer: str, subject: str) -> list[ParkedEntry]:
    """Entries of a subject that wait, in order."""
    prefix = f"P#{consumer}#{escape(subject)}#"
    return [ParkedEntry.of(key, item) for key, item in table.query(f"S#{stream}", prefix, prefix + LAST)]


@dataclass(frozen=True, slots=True)
class CaseNote:
    """What a case says to the person who is to repair it."""

    key: CaseKey
    problem: str
    owner: str
    consumer: str
    amount: str = ""
    """What is at stake for this entry, as in `54.60 USD`."""


def open_case(note: CaseNote, now: datetime, *, waiting: int) -> Patch:
    """Open the case, or note one more in it."""
    at_first = opened(now)
    state = at_first.pop("state")
    return Patch(
        case_key(str(note.key)),
        set={"record": "case", "state": state, "problem": note.problem, "last_seen": stamp(now)},
        default={
            "kind": note.key.kind,
            "reference": note.key.reference,
            "owner": note.owner,
            "consumer": note.consumer,
            **at_first,
        },
        add=counted(note.consumer, waiting) if waiting else {},
    )


def _held_by(error: BusinessError) -> tuple[CaseKey, ...]:
    return tuple(dict.fromkeys(error.cases))[:MOST_CAUSES]


def causes_of(error: BusinessError) -> tuple[str, ...]:
    """The cases under which its subject is parked: each once, the first `MOST_CAUSES` of them."""
    return tuple(map(str, _held_by(error)))


def read_cases(table: Table, error: BusinessError) -> dict[Key, Item]:
    """The cases of a failure as they stand, where parking under it depends on them: see `hold`."""
    return table.get(map(case_key, causes_of(error))) if isinstance(error, PredecessorMissing) else {}


def weight(error: BusinessError) -> int:
    """How many items parking under it touches at most."""
    return 2 + (3 if isinstance(error, PredecessorMissing) else 2) * len(_held_by(error))


def park(
    stream: str,
    seq: int,
    consumer: str,
    subject: str,
    error: BusinessError,
    *,
    owners: Owners,
    now: datetime,
    amount: str = "",
    part: int = 0,
    own: str = "",
    correction: bytes = b"",
    without: Sequence[str] = (),
    within: timedelta = PREDECESSOR_WITHIN,
    cases: Mapping[Key, Item] = MappingProxyType({}),
    before: Expectation = MappingProxyType({}),
) -> list[Write]:
    """Park the first entry of a subject under its cases. The caller adds one to the stream's count of parked.

    `within` is how long it waits for what it refers to before a person hears of it.
    """
    causes = causes_of(error)
    outcome = Outcome("parked", now, str(error), causes=causes, subject=subject)
    return [
        Put(outcome_key(stream, seq, consumer), outcome.to_item()),
        *hold(
            stream,
            seq,
            consumer,
            subject,
            error,
            owners=owners,
            now=now,
            amount=amount,
            part=part,
            own=own,
            correction=correction,
            without=without,
            within=within,
            cases=cases,
            before=before,
        ),
    ]


def hold(
    stream: str,
    seq: int,
    consumer: str,
    subject: str,
    error: BusinessError,
    *,
    owners: Owners,
    now: datetime,
    amount: str = "",
    part: int = 0,
    own: str = "",
    correction: bytes = b"",
    without: Sequence[str] = (),
    within: timedelta = PREDECESSOR_WITHIN,
    cases: Mapping[Key, Item] = MappingProxyType({}),
    before: Expectation = MappingProxyType({}),
) -> list[Write]:
    """The part of parking that makes a subject wait under its cases, without an outcome of the entry.

    What waits for another event is expected to end by itself, unless that was a case already: it is opened again, so
    that nothing waits for a case that people take for resolved. `cases` are those of the error, as read before;
    `before` is how an entry stood that had been parked already.
    """
    item = {"causes": list(causes_of(error)), "problem": str(error), "part": part, **_own(subject, own)}
    if correction:
        item["correction"] = correction
    if without:
        item["without"] = list(without)
    writes: list[Write] = [Put(parked_key(stream, consumer, subject, seq), item, expect=before)]
    for case in _held_by(error):
        waiting: Item = {"stream": stream, "consumer": consumer, "subject": subject, "since": stamp(now)}
        if amount:
            waiting["amount"] = amount
        owner, state = owners.of(case.kind), str(cases.get(case_key(str(case)), {}).get("state", ""))
        if isinstance(error, PredecessorMissing):
            writes.append(wait_for(str(case), now, within))
        if isinstance(error, PredecessorMissing) and state != "resolved":
            writes.append(expect_case(case, str(error), owner=owner, consumer=consumer, now=now, state=state))
        else:
            writes.append(open_case(CaseNote(case, str(error), owner, consumer, amount), now, waiting=1))
        writes.append(Put(waiting_key(str(case), stream, consumer, subject), waiting, expect=NEW))
    return writes


def take_over(
    writes: Sequence[Write], stream: str, consumer: str, subject: str, others: Iterable[ParkedEntry]
) -> list[Write]:
    """The writes that park the first entry of a subject, of which others may wait under cases of their own.

    Under a case there is one place for each subject. Where another of it waits for the same, that place is the first's
    from now on: what then still stands in the other's way it meets again.
    """
    places = {waiting_key(cause, stream, consumer, subject): cause for one in others for cause in one.causes}
    shared = {places[write.key] for write in writes if write.key in places}
    counted_already = {case_key(cause) for cause in shared}
    kept: list[Write] = [
        replace(write, add={}) if isinstance(write, Patch) and write.key in counted_already else write
        for write in writes
        if write.key not in places
    ]
    for one in others:
        if shared.intersection(one.causes):
            left = [cause for cause in one.causes if cause not in shared]
            key = parked_key(stream, consumer, subject, one.seq)
            kept.append(Patch(key, set={"causes": left}, expect={"causes": list(one.causes)}))
    return kept


def park_behind(
    stream: str, seq: int, consumer: str, subject: str, now: datetime, *, part: int = 0, own: str = ""
) -> list[Write]:
    """Park an entry behind others of its subject. The caller adds one to the stream's count of parked."""
    outcome = Outcome("parked", now, "waits behind an earlier one of its subject", subject=subject)
    return [
        Put(parked_key(stream, consumer, subject, seq), {"causes": [], "part": part, **_own(subject, own)}),
        Put(outcome_key(stream, seq, consumer), outcome.to_item()),
    ]


def unpark(stream: str, consumer: str, entry: ParkedEntry) -> Delete:
    """Take an entry off, while it stands as it was read. The caller takes one off the stream's count of parked."""
    return Delete(parked_key(stream, consumer, entry.subject, entry.seq), expect=entry.as_read)


@dataclass(frozen=True, slots=True)
class Released:
    """What the repair of a case set free.

    Attributes:
        released: (stream, subject) pairs that wait for nothing more; the subject is empty for a lane that had stopped.
        waiting: Pairs that still wait for another case.
        bells: Streams to ring, by consumer.
    """

    released: frozenset[tuple[str, str]]
    waiting: frozenset[tuple[str, str]]
    bells: Mapping[str, frozenset[str]] = field(default_factory=dict)


def resolve_case(table: Table, case: str, now: datetime, *, by: str, unfollowed: bool = False) -> Released:
    """Take a repaired case off everything that waits for it, and release what waits for nothing else.

    Safe to repeat; each subject is released in a transaction of its own. A case that nothing waits for is closed.

    Args:
        table: The ledger.
        case: Key of the case.
        now: UTC.
        by: Who repaired it.
        unfollowed: What refers to an event that has never come shall go on without it; also what waits behind that.
    """
    released: set[tuple[str, str]] = set()
    still: set[tuple[str, str]] = set()
    bells: dict[str, set[str]] = {}
    pk = case_key(case).pk
    for key, waiting in table.query(pk, "W#", "W#" + LAST):
        stream, consumer, subject = waiting["stream"], waiting["consumer"], waiting["subject"]
        free = release_waiting(table, case, key, waiting, now=now, by=by, unfollowed=unfollowed)
        (released if free else still).add((stream, subject))
        if free:
            bells.setdefault(consumer, set()).add(stream)
    close_case(table, case, now, by)
    return Released(
        released=frozenset(released - still),
        waiting=frozenset(still),
        bells={consumer: frozenset(streams) for consumer, streams in bells.items()},
    )


def stop_for(case: str, stream: str, consumer: str, now: datetime) -> list[Write]:
    """Have a stopped lane wait for the case that stopped it, so that its repair starts it again."""
    waiting = {"stream": stream, "consumer": consumer, "subject": "", "since": stamp(now)}
    return [Put(waiting_key(case, stream, consumer, ""), waiting)]


def release_waiting(
    table: Table, case: str, key: Key, waiting: Item, *, now: datetime, by: str, unfollowed: bool = False
) -> bool:
    """Take a case off one that waits for it; whether that waits for nothing more.

    Args:
        table: The ledger.
        case: Key of the case.
        key: Where it stands that this one waits.
        waiting: What stands there.
        now: UTC.
        by: Who repaired it.
        unfollowed: As for `resolve_case`.
    """
    stream, consumer, subject = waiting["stream"], waiting["consumer"], waiting["subject"]

    def attempt() -> bool:
        row = table.get([key]).get(key)
        if row is None:
            return True  # somebody else released it since
        # This very one: released by somebody else and parked again it waits anew, and is not ours to take away.
        there = {"consumer": consumer, "since": row["since"]}
        if not subject:
            table.write([Delete(key, expect=there), Patch(stream_key(stream), remove=(f"stopped#{consumer}",))])
            return True
        entries = parked_entries(table, stream, consumer, subject)
        first = next((entry for entry in entries if case in entry.causes), None)
        writes: list[Write] = [Delete(key, expect=there), Patch(case_key(case), add=counted(consumer, -1))]
        if first is None:
            table.write(writes)
            return True
        left = [cause for cause in first.causes if cause != case]
        parked = parked_key(stream, consumer, subject, first.seq)
        never = events_awaited([case]) if unfollowed else []
        writes.append(
            Patch(parked, set={"causes": left, **_without(first, never)}, expect={"causes": list(first.causes)})
        )
        for behind in [entry for entry in entries if entry is not first][:MOST_BEHIND] if never else []:
            key_behind = parked_key(stream, consumer, subject, behind.seq)
            writes.append(Patch(key_behind, set=_without(behind, never), expect={"causes": list(behind.causes)}))
        if not left:
            state = StreamState(stream, table.get([stream_key(stream)])[stream_key(stream)])
            writes += append_control(state, [(consumer, "release", subject)], now, by=by)
        table.write(writes)
        return not left

    return until_accepted(attempt)


def _without(entry: ParkedEntry, never: Sequence[str]) -> Item:
    return {"without": list(dict.fromkeys([*entry.without, *never]))} if never else {}


def about_references(error: BusinessError, references: Iterable[Reference]) -> list[str]:
    """Those of an error's cases that the import of a reference repairs."""
    cases = {str(reference.case) for reference in references}
    return [cause for cause in causes_of(error) if cause in cases]


def recheck(
    table: Table,
    resolver: Resolver,
    state: StreamState,
    consumer: str,
    references_of: Callable[[Unchecked], Iterable[Reference]],
    *,
    now: datetime,
) -> None:
    """After parking: release what was repaired between our look-up and our commit.

    Who repairs writes first and then looks who waits; we wait first and then look whether it was repaired. One of the
    two sees the other. What is to be looked up stands in the stream's item until it has been, so that a crash between
    parking and looking again loses nothing.

    Raises:
        WriteRefused: More was parked meanwhile; look again.
    """
    for held in state.unchecked(consumer):
        missing = [reference for reference in references_of(held) if str(reference.case) in held.causes]
        for reference in resolver.resolve(missing) if missing else {}:
            resolve_case(table, str(reference.case), now, by=consumer)
    name = f"unchecked#{consumer}"
    table.write([Patch(stream_key(state.stream), remove=(name,), expect={name: state.raw(name)})])


def append_control(state: StreamState, asked: Sequence[tuple[str, str, str]], now: datetime, *, by: str) -> list[Write]:
    """The writes that append control entries `(consumer, action, subject)` to a stream, in order.

    On condition that nobody else did since it was read.
    """
    number = state.controls
    writes: list[Write] = []
    for consumer, action, subject in asked:
        number += 1
        item: Item = {"consumer": consumer, "action": action, "subject": subject, "at": stamp(now), "by": by}
        writes.append(Put(control_key(state.stream, number), item, expect=NEW))
    writes.append(
        Patch(
            stream_key(state.stream),
            set={"controls": number},
            default={"open_key": open_shard(state.stream), "open_since": stamp(now)},
            expect={"controls": state.raw("controls")},
        )
    )
    return writes


def close_patch(case: CaseKey, now: datetime, *, by: str) -> Patch:
    """Close a case that holds nothing up, whether or not it was open."""
    return Patch(
        case_key(str(case)),
        set={"state": "resolved", "resolved_at": stamp(now), "resolved_by": by},
        remove=("open_key", "open_since", "opened_at", "due_at"),
    )


def close_case(table: Table, case: str, now: datetime, by: str) -> None:
    """Close a case that nothing waits for any more; one that came to wait meanwhile keeps it open.

    One that ended by itself before anybody had to look at it leaves nothing behind.
    """
    key = case_key(case)

    def attempt() -> None:
        item = table.get([key]).get(key)
        if item is None or item.get("state") not in {"open", "expected"} or item.get("waiting", 0) > 0:
            return
        if item["state"] == "expected":
            table.write([Delete(key, expect={"waiting": item.get("waiting", ABSENT), "state": "expected"})])
            return
        closed = {"state": "resolved", "resolved_at": stamp(now), "resolved_by": by, "was_opened_at": item["opened_at"]}
        remove = ("open_key", "open_since", "opened_at", "due_at")
        expect = {"waiting": item.get("waiting", ABSENT), **as_read(item)}
        table.write([Patch(key, set=closed | noted(item, now, by=by), remove=remove, expect=expect)])

    until_accepted(attempt)


def age(item: Item, now: datetime) -> timedelta:
    """How long a case has been open."""
    return now - moment(item["opened_at"])
