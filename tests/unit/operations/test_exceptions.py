from datetime import timedelta

import pytest

from infra import registry
from lockstep.operations.cases import Waiting, total_at_stake
from lockstep.operations.exceptions import open_cases
from lockstep.operations.repairs import knows, mapping_line, repair_for
from tests.unit.operations.retail_world import CAP, LEDGER, SCARF, SHOP, TILL


def cases(world, **options):
    return open_cases(world.ledger_table, world.clock.now(), **options)


def test_one_case_a_cause_with_everything_that_waits(world):
    start = world.clock.now()
    for sequence in (1, 2, 3):
        world.sell(sequence, CAP)
    world.run()

    (case,) = cases(world)

    assert case.case == f"unmapped_reference/item/{TILL}/0{CAP}"
    assert case.owner == "Store accounting"
    assert case.subjects == 3
    assert {one.consumer for one in case.waiting} == {"financial_posting", "inventory_availability"}
    assert case.at_stake == ("163.80 USD",)
    assert case.opened_at >= start
    assert not case.overdue
    assert f"item,<SKU>,{TILL},0{CAP}" in case.repair


def test_what_is_not_repaired_in_time_is_overdue_and_comes_first(world):
    world.sell(1, CAP)
    world.run()
    world.clock.advance(hours=23)
    world.sell(2, "other")
    world.run()
    world.clock.advance(hours=2)

    found = cases(world)

    assert [case.overdue for case in found] == [True, False]
    assert found[0].due_at - found[0].opened_at == timedelta(hours=24)


def test_they_can_be_narrowed(world):
    world.sell(1, CAP)
    world.run()

    assert cases(world, kinds=["negative_inventory"]) == []
    assert cases(world, owners=["Somebody else"]) == []
    assert len(cases(world, kinds=["unmapped_reference"], owners=["Store accounting"])) == 1


def test_a_repaired_case_is_gone(world):
    world.sell(1, CAP)
    world.run()
    world.map(f"kind,canonical,system,value\nitem,SCARF,{TILL},{CAP}\n")

    assert cases(world) == []


def test_money_is_counted_once_a_subject_and_by_currency():
    now = None
    waiting = [
        Waiting("till:poslog.main:101/1", "one", "a", now, "10.00 USD"),
        Waiting("till:poslog.main:101/1", "two", "a", now, "10.00 USD"),
        Waiting("till:poslog.main:101/1", "one", "b", now, "-2.50 USD"),
        Waiting("till:poslog.main:101/1", "one", "c", now, "300 JPY"),
        Waiting("till:poslog.main:101/1", "one", "d", now),
    ]

    assert total_at_stake(waiting) == ("300 JPY", "12.50 USD")


@pytest.mark.parametrize(
    ("reference", "line"),
    [
        (f"item/{TILL}/0{SCARF}", f"item,<SKU>,{TILL},0{SCARF}"),
        (f"tender/{TILL}/GIFT/2", f"tender,<TENDER>,{TILL},GIFT/2"),
        (f"item/SCARF/{SHOP}", f"item,SCARF,{SHOP},<ITS NAME IN {SHOP}>"),
        (f"charge/gift card/{LEDGER}", f"charge,gift card,{LEDGER},<ITS NAME IN {LEDGER}>"),
    ],
)
def test_a_missing_mapping_is_spelt_out(reference, line):
    assert mapping_line(reference) == line


def test_every_kind_of_case_that_a_workflow_may_open_has_advice():
    kinds = {kind for spec in registry.workflows().values() for kind in spec.exceptions}

    assert {kind for kind in kinds if not knows(kind)} == set()


def test_a_kind_nobody_made_advice_for_still_says_how_to_release_it():
    assert repair_for("new_kind", "a/b").endswith("lockstep exceptions resolve 'new_kind/a/b' --retry")
