"""The poster of state: the newest only, compared before it is set, and what the shop did by itself kept."""

from contextlib import suppress

import pytest

from lockstep.messaging.errors import EndpointUnavailable, OutcomeUnknown, RateLimited
from lockstep.messaging.ledger import drain_key
from lockstep.messaging.ports import Patch, Put, Write
from simulation.business import movement
from simulation.targets import SHOP
from tests.unit.messaging.bench import LANE, TILLS, Bench, Crash

STOCK = "stock:till.main:101"
OTHER = "till:till.main:101/T2"
ONLINE = "stock:shop.main:101"
SCARF = "SCARF@101"


def stocked(scarves: int = 10, **items: int) -> Bench:
    """A store with so many, which the shop shows."""
    bench = Bench()
    bench.accept(movement(TILLS, 1, {"SCARF": scarves, **items}, bench.clock.now()))
    bench.stock(STOCK)
    bench.shop.calls.clear()
    return bench


def sold_online(bench: Bench, number: int) -> None:
    """The shop sells one, and has not said so yet."""
    assert bench.shop.sell(SCARF)
    bench.accept(movement(SHOP, number, {"SCARF": -1}, bench.clock.now()))


def test_the_first_time_it_is_set_whatever_is_shown() -> None:
    bench = Bench()
    bench.shop.shown[SCARF] = 99
    bench.accept(movement(TILLS, 1, {"SCARF": 10}, bench.clock.now()))

    bench.stock(STOCK)

    assert bench.shop.shown == {SCARF: 10}
    assert bench.believed(SCARF) == 10
    assert "attempting" not in bench.table.items[drain_key(SHOP)]


def test_many_changes_on_many_lanes_are_one_quantity() -> None:
    bench = stocked()
    for number in range(1, 4):
        bench.sell(number)
    bench.accept(bench.sale(1, till="T2"))

    bench.stock(LANE, OTHER)

    assert [changes for changes, _ in bench.shop.calls] == [{SCARF: (10, 6)}]
    assert bench.lane().cursor(SHOP).seq == 3
    assert bench.lane(OTHER).cursor(SHOP).seq == 1


def test_what_has_not_changed_is_not_pushed() -> None:
    bench = stocked()
    bench.sell(1)
    bench.sell(2, returns=1)

    bench.stock()

    assert not bench.shop.calls
    assert bench.lane().cursor(SHOP).seq == 2


def test_it_goes_in_batches_of_the_vendors_size() -> None:
    bench = stocked(10, HAT=10, GLOVE=10)
    bench.batch_size = 2
    bench.sell(1, "SCARF", "HAT", "GLOVE")

    bench.stock()

    assert [len(changes) for changes, _ in bench.shop.calls] == [2, 1]
    assert set(bench.shop.shown.values()) == {9}


def test_a_stale_push_keeps_what_the_shop_sold() -> None:
    bench = stocked()
    sold_online(bench, 1)
    bench.sell(1)

    bench.stock()
    assert bench.shop.shown[SCARF] == 8
    bench.stock(ONLINE)

    assert bench.shop.shown[SCARF] == bench.position(SCARF) == 8


def test_what_the_shop_sold_is_not_pushed_back_to_it() -> None:
    bench = stocked()
    sold_online(bench, 1)

    bench.stock(ONLINE)

    assert not bench.shop.calls
    assert bench.shop.shown[SCARF] == bench.believed(SCARF) == bench.position(SCARF) == 9


def test_a_sale_of_the_shop_that_reaches_us_while_the_first_push_is_under_way_is_kept() -> None:
    bench = Bench()
    bench.accept(movement(TILLS, 1, {"SCARF": 10}, bench.clock.now()))
    bench.decide(bench.stocking, lane=STOCK)

    def sells() -> None:
        bench.shop.shown[SCARF] = 10
        sold_online(bench, 1)
        bench.decide(bench.stocking, lane=ONLINE)

    def records(write: Write) -> bool:
        return isinstance(write, Patch) and "marker" in write.set

    bench.table.once_before(records, sells)
    bench.show(STOCK)
    bench.show(ONLINE)

    assert bench.shop.shown[SCARF] == bench.believed(SCARF) == 9


def test_less_than_nothing_is_shown_as_nothing_and_not_forgotten() -> None:
    # The shop sold one that we do not know of; the last one went in the store; then more came in.
    bench = stocked(1)
    sold_online(bench, 1)
    bench.sell(1)
    bench.stock()
    assert bench.shop.shown[SCARF] == 0
    bench.accept(movement(TILLS, 2, {"SCARF": 5}, bench.clock.now()))
    bench.stock(STOCK)
    assert bench.shop.shown[SCARF] == 4

    bench.stock(ONLINE)

    assert bench.shop.shown[SCARF] == bench.position(SCARF) == bench.believed(SCARF) == 4


def test_more_sold_than_there_is_shows_nothing() -> None:
    bench = stocked(1)
    bench.sell(1)
    bench.sell(2)

    bench.stock()

    assert bench.position(SCARF) == -1
    assert bench.shop.shown[SCARF] == bench.believed(SCARF) == 0


@pytest.mark.parametrize("crash", range(1, 5))
def test_a_crash_anywhere_pushes_once_in_effect(crash: int) -> None:
    bench = stocked()
    bench.sell(1)
    bench.decide(bench.stocking)
    bench.table.crash_at(crash)
    with suppress(Crash):
        bench.show()
    bench.table.heal()
    bench.clock.advance(minutes=1)
    sold_online(bench, 1)

    bench.show()
    bench.stock(ONLINE)

    assert bench.shop.shown[SCARF] == bench.believed(SCARF) == bench.position(SCARF) == 8
    assert len({key for _, key in bench.shop.calls}) <= 2


def test_a_push_without_an_answer_is_repeated_under_its_key_before_anything_else() -> None:
    bench = stocked()
    bench.sell(1)
    bench.decide(bench.stocking)
    bench.shop.after.append(OutcomeUnknown("no answer"))
    with pytest.raises(OutcomeUnknown):
        bench.show()
    sold_online(bench, 1)
    bench.sell(2)
    bench.decide(bench.stocking)

    bench.show()
    bench.stock(ONLINE)

    (first, key), (repeated, same), *_ = bench.shop.calls
    assert (repeated, same) == (first, key)
    assert bench.shop.shown[SCARF] == bench.position(SCARF) == 7


def test_after_the_shop_forgot_the_key_it_is_read_instead() -> None:
    bench = stocked()
    bench.sell(1)
    bench.decide(bench.stocking)
    bench.shop.after.append(OutcomeUnknown("no answer"))
    with pytest.raises(OutcomeUnknown):
        bench.show()
    bench.clock.advance(hours=25)

    bench.show()

    assert len(bench.shop.calls) == 1
    assert bench.believed(SCARF) == 9


def test_what_surely_did_not_happen_is_not_repeated() -> None:
    bench = stocked()
    bench.sell(1)
    bench.decide(bench.stocking)
    bench.shop.before.append(RateLimited("slow down"))

    with pytest.raises(RateLimited):
        bench.show()
    assert "attempting" not in bench.table.items[drain_key(SHOP)]
    bench.show()

    assert bench.shop.shown[SCARF] == 9


def test_while_one_drains_another_rings_again_later() -> None:
    bench = stocked()
    bench.sell(1)
    bench.decide(bench.stocking)
    bench.bells.take()
    bench.shop.meanwhile = bench.show

    bench.show()

    assert len(bench.shop.calls) == 1
    assert (SHOP, LANE) in bench.rung()


def test_who_read_the_drain_before_another_left_it_does_not_overlook_what_is_under_way() -> None:
    bench = stocked()
    bench.sell(1)
    bench.decide(bench.stocking)

    def other() -> None:
        bench.shop.after.append(OutcomeUnknown("no answer"))
        with pytest.raises(OutcomeUnknown):
            bench.show()

    bench.table.once_before(lambda w: isinstance(w, Patch) and w.set.get("token", "") != "", other)
    bench.show()
    bench.show()

    (first, key), (repeated, same) = bench.shop.calls
    assert (repeated, same) == (first, key)
    assert bench.believed(SCARF) == 9


def test_an_unmapped_quantity_is_held_once_a_lane_and_let_go() -> None:
    bench = stocked(10, HAT=10)
    case = bench.forget("HAT", SHOP, outward=True)
    for number in range(1, 4):
        bench.sell(number, "HAT", "SCARF")
    bench.accept(bench.sale(1, "HAT", till="T2"))

    bench.stock(LANE, OTHER)
    assert bench.shop.shown == {SCARF: 7, "HAT@101": 10}
    assert bench.case(case)["waiting"] == 2
    bench.sell(4, "HAT")
    bench.stock()
    assert bench.case(case)["waiting"] == 2
    released = bench.learn("HAT", SHOP, outward=True)
    bench.show(LANE, OTHER)

    assert {lane for lane, _ in released.released} == {LANE, OTHER}
    assert bench.shop.shown["HAT@101"] == 5
    assert not bench.parked()
    assert bench.case(case)["state"] == "resolved"


def test_a_mapping_that_comes_while_the_quantity_is_held_is_not_missed() -> None:
    bench = stocked(10, HAT=10)
    bench.forget("HAT", SHOP, outward=True)
    bench.sell(1, "HAT")
    bench.decide(bench.stocking)
    parks = lambda write: isinstance(write, Put) and write.key.sk.startswith("P#")  # noqa: E731
    bench.table.once_before(parks, lambda: bench.learn("HAT", SHOP, outward=True))

    bench.show()

    assert bench.shop.shown["HAT@101"] == 9
    assert not bench.parked()


def test_an_entry_let_go_while_another_quantity_of_it_is_held_does_not_hold_that_twice() -> None:
    bench = stocked(10, HAT=10)
    case = bench.forget("HAT", SHOP, outward=True)
    bench.forget("GLOVE", TILLS)
    bench.sell(1, "HAT", "GLOVE")
    bench.sell(2, "HAT")
    bench.stock()
    bench.learn("GLOVE", TILLS)
    bench.decide(bench.stocking)

    bench.show()

    assert bench.case(case)["waiting"] == 1
    bench.learn("HAT", SHOP, outward=True)
    bench.show()
    assert bench.shop.shown["HAT@101"] == 8
    assert not bench.parked()


def test_a_refused_quantity_is_held_and_the_others_go() -> None:
    bench = stocked(10, HAT=10)
    bench.shop.all_or_none = True
    bench.shop.refused.add("HAT@101")
    bench.sell(1, "HAT", "SCARF")

    bench.stock()

    assert bench.shop.shown == {SCARF: 9, "HAT@101": 10}
    bench.shop.refused.clear()
    bench.repair("document_rejected/shop/HAT@101")
    bench.show()
    assert bench.shop.shown["HAT@101"] == 9


def test_a_shop_that_keeps_changing_is_left_for_later() -> None:
    bench = stocked(50)
    bench.sell(1)
    bench.decide(bench.stocking)
    read = bench.shop.read
    bench.shop.read = lambda changes: [value and bench.shop.sell(SCARF) and value for value in read(changes)]  # type: ignore[method-assign]
    bench.shop.sell(SCARF)

    with pytest.raises(EndpointUnavailable):
        bench.show()

    assert bench.lane().cursor(SHOP).seq == 0
