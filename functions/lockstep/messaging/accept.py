"""Accept: a delivery, its events and their identities are committed in one transaction, or nothing is."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from lockstep.canonical.events import DeliveryReceived, Event, ResourceChanged
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.notices import DeliveryNotice
from lockstep.canonical.streams import StreamId, StreamKind
from lockstep.messaging.errors import ConcurrentUpdate
from lockstep.messaging.inbound import Delivery, Translation
from lockstep.messaging.ledger import (
    StreamState,
    accepted_key,
    day_numbers_key,
    day_run_key,
    delivery_key,
    entry_item,
    entry_key,
    identity_key,
    open_shard,
    stamp,
    stream_key,
)
from lockstep.messaging.ports import CHUNK, NEW, Claims, Clock, Item, Key, Metrics, Patch, Put, Random, Table, Write
from lockstep.messaging.sequence_gaps import Newest, left_out, look_for

DELIVERY_RETENTION: Final = timedelta(days=90)
"""How long a raw body is kept: well past every sender's retry horizon (the longest known is 30 days). For one that is
still to be taken in, from then on: until then it does not expire, however long that takes."""
LARGEST_INLINE_BODY: Final = 200_000
"""Compressed bytes of a body kept in its item; a larger one goes to the claim store (an item holds 400 KB)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery."""

    accepted: tuple[str, ...]
    """Ids of the events that are new."""
    duplicates: tuple[str, ...]
    """Ids of the events that were accepted before."""
    repeated: bool = False
    """The delivery itself came before: this is its first answer."""
    deferred: bool = False
    """Too large for one step: stored whole, to be expanded in order."""


def events_of(delivery: Delivery, translation: Translation) -> tuple[Event, ...]:
    """What a translation puts into the ledger: its events, and one for each resource to be read at the vendor."""
    if not translation.notices:
        return translation.events
    notices = (
        ResourceChanged.create(
            notice, source=delivery.account, received_at=delivery.received_at, causation_id=delivery.delivery_id
        )
        for notice in translation.notices
    )
    return (*translation.events, *notices)


class Acceptor:
    """Commits deliveries to the ledger."""

    def __init__(self, table: Table, claims: Claims, clock: Clock, random: Random, metrics: Metrics) -> None:
        self._table = table
        self._claims = claims
        self._clock = clock
        self._random = random
        self._metrics = metrics

    def accept(
        self,
        delivery: Delivery,
        events: Sequence[Event],
        *,
        within: timedelta,
        passed_over: Sequence[TransactionId] = (),
    ) -> Receipt:
        """Commit a delivery and its events.

        A delivery that came before gets its first answer. An event that came before, in whatever delivery, is dropped
        and the rest is kept. A delivery too large for one transaction is stored whole, with one event that says so.

        Args:
            delivery: As verified.
            events: As translated, in the order in which they are to stand.
            within: How long to go on against concurrent writers.
            passed_over: Numbers that tills used for what is none of these events.

        Raises:
            ConcurrentUpdate: Others kept writing all that time; nothing was stored.
        """
        events = _distinct(events)
        numbers = _numbers(delivery, passed_over)
        deferred = not fits_one_transaction(events, passed_over)
        if deferred:
            numbers = []
            notice = DeliveryNotice(delivery_id=delivery.delivery_id, received_at=delivery.received_at)
            events = [
                DeliveryReceived.create(
                    notice,
                    source=delivery.account,
                    received_at=delivery.received_at,
                    causation_id=delivery.delivery_id,
                )
            ]
        receipt = self._commit(
            delivery,
            events,
            within,
            record_delivery=True,
            deferred=deferred,
            numbers=numbers,
            passed_over=passed_over,
        )
        service = delivery.account
        if receipt.repeated:
            self._metrics.count("DuplicatesDropped", len(receipt.accepted) + len(receipt.duplicates), service=service)
        else:
            self._metrics.count("EventsAccepted", len(receipt.accepted), service=service)
            self._metrics.count("DuplicatesDropped", len(receipt.duplicates), service=service)
        return receipt

    def expand(
        self,
        delivery: Delivery,
        events: Sequence[Event],
        *,
        within: timedelta,
        passed_over: Sequence[TransactionId] = (),
    ) -> Receipt:
        """Commit the events of a delivery that was stored whole, in as many transactions as it takes.

        Repeating it after a crash commits what was missing: what stands is known by its identity.

        Raises:
            ConcurrentUpdate: As for `accept`; what was committed stands.
        """
        accepted: list[str] = []
        duplicates: list[str] = []
        numbers = _numbers(delivery, passed_over)
        for start in range(0, len(numbers), CHUNK):
            self._table.write(numbers[start : start + CHUNK])
        for chunk in _chunks(_distinct(events)):
            receipt = self._commit(
                delivery, chunk, within, record_delivery=False, deferred=False, passed_over=passed_over
            )
            accepted += receipt.accepted
            duplicates += receipt.duplicates
        self._metrics.count("EventsAccepted", len(accepted), service=delivery.account)
        self._metrics.count("DuplicatesDropped", len(duplicates), service=delivery.account)
        return Receipt(accepted=tuple(accepted), duplicates=tuple(duplicates))

    def _commit(
        self,
        delivery: Delivery,
        events: Sequence[Event],
        within: timedelta,
        *,
        record_delivery: bool,
        deferred: bool,
        numbers: Sequence[Write] = (),
        passed_over: Sequence[TransactionId] = (),
    ) -> Receipt:
        deadline = self._clock.now() + within
        where = delivery_key(delivery.account, delivery.delivery_id)
        attempt = 0
        while True:
            streams = dict.fromkeys(str(event.stream()) for event in events)
            found = self._table.get(
                [
                    *([where] if record_delivery else ()),
                    *map(stream_key, streams),
                    *(identity_key(e.id) for e in events),
                ]
            )
            if where in found:
                return _first_answer(found[where])
            fresh = [event for event in events if identity_key(event.id) not in found]
            known = tuple(event.id for event in events if identity_key(event.id) in found)
            receipt = Receipt(accepted=tuple(event.id for event in fresh), duplicates=known, deferred=deferred)
            now = self._clock.now()
            writes: list[Write] = []
            if record_delivery:
                to_be_taken_in = any(event.STREAM_KIND is StreamKind.INTAKE for event in fresh)
                item = self._delivery_item(delivery, receipt, now, to_be_taken_in=to_be_taken_in)
                writes.append(Put(where, item, expect=NEW))
            writes += numbers
            writes += _entries(fresh, found, now, where, passed_over)
            if not writes:
                return receipt
            try:
                self._table.write(writes)
            except ConcurrentUpdate:
                attempt += 1
                pause = timedelta(milliseconds=min(500, 10 * 2**attempt)) * self._random.random()
                if now + pause >= deadline:
                    raise
                self._clock.sleep(pause)
            else:
                return receipt

    def _delivery_item(self, delivery: Delivery, receipt: Receipt, now: datetime, *, to_be_taken_in: bool) -> Item:
        item: Item = {
            "received_at": stamp(delivery.received_at),
            "accepted": list(receipt.accepted),
            "duplicates": list(receipt.duplicates),
            "deferred": receipt.deferred,
        }
        if not to_be_taken_in:
            item["expires_at"] = expires_at(now)
        if delivery.topic:
            item["topic"] = delivery.topic
        if delivery.headers:
            item["headers"] = dict(delivery.headers)
        body = zlib.compress(delivery.body, 6)
        if len(body) > LARGEST_INLINE_BODY:
            item["claim"] = claim_name(delivery.account, delivery.delivery_id)
            self._claims.put(item["claim"], body)
        else:
            item["body"] = body
        return item


def expires_at(now: datetime) -> int:
    """When a delivery with which all is done need not be kept any more, in seconds since 1970."""
    return int((now + DELIVERY_RETENTION).timestamp())


def claim_name(account: str, delivery_id: str) -> str:
    """Where the body of a large delivery is kept."""
    return delivery_key(account, delivery_id).pk.replace("#", "/")


def stored_delivery(table: Table, claims: Claims, account: str, delivery_id: str) -> Delivery:
    """A delivery as it was received.

    Raises:
        KeyError: There is none, or it has expired.
    """
    key = delivery_key(account, delivery_id)
    item = table.get([key])[key]
    body = claims.get(item["claim"]) if "claim" in item else item["body"]
    return Delivery(
        account=account,
        delivery_id=delivery_id,
        body=zlib.decompress(body),
        received_at=datetime.fromisoformat(item["received_at"]),
        topic=item.get("topic", ""),
        headers=item.get("headers", {}),
    )


def fits_one_transaction(events: Sequence[Event], passed_over: Sequence[TransactionId] = ()) -> bool:
    """Whether a delivery of these events can be committed in one step."""
    streams = {event.stream() for event in events}
    noted = 2 * _runs(events)  # where a day begins, and what is missing of it
    noted += len({event.stream() for event in events if _of_no_day(event)})
    return 2 * len(events) + len(streams) + noted + len(_tills_days(passed_over)) < CHUNK


def _runs(events: Sequence[Event]) -> int:
    """How often, at most, the business day changes in a stream."""
    days: dict[str, str] = {}
    return sum(_begins_day(event, str(event.stream()), days) for event in events)


def _begins_day(event: Event, stream: str, days: dict[str, str]) -> bool:
    """Whether an entry is of another business day than its stream's newest, which `days` holds and it then is."""
    place = event.register()
    if place is None or days.get(stream) == place.business_day.isoformat():
        return False
    days[stream] = place.business_day.isoformat()
    return True


def _of_no_day(event: Event) -> bool:
    """Whether no business day finds an entry, so that it is found by the day of its acceptance.

    What only stands for others is not looked for by day.
    """
    return event.register() is None and event.STREAM_KIND is not StreamKind.INTAKE


def _tills_days(numbers: Sequence[TransactionId]) -> dict[tuple[str, str, date], list[TransactionId]]:
    found: dict[tuple[str, str, date], list[TransactionId]] = {}
    for number in numbers:
        found.setdefault((number.store, number.workstation, number.business_day), []).append(number)
    return found


def _numbers(delivery: Delivery, passed_over: Sequence[TransactionId]) -> list[Write]:
    """The writes that keep which numbers are no gaps: one for each till and day, the same however often made."""
    return [
        Put(
            day_numbers_key(delivery.account, numbers[0], delivery.delivery_id),
            {"numbers": sorted({number.sequence for number in numbers})},
        )
        for numbers in _tills_days(passed_over).values()
    ]


def _chunks(events: Sequence[Event]) -> list[list[Event]]:
    chunks: list[list[Event]] = [[]]
    for event in events:
        if chunks[-1] and not fits_one_transaction([*chunks[-1], event]):
            chunks.append([])
        chunks[-1].append(event)
    return [chunk for chunk in chunks if chunk]


def _distinct(events: Sequence[Event]) -> list[Event]:
    first: dict[str, Event] = {}
    for event in events:
        first.setdefault(event.id, event)
    return list(first.values())


def _entries(
    events: Sequence[Event],
    found: dict[Key, Item],
    now: datetime,
    delivery: Key,
    passed_over: Sequence[TransactionId],
) -> list[Write]:
    """The writes that append events to their streams, each on condition that its stream's head is where it was read.

    Where the business day changes in a till's stream, it is noted where that day begins, so that a day is found again
    without looking through streams. A till pays for that once a day; a late batch of an older day pays twice.
    What has no business day is found by the day of acceptance: one item a stream and day.
    Where a till's numbers go on behind a gap, the sweep is told to look after that.
    """
    writes: list[Write] = []
    heads: dict[str, int] = {}
    days: dict[str, str] = {}
    numbers: dict[str, list[TransactionId]] = {}
    today = now.astimezone(UTC).date()
    noted: set[str] = set()
    for event in events:
        stream = str(event.stream())
        state = StreamState(stream, found.get(stream_key(stream), {}))
        seq = heads[stream] = heads.get(stream, state.head) + 1
        days.setdefault(stream, state.day)
        if _begins_day(event, stream, days) and (place := event.register()) is not None:
            writes.append(Put(day_run_key(event.source, place, seq), {"stream": stream, "seq": seq}, expect=NEW))
        if _of_no_day(event) and stream not in noted and state.accepted_day != today.isoformat():
            noted.add(stream)
            writes.append(Put(accepted_key(event.source, today, stream), {"stream": stream, "seq": seq}))
        if (number := event.register()) is not None:
            numbers.setdefault(stream, []).append(number)
        accepted = event.model_copy(update={"sequence": seq})
        writes += (
            Put(identity_key(event.id), {"stream": stream, "seq": seq}, expect=NEW),
            Put(entry_key(stream, seq), entry_item(accepted, stream, now, delivery), expect=NEW),
        )
    for stream, head in heads.items():
        state = StreamState(stream, found.get(stream_key(stream), {}))
        newest, missing = left_out(Newest.of(state.newest), numbers.get(stream, ()), passed_over)
        writes += (look_for(StreamId.parse(stream).source, gap, now) for gap in missing)
        writes.append(
            Patch(
                stream_key(stream),
                set={
                    "head": head,
                    **({"day": days[stream]} if days[stream] else {}),
                    **({"newest": list(newest)} if newest else {}),
                    **({"accepted_day": today.isoformat()} if stream in noted else {}),
                },
                default={"open_key": open_shard(stream), "open_since": stamp(now)},
                expect={"head": state.raw("head")},
            )
        )
    return writes


def _first_answer(item: Item) -> Receipt:
    return Receipt(
        accepted=tuple(item["accepted"]),
        duplicates=tuple(item["duplicates"]),
        deferred=item["deferred"],
        repeated=True,
    )
