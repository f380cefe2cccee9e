"""Events that others refer to: where they stand, whether they are settled, and what waits for them.

An entry that refers to another, as a return to its sale, may come first, or from another till. A workflow decides it
once the other has arrived. A poster posts it once the other is settled for that target: its own cursor there has come
past it, and nothing of it is parked, with the poster or with a workflow that feeds it. Until then it is parked under a
case that is expected to end by itself, and the lane goes on: two lanes cannot wait for each other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from lockstep.canonical.streams import StreamId
from lockstep.messaging.awaiting import Awaited, Looked, events_awaited, open_expected, stop_looking
from lockstep.messaging.ledger import LAST, StreamState, case_key, identity_key, stream_key
from lockstep.messaging.parking import ParkedEntry, close_case, release_waiting
from lockstep.messaging.ports import Item, Table
from lockstep.messaging.topology import Consumer

Place = tuple[str, int]
"""Stream and sequence number of an entry."""


def places_of(table: Table, event_ids: Iterable[str]) -> dict[str, Place]:
    """Where events stand, by id; those that have not arrived are left out."""
    ids = set(event_ids)
    found = table.get(map(identity_key, ids)) if ids else {}
    return {key.pk.removeprefix("I#"): (item["stream"], int(item["seq"])) for key, item in found.items()}


def unsettled(table: Table, consumer: Consumer, places: Mapping[str, Place]) -> set[str]:
    """Those of some events that a poster, or a workflow that feeds it, is not through with.

    For a workflow: those that it has parked. What it has not come to yet it may go before; posters see to the order.
    """
    by_stream: dict[str, dict[str, int]] = {}
    for event_id, (stream, seq) in places.items():
        by_stream.setdefault(stream, {})[event_id] = seq
    found = table.get(map(stream_key, by_stream)) if by_stream else {}
    left: set[str] = set()
    for stream, seqs in by_stream.items():
        feeders = consumer.fed_by(StreamId.parse(stream)) if consumer.is_poster else ()
        if consumer.is_poster and not feeders:
            continue  # nothing of it will ever be delivered there
        state = StreamState(stream, found.get(stream_key(stream), {}))
        held = _parked_seqs(table, state, (*feeders, consumer.id))
        at = state.cursor(consumer.id).seq
        left |= {event_id for event_id, seq in seqs.items() if (consumer.is_poster and seq > at) or seq in held}
    return left


def _parked_seqs(table: Table, state: StreamState, consumers: Sequence[str]) -> set[int]:
    """Entries of a stream that some consumers have parked.

    The feeders come first: what one of them lets go stands with the poster from the same transaction on, so that one
    of the two reads sees it. Where nobody had anything parked when the cursors were read, nothing is.
    """
    if not any(state.parked(consumer) for consumer in consumers):
        return set()
    prefixes = [f"P#{consumer}#" for consumer in consumers]
    return {
        ParkedEntry.of(key, item).seq
        for prefix in prefixes
        for key, item in table.query(f"S#{state.stream}", prefix, prefix + LAST)
    }


def ahead_of(table: Table, stream: str, heads: Iterable[ParkedEntry]) -> dict[str, set[int]]:
    """Entries of a stream for which the first of a parked subject waits, by that subject.

    They belong to the same subject and were accepted after it: they go before it, or the two would wait for each other.
    """
    awaited = {head.subject: events_awaited(head.causes) for head in heads}
    places = places_of(table, (event_id for ids in awaited.values() for event_id in ids))
    return {
        subject: {places[event_id][1] for event_id in ids if event_id in places and places[event_id][0] == stream}
        for subject, ids in awaited.items()
        if ids
    }


def next_to_run(table: Table, stream: str, waiting: Sequence[ParkedEntry]) -> ParkedEntry | None:
    """Which of a subject's parked entries, in order, may run: the first; or, where it still waits, one it waits for."""
    if not waiting or not waiting[0].causes:
        return waiting[0] if waiting else None
    free = [entry for entry in waiting[1:] if not entry.causes]
    if not free or not events_awaited(waiting[0].causes):
        return None
    awaited = ahead_of(table, stream, waiting[:1])[waiting[0].subject]
    return next((entry for entry in free if entry.seq in awaited), None)


def look_after(table: Table, awaited: Awaited, consumers: Mapping[str, Consumer], now: datetime, done: Looked) -> None:
    """Let go what need not wait for an event any more; open the case of what has waited too long."""
    (event_id,) = events_awaited([awaited.case])
    places = places_of(table, [event_id])
    rows = table.query(case_key(awaited.case).pk, "W#", "W#" + LAST)
    free = _free(table, event_id, places, consumers)
    left = 0
    for key, row in rows:
        if not free(row):
            left += 1
        elif release_waiting(table, awaited.case, key, row, now=now, by="the sweep"):
            done.bells.setdefault(row["consumer"], set()).add(row["stream"])
    if not left:
        close_case(table, awaited.case, now, by="the sweep")
        done.settled += stop_looking(table, awaited)
    elif now >= awaited.due_at and open_expected(table, awaited.case, now):
        done.opened.append(awaited.case)


def _free(
    table: Table, event_id: str, places: Mapping[str, Place], consumers: Mapping[str, Consumer]
) -> Callable[[Item], bool]:
    def free(row: Item) -> bool:
        consumer = consumers.get(row["consumer"])
        if event_id not in places or consumer is None:
            return False
        return not waits(table, consumer, row["stream"], places)

    return free


def waits(table: Table, consumer: Consumer, stream: str, places: Mapping[str, Place]) -> bool:
    """Whether an entry of a stream still has to wait for events that have arrived.

    A workflow looks at its own lane only: there what is parked is decided first, and posters see to the rest.
    """
    if not consumer.is_poster:
        places = {event_id: place for event_id, place in places.items() if place[0] == stream}
    return bool(unsettled(table, consumer, places))
