"""`lockstep pause` and `lockstep resume`."""

import pytest

from tests.unit.operations.retail_world import LEDGER, SCARF


def test_a_paused_target_waits_and_goes_on_when_it_is_resumed(world, lockstep):
    paused = lockstep("pause", LEDGER, "--reason", "new release [2]", "--by", "ada", stdin="y\n")
    world.sell(1, SCARF)
    world.run()

    assert (paused.code, world.ledger.documents) == (0, [])
    lanes = lockstep("lanes")
    assert lanes.code == 1
    assert "paused by ada: new release [2]" in lanes.out
    assert "target paused" in lockstep("trace", "101/1/2026-11-27/1").out

    resumed = lockstep("resume", LEDGER, "--yes", "--json")
    world.run()

    assert resumed.json["was_open"] is True
    assert len(world.ledger.documents) == 1
    done = lockstep("actions", "--json").json["actions"]
    assert [(one["what"], one["target"]) for one in done] == [("pause", LEDGER), ("resume", LEDGER)]
    assert done[0]["by"] == "ada"


@pytest.mark.parametrize(
    ("given", "until"),
    [
        ("90m", "2026-11-27T10:30:00.000Z"),
        ("2d", "2026-11-29T09:00:00.000Z"),
        ("2026-11-27T10:00+01:00", None),
        ("2026-11-27T12:00", "2026-11-27T12:00:00.000Z"),
        ("2026-11-27T12:00+01:00", "2026-11-27T11:00:00.000Z"),
        ("soon", None),
        ("0m", None),
        ("999999d", "4764-10-23T09:00:00.000Z"),
    ],
)
def test_until_when(lockstep, given, until):
    answer = lockstep("pause", LEDGER, "--until", given, "--yes", "--json")

    assert (answer.code, answer.json.get("until")) == (0 if until else 2, until)


def test_nothing_is_paused_or_resumed_unless_somebody_agrees(lockstep):
    assert lockstep("pause", LEDGER, stdin="n\n").code == 1
    assert lockstep("lanes").code == 0
    assert lockstep("resume", LEDGER, stdin="").code == 1
    assert lockstep("pause", "nobody", "--yes").code == 2
