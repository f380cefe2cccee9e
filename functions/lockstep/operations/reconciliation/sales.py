"""What became of each of a day's transactions, and where its money is."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from lockstep.canonical.events import (
    Event,
    OrderReported,
    RefundReported,
    TransactionClosed,
    TransactionUnbalanced,
)
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.money import Money
from lockstep.canonical.sales_receipt import SalesReceipt
from lockstep.canonical.streams import StreamId
from lockstep.messaging.correcting import Correction, as_corrected, correction_of
from lockstep.messaging.ledger import (
    INDEX_REFERENCE,
    LAST,
    Entry,
    Outcome,
    StreamState,
    identity_key,
)
from lockstep.messaging.outbound import Document, StandingDocument
from lockstep.messaging.parking import ParkedEntry
from lockstep.messaging.ports import Key, Table
from lockstep.messaging.references import Reference, ReferenceKind, Resolver
from lockstep.messaging.specs import Delivery, Role, WorkflowSpec
from lockstep.messaging.topology import Consumer
from lockstep.operations.numbering import first_number, outcome_name
from lockstep.operations.reconciliation.days import Days, Kept, TillDay

RECEIPT: Final = "sales_receipt"
"""The kind of document that carries a transaction's money."""
LOOKED_AHEAD: Final = 2
"""Days after a business day in which its orders and refunds are looked for; the target's own records know of the rest.
"""
_SAME_NUMBER: Final = 20
"""Outcomes with one number that are looked at: a target numbers its own."""
UNSTATED: Final = "(unstated)"
"""The tender of money of which only the sum is known: a transaction that does not add up says no more."""

Paid = Counter[tuple[str, str]]
"""Minor units by (tender, currency). What was given back counts below zero."""


class Fate(StrEnum):
    """What became of a transaction."""

    POSTED = "posted"
    """Every document decided for it stands in its target."""
    HELD = "held"
    """Parked: a person has to repair something first."""
    WAITING = "waiting"
    """Its turn has not come, or its target is down."""
    IGNORED = "ignored"
    """It was decided that no document follows from it."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A document that was decided, and its number once it is posted."""

    target: str
    document: Document
    """As it was corrected, where it was."""
    number: str | None
    correction: Correction | None = None

    @property
    def day(self) -> date | None:
        """The business day on which it is booked; None for what carries no money."""
        if self.document.kind != RECEIPT:
            return None
        return SalesReceipt.model_validate(self.document.body).business_day

    def is_of(self, store: str, day: date) -> bool:
        """Whether it is booked on that day for that store."""
        return self.day == day and self.document.body["store"] == store


@dataclass(frozen=True, slots=True)
class OtherBooking:
    """A document of a day that no till closed, as an order's or a refund's."""

    event: str
    """Id of the event that it comes from."""
    fate: Fate
    why: str
    cases: tuple[str, ...]
    booked: Booked | None = None
    """None while it is not decided."""


@dataclass(frozen=True, slots=True)
class Sale:
    """One transaction of a day."""

    id: TransactionId
    account: str
    fate: Fate
    why: str
    """For a person; empty for one that is posted."""
    paid: Paid
    """What the till took."""
    documents: tuple[Booked, ...] = ()
    cases: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    """What a person put in its place, or in that of its documents."""

    @property
    def booked(self) -> Paid:
        """What its documents say, those of one target; of a transaction that is posted."""
        return next(iter(self.booked_by_target.values()), Paid())

    @property
    def booked_by_target(self) -> dict[str, Paid]:
        """The same for each target."""
        booked: dict[str, Paid] = {}
        for one in self.documents:
            booked.setdefault(one.target, Paid()).update(_paid_by(one.document))
        return booked


@dataclass(frozen=True, slots=True)
class _Lane:
    """What is read of a stream before its entries are."""

    state: StreamState
    parked: Mapping[str, Sequence[ParkedEntry]]
    """By consumer."""


@dataclass(slots=True)
class _Money:
    """A transaction's tenders in the till's order, where they are known."""

    tenders: list[tuple[str, Money]] = field(default_factory=list)
    """(the till's name, amount)."""
    unstated: Money | None = None


class Sales:
    """Reads a till's day as sales."""

    def __init__(
        self, table: Table, resolver: Resolver, consumers: Sequence[Consumer], specs: Iterable[WorkflowSpec]
    ) -> None:
        """Args:
        table: The ledger.
        resolver: Names tenders that no document names.
        consumers: Everyone who reads streams here.
        specs: The workflows that run here.
        """
        self._table = table
        self._days = Days(table)
        self._resolver = resolver
        booking = [spec for spec in specs if spec.role is Role.ERP and spec.delivery is Delivery.DOCUMENTS]
        self._specs = {spec.consumer: spec for spec in booking}
        self._consumers = {consumer.id: consumer for consumer in consumers}

    @property
    def targets(self) -> tuple[str, ...]:
        """Accounts in which documents are posted for what tills close."""
        fed = (
            consumer.id
            for consumer in self._consumers.values()
            if any(feeder.id in self._specs for feeder in consumer.feeders)
        )
        return tuple(sorted(fed))

    def of(self, till: TillDay, day: date) -> list[Sale]:
        """The till's transactions of that day, each once, in the order in which they were accepted.

        A transaction that did not add up and arrived again corrected is one; it is then what the corrected one is.
        """
        states = self._days.states(till)
        lanes = {stream: _Lane(state, self._parked(state)) for stream, state in states.items()}
        entries: dict[str, Kept] = {}
        for found in self._days.entries(till, day):
            kept = self._as_corrected(found)
            name = str(kept.entry.event.register())
            if name not in entries or isinstance(kept.entry.event, TransactionClosed):
                entries[name] = kept
        money = self._money(till.account, [kept.entry.event for kept in entries.values()])
        return [self._sale(till, kept, lanes[kept.entry.stream], money) for kept in entries.values()]

    def others(self, accounts: Iterable[str], day: date, now: datetime) -> list[OtherBooking]:
        """What is booked on that day and no till closed: orders, refunds.

        They are found by the day on which they came: up to `LOOKED_AHEAD` days after the one they are booked on.
        """
        days = [day + timedelta(days=number) for number in range(-1, LOOKED_AHEAD + 1)]
        lanes: dict[str, _Lane] = {}
        found: list[OtherBooking] = []
        for account, came in ((account, came) for came in days if came <= now.date() for account in accounts):
            for stream, first in self._days.accepted(account, came):
                readers = [spec for spec in self._specs.values() if self._reads(spec, stream)]
                if readers and stream not in lanes:
                    state = self._days.state(stream)
                    lanes[stream] = _Lane(state, self._parked(state))
                for kept in self._days.accepted_run(stream, first, came) if readers else ():
                    found += self._others(kept, readers, lanes[stream], day)
        return found

    def posted_as(self, target: str, standing: Iterable[StandingDocument], store: str, day: date) -> dict[str, Booked]:
        """Those of some documents that stand in a target which were posted there for that store and day, by key.

        They are found by the target's own numbers: whatever a person has moved there, or came long after its day.
        """
        found: dict[str, Booked] = {}
        for one in standing:
            places = self._table.index(INDEX_REFERENCE, one.number, limit=_SAME_NUMBER) if one.number else []
            for stream, seq in (place for key in places if (place := _place(key)) is not None):
                for booked in self._booked_at(target, self._days.kept(stream, seq)):
                    if booked.document.key == one.key and booked.is_of(store, day) and booked.number is not None:
                        found[one.key] = booked
        return found

    def _reads(self, spec: WorkflowSpec, stream: str) -> bool:
        return self._consumers[spec.consumer].reads(StreamId.parse(stream))

    def _others(
        self, found: Kept, readers: Sequence[WorkflowSpec], lane: "_Lane", day: date
    ) -> Iterator["OtherBooking"]:
        kept = self._as_corrected(found)
        for step in (step for spec in readers for step in self._steps(spec, kept, lane)):
            for booked in step.documents:
                if booked.day == day:
                    yield OtherBooking(kept.entry.event.id, step.fate, step.why, step.cases, booked)
            if not step.documents and step.fate in _UNSETTLED and _day_of(kept.entry.event) == day:
                yield OtherBooking(kept.entry.event.id, step.fate, step.why, step.cases)

    def _booked_at(self, target: str, kept: Kept) -> Iterator[Booked]:
        for name in self._specs:
            decided = kept.outcomes.get(name)
            mine = [item for item in (decided.documents if decided else ()) if item["target"] == target]
            first = first_number(self._consumers[target], kept.entry.stream, name)
            for number, item in enumerate(mine, first):
                yield _booked(item, kept.outcomes.get(outcome_name(target, number)))

    # ---- what became of it ----

    def _as_corrected(self, kept: Kept) -> Kept:
        """An entry with what a person has put in its place, where one of the workflows has decided on that."""
        for name in self._specs:
            corrected = as_corrected(kept.entry, kept.outcomes.get(name))
            if corrected is not kept.entry:
                return dataclasses.replace(kept, entry=corrected)
        return kept

    def _parked(self, state: StreamState) -> dict[str, list[ParkedEntry]]:
        found: dict[str, list[ParkedEntry]] = {}
        for consumer in (*self._specs, *self.targets):
            if state.parked(consumer):
                prefix = f"P#{consumer}#"
                rows = self._table.query(f"S#{state.stream}", prefix, prefix + LAST)
                found[consumer] = [ParkedEntry.of(key, item) for key, item in rows]
        return found

    def _sale(self, till: TillDay, kept: Kept, lane: _Lane, money: "_Tills") -> Sale:
        event = kept.entry.event
        steps = [
            step
            for spec in self._specs.values()
            if self._consumers[spec.consumer].reads(StreamId.parse(kept.entry.stream))
            for step in self._steps(spec, kept, lane)
        ]
        first = next((step for fate in _WORST_FIRST for step in steps if step.fate is fate), _Step(Fate.IGNORED))
        documents = tuple(booked for step in steps for booked in step.documents)
        identity = event.register()
        if identity is None:
            raise AssertionError("entries of a till's day are in its register")
        return Sale(
            id=identity,
            account=till.account,
            fate=first.fate,
            why=first.why or ("no workflow books it" if first.fate is Fate.IGNORED else ""),
            paid=money.paid(event, documents),
            documents=documents,
            cases=tuple(dict.fromkeys(case for step in steps for case in step.cases)),
            corrections=tuple(self._corrections(kept, documents)),
        )

    def _corrections(self, kept: Kept, documents: Sequence[Booked]) -> Iterator[Correction]:
        for name in self._specs:
            correction = correction_of(kept.outcomes.get(name))
            if correction is not None:
                yield correction
        yield from (one.correction for one in documents if one.correction is not None)

    def _steps(self, spec: WorkflowSpec, kept: Kept, lane: _Lane) -> Iterator["_Step"]:
        """How far a workflow is with an entry, then how far each of its documents is."""
        outcome = kept.outcomes.get(spec.consumer)
        if outcome is None:
            yield self._undecided(spec, kept.entry, lane)
        elif outcome.state == "parked":
            yield _held(spec.consumer, kept.entry, outcome, lane)
        elif not outcome.documents:
            yield _Step(Fate.IGNORED, outcome.summary)
        else:
            numbers: Counter[str] = Counter()
            for item in outcome.documents:
                first = first_number(self._consumers[item["target"]], kept.entry.stream, spec.consumer)
                yield self._document(item, first + numbers[item["target"]], kept, lane)
                numbers[item["target"]] += 1

    @staticmethod
    def _undecided(spec: WorkflowSpec, entry: Entry, lane: _Lane) -> "_Step":
        if entry.event.type not in spec.consumes:
            return _Step(Fate.IGNORED, f"{spec.consumer} does not concern itself with {entry.event.type}")
        if entry.accepted_at < spec.active_from:
            return _Step(Fate.IGNORED, f"accepted before {spec.consumer} began")
        if lane.state.cursor(spec.consumer).seq >= entry.seq:
            return _Step(Fate.IGNORED, f"passed over by {spec.consumer}")
        stopped = lane.state.stopped(spec.consumer)
        reason = f", which has stopped: {stopped.get('reason', '')}" if stopped is not None else ""
        return _Step(Fate.WAITING, f"for {spec.consumer}{reason}")

    @staticmethod
    def _document(item: Mapping[str, Any], number: int, kept: Kept, lane: _Lane) -> "_Step":
        target = item["target"]
        outcome = kept.outcomes.get(outcome_name(target, number))
        booked = (_booked(item, outcome),)
        if booked[0].number is not None:
            return _Step(Fate.POSTED, documents=booked)
        if outcome is not None and outcome.state == "parked":
            step = _held(target, kept.entry, outcome, lane)
            return _Step(step.fate, step.why, cases=step.cases, documents=booked)
        if outcome is not None and outcome.state == "skipped":
            return _Step(Fate.IGNORED, outcome.summary)
        stopped = lane.state.stopped(target)
        reason = f", whose lane has stopped: {stopped.get('reason', '')}" if stopped is not None else ""
        return _Step(Fate.WAITING, f"for {target}{reason}", documents=booked)

    # ---- its money ----

    def _money(self, account: str, events: Sequence[Event]) -> "_Tills":
        originals = self._originals([event for event in events if _repeats_nothing(event)])
        money = {event.id: _money_of(event, originals) for event in events}
        references = {
            Reference(ReferenceKind.TENDER, account, name) for one in money.values() for name, _ in one.tenders
        }
        return _Tills(money, {ref.value: name for ref, name in self._resolver.resolve(references).items()})

    def _originals(self, voids: Sequence[Event]) -> dict[str, Event]:
        """What those void, as far as it has arrived and as it was corrected, by event id."""
        ids = {event_id for event in voids for event_id in event.follows()}
        if not ids:
            return {}
        found = self._table.get(map(identity_key, ids))
        originals: dict[str, Event] = {}
        for key, item in found.items():
            kept = self._days.kept(item["stream"], int(item["seq"]))
            originals[key.pk.removeprefix("I#")] = self._as_corrected(kept).entry.event
        return originals


@dataclass(frozen=True, slots=True)
class _Step:
    """How far one consumer is with one transaction."""

    fate: Fate
    why: str = ""
    cases: tuple[str, ...] = ()
    documents: tuple[Booked, ...] = ()


_UNSETTLED: Final = frozenset({Fate.HELD, Fate.WAITING})
_WORST_FIRST: Final = (Fate.HELD, Fate.WAITING, Fate.POSTED, Fate.IGNORED)
"""A transaction is where the least far of its documents is."""


def _place(key: Key) -> tuple[str, int] | None:
    """The entry that an outcome is of."""
    if not (key.pk.startswith("S#") and key.sk.startswith("E#")):
        return None
    return key.pk.removeprefix("S#"), int(key.sk.split("#")[1])


def _day_of(event: Event) -> date | None:
    """The day on which an order or a refund will be booked, as far as that is known before it is decided."""
    if isinstance(event, OrderReported):
        return event.data.placed_at.date()
    return event.data.refunded_at.date() if isinstance(event, RefundReported) else None


def _booked(item: Mapping[str, Any], outcome: Outcome | None) -> Booked:
    """A decided document, as what its poster made of it says."""
    document = Document.from_item(item)
    posted = outcome.reference if outcome is not None and outcome.state == "posted" else None
    correction = correction_of(outcome)
    if correction is not None:
        document = correction.of_document(document, correction.number)
    return Booked(item["target"], document, posted, correction)


def _held(consumer: str, entry: Entry, outcome: Outcome, lane: _Lane) -> _Step:
    subject = outcome.subject or entry.event.subject
    ahead = [one for one in lane.parked.get(consumer, ()) if one.subject == subject and one.seq <= entry.seq]
    cases = tuple(dict.fromkeys(case for one in ahead for case in one.causes))
    if not cases:
        return _Step(Fate.WAITING, f"released; {consumer} runs it again next")
    return _Step(Fate.HELD, outcome.summary, cases=cases)


@dataclass(frozen=True, slots=True)
class _Tills:
    """The money of a till's day."""

    by_event: Mapping[str, _Money]
    names: Mapping[str, str]
    """Our tender codes by the till's names, as the crosswalk has them now."""

    def paid(self, event: Event, documents: Sequence[Booked]) -> Paid:
        """What the till took, by our tender codes as they were when it was decided; by the till's names without any.

        A decision names each of the till's tenders in its place. A mapping that was changed since changes nothing.
        Where a person corrected the receipt, that says what was taken.
        """
        receipts = [one for one in documents if one.document.kind == RECEIPT and one.correction is not None]
        if receipts:
            return _paid_by(receipts[0].document)
        money = self.by_event[event.id]
        paid = Paid()
        decided = _decided_tenders(documents)
        if len(decided) != len(money.tenders):
            decided = [self.names.get(name, name) for name, _ in money.tenders]
        for tender, (_, amount) in zip(decided, money.tenders, strict=True):
            paid[tender, amount.currency] += amount.minor
        if money.unstated is not None:
            paid[UNSTATED, money.unstated.currency] += money.unstated.minor
        return paid


def _decided_tenders(documents: Sequence[Booked]) -> list[str]:
    receipts = [one.document for one in documents if one.document.kind == RECEIPT]
    return [tender.tender for tender in SalesReceipt.model_validate(receipts[0].body).tenders] if receipts else []


def _paid_by(document: Document) -> Paid:
    if document.kind != RECEIPT:
        return Paid()
    paid = Paid()
    for tender in SalesReceipt.model_validate(document.body).tenders:
        paid[tender.tender, tender.amount.currency] += tender.amount.minor
    return paid


def _repeats_nothing(event: Event) -> bool:
    """Whether it is a void whose money is only known from what it voids."""
    if not isinstance(event, TransactionClosed) or event.data.voids is None:
        return False
    return not (event.data.lines or event.data.tenders)


def _money_of(event: Event, originals: Mapping[str, Event]) -> _Money:
    if isinstance(event, TransactionUnbalanced):
        return _Money(unstated=event.data.paid)
    if not isinstance(event, TransactionClosed):
        return _Money()
    if _repeats_nothing(event):
        original = originals.get(event.follows()[0])
        if not isinstance(original, TransactionClosed):
            return _Money()
        return _Money([(tender.tender, -tender.amount) for tender in original.data.tenders])
    return _Money([(tender.tender, tender.amount) for tender in event.data.tenders])
