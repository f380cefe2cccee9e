"""`lockstep dlq` and `lockstep actions`."""

import pytest

from lockstep.messaging.lane import stop
from lockstep.messaging.ports import Bell
from tests.unit.operations.retail_world import LEDGER, SCARF

LANE = "till:poslog.main:101/1"


@pytest.fixture(autouse=True)
def _dead(world):
    """One lane of the ledger stands for a bell that is a dead letter."""
    world.sell(1, SCARF)
    stop(world.ledger_table, LEDGER, Bell(LANE, "bell 1"), "a defect [x]", world.clock.now())
    world.dead_letters.bury(LEDGER, LANE, "bell 1", world.clock.now())


def test_a_list_names_lanes_and_reasons(lockstep):
    answer = lockstep("dlq", "list")

    assert answer.code == 1
    for told in (LEDGER, LANE, "for this bell", "a defect [x]", "relay"):
        assert told in answer.out


def test_a_list_for_scripts(lockstep):
    answer = lockstep("dlq", "list", LEDGER, "--json")

    (found,) = answer.json["consumers"]
    assert (found["consumer"], found["messages"], found["letters"][0]["stream"]) == (LEDGER, 1, LANE)
    assert answer.json["others"] == {}


def test_nothing_is_sent_back_unless_somebody_agrees(world, lockstep):
    assert lockstep("dlq", "redrive", LEDGER, stdin="n\n").code == 1
    silent = lockstep("dlq", "redrive", LEDGER, stdin="")

    assert (silent.code, world.dead_letters.sent) == (1, [])
    assert "--yes" in silent.err


def test_sent_back_with_a_record_of_who_did_it(world, lockstep):
    answer = lockstep("dlq", "redrive", LEDGER, "--by", "ada", "--reason", "mended", stdin="y\n")

    assert answer.code == 0
    assert len(world.dead_letters.sent) == 1
    (action,) = lockstep("actions", "--json").json["actions"]
    assert (action["by"], action["what"], action["target"], action["reason"]) == (
        "ada",
        "dlq redrive",
        LEDGER,
        "mended",
    )
    assert action["result"] == "1 sent back, 1 lanes started"
    assert "mended" in lockstep("actions").out


def test_a_lost_bell_is_not_needed(world, lockstep):
    world.dead_letters.visible.clear()
    assert lockstep("dlq", "list", "--json").json["consumers"][2]["lost"][0]["stream"] == LANE

    answer = lockstep("dlq", "redrive", "--all", "--lost", "--yes", "--json")

    assert answer.json["consumers"][0]["lost"] == [LANE]
    world.run()
    assert len(world.ledger.documents) == 1
    assert lockstep("dlq", "list").code == 0
    assert lockstep("dlq", "redrive", "--all", "--yes").out.strip() == "There are no dead letters."


@pytest.mark.parametrize("arguments", [(), (LEDGER, "--all"), ("nobody",)])
def test_one_consumer_or_all_of_them(lockstep, arguments):
    assert lockstep("dlq", "redrive", "--yes", *arguments).code == 2
