"""What must be true all along: looked at with each write and each booking, and between any two happenings.

It follows the tables and the ledger of record as they are written, so that a look costs what changed. What it holds an
event to is its `Effect`, added up apart from the core.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lockstep.canonical.events import Event, TransactionUnbalanced
from lockstep.canonical.streams import StreamId
from lockstep.messaging.awaiting import PREDECESSOR_MISSING
from lockstep.messaging.correcting import Correction
from lockstep.messaging.ledger import (
    LAST,
    Cursor,
    Entry,
    Outcome,
    StreamState,
    awaited_key,
    control_key,
    entry_from,
    entry_key,
    identity_key,
    stream_key,
    unescape,
)
from lockstep.messaging.outbound import Document
from lockstep.messaging.ports import Check, Clock, Delete, Key, Patch, Write
from lockstep.messaging.sequence_gaps import NOTED
from lockstep.messaging.topology import Consumer
from lockstep.runtime.memory import MemoryTable
from simulation.retail import ERP, SAFETY_STOCK, SHOP, Claim, Effect, minor, summed
from simulation.workflows import RECEIPT, STOCKING

if TYPE_CHECKING:
    from datetime import datetime

    from lockstep.canonical.identifiers import TransactionId
    from lockstep.messaging.workflow import Workflow

NOTHING: Final = Effect(books=False)
_HELD: Final = "state:"
_FINAL: Final = frozenset({"decided", "skipped"})


class Place(NamedTuple):
    """Where a document was decided."""

    stream: str
    seq: int
    number: int
    subject: str
    workflow: str


class Parked(NamedTuple):
    """One parked entry, as its key names it."""

    stream: str
    consumer: str
    subject: str
    seq: int

    @classmethod
    def of(cls, key: Key) -> "Parked":
        """From its key."""
        _, consumer, subject, seq = key.sk.split("#")
        return cls(key.pk.removeprefix("S#"), consumer, unescape(subject), int(seq))


class Broken(AssertionError):
    """A promise was broken."""

    def __init__(self, promise: str, what: str) -> None:
        """Args:
        promise: Which.
        what: How it shows.
        """
        super().__init__(f"{promise}: {what}")
        self.promise = promise
        self.what = what


class Watch:
    """Follows one run."""

    def __init__(  # noqa: PLR0915  # it follows many things
        self, table: MemoryTable, topology: Mapping[str, Consumer], clock: Clock
    ) -> None:
        """Args:
        table: The ledger's store.
        topology: Consumers by id; may grow.
        clock: Of the run.
        """
        self._table = table
        self._clock = clock
        self._topology = topology
        self.workflows: dict[str, Workflow] = {}
        self.effects: dict[str, Effect] = {}
        """What each event that may be sent must come to, by id."""
        self.claims: dict[str, Claim] = {}
        """What snapshots of orders say of stock, by id of the event."""
        self.put_back: dict[str, str] = {}
        """What the shop put back on sale by itself, as an order was cancelled: `SKU@store` by id of the event."""
        self.late: set[tuple[str, str]] = set()
        """Names of the ledger of record that were imported late: (kind, ours)."""
        self.references: Callable[[str, Mapping[str, Any]], Iterable[tuple[str, str]]] = lambda _kind, _body: ()
        """What a document of a kind and with a body names: (kind, ours)."""
        self.shown: Mapping[str, int] = {}
        """What the shop shows."""
        self.sold: Counter[str] = Counter()
        """What the shop sold by itself."""
        self.ever_refused: set[str] = set()
        """Subjects of which the ledger of record refused a document at some time."""
        self.entries: dict[str, list[Entry]] = defaultdict(list)
        self.parked: dict[Key, Parked] = {}
        self.held: Counter[tuple[str, str, int]] = Counter()
        """(stream, consumer, sequence number) of what is parked."""
        self.ever_parked: set[tuple[str, str]] = set()
        """(stream, subject) and (stream, sequence number) of whatever was parked at some time."""
        self.waiting: dict[str, set[Key]] = defaultdict(set)
        """Who waits, by partition of the case."""
        self.cases: set[Key] = set()
        self.places: dict[str, Place] = {}
        self.documents: dict[tuple[str, int], list[str]] = defaultdict(list)
        """Keys of the documents decided of an entry."""
        self.made: dict[tuple[str, int, str], Outcome] = {}
        """What workflows made of entries: by stream, sequence number, workflow."""
        self.booked: dict[str, Document] = {}
        self.debits: Counter[tuple[str, str, str]] = Counter()
        """Booked on means of payment: by day, currency, tender; minor units."""
        self.credits: Counter[tuple[str, str, str]] = Counter()
        """Booked on sales, taxes and liabilities: by day, currency, account."""
        self.may_skip: set[tuple[str, bool]] = set()
        """What persons decided to skip: (case, also what waits behind)."""
        self.lost: set[TransactionId] = set()
        """Numbers that tills used and nobody will ever hear of."""
        self.unfollowed: dict[tuple[str, int], set[str]] = {}
        """Events that a person let an entry go on without."""
        self.paused: dict[str, datetime] = {}
        """Targets that a person paused until they are resumed, and since when."""
        self.given_up: set[str] = set()
        """Quantities of the shop that a person skipped."""
        self._cursors: dict[tuple[str, str], Cursor] = {}
        self._booked_of: dict[tuple[str, str, str], list[tuple[int, int, str]]] = defaultdict(list)
        self._newest_in_lane: dict[str, tuple[int, int]] = {}
        self._moves: dict[str, list[tuple[Entry, int]]] = defaultdict(list)
        self.on_hand: Counter[str] = Counter()
        """By `SKU@store`, of what was decided."""
        self.reserved: Counter[str] = Counter()
        self._claimed: dict[str, Claim] = {}
        """The newest snapshot of each order that was decided."""
        self._of_late_names: set[tuple[str, int]] = set()
        """(stream, sequence number) of entries whose documents name something that was imported late."""
        self._changed: set[str] = set()
        """Streams written since the last look."""
        self._found: Broken | None = None

    def effect_of(self, entry: Entry) -> Effect:
        """What an entry must come to.

        What does not add up comes to nothing, until a person says in its place what it should have been.
        """
        event = entry.event
        if isinstance(event, TransactionUnbalanced):
            (meant,) = event.follows()
            return self.effects[meant] if self.stands_for(entry) == meant else NOTHING
        return self.effects.get(event.id, NOTHING)

    def stands_for(self, entry: Entry) -> str:
        """Id under which an entry is known: its own, or that of what a person put in its place."""
        if not isinstance(entry.event, TransactionUnbalanced):
            return entry.event.id
        (meant,) = entry.event.follows()
        known = self._table.items.get(identity_key(meant), {})
        corrected = (known.get("stream"), known.get("seq")) == (entry.stream, entry.seq)
        return meant if corrected else entry.event.id

    def look(self) -> None:
        """Between two happenings.

        Raises:
            Broken: A promise was broken since the last look.
        """
        if self._found is not None:
            raise self._found
        if self._changed:
            self._look_at_what_waits()
            for stream in self._changed:
                self._look_at_lanes(stream)
            self._look_at_stock()
        self._changed.clear()
        self._look_at_the_shop()

    def breaks(self, promise: str, what: str) -> None:
        """A promise is broken; told at the next look, for who is at work now would take it for a failure."""
        if self._found is None:
            self._found = Broken(promise, what)

    # ---- what is written ----

    def written(self, writes: Sequence[Write]) -> None:
        """A transaction was committed."""
        streams = []
        cases = {w.key.pk.removeprefix("C#") for w in writes if isinstance(w, Delete) and w.key.sk.startswith("W#")}
        for write in writes:
            if isinstance(write, Check):
                continue
            pk, sk = write.key
            if pk.startswith("S#"):
                self._changed.add(pk.removeprefix("S#"))
                if sk == "STREAM":
                    streams.append(pk.removeprefix("S#"))
                elif sk.startswith("E#"):
                    self._entry_or_outcome(write)
                elif sk.startswith("P#"):
                    self._parked_entry(write, cases)
            elif pk.startswith("C#"):
                self._case_or_who_waits(write)
            elif sk == "BREAKER":
                self._breaker(write.key)
        for stream in streams:
            self._moved(stream)

    def _case_or_who_waits(self, write: Write) -> None:
        known = self.cases if write.key.sk == "CASE" else self.waiting[write.key.pk]
        if write.key.sk == "AWAITED":
            return
        (known.discard if isinstance(write, Delete) else known.add)(write.key)

    def _breaker(self, key: Key) -> None:
        target = key.pk.removeprefix("T#")
        if self._table.items[key].get("until_resumed"):
            self.paused.setdefault(target, self._clock.now())
        else:
            self.paused.pop(target, None)

    def _entry_or_outcome(self, write: Write) -> None:
        stream = write.key.pk.removeprefix("S#")
        parts = write.key.sk.split("#")
        item = self._table.items[write.key]
        if len(parts) == 2:  # noqa: PLR2004  # E#<seq>
            entry = entry_from(write.key, item)
            self.entries[stream].append(entry)
            if entry.seq != len(self.entries[stream]):
                self.breaks("accepted_once", f"{stream}: entry {entry.seq} follows {len(self.entries[stream]) - 1}")
            for key, units in self.effect_of(entry).goods.items():
                self._moves[key].append((entry, units))
            return
        if parts[2] in self.workflows and len(parts) == 3:  # noqa: PLR2004  # E#<seq>#<consumer>
            self._decided(stream, int(parts[1]), parts[2], Outcome.from_item(item))

    def _decided(self, stream: str, seq: int, workflow: str, outcome: Outcome) -> None:
        before = self.made.get((stream, seq, workflow))
        if before is not None and before.state in _FINAL:
            self.breaks(
                "one_effect", f"{workflow} makes of entry {seq} of {stream} {before.state}, then {outcome.state}"
            )
        entry = self.entries[stream][seq - 1]
        if not self._concerns(workflow, entry):
            self.breaks("from_its_beginning", f"{workflow} takes entry {seq} of {stream}, which is none of its concern")
        self.made[stream, seq, workflow] = outcome
        for number, document in enumerate(outcome.documents):
            key = document["key"]
            place = Place(stream, seq, number, document["subject"], workflow)
            if self.places.setdefault(key, place) != place:
                self.breaks("one_effect", f"{key} is decided at {self.places[key]} and at {place}")
            self.documents[stream, seq].append(key)
            if self.late.intersection(self.references(document["kind"], document["body"])):
                self._of_late_names.add((stream, seq))
        if workflow == STOCKING and outcome.state == "decided":
            effect = self.effect_of(entry)
            if isinstance(entry.event, TransactionUnbalanced):
                for key, units in effect.goods.items():
                    self._moves[key].append((entry, units))
            self.on_hand.update(effect.goods)
            self._claim(entry.event)

    def _claim(self, event: Event) -> None:
        """What a snapshot claims counts instead of what the one before it did; an older one counts no more."""
        claim = self.claims.get(event.id)
        if claim is None:
            return
        before = self._claimed.get(claim.order)
        if before is None or before.version < claim.version:
            self._claimed[claim.order] = claim
            self.on_hand[claim.key] -= claim.gone - (before.gone if before else 0)
            self.reserved[claim.key] += claim.reserved - (before.reserved if before else 0)

    def _parked_entry(self, write: Write, cases: Collection[str]) -> None:
        """What is parked, or not any more.

        Args:
            write: Which.
            cases: That something ceased to wait for in the same transaction.
        """
        key = write.key
        known = self.parked.get(key)
        if isinstance(write, Delete):
            if known is not None:
                del self.parked[key]
                self.held[known.stream, known.consumer, known.seq] -= 1
            return
        if known is None:
            known = self.parked[key] = Parked.of(key)
            self.held[known.stream, known.consumer, known.seq] += 1
            self.ever_parked |= {(known.stream, known.subject), (known.stream, str(known.seq))}
        if isinstance(write, Patch) and "without" in write.set:
            self.unfollowed.setdefault((known.stream, known.seq), set()).update(write.set["without"])
        if isinstance(write, Patch) and "correction" in write.set and known.consumer == ERP:
            self._booked_on_another_day(known, Correction.from_bytes(write.set["correction"]))
        if isinstance(write, Patch) and "skip" in write.set:
            behind = {True} if "causes" not in write.set else {True, False}
            if not any(case in cases and also in behind for case, also in self.may_skip):
                self.breaks("one_effect", f"{known} is skipped and nobody asked for it")
            if known.subject.startswith(_HELD):
                self.given_up.add(known.subject.removeprefix(_HELD))

    def _booked_on_another_day(self, parked: Parked, correction: Correction) -> None:
        """A person had a receipt booked on another day: that is what it must come to now."""
        name = self.stands_for(self.entries[parked.stream][parked.seq - 1])
        if correction.body is not None:
            day = date.fromisoformat(correction.body["business_day"])
            self.effects[name] = replace(self.effects[name], day=day)

    def _moved(self, stream: str) -> None:
        """A stream's own item was written: cursors only go forward, and leave nothing behind."""
        state = self.state(stream)
        if state.head != len(self.entries[stream]):
            self.breaks("accepted_once", f"{stream} has {len(self.entries[stream])} entries, its head is {state.head}")
        for consumer in self.readers(stream):
            cursor, before = state.cursor(consumer.id), self._cursors.get((stream, consumer.id), Cursor())
            if cursor < before:
                self.breaks("forward", f"{consumer.id} goes back on {stream}, from {before} to {cursor}")
            if cursor == before:
                continue
            self._cursors[stream, consumer.id] = cursor
            limit = min(
                (state.cursor(feeder).seq for feeder in consumer.fed_by(StreamId.parse(stream))), default=state.head
            )
            if cursor.seq > limit:
                self.breaks("forward", f"{consumer.id} is at {cursor} of {stream}, past {limit}")
            for seq in range(before.seq + 1, min(cursor.seq, state.head) + 1):
                self._passed(stream, seq, consumer)

    def _passed(self, stream: str, seq: int, consumer: Consumer) -> None:
        if consumer.id in self.workflows:
            if (
                self._concerns(consumer.id, self.entries[stream][seq - 1])
                and (stream, seq, consumer.id) not in self.made
            ):
                self.breaks("one_effect", f"{consumer.id} passes entry {seq} of {stream} and makes nothing of it")
        elif consumer.id == ERP:
            for key in self.documents.get((stream, seq), ()):
                if key not in self.booked and not self.held[stream, ERP, seq]:
                    self.breaks("one_effect", f"{consumer.id} passes {key}, which is nowhere")

    def _concerns(self, workflow: str, entry: Entry) -> bool:
        spec = self.workflows[workflow].spec
        return entry.event.type in spec.consumes and entry.accepted_at >= spec.active_from

    # ---- what is booked ----

    def document_booked(self, document: Document) -> None:
        """A document came to stand in the ledger of record."""
        if document.key in self.booked:
            self.breaks("nothing_stands_twice", f"{document.key} stands twice")
        self.booked[document.key] = document
        place = self.places.get(document.key)
        if place is None:
            self.breaks("one_effect", f"{document.key} is booked and was never decided")
            return
        self._in_order(document, place)
        if document.kind == RECEIPT:
            self._in_the_journal(document, place)

    def _in_order(self, document: Document, place: Place) -> None:
        """Subjects in order always, and after what they refer to; whole lanes in order, but for what was parked."""
        at = place.seq, place.number
        event = self.entries[place.stream][place.seq - 1].event
        followed = event.follows()
        if document.kind == RECEIPT and not isinstance(event, TransactionUnbalanced):
            self._follows(document, place, followed)
        mine = self._booked_of[place.workflow, place.stream, place.subject]
        # To what a transaction that does not add up belongs is not known before somebody says so.
        known = place.subject == event.subject
        for seq, number, event_id in mine if known else ():
            if (seq, number) > at and event_id not in followed:
                self.breaks("nothing_overtook", f"{document.key} was overtaken by {event_id} of its subject")
        mine.append((*at, self._id_of(place.stream, place.seq)))
        # What was sent beside a subject about to be parked stands before it, though a crash forgot the parking itself
        # and the repair came before the next attempt.
        parked = self.ever_parked & {(place.stream, place.subject), (place.stream, str(place.seq))}
        late = (place.stream, place.seq) in self._of_late_names or self._may_have_waited(place.stream, followed)
        if parked or late or place.subject in self.ever_refused:
            return
        newest = self._newest_in_lane.get(place.stream, (0, 0))
        if place.seq < newest[0]:
            self.breaks("nothing_overtook", f"{document.key} was overtaken in its lane by entry {newest[0]}")
        self._newest_in_lane[place.stream] = max(at, newest)

    def _may_have_waited(self, stream: str, followed: Iterable[str]) -> bool:
        """Whether one of some events was not settled at some time that an entry of a stream could not see coming."""
        known = (self._table.items.get(identity_key(event_id), {}) for event_id in followed)
        places = [(item["stream"], item["seq"]) for item in known if item]
        return any(at != stream or (at, str(seq)) in self.ever_parked for at, seq in places)

    def _follows(self, document: Document, place: Place, followed: Iterable[str]) -> None:
        """What an event refers to was booked, or comes to nothing; unless a person let it go on without."""
        without = self.unfollowed.get((place.stream, place.seq), ())
        for event_id in followed:
            if event_id in self.booked or event_id in without:
                continue
            item = self._table.items.get(identity_key(event_id))
            if item is None:
                self.breaks("after_its_predecessor", f"{document.key} is booked, {event_id} has not arrived")
                continue
            known = self.outcomes(self.entries[item["stream"]][int(item["seq"]) - 1])
            mine = [outcome for name, outcome in known if name in {place.workflow, ERP}]
            if not any(outcome.state == "skipped" for outcome in mine):
                self.breaks("after_its_predecessor", f"{document.key} is booked before {event_id}")

    def _in_the_journal(self, document: Document, place: Place) -> None:
        """Debits = credits = what was tendered, on the day it was closed."""
        body = document.body
        entry = self.entries[place.stream][place.seq - 1]
        effect = self.effect_of(entry)
        day, currency = str(body["business_day"]), str(body["currency"])
        tenders = summed((tender["tender"], minor(tender["amount"])) for tender in body["tenders"])
        tax = sum(minor(tax["amount"]) for line in body["lines"] for tax in line["taxes"])
        gross = sum(minor(line["gross"]) for line in body["lines"])
        owed = sum(minor(charge["amount"]) for charge in body["charges"])
        for tender, amount in tenders.items():
            self.debits[day, currency, tender] += amount
        for account, amount in (("goods", gross - tax), ("tax", tax), ("charges", owed)):
            self.credits[day, currency, account] += amount
        said = day, currency, tenders, tax
        meant = effect.day.isoformat(), effect.currency, dict(effect.money), effect.tax
        if said != meant:
            self.breaks("money", f"{document.key} says {said}, the till {meant}")
        if sum(tenders.values()) != gross + owed:
            self.breaks("money", f"{document.key}: tenders {sum(tenders.values())}, lines and charges {gross + owed}")

    # ---- between two happenings ----

    def _look_at_what_waits(self) -> None:
        """What is parked waits for a case that knows of it, or is about to run, or stands behind one that does."""
        subjects: dict[tuple[str, str, str], list[tuple[int, Key]]] = defaultdict(list)
        held: dict[tuple[str, str, str], list[str]] = {}
        for key, parked in self.parked.items():
            subjects[parked.stream, parked.consumer, parked.subject].append((parked.seq, key))
        items = self._table.items
        for (stream, consumer, subject), found in subjects.items():
            found.sort()
            causes = items[found[0][1]]["causes"]
            if not causes and not self._is_about_to_run(stream, consumer, subject):
                raise Broken("waits_for_a_case", f"{subject} of {stream} is parked by {consumer} and waits for nothing")
            # One behind may wait for a case of its own: it could go ahead, or what stands before it came later.
            held[stream, consumer, subject] = [cause for _, key in found for cause in items[key]["causes"]]
            self._look_at_causes(stream, consumer, subject, held[stream, consumer, subject])
        for pk, rows_of in self.waiting.items():
            rows = [items[key] for key in rows_of if items[key]["subject"]]
            counted = items.get(Key(pk, "CASE"), {}).get("waiting", 0)
            if counted != len(rows):
                raise Broken("waits_for_a_case", f"{pk} counts {counted}, {len(rows)} wait")
            for row in rows:
                place = row["stream"], row["consumer"], row["subject"]
                if held.get(place, []).count(pk.removeprefix("C#")) != 1:
                    raise Broken("waits_for_a_case", f"not one of {place} waits for {pk}, where one is said to")

    def _look_at_causes(self, stream: str, consumer: str, subject: str, causes: Iterable[str]) -> None:
        items = self._table.items
        for cause in causes:
            case = items.get(Key(f"C#{cause}", "CASE"), {})
            if case.get("state") != "open" and not self._is_looked_after(cause):
                raise Broken("waits_for_a_case", f"{subject} of {stream} waits for {cause}, after which nobody looks")
            if case.get("state") == "open" and "open_key" not in case:
                raise Broken("waits_for_a_case", f"{cause} is open and cannot be found")
            rows = [items[key] for key in self.waiting.get(f"C#{cause}", ())]
            if not any((row["stream"], row["consumer"], row["subject"]) == (stream, consumer, subject) for row in rows):
                raise Broken("waits_for_a_case", f"{cause} does not know that {subject} of {stream} waits for it")

    def _id_of(self, stream: str, seq: int) -> str:
        """Id of an entry's event; of one that does not add up, of what it should have been."""
        event = self.entries[stream][seq - 1].event
        return event.follows()[0] if isinstance(event, TransactionUnbalanced) else event.id

    def _is_looked_after(self, case: str) -> bool:
        """Whether the sweep sees to it: it is expected to end by itself, or is opened when its time has come."""
        items = self._table.items
        expected = items.get(Key(f"C#{case}", "CASE"), {}).get("state") == "expected"
        return expected and case.startswith(PREDECESSOR_MISSING) and "open_key" in items.get(awaited_key(case), {})

    def _is_about_to_run(self, stream: str, consumer: str, subject: str) -> bool:
        state = self.state(stream)
        for number in range(state.applied(consumer) + 1, state.controls + 1):
            control = self._table.items[control_key(stream, number)]
            if (control["consumer"], control["subject"]) == (consumer, subject):
                return True
        return False

    def _look_at_lanes(self, stream: str) -> None:
        """Whoever is behind is found by the sweep."""
        state = self.state(stream)
        if "open_key" in state.item:
            return
        for consumer in self.readers(stream):
            if self.is_behind(state, consumer):
                raise Broken("no_lane_is_forgotten", f"{consumer.id} is behind on {stream}, which no sweep looks at")

    def _look_at_stock(self) -> None:
        """Positions are what came minus what went, apart from what is half committed."""
        half: set[str] = set()
        for key, parked in self.parked.items():
            if parked.consumer == STOCKING and self._table.items[key].get("part"):
                half |= self._keys_of(parked.stream, parked.seq)
        for stream in self.entries:
            cursor = self._cursors.get((stream, STOCKING), Cursor())
            if cursor.part:
                half |= self._keys_of(stream, cursor.seq + 1)
        for name in self._moves:
            item = self._table.items.get(Key(f"R#position#{name}", "R"))
            stands = [int(item["value"].get(part, "0")) if item else 0 for part in ("on_hand", "reserved")]
            meant = [self.on_hand[name], self.reserved[name]]
            if name not in half and stands != meant:
                raise Broken("stock", f"{name}: on hand and reserved {stands}, opening and movements {meant}")

    def _keys_of(self, stream: str, seq: int) -> set[str]:
        event = self.entries[stream][seq - 1].event
        if event.id in self.claims:
            return {self.claims[event.id].key}
        followed = event.follows() if isinstance(event, TransactionUnbalanced) else (event.id,)
        return {key for event_id in followed for key in self.effects.get(event_id, NOTHING).goods}

    def _look_at_the_shop(self) -> None:
        """It never shows more than is there, as far as it has been told."""
        held = {parked.subject.removeprefix(_HELD) for parked in self.parked.values() if parked.consumer == SHOP}
        for key, shown in self.shown.items():
            if shown <= 0 or key in held or key in self.given_up:
                continue
            there = sum(units for entry, units in self._moves[key] if self._counts(entry, units))
            on_its_way = sum(1 for event_id, at in self.put_back.items() if at == key and not self._is_told(event_id))
            most = max(0, there - self.sold[key] - SAFETY_STOCK.get(key, 0)) + on_its_way
            if shown > most:
                raise Broken("shop_never_shows_more", f"{key}: shows {shown}, {most} are there")

    def _counts(self, entry: Entry, units: int) -> bool:
        """Whether a movement may have made the shop show more, or must have made it show less."""
        if entry.event.source == SHOP:
            return False  # the shop knew by itself
        made = self.made.get((entry.stream, entry.seq, STOCKING))
        if units > 0:
            return made is None or made.state != "skipped"
        return self._has_passed(entry)

    def _has_passed(self, entry: Entry) -> bool:
        """Whether the shop was told of what follows from an entry."""
        made = self.made.get((entry.stream, entry.seq, STOCKING))
        told = self._cursors.get((entry.stream, SHOP), Cursor()).seq >= entry.seq
        return made is not None and made.state == "decided" and told and not self.held[entry.stream, SHOP, entry.seq]

    def _is_told(self, event_id: str) -> bool:
        known = self._table.items.get(identity_key(event_id))
        return known is not None and self._has_passed(self.entries[known["stream"]][int(known["seq"]) - 1])

    # ---- what stands ----

    def state(self, stream: str) -> StreamState:
        """A stream."""
        return StreamState(stream, self._table.items.get(stream_key(stream), {}))

    def states(self) -> list[StreamState]:
        """Every stream."""
        return [self.state(stream) for stream in sorted(self.entries)]

    def all_entries(self) -> list[Entry]:
        """Of every stream, in order."""
        return [entry for stream in sorted(self.entries) for entry in self.entries[stream]]

    def readers(self, stream: str) -> list[Consumer]:
        """Who reads a stream."""
        place = StreamId.parse(stream)
        return [consumer for consumer in self._topology.values() if consumer.reads(place)]

    def is_behind(self, state: StreamState, consumer: Consumer) -> bool:
        """Whether there is something for a consumer to do on a stream, were nothing in its way."""
        if state.applied(consumer.id) < state.controls and state.cursor(consumer.id) != Cursor():
            return True
        if state.unchecked(consumer.id):
            return True
        left = self.entries[state.stream][state.cursor(consumer.id).seq :]
        return any(entry.accepted_at >= consumer.active_from for entry in left)

    def is_open(self, case: str) -> bool:
        """Whether a case is open."""
        return bool(self._table.items.get(Key(f"C#{case}", "CASE"), {}).get("state") == "open")

    def told_missing(self, case: str) -> set[int]:
        """Numbers that the sweep looks after for a case."""
        noted = self._table.items.get(awaited_key(case), {})
        gaps = [gap for name, value in noted.items() if name.startswith(NOTED) for gap in value["missing"]]
        return {number for first, last in gaps for number in range(int(first), int(last) + 1)}

    def lanes_waiting(self, case: Key) -> list[Key]:
        """Whole lanes that stopped for a case."""
        return [key for key in self.waiting.get(case.pk, ()) if not self._table.items[key]["subject"]]

    def outcomes(self, entry: Entry) -> list[tuple[str, Outcome]]:
        """What consumers made of an entry, each under its name; a poster of each document."""
        key = entry_key(entry.stream, entry.seq)
        found = self._table.query(key.pk, f"{key.sk}#", f"{key.sk}#{LAST}")
        return [(at.sk.split("#")[2], Outcome.from_item(item)) for at, item in found]
