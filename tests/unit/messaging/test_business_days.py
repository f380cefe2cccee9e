"""Where a till's business day begins is noted with its first entry: once a till and day, and for each late batch."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from lockstep.messaging.accept import fits_one_transaction, stored_delivery
from lockstep.messaging.inbound import Delivery
from lockstep.messaging.ledger import Key, accepted_key
from lockstep.messaging.ports import Put
from tests.unit.operations.reconciliation.day_world import DayWorld
from tests.unit.operations.retail_world import DAY, SCARF, TILL

if TYPE_CHECKING:
    from lockstep.canonical.identifiers import TransactionId

BEFORE = DAY - timedelta(days=1)


def noted(world: DayWorld) -> list[Key]:
    return sorted(key for key in world.ledger_table.items if key.pk.startswith("B#"))


def test_a_day_costs_a_till_one_small_write() -> None:
    world = DayWorld()

    world.sell_some(1)
    first = noted(world)
    world.sell_some(2, 3)
    world.send(world.ticket(1, ("Karte", "1.00"), till="101/2"), world.ticket(2, ("Karte", "1.00"), till="101/2"))

    assert first == [Key(f"B#{TILL}#{DAY}", "101/1#E#000000000001")]
    assert noted(world) == [*first, Key(f"B#{TILL}#{DAY}", "101/2#E#000000000001")]
    assert sum(len(str(world.ledger_table.items[key])) for key in first) < 100


def test_a_late_batch_is_noted_and_so_is_the_day_that_goes_on_after_it() -> None:
    world = DayWorld()

    world.sell_some(1, 2, day=BEFORE)
    world.sell_some(3)
    world.send(*(world.ticket(number, ("Karte", "1.00"), day=BEFORE) for number in (8, 9)))
    world.sell_some(4)

    assert [(key.pk[-2:], int(key.sk[-3:])) for key in noted(world)] == [("26", 1), ("26", 4), ("27", 3), ("27", 6)]


def test_what_is_known_already_notes_nothing() -> None:
    world = DayWorld()
    old = world.ticket(1, ("Karte", "1.00"), day=BEFORE)
    world.send(old)
    world.sell_some(2)
    before = noted(world)

    world.send(old, world.ticket(3, ("Karte", "1.00")))

    assert noted(world) == before


def test_what_nobody_counts_belongs_to_no_day_and_is_noted_by_that_of_its_acceptance() -> None:
    world = DayWorld()
    stream = f"stock:{TILL}:101"

    world.send(world.count("count-1", **{SCARF: 5}), world.count("count-2", **{SCARF: 4}))
    world.send(world.count("count-3", **{SCARF: 3}))
    world.clock.advance(hours=24)
    world.send(world.count("count-4", **{SCARF: 2}))

    assert noted(world) == []
    by_acceptance = {key: item for key, item in world.ledger_table.items.items() if key.pk.startswith("N#")}
    assert by_acceptance == {
        accepted_key(TILL, DAY, stream): {"stream": stream, "seq": 1},
        accepted_key(TILL, DAY + timedelta(days=1), stream): {"stream": stream, "seq": 4},
    }


def test_what_stands_for_others_is_noted_nowhere() -> None:
    world = DayWorld()
    events = [world.ticket(number, ("Karte", "1.00")) for number in range(60)]
    delivery = Delivery(TILL, "large", b"<POSLog/>", world.clock.now())

    assert world.acceptor.accept(delivery, events, within=timedelta(seconds=5)).deferred

    assert not [key for key in world.ledger_table.items if key.pk[:2] in {"B#", "N#"}]


def test_a_delivery_for_many_streams_still_fits_its_transaction() -> None:
    world = DayWorld()
    counts = [
        world.count(f"count-{number}", **{SCARF: 5}).model_copy(update={"source": f"shop{number}.main"})
        for number in range(40)
    ]
    most = max(count for count in range(1, 40) if fits_one_transaction(counts[:count]))

    world.send(*counts[:most])

    assert len([key for key in world.ledger_table.items if key.pk.startswith("N#")]) == most


def test_numbers_used_for_other_things_are_noted_with_their_delivery() -> None:
    world = DayWorld()

    world.send(passed_over=[world.identity(5), world.identity(4), world.identity(4, "101/2")])

    assert [(key.sk, world.ledger_table.items[key]) for key in noted(world)] == [
        ("101/1#N#d1", {"numbers": [4, 5]}),
        ("101/2#N#d1", {"numbers": [4]}),
    ]


def test_a_delivery_of_many_days_still_fits_its_transaction() -> None:
    world = DayWorld()
    events = [world.ticket(number, ("Karte", "1.00"), day=DAY - timedelta(days=number % 2)) for number in range(1, 100)]
    most = max(count for count in range(1, 100) if fits_one_transaction(events[:count]))

    world.send(*events[:most])

    assert most == 22
    assert len(noted(world)) == most


def test_a_large_delivery_notes_the_same_when_it_is_expanded() -> None:
    world = DayWorld()
    events = [world.ticket(number, ("Karte", "1.00"), day=(DAY, BEFORE)[number % 2]) for number in range(60)]
    passed_over: list[TransactionId] = [world.identity(number, f"101/{number}") for number in range(100, 220)]
    delivery = Delivery(TILL, "large", b"<POSLog/>", world.clock.now())
    within = timedelta(seconds=5)

    receipt = world.acceptor.accept(delivery, events, within=within, passed_over=passed_over)
    assert receipt.deferred
    assert noted(world) == []
    again = stored_delivery(world.ledger_table, world.claims, TILL, "large")
    for _ in range(2):
        world.acceptor.expand(again, events, within=within, passed_over=passed_over)

    assert len(noted(world)) == 60 + 120


def test_who_loses_the_race_for_the_head_notes_where_it_came_to_stand() -> None:
    world = DayWorld()
    table, late = world.ledger_table, world.ticket(2, ("Karte", "1.00"))
    plain = table.write

    def overtaken(writes: list[object]) -> None:
        table.write = plain
        if any(isinstance(write, Put) and write.key.pk.startswith("B#") for write in writes):
            world.sell_some(1)
        plain(writes)

    table.write = overtaken
    world.send(late)

    assert noted(world) == [Key(f"B#{TILL}#{DAY}", "101/1#E#000000000001")]
    assert world.ledger_table.items[Key(f"S#till:{TILL}:101/1", "STREAM")]["head"] == 2
