"""`lockstep dlq` and `lockstep actions`."""

import json

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
    assert answer.json["others"] == []


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


def test_what_the_bus_the_relay_and_the_ticket_system_gave_up_is_told_and_handed_on(world, lockstep):
    now = world.clock.now()
    world.dead_letters.visible.clear()
    bell = {"detail-type": "TransactionClosed", "source": "poslog.main", "detail": {"stream": LANE}}
    case = {"type": "ExceptionOpened", "exception": {"case": "unmapped_reference/item/x"}}
    news = {"detail-type": "ExceptionResolved", "source": "lockstep", "detail": {"exception": case["exception"]}}
    batch = {"DDBStreamBatchInfo": {"batchSize": 3, "approximateArrivalOfFirstRecord": "2026-11-27T09:00:00Z"}}
    for body in (bell, news, {"source": "aws.events"}, {"who": "knows"}):
        world.dead_letters.put("bus", json.dumps(body), now, why="no permission")
    world.dead_letters.put("relay", json.dumps(batch), now)
    world.dead_letters.put("tickets", json.dumps(case), now)

    shown = lockstep("dlq", "list")
    assert shown.code == 1
    for told in (f"a bell for {LANE}", "ExceptionResolved of unmapped_reference/item/x", "3 changes", "no permission"):
        assert told in shown.out
    assert [one["messages"] for one in lockstep("dlq", "list", "--json").json["others"]] == [4, 1, 1]

    world.doorbells.take()
    answer = lockstep("dlq", "redrive", "bus", "--yes", "--json").json

    (done,) = answer["others"]
    assert (done["sent"], done["rung"], done["left"]) == (1, 4, 1)
    assert {bell.stream for _, bell in world.doorbells.take()} == {LANE}
    assert world.dead_letters.sent == [
        ("tickets", '{"type":"ExceptionResolved","exception":{"case":"unmapped_reference/item/x"}}')
    ]
    assert lockstep("dlq", "list", "bus", "--json").json["others"][0]["messages"] == 1

    rest = lockstep("dlq", "redrive", "--all", "--yes").out
    assert "tickets: 1 sent back" in rest
    assert world.dead_letters.sent[-1] == ("tickets", json.dumps(case))
    assert [one["messages"] for one in lockstep("dlq", "list", "--json").json["others"]] == [1, 0, 0]


@pytest.mark.parametrize("arguments", [(), (LEDGER, "--all"), ("nobody",)])
def test_one_consumer_or_all_of_them(lockstep, arguments):
    assert lockstep("dlq", "redrive", "--yes", *arguments).code == 2
