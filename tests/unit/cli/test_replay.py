"""`lockstep replay`."""

import pytest

from cli.deciders import decider
from cli.errors import CommandFailed
from infra import registry
from tests.unit.operations.reconciliation.day_world import DayWorld
from tests.unit.operations.retail_world import DAY, SHOP, TILL

WINDOW = ("--from", DAY, "--to", DAY, "--workflow")


@pytest.fixture
def world() -> DayWorld:
    world = DayWorld()
    world.map(f"kind,canonical,system,value\nitem,SCARF,{SHOP},1\n")
    world.sell_some(1, 2)
    world.run()
    return world


def test_a_dry_run_says_what_would_be_the_same(world, lockstep):
    before = repr(world.ledger_table.items)

    answer = lockstep("replay", *WINDOW, "financial_posting", "--dry-run")

    assert answer.code == 0
    assert "TransactionClosed" in answer.out
    found = lockstep("replay", *WINDOW, "financial_posting", "--dry-run", "--json").json
    assert found["kinds"]["TransactionClosed"]["same as recorded"] == 2
    assert found["consumer"].startswith("replay.financial_posting.")
    assert found["different"] == []
    assert repr(world.ledger_table.items) == before


def test_a_dry_run_ends_with_1_when_something_would_be_different(world, lockstep):
    world.map(f"kind,canonical,system,value\ntender,CASH,{TILL},Karte\n", replace_meanings=True)

    answer = lockstep("replay", *WINDOW, "financial_posting", "--dry-run")

    assert answer.code == 1
    assert "documents.0.body.tenders.0.tender: CARD -> CASH" in answer.out
    (first, _) = lockstep("replay", *WINDOW, "financial_posting", "--dry-run", "--json").json["different"]
    assert first["differences"] == [
        {"place": "documents.0.body.tenders.0.tender", "before": "CARD", "after": "CASH"},
    ]


def test_nothing_in_the_window_is_said_so(lockstep):
    answer = lockstep(
        "replay", "--from", "2026-01-01", "--to", "2026-01-02", "--workflow", "financial_posting", "--dry-run"
    )

    assert (answer.code, "There is nothing of 2026-01-01 to 2026-01-02" in answer.out) == (0, True)


def test_what_the_erp_lost_is_posted_again_and_on_record(world, lockstep):
    world.books.booked = []

    answer = lockstep("replay", *WINDOW, "financial_posting", "--by", "ada", "--reason", "restored", stdin="y\n")
    world.run()

    assert answer.code == 0, answer.err
    assert "2 entries: 2 documents looked up again" in answer.out
    assert len(world.books.booked) == 2
    begun, ended = lockstep("actions", "--json").json["actions"]
    assert (begun["what"], begun["by"], begun["reason"]) == ("replay", "ada", "restored")
    assert begun["target"] == ended["target"]
    assert f"again for {begun['target']}" in lockstep("trace", f"101/1/{DAY}/1").out
    again = lockstep("replay", *WINDOW, "financial_posting", "--id", begun["target"], "--yes", "--json").json
    assert (again["documents"], again["left"]) == (0, {"looked up already": 2})


def test_a_shop_s_quantities_are_set_again(world, lockstep):
    world.shop.shown.clear()

    answer = lockstep("replay", *WINDOW, "inventory_availability", "--yes")
    world.run()

    assert "1 quantities set again" in answer.out
    assert world.shop.shown == {"SCARF@101": 0}


@pytest.mark.parametrize("agreed", ["n\n", ""])
def test_nothing_happens_unless_somebody_agrees(world, lockstep, agreed):
    before = repr(world.ledger_table.items)

    assert lockstep("replay", *WINDOW, "financial_posting", stdin=agreed).code == 1

    assert repr(world.ledger_table.items) == before


@pytest.mark.parametrize(
    "wrong",
    [
        (*WINDOW, "nobody"),
        ("--from", DAY, "--to", "2026-01-01", "--workflow", "financial_posting"),
        (*WINDOW, "financial_posting", "--id", "replay.inventory_availability.x"),
        ("--from", "today", "--to", DAY, "--workflow", "financial_posting"),
    ],
)
def test_what_makes_no_sense_is_another_exit_code(lockstep, wrong):
    assert lockstep("replay", *wrong, "--yes").code == 2


def test_every_workflow_s_folder_holds_what_decides():
    for spec in registry.workflows().values():
        assert decider(spec.consumer).spec is spec
    with pytest.raises(CommandFailed, match="no workflow nobody"):
        decider("nobody")
