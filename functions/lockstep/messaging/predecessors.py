"""Events that others refer to: where they stand, whether they are settled, and what waits for them.

An entry that refers to another, as a return to its sale, may come first, or from another till. A workflow decides it
once the other has arrived. A poster posts it once the other is settled for that target: its own cursor there has come
past it, and nothing of it is parked, with the poster or with a workflow that feeds it. Until then it is parked under a
case that is expected to end by itself, and the lane goes on: two lanes cannot wait for each other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import takewhile

from lockstep.canonical.streams import StreamId
from lockstep.messaging.awaiting import Awaited, Looked, events_awaited, open_expected, stop_looking
from lockstep.messaging.correcting import as_corrected
from lockstep.messaging.ledger import (
    LAST,
    Outcome,
    StreamState,
    case_key,
    entry_from,
    entry_key,
    identity_key,
    outcome_key,
    parked_key,
    stream_key,
)
from lockstep.messaging.parking import (
    ParkedEntry,
    all_parked,
    append_control,
    close_case,
    heads_of,
    release_waiting,
)
from lockstep.messaging.ports import Item, Key, Patch, Table
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


def ahead_of(table: Table, stream: str, parked: Iterable[ParkedEntry]) -> dict[str, set[int]]:
    """Entries of a stream that go ahead of what is parked of their subject, by that subject.

    The first of it waits for them, and they were accepted after it: behind it, the two would wait for each other. Once
    one of them is parked beside it, the others wait behind that.
    """
    parked = list(parked)
    held = {(entry.subject, entry.seq) for entry in parked}
    found = _ahead_of_first(table, stream, heads_of(parked).values())
    return {subject: seqs for subject, seqs in found.items() if not any((subject, seq) in held for seq in seqs)}


def _ahead_of_first(table: Table, stream: str, heads: Iterable[ParkedEntry]) -> dict[str, set[int]]:
    awaited = {head.subject: events_awaited(head.causes) for head in heads}
    places = places_of(table, (event_id for ids in awaited.values() for event_id in ids))
    return {
        subject: {places[event_id][1] for event_id in ids if event_id in places and places[event_id][0] == stream}
        for subject, ids in awaited.items()
        if ids
    }


def may_run(table: Table, stream: str, waiting: Sequence[ParkedEntry]) -> list[ParkedEntry]:
    """Which of a subject's parked entries, in order, may run next: the first; or, where it waits for others, those.

    Of several the first that need not wait itself; none goes ahead of one that waits under a case.
    """
    if not waiting or not waiting[0].causes:
        return list(waiting[:1])
    awaited = _ahead_of_first(table, stream, waiting[:1]).get(waiting[0].subject, ())
    candidates = (entry for entry in waiting[1:] if entry.seq in awaited or entry.ahead)
    return list(takewhile(lambda entry: not entry.causes, candidates))


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
            if event_id in places and _let_ahead(table, row, places[event_id], now):
                done.bells.setdefault(row["consumer"], set()).add(row["stream"])
        elif release_waiting(table, awaited.case, key, row, now=now, by="the sweep"):
            done.bells.setdefault(row["consumer"], set()).add(row["stream"])
    if not left:
        close_case(table, awaited.case, now, by="the sweep")
        done.settled += stop_looking(table, awaited)
    elif now >= awaited.due_at:
        if event_id in places:
            for consumer, stream in _let_overtake(table, rows, places[event_id], consumers, now):
                done.bells.setdefault(consumer, set()).add(stream)
        if open_expected(table, awaited.case, now):
            done.opened.append(awaited.case)


def _let_overtake(
    table: Table,
    rows: Iterable[tuple[Key, Item]],
    place: Place,
    consumers: Mapping[str, Consumer],
    now: datetime,
) -> Iterator[tuple[str, str]]:
    """Let an event for which others wait too long go ahead of the first of its own subject, where that waits too.

    Accepted in another order than they were closed in, returns of one sale may stand behind each other at one till
    while one of another till stands between them: each waits for the next, in a circle. Yields whom to ring, and where.
    """
    stream, seq = place
    for consumer in {row["consumer"] for _, row in rows}:
        if consumer not in consumers or not consumers[consumer].is_poster:
            continue
        state = StreamState(stream, table.get([stream_key(stream)]).get(stream_key(stream), {}))
        held = all_parked(table, state, consumer)
        behind = next((entry for entry in held if entry.seq == seq and not entry.causes and not entry.ahead), None)
        if behind is not None and events_awaited(heads_of(held)[behind.subject].causes):
            mark = Patch(parked_key(stream, consumer, behind.subject, seq), set={"ahead": True}, expect={"causes": []})
            table.write([mark, *append_control(state, [(consumer, "release", behind.subject)], now, by="the sweep")])
            yield consumer, stream


def _let_ahead(table: Table, row: Item, place: Place, now: datetime) -> bool:
    """Let an entry go ahead of one that waits for it, where it stands behind that; whether it did.

    It waits for others itself; or it was not known to be the one when it came to stand there, as one that did not add
    up and was corrected since.
    """
    stream, consumer, subject = row["stream"], row["consumer"], row["subject"]
    if place[0] != stream:
        return False
    key = parked_key(stream, consumer, subject, place[1])
    found = table.get([key, stream_key(stream)])
    if key not in found or found[key].get("causes"):
        return False
    state = StreamState(stream, found[stream_key(stream)])
    if state.applied(consumer) < state.controls:
        return False  # it is about to be looked at
    table.write(append_control(state, [(consumer, "release", subject)], now, by="the sweep"))
    return True


def _free(
    table: Table, event_id: str, places: Mapping[str, Place], consumers: Mapping[str, Consumer]
) -> Callable[[Item], bool]:
    def free(row: Item) -> bool:
        consumer = consumers.get(row["consumer"])
        if event_id not in places or consumer is None:
            return False
        if not consumer.is_poster and not _has_come(table, consumer, event_id, places[event_id]):
            return False
        return not waits(table, consumer, row["stream"], places)

    return free


def _has_come(table: Table, consumer: Consumer, event_id: str, place: Place) -> bool:
    """Whether the entry there is that event to a workflow: one that did not add up is, once it was corrected for it."""
    key, outcome = entry_key(*place), outcome_key(*place, consumer.id)
    found = table.get([key, outcome])
    made = Outcome.from_item(found[outcome]) if outcome in found else None
    return as_corrected(entry_from(key, found[key]), made).event.id == event_id


def waits(table: Table, consumer: Consumer, stream: str, places: Mapping[str, Place]) -> bool:
    """Whether an entry of a stream still has to wait for events that have arrived.

    A workflow looks at its own lane only: there what is parked is decided first, and posters see to the rest.
    """
    if not consumer.is_poster:
        places = {event_id: place for event_id, place in places.items() if place[0] == stream}
    return bool(unsettled(table, consumer, places))
