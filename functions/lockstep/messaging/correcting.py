"""Correcting: a person says what an event, or a document made of it, should have been.

The ledger's entry is never changed. The correction stands on the parked entry, with who gave it and why, and a control
entry asks the consumer to run it again: it then works with what was corrected, and its outcome keeps it. Who looks at
the entry later, as a void of it or a reconciliation, takes it from that outcome.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from lockstep.canonical.events import Event, parse_event
from lockstep.messaging.awaiting import counted
from lockstep.messaging.ledger import (
    Entry,
    Outcome,
    StreamState,
    case_key,
    identity_key,
    moment,
    pack,
    parked_key,
    stamp,
    stream_key,
    unpack,
    waiting_key,
)
from lockstep.messaging.outbound import Document
from lockstep.messaging.parking import ParkedEntry, append_control, parked_subjects, resolve_case
from lockstep.messaging.ports import NEW, Delete, Key, Patch, Put, Table, Write
from lockstep.messaging.retry import until_accepted
from lockstep.messaging.skipping import note_in_case


@dataclass(frozen=True, slots=True)
class Correction:
    """What takes the place of an entry's event, or of one of its documents."""

    by: str
    at: datetime
    reason: str
    event: Event | None = None
    """With a workflow: what is decided instead of the entry's own."""
    body: Mapping[str, Any] | None = None
    """With a poster: what is posted instead of the document's own, under its key and subject."""
    number: int = 0
    """Which of the entry's documents for that target, from 0."""

    @property
    def note(self) -> str:
        """Who gave it, and why."""
        return f"corrected by {self.by}: {self.reason}"

    def of(self, entry: Entry) -> Entry:
        """An entry with what it should have been."""
        return entry if self.event is None else replace(entry, event=self.event)

    def of_document(self, document: Document, number: int) -> Document:
        """An entry's document of that number, with what it should have been."""
        if self.body is None or number != self.number:
            return document
        return replace(document, body=self.body)

    def to_bytes(self) -> bytes:
        """As kept."""
        kept = {"by": self.by, "at": stamp(self.at), "reason": self.reason, "number": self.number, "body": self.body}
        event = self.event.model_dump_json(exclude_none=True) if self.event is not None else None
        return pack(json.dumps({**kept, "event": event}, separators=(",", ":")))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """As kept."""
        kept = json.loads(unpack(content))
        return cls(
            by=kept["by"],
            at=moment(kept["at"]),
            reason=kept["reason"],
            event=parse_event(kept["event"]) if kept["event"] is not None else None,
            body=kept["body"],
            number=kept["number"],
        )


def correction_of(kept: ParkedEntry | Outcome | None) -> Correction | None:
    """What a person put in its place; None for what is as it came."""
    return Correction.from_bytes(kept.correction) if kept is not None and kept.correction else None


def as_corrected(entry: Entry, kept: ParkedEntry | Outcome | None) -> Entry:
    """An entry as a consumer is to see it."""
    correction = correction_of(kept)
    return entry if correction is None else correction.of(entry)


class CannotCorrect(Exception):
    """The correction does not fit what waits; says why. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Held:
    """An entry that waits with one consumer."""

    stream: str
    seq: int
    consumer: str
    subject: str

    @property
    def key(self) -> Key:
        """Where it is parked."""
        return parked_key(self.stream, self.consumer, self.subject, self.seq)


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was corrected.

    Attributes:
        held: Those that run again with the correction.
        bells: Streams to ring, by consumer.
    """

    held: tuple[Held, ...] = ()
    bells: Mapping[str, frozenset[str]] = field(default_factory=dict)


def correct_held(
    table: Table, held: Held, correction: Correction, now: datetime, *, case: str, identity: str = ""
) -> Corrected:
    """Put a correction in the place of what is parked, and let it run again. Safe to repeat.

    It waits for none of its cases any more: what of them still stands in its way, it meets again.

    Args:
        table: The ledger.
        held: The first of its subject, which waits under cases.
        correction: Checked by the caller to be of the same identity.
        now: UTC.
        case: The case it is corrected for; its history tells of it.
        identity: Id under which the corrected event is known from now on beside its own, so that the same event, should
            it still be delivered, is a duplicate; empty where it is the same.

    Raises:
        CannotCorrect: Part of it was done already; the event has arrived corrected; or it would overtake.
    """
    causes = until_accepted(lambda: _put_in_place(table, held, correction, now, identity))
    if causes is None:
        if int(table.get([case_key(case)]).get(case_key(case), {}).get("waiting", 0)) > 0:
            return Corrected()
        # Who corrected it may have died before this.
        return Corrected(bells=resolve_case(table, case, now, by=correction.by).bells)
    note_in_case(
        table, case, now, by=correction.by, what=f"corrected {held.subject} with {held.consumer}: {correction.reason}"
    )
    bells: dict[str, set[str]] = {held.consumer: {held.stream}}
    for one in causes:
        if int(table.get([case_key(one)]).get(case_key(one), {}).get("waiting", 0)) <= 0:
            freed = resolve_case(table, one, now, by=correction.by)  # a lane that had stopped for it goes on
            for consumer, streams in freed.bells.items():
                bells.setdefault(consumer, set()).update(streams)
    return Corrected((held,), {consumer: frozenset(streams) for consumer, streams in bells.items()})


def _put_in_place(
    table: Table, held: Held, correction: Correction, now: datetime, identity: str
) -> tuple[str, ...] | None:
    """The cases that it waited for; None when it does not wait any more."""
    where = stream_key(held.stream)
    known_as = [identity_key(identity)] if identity else []
    found = table.get([where, held.key, *known_as])
    if held.key not in found:
        return None
    parked = ParkedEntry.of(held.key, found[held.key])
    if not parked.causes:
        return None
    state = StreamState(held.stream, found[where])
    _hold_that_it_fits(table, held, parked, correction, state)
    writes: list[Write] = [
        Patch(
            held.key,
            set={"causes": [], "correction": correction.to_bytes()},
            expect={"causes": list(parked.causes)},
        )
    ]
    for cause in parked.causes:
        writes += (
            Delete(waiting_key(cause, held.stream, held.consumer, held.subject), expect={"consumer": held.consumer}),
            Patch(case_key(cause), add=counted(held.consumer, -1)),
        )
    writes += _known_as(identity, found.get(known_as[0]) if known_as else None, held)
    *entries, patch = append_control(state, [(held.consumer, "correct", held.subject)], now, by=correction.by)
    if isinstance(patch, Patch):
        count = f"parked#{held.consumer}"
        patch = replace(patch, expect={**patch.expect, count: state.raw(count)})
    table.write([*writes, *entries, patch])
    return parked.causes


def _hold_that_it_fits(
    table: Table, held: Held, parked: ParkedEntry, correction: Correction, state: StreamState
) -> None:
    if correction.event is None:
        if correction.number != parked.part:
            raise CannotCorrect(f"document {correction.number} of it is not the one that waits")
        return
    if parked.part:
        raise CannotCorrect(f"{parked.part} changes of it were made already, as it came")
    subject = correction.event.subject
    if subject not in {held.subject, parked.own} and subject in parked_subjects(table, state, held.consumer):
        raise CannotCorrect(f"it would follow {subject}, which is held itself: resolve that first")


def _known_as(identity: str, known: Mapping[str, Any] | None, held: Held) -> list[Write]:
    if not identity:
        return []
    if known is None:
        return [Put(identity_key(identity), {"stream": held.stream, "seq": held.seq}, expect=NEW)]
    if (known["stream"], int(known["seq"])) != (held.stream, held.seq):
        raise CannotCorrect(f"{identity} has arrived meanwhile: try the case again instead")
    return []  # noted when another consumer's was corrected
