from datetime import timedelta

import pytest

from lockstep.canonical.events import TransactionUnbalanced
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import UnbalancedTransaction
from lockstep.messaging.breaker import Breaker, force_open
from lockstep.messaging.lane import stop
from lockstep.messaging.ports import Bell
from lockstep.operations.trace import StepState, Tracer
from tests.unit.operations.retail_world import BOOKING, CAP, HEADER, LEDGER, SCARF, SHOP, STOCKING, TILL

SALE = "101/1/2026-11-27/1"


@pytest.fixture
def trace(world):
    def look_up(query, **options):
        consumes = {spec.consumer: spec.consumes for spec in (BOOKING, STOCKING)}
        tracer = Tracer(world.ledger_table, world.consumers, world.accounts, consumes)
        return tracer.trace(query, world.clock.now(), **options)

    return look_up


def steps(trace):
    (event,) = trace.events
    return {step.consumer: (step.state, step.what) for step in event.steps}


DONE = {
    "financial_posting": (StepState.DONE, "decided"),
    "inventory_availability": (StepState.DONE, "decided"),
    LEDGER: (StepState.DONE, "posted"),
    SHOP: (StepState.DONE, "pushed"),
}


@pytest.mark.parametrize(
    ("name", "found_as"),
    [
        (f"{TILL}/TransactionClosed/{SALE}", "event or business key"),
        (f"{TILL}/{SALE}", "event or business key"),
        (SALE, "event or business key"),
        ("msg_101/1/1", "delivery"),
        (f"{TILL}/msg_101/1/1", "delivery"),
        ("R101-1", "document number"),
    ],
)
def test_a_sale_is_found_by_every_name_it_has(world, trace, name, found_as):
    world.sell(1, SCARF)
    world.run()
    world.sell(2, SCARF)

    found = trace(name)

    assert found.found_as == found_as
    assert steps(found) == DONE
    assert found.events[0].settled
    assert not found.events[0].needs_attention


def test_each_hop_says_when_and_what(world, trace):
    world.sell(1, SCARF)
    world.clock.advance(seconds=4)
    world.run()

    (event,) = trace(SALE).events

    assert (event.delivery.account, event.delivery.delivery_id) == (TILL, "msg_101/1/1")
    assert event.delivery.received_at == event.accepted_at
    assert (event.stream, event.seq) == ("till:poslog.main:101/1", 1)
    posted = next(step for step in event.steps if step.consumer == LEDGER)
    assert posted.reference == "R101-1"
    assert posted.after == timedelta(seconds=5)


def test_nothing_found_says_what_was_tried(trace):
    found = trace("R999")

    assert found.events == ()
    assert found.found_as == ""
    assert found.tried == ("event or business key", "delivery", "document number")


def test_before_anybody_came_to_it_everybody_waits(world, trace):
    world.sell(1, SCARF)
    world.sell(2, SCARF)

    (event,) = trace("101/1/2026-11-27/2").events

    assert {step.consumer: step.summary for step in event.steps} == {
        "financial_posting": "1 before it in its lane",
        "inventory_availability": "1 before it in its lane",
        LEDGER: "for financial_posting",
        SHOP: "for inventory_availability",
    }
    assert not event.settled
    assert not event.needs_attention


def test_what_was_decided_waits_for_its_targets(world, trace):
    world.sell(1, SCARF)
    for workflow in ("financial_posting", "inventory_availability"):
        world.drain(workflow, Bell("till:poslog.main:101/1"))

    (event,) = trace(SALE).events

    waiting = {step.consumer: step.summary for step in event.steps if step.state is StepState.WAITING}
    assert waiting == {LEDGER: "next in its lane", SHOP: "next in its lane"}


def test_nobody_waits_who_does_not_concern_himself_with_such_an_event(world, trace):
    data = UnbalancedTransaction(
        id=TransactionId.parse(SALE),
        closed_at=world.clock.now(),
        due=Money.of("2", "USD"),
        paid=Money.of("1", "USD"),
        problem="no",
    )
    now = world.clock.now()
    world.accept(TransactionUnbalanced.create(data, source=TILL, received_at=now, causation_id="msg_1"))

    assert set(steps(trace(SALE)).values()) == {(StepState.NOTHING_TO_DO, "passed over")}


def test_what_is_parked_names_the_cases_that_hold_it(world, trace):
    world.sell(1, CAP)
    world.run()

    found = trace(SALE)

    assert steps(found) == {
        "financial_posting": (StepState.HELD, "parked"),
        "inventory_availability": (StepState.HELD, "parked"),
        LEDGER: (StepState.WAITING, "waiting"),
        SHOP: (StepState.WAITING, "waiting"),
    }
    assert [case.case for case in found.cases] == [f"unmapped_reference/item/{TILL}/0{CAP}"]
    assert found.events[0].needs_attention


def test_what_waits_behind_its_subject_names_the_same_cases(world, trace):
    world.sell(1, CAP)
    world.sell(2, SCARF, returns=1)
    world.run()

    found = trace("101/1/2026-11-27/2", related=False)

    assert steps(found)["financial_posting"] == (StepState.HELD, "parked")
    assert len(found.cases) == 1


def test_what_is_released_and_has_not_run_yet_waits(world, trace):
    world.sell(1, CAP)
    world.run()
    world.map(HEADER + f"item,CAP,{TILL},{CAP}\nitem,CAP,{LEDGER},8\nitem,CAP,{SHOP},-\n")

    assert steps(trace(SALE))["financial_posting"] == (StepState.WAITING, "released")
    world.run()
    assert steps(trace(SALE)) == DONE


def test_a_quantity_that_is_held_back_holds_every_sale_of_it(world, trace):
    world.map(HEADER + f"item,CAP,{TILL},{CAP}\nitem,CAP,{LEDGER},8\n")
    world.sell(1, CAP)
    world.sell(2, CAP)
    world.run()

    found = trace("101/1/2026-11-27/2")

    assert steps(found)[SHOP] == (StepState.HELD, "pushed")
    assert [case.case for case in found.cases] == [f"unmapped_reference/item/CAP/{SHOP}"]


def test_while_the_ledger_is_down_it_says_so(world, trace):
    world.ledger.down = True
    world.sell(1, SCARF)
    world.run()
    assert steps(trace(SALE))[LEDGER] == (StepState.WAITING, "target down")

    (event,) = trace(SALE).events
    assert next(step.summary for step in event.steps if step.consumer == LEDGER) == "connection refused"


def test_a_stopped_target_or_lane_needs_a_person(world, trace):
    world.sell(1, SCARF)
    force_open(world.ledger_table, Breaker(LEDGER), "wrong password", world.clock.now())
    stop(world.ledger_table, "financial_posting", Bell("till:poslog.main:101/1", "b"), "defect", world.clock.now())

    found = trace(SALE)

    assert steps(found)[LEDGER] == (StepState.STOPPED, "target stopped")
    assert steps(found)["financial_posting"] == (StepState.STOPPED, "stopped")
    assert found.events[0].needs_attention


def test_its_returns_are_found_with_it_and_it_with_its_returns(world, trace):
    world.sell(1, SCARF)
    world.sell(2, SCARF)
    world.sell(3, SCARF, returns=1)
    world.sell(4, SCARF, till="101/2", returns=1, bought_at="101/1")
    world.run()

    def sequences(query, **options):
        return [event.id.rsplit("/", 2)[-1] for event in trace(query, **options).events]

    assert sequences(SALE) == ["1", "3"]
    assert sequences("101/2/2026-11-27/4") == ["1", "4"]
    assert sequences(SALE, related=False) == ["1"]


def test_an_expired_delivery_is_no_obstacle(world, trace):
    world.sell(1, SCARF)
    world.ledger_table.items = {key: item for key, item in world.ledger_table.items.items() if key.sk != "D"}

    (event,) = trace(SALE).events

    assert event.delivery.delivery_id == "msg_101/1/1"
    assert event.delivery.received_at is None


def test_a_delivery_leads_to_all_its_events_the_repeated_ones_too(world, trace):
    one, two = world.sale(1, SCARF), world.sale(2, SCARF)
    world.accept(one, delivery_id="first")
    world.accept(one, two, delivery_id="second")

    assert [event.seq for event in trace("second").events] == [1, 2]


def test_a_count_is_found_by_its_document_and_concerns_no_ledger(world, trace):
    world.accept(world.count("count-1", **{SCARF: 5}))
    world.run()

    found = trace("101/count-1")

    assert set(steps(found)) == {"inventory_availability", SHOP}
    assert found.events[0].settled
