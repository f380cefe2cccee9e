"""What a person corrects: an event or a document that waits for a case, as a file to edit, and back again.

The file holds what may be changed and no more: an event's `type` and `data`, or a document's `kind` and `body`. Whose
it is, where it stands and under which key it is posted stay as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from lockstep.canonical.events import EVENTS, Event, TransactionClosed, TransactionUnbalanced
from lockstep.canonical.model import Canonical
from lockstep.canonical.sales_receipt import SalesReceipt
from lockstep.canonical.streams import StreamId, StreamKind
from lockstep.messaging.correcting import (
    CannotCorrect,
    Corrected,
    Correction,
    Held,
    as_corrected,
    correct_held,
    correction_of,
)
from lockstep.messaging.ledger import Entry, Outcome, StreamState, entry_from, entry_key, outcome_key, stream_key
from lockstep.messaging.outbound import Document
from lockstep.messaging.parking import ParkedEntry, parked_entries
from lockstep.messaging.ports import Clock, Doorbells, Table
from lockstep.messaging.specs import Delivery
from lockstep.messaging.topology import Consumer
from lockstep.operations.cases import read_waiting
from lockstep.operations.differences import Difference, differences
from lockstep.operations.numbering import first_number

BODIES: Final[Mapping[str, tuple[type[Canonical], tuple[str, ...]]]] = {
    "sales_receipt": (SalesReceipt, ("transaction", "name", "store")),
}
"""By kind of document: the canonical model of its body, and the fields that say which one it is."""


class EventDraft(BaseModel):
    """An event, as far as it can be corrected."""

    model_config = ConfigDict(extra="forbid")

    type: str
    data: dict[str, Any]


class DocumentDraft(BaseModel):
    """A document, as far as it can be corrected."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    body: dict[str, Any]


Draft = EventDraft | DocumentDraft


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry that waits for a case, with whoever it waits with."""

    entry: Entry
    """As it came."""
    held: tuple[Held, ...]
    parked: ParkedEntry
    """With the first of them."""
    poster: Consumer | None
    """Who posts the document that waits; None where the event does."""
    document: Document | None = None
    """With a poster: as it was decided."""

    @property
    def subject(self) -> str:
        """What waits."""
        return self.held[0].subject

    @property
    def draft(self) -> Draft:
        """As it stands now, to be edited.

        Of a transaction that does not add up no more is known than its identity and what was paid: what it should have
        been is to be filled in, and stands in the delivery that brought it.
        """
        if self.document is not None:
            correction = correction_of(self.parked)
            document = self.document if correction is None else correction.of_document(self.document, self.parked.part)
            return DocumentDraft(kind=document.kind, body=dict(document.body))
        event = as_corrected(self.entry, self.parked).event
        if isinstance(event, TransactionUnbalanced):
            return _to_be_filled_in(event)
        data = event.model_dump(mode="json", exclude_none=True)["data"]
        return EventDraft(type=event.type, data=data)


@dataclass(frozen=True, slots=True)
class Plan:
    """A correction that fits, not made yet."""

    waiting: Waiting
    draft: Draft
    event: Event | None
    body: Mapping[str, Any] | None
    identity: str
    """Id under which it will be known beside its own; empty where it is the same."""
    differences: tuple[Difference, ...]
    """Against what stands there now."""
    unaffected: tuple[tuple[str, str], ...]
    """(consumer, what it made of it): those that will not see the correction."""


def read_draft(content: str) -> Draft:
    """A file that a person edited.

    Raises:
        CannotCorrect: It is none.
    """
    problems = []
    for kind in (EventDraft, DocumentDraft):
        try:
            return kind.model_validate_json(content)
        except ValidationError as error:
            problems.append(_told(error))
    raise CannotCorrect(
        f"it is neither an event with `type` and `data` ({problems[0]}) nor a document with `kind` and `body`"
    )


def waiting_for(table: Table, consumers: Sequence[Consumer], case: str, subject: str = "") -> Waiting:
    """The one entry that waits for a case, or that of a subject.

    Args:
        table: The ledger.
        consumers: Everyone who reads streams here.
        case: `kind/reference`.
        subject: Needed where several wait.

    Raises:
        CannotCorrect: None does; several do; or what waits is neither an event nor a document.
    """
    found: dict[tuple[str, int], list[tuple[Held, ParkedEntry]]] = {}
    for one in read_waiting(table, case):
        if not one.subject or subject not in {"", one.subject}:
            continue
        entries = parked_entries(table, one.stream, one.consumer, one.subject)
        first = next((entry for entry in entries if case in entry.causes), None)
        if first is not None:
            held = Held(one.stream, first.seq, one.consumer, one.subject)
            found.setdefault((one.stream, first.seq), []).append((held, first))
    if any(StreamId.parse(stream).kind is StreamKind.INTAKE for stream, _ in found):
        raise CannotCorrect("what waits stands for others: have it read, or sent, again")
    if not found:
        raise CannotCorrect(f"nothing of {subject} waits for {case}" if subject else f"nothing waits for {case}")
    if len(found) > 1:
        names = sorted({held.subject for waiting in found.values() for held, _ in waiting})
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""  # noqa: PLR2004
        raise CannotCorrect(f"{len(found)} wait for it, and each is corrected by itself: {', '.join(names[:5])}{more}")
    ((where, waiting),) = found.items()
    by_id = {consumer.id: consumer for consumer in consumers}
    posters = [pair for pair in waiting if by_id[pair[0].consumer].is_poster]
    chosen = [pair for pair in waiting if pair not in posters] or posters[:1]
    key = entry_key(*where)
    entry = entry_from(key, table.get([key])[key])
    poster = by_id[chosen[0][0].consumer] if chosen[0] in posters else None
    document = _document(table, poster, *chosen[0]) if poster is not None else None
    return Waiting(entry, tuple(held for held, _ in chosen), chosen[0][1], poster, document)


def plan_correction(
    table: Table,
    consumers: Sequence[Consumer],
    consumes: Mapping[str, Sequence[str]],
    waiting: Waiting,
    draft: Draft,
) -> Plan:
    """Check a correction against the canonical model, and against what it takes the place of.

    Args:
        table: The ledger.
        consumers: Everyone who reads streams here.
        consumes: Types of event that each workflow is concerned with.
        waiting: What is corrected.
        draft: What it should have been.

    Raises:
        CannotCorrect: It does not fit; says why.
    """
    current = waiting.draft
    if type(current) is not type(draft):
        raise CannotCorrect(f"{waiting.subject} waits as {'a document' if waiting.document else 'an event'}")
    changed = tuple(differences(current.model_dump(), draft.model_dump()))
    if not changed:
        raise CannotCorrect("nothing in it is changed")
    if isinstance(draft, EventDraft):
        event = _event(waiting.entry, draft)
        if event == as_corrected(waiting.entry, waiting.parked).event:
            raise CannotCorrect("nothing in it is changed")
        identity = event.id if event.id != waiting.entry.event.id else ""
        unaffected = _unaffected(table, consumers, consumes, waiting, event)
        return Plan(waiting, draft, event, None, identity, changed, unaffected)
    return Plan(waiting, draft, None, _body(current, draft), "", changed, ())


def correct_and_ring(
    plan: Plan, case: str, *, ledger: Table, doorbells: Doorbells, clock: Clock, by: str, reason: str
) -> tuple[Held, ...]:
    """Make a correction, and ring for what runs again. Safe to repeat.

    Returns:
        Those that run again; one that was released meanwhile is not among them.

    Raises:
        CannotCorrect: It does not fit any more.
    """
    now = clock.now()
    done: list[Corrected] = []
    for held in plan.waiting.held:
        correction = Correction(by, now, reason, plan.event, plan.body, plan.waiting.parked.part)
        done.append(correct_held(ledger, held, correction, now, case=case, identity=plan.identity))
    for one in done:
        for consumer, streams in sorted(one.bells.items()):
            doorbells.ring(consumer, sorted(streams))
    return tuple(held for one in done for held in one.held)


def _event(entry: Entry, draft: EventDraft) -> Event:
    kinds = {event.type_name(): event for event in EVENTS}
    if draft.type not in kinds:
        raise CannotCorrect(f"there is no event {draft.type!r}")
    kind, original = kinds[draft.type], entry.event
    model: Any = kind.model_fields["data"].annotation
    try:
        data = model.model_validate(draft.data)
        event = kind.create(
            data,
            source=original.source,
            received_at=original.received_at,
            causation_id=original.causation_id,
        )
    except ValidationError as error:
        raise CannotCorrect(_told(error)) from error
    same = event.id == original.id
    instead = event.id in original.follows() and event.register() == original.register()
    if event.stream() != original.stream() or not (same or instead):
        raise CannotCorrect(f"it is another event: {event.id}, not {original.id}")
    return event.model_copy(update={"sequence": entry.seq})


def _body(current: Draft, draft: DocumentDraft) -> dict[str, Any]:
    if not isinstance(current, DocumentDraft) or draft.kind != current.kind or draft.kind not in BODIES:
        raise CannotCorrect(f"a document of kind {draft.kind!r} cannot be put there")
    model, fixed = BODIES[draft.kind]
    try:
        body = model.model_validate(draft.body).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        raise CannotCorrect(_told(error)) from error
    moved = [name for name in fixed if body.get(name) != current.body.get(name)]
    if moved:
        raise CannotCorrect(f"that makes it another document: {', '.join(moved)} cannot be changed")
    return body


def _document(table: Table, poster: Consumer, held: Held, parked: ParkedEntry) -> Document:
    if poster.delivery is not Delivery.DOCUMENTS:
        raise CannotCorrect(f"what waits with {poster.id} is a quantity, which follows from others: repair its cause")
    keys = {name: outcome_key(held.stream, held.seq, name) for name in poster.fed_by(StreamId.parse(held.stream))}
    found = table.get(keys.values())
    mine: dict[int, Mapping[str, Any]] = {}
    for name, key in keys.items():
        documents = Outcome.from_item(found[key]).documents if key in found else ()
        own = [item for item in documents if item["target"] == poster.id]
        mine |= dict(enumerate(own, first_number(poster, held.stream, name)))
    if parked.part not in mine:
        raise CannotCorrect("nothing of it is left to be posted: try the case again instead")
    return Document.from_item(mine[parked.part])


def _unaffected(
    table: Table,
    consumers: Sequence[Consumer],
    consumes: Mapping[str, Sequence[str]],
    waiting: Waiting,
    event: Event,
) -> tuple[tuple[str, str], ...]:
    """Workflows that have gone past it otherwise than by parking it.

    Raises:
        CannotCorrect: One has not come to it yet, and would take it as it came.
    """
    stream, seq = waiting.entry.stream, waiting.entry.seq
    types = {event.type, waiting.entry.event.type}
    readers = [
        one.id
        for one in consumers
        if one.id in consumes and one.reads(StreamId.parse(stream)) and types & set(consumes[one.id])
    ]
    keys = {name: outcome_key(stream, seq, name) for name in readers}
    found = table.get([stream_key(stream), *keys.values()])
    state = StreamState(stream, found[stream_key(stream)])
    behind = [name for name in readers if state.cursor(name).seq < seq]
    if behind:
        raise CannotCorrect(f"{', '.join(behind)} has not come to it yet: give it a moment, or see `lockstep lanes`")
    corrected = {held.consumer for held in waiting.held}
    made = {name: found[key]["state"] if key in found else "passed over" for name, key in keys.items()}
    return tuple((name, what) for name, what in made.items() if name not in corrected)


def _to_be_filled_in(event: TransactionUnbalanced) -> EventDraft:
    data = event.model_dump(mode="json", exclude_none=True)["data"]
    blank: dict[str, list[object]] = {"lines": [], "discounts": [], "taxes": [], "charges": [], "tenders": []}
    known = {"id": data["id"], "kind": "sale", "currency": event.data.paid.currency, "closed_at": data["closed_at"]}
    return EventDraft(type=TransactionClosed.type_name(), data={**known, **blank})


def _told(error: ValidationError) -> str:
    """What is wrong, place by place, without what stands there."""
    lines = (
        ": ".join(part for part in (".".join(map(str, one["loc"])), one["msg"]) if part)
        for one in error.errors(include_input=False, include_url=False)
    )
    return "; ".join(lines)
