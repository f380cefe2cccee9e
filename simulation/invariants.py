"""What must be true when a world has come to rest, and some of it all along."""

from collections import defaultdict
from collections.abc import Callable

from lockstep.canonical.events import Event
from lockstep.canonical.streams import StreamId
from lockstep.messaging.ledger import (
    LAST,
    Cursor,
    Outcome,
    drain_key,
    entry_from,
    identity_key,
    outcome_key,
    unescape,
)
from lockstep.messaging.ports import Key
from simulation.business import STORE, moved
from simulation.targets import ERP, SHOP
from simulation.world import World

Promise = Callable[[World, dict[str, Event]], None]
"""Raises AssertionError when it is broken; given every event that was sent."""


def no_defect(world: World, _: dict[str, Event]) -> None:
    """Nothing failed for a reason that nobody foresaw."""
    assert not world.defects, f"a defect: {world.defects[0]!r}"


def nothing_stands_twice(world: World, _: dict[str, Event]) -> None:
    """No document stands twice in the ledger of record, not even for a while."""
    booked = world.ledger.booked
    assert len({document.key for document in booked}) == len(booked), f"{world.ledger.copies().most_common(1)}"


def accepted_once(world: World, events: dict[str, Event]) -> None:
    """Each event sent is one entry, and there is no other."""
    seen: dict[str, Key] = {}
    for state in world.states():
        entries = [
            key for key, _ in world.table.query(f"S#{state.stream}", "E#", "E#" + LAST) if key.sk.count("#") == 1
        ]
        assert len(entries) == state.head, f"{state.stream}: {len(entries)} entries, head {state.head}"
        for key in entries:
            event = entry_from(key, world.table.items[key]).event
            if event.type == "DeliveryReceived":
                continue
            assert event.id not in seen, f"{event.id} was accepted twice"
            seen[event.id] = key
            assert identity_key(event.id) in world.table.items, f"{event.id} has no identity"
    assert seen.keys() == events.keys(), f"lost: {events.keys() - seen.keys()}"


def at_rest(world: World, _: dict[str, Event]) -> None:
    """Every lane is level, or stopped for a case that is open; level streams have no open key."""
    for state in world.states():
        stopped = False
        for reader in world.readers(state):
            if state.stopped(reader):
                stopped = True
                assert _waits(world, state.stream, reader, ""), f"{state.stream} {reader} stopped for nobody"
                continue
            feeders = world.topology[reader].fed_by(StreamId.parse(state.stream))
            limit = min((state.cursor(feeder).seq for feeder in feeders), default=state.head)
            assert state.cursor(reader).seq == limit, f"{state.stream}: {reader} at {state.cursor(reader)} of {limit}"
            stopped = stopped or limit < state.head
            applied = state.applied(reader)
            assert applied == state.controls, f"{state.stream}: {reader} at control {applied} of {state.controls}"
            assert not state.unchecked(reader), f"{state.stream}: {reader} has to look up {state.unchecked(reader)}"
        assert stopped or "open_key" not in state.item, f"{state.stream} is level and still open"
        lease = state.lease(ERP)
        owed = lease is not None and lease.attempting and Cursor.parse(lease.attempting) > state.cursor(ERP)
        assert not owed or stopped, f"{state.stream}: {lease}"
    assert "attempting" not in world.table.items.get(drain_key(SHOP), {}), "a push to the shop is still owed"


def nothing_forgotten(world: World, __: dict[str, Event]) -> None:
    """What is parked is counted, waits for open cases, or stands behind one that does; and the other way round."""
    parked: dict[tuple[str, str, str], list[list[str]]] = defaultdict(list)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for key in world.keys("P#"):
        _, consumer, subject, _ = key.sk.split("#")
        parked[key.pk.removeprefix("S#"), consumer, unescape(subject)].append(world.table.items[key]["causes"])
        counts[key.pk.removeprefix("S#"), consumer] += 1
    for state in world.states():
        for reader in world.readers(state):
            kept = state.parked(reader)
            assert kept == counts[state.stream, reader], f"{state.stream} {reader} counts {kept} parked"
    waiting: dict[str, int] = defaultdict(int)
    for (stream, consumer, subject), causes in parked.items():
        assert causes[0], f"{subject} of {stream} is parked by {consumer} and waits for nothing"
        for cause in causes[0]:
            assert world.is_case_open(cause), f"{subject} waits for {cause}, which is not open"
            assert _waits(world, stream, consumer, subject, cause), f"{cause} does not know of {subject}"
            waiting[cause] += 1
        assert not any(causes[1:]), "one behind another waits for a case of its own"
    for key in world.keys("CASE"):
        item, case = world.table.items[key], key.pk.removeprefix("C#")
        assert item.get("waiting", 0) == waiting[case], f"{case}: {item.get('waiting')} of {waiting[case]} wait"
        lanes = [w for w in world.keys("W#") if w.pk == key.pk and w.sk.endswith("#")]
        # By now every reference has been imported, each once: whatever waited for one must have been let go.
        assert item["state"] != "open" or item["kind"] != "unmapped_reference", f"{case} is open"
        assert (item["state"] == "open") == bool(waiting[case] or lanes), f"{case} is {item['state']}"


def booked_once_or_in_a_case(world: World, _: dict[str, Event]) -> None:
    """Each document decided stands once; what was not decided or not booked waits for an open case."""
    copies = world.ledger.copies()
    wanted: set[str] = set()
    for state in world.states():
        held = _held(world, state.stream)
        for seq in range(1, state.head + 1):
            item = world.table.items.get(outcome_key(state.stream, seq, "booking"))
            if item is None:
                continue
            outcome = Outcome.from_item(item)
            if outcome.state == "parked":
                assert (seq, "booking") in held, f"entry {seq} of {state.stream} is parked, and nothing is kept of it"
            for document in outcome.documents:
                wanted.add(document["key"])
                assert copies[document["key"]] <= 1, f"{document['key']} stands {copies[document['key']]} times"
                if not copies[document["key"]]:
                    stuck = (seq, ERP) in held or state.stopped(ERP) or state.cursor(ERP).seq < seq
                    assert stuck, f"{document['key']} is nowhere"
    assert copies.keys() <= wanted, f"booked and never decided: {copies.keys() - wanted}"


def nothing_overtook(world: World, _: dict[str, Event]) -> None:
    """In the ledger of record: subjects in order always, whole lanes in order but for subjects that were parked."""
    place: dict[str, tuple[str, int, int, str]] = {}
    for state in world.states():
        for seq in range(1, state.head + 1):
            item = world.table.items.get(outcome_key(state.stream, seq, "booking"))
            if item is not None:
                for number, document in enumerate(Outcome.from_item(item).documents):
                    place[document["key"]] = state.stream, seq, number, document["subject"]
    by_subject: dict[tuple[str, str], tuple[int, int]] = {}
    by_lane: dict[str, tuple[int, int]] = {}
    late = {item for item, system in world.imported_late if system == ERP}
    for booked in world.ledger.booked:
        stream, seq, number, subject = place[booked.key]
        before = by_subject.get((stream, subject), (0, 0))
        assert (seq, number) >= before, f"{booked.key} was overtaken by {before}"
        by_subject[stream, subject] = seq, number
        # What was sent beside a subject about to be parked stands before it, though a crash forgot the parking itself
        # and the repair came before the next attempt.
        if late & set(booked.body["skus"]):
            continue
        parked = world.ever_parked & {(stream, subject), (stream, str(seq))}
        if not parked and subject not in world.ledger.ever_refused:
            assert (seq, number) >= by_lane.get(stream, (0, 0)), f"{booked.key} was overtaken in its lane"
            by_lane[stream] = seq, number


def shop_shows_what_there_is(world: World, _: dict[str, Event]) -> None:
    """Positions are the sum of what was accepted, and the shop shows them: everything it sold has reached us."""
    expected: dict[str, int] = defaultdict(int)
    for state in world.states():
        held = _held(world, state.stream)
        for key, item in world.table.query(f"S#{state.stream}", "E#", "E#" + LAST):
            if key.sk.count("#") > 1:
                continue
            entry = entry_from(key, item)
            if entry.event.type == "DeliveryReceived" or (entry.seq, "stocking") in held:
                continue
            if entry.seq > state.cursor("stocking").seq:
                continue
            for reference, by in moved(entry.event):
                expected[f"{reference.value}@{STORE}"] += by
    for name, on_hand in expected.items():
        record = world.table.items.get(Key(f"R#position#{name}", "R"), {}).get("value", {}).get("on_hand", 0)
        assert record == on_hand, f"{name}: position {record}, moved {on_hand}"
        # A refusal may come to wait for a case just after a person repaired it: the case is open and names it.
        if world.is_case_open(f"document_rejected/shop/{name}") or not _shown_everywhere(world):
            continue
        assert world.shop.shown.get(name) == max(0, on_hand), f"{name}: shows {world.shop.shown.get(name)} of {on_hand}"


def _shown_everywhere(world: World) -> bool:
    """Whether no lane stopped, so that all the shop should know has reached it."""
    return not any(state.stopped(reader) for state in world.states() for reader in (SHOP, "stocking"))


def _held(world: World, stream: str) -> set[tuple[int, str]]:
    held = set()
    for key in world.keys("P#"):
        if key.pk == f"S#{stream}":
            _, consumer, _, seq = key.sk.split("#")
            held.add((int(seq), consumer))
    return held


def _waits(world: World, stream: str, consumer: str, subject: str, case: str = "") -> bool:
    return any(
        item["stream"] == stream and item["consumer"] == consumer and item["subject"] == subject
        for key, item in world.table.items.items()
        if key.sk.startswith("W#") and (not case or key.pk == f"C#{case}")
    )


PROMISES: tuple[Promise, ...] = (
    no_defect,
    accepted_once,
    at_rest,
    nothing_forgotten,
    booked_once_or_in_a_case,
    nothing_overtook,
    shop_shows_what_there_is,
)
"""What is held when a world has come to rest."""
