"""`lockstep exceptions show` and `resolve`."""

import pytest

from tests.unit.operations.retail_world import CAP, LEDGER, SCARF

FIRST, SECOND = "101/1/2026-11-27/1", "101/1/2026-11-27/2"


@pytest.fixture(autouse=True)
def _held(world):
    """A sale of an unknown cap with its return behind it, and another till's sale of one."""
    world.sell(1, CAP)
    world.sell(2, SCARF, returns=1)
    world.sell(1, CAP, till="101/2")
    world.run()
    assert world.ledger.documents == []


@pytest.fixture
def case(lockstep):
    (found,) = lockstep("exceptions", "list", "--json").json["cases"]
    return found["case"]


def test_a_case_is_shown_with_everything_about_it(case, lockstep):
    shown = lockstep("exceptions", "show", case)
    found = lockstep("exceptions", "show", case, "--json").json

    assert shown.code == 1
    for told in (case, "Store accounting", "lockstep masterdata import", FIRST, "101/2", "lockstep trace", "opened"):
        assert told in shown.out
    booking = [one for one in found["held"] if one["consumer"] == "financial_posting"]
    assert [(one["subject"], one["behind"]) for one in booking] == [(FIRST, 1), ("101/2/2026-11-27/1", 0)]
    assert found["history"][0]["what"] == "opened"
    assert lockstep("trace", booking[0]["event"]).code == 1


def test_what_is_skipped_is_not_booked_and_who_did_it_is_kept(world, case, lockstep):
    answer = lockstep(
        "exceptions", "resolve", case, "--skip", "--reason", "till test", "--by", "ada", "--subject", FIRST, stdin="y\n"
    )
    world.run()

    assert answer.code == 0
    assert [document.subject for document in world.ledger.documents] == [FIRST]  # its return alone
    assert "skipped by ada: till test" in lockstep("trace", FIRST).out
    assert lockstep("exceptions", "show", case, "--json").json["state"] == "open"

    rest = lockstep("exceptions", "resolve", case, "--skip", "--reason", "till test", "--by", "ada", "--yes", "--json")
    world.run()

    assert {one["subject"] for one in rest.json["subjects"]} == {"101/2/2026-11-27/1"}
    shown = lockstep("exceptions", "show", case, "--json")
    assert (shown.code, shown.json["state"]) == (0, "resolved")
    assert [line["by"] for line in shown.json["history"]][-3:] == ["ada", "ada", "ada"]
    assert lockstep("lanes").code == 0
    done = lockstep("actions", "--json").json["actions"]
    assert {(one["by"], one["what"], one["reason"]) for one in done} == {
        ("ada", "exceptions resolve --skip", "till test")
    }


def test_what_is_behind_may_be_skipped_too(world, case, lockstep):
    lockstep("exceptions", "resolve", case, "--skip", "--behind", "--reason", "till test", "--yes")
    world.run()

    assert world.ledger.documents == []


def test_a_case_given_to_somebody_else_keeps_its_owner_when_it_comes_back(world, case, lockstep):
    assert lockstep("exceptions", "resolve", case, "--reassign", "Buying", "--yes", "--by", "ada").code == 0
    world.clock.advance(minutes=1)
    lockstep("exceptions", "resolve", case, "--retry", "--yes", "--reason", "try it")
    world.clock.advance(minutes=1)
    world.run()

    found = lockstep("exceptions", "show", case, "--json").json
    assert (found["owner"], found["state"]) == ("Buying", "open")
    assert [line["what"] for line in found["history"]] == [
        "opened",
        "given to Buying",
        "retried: try it",
        "resolved",
        "opened",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--retry", "--skip", "--reason", "r"),
        ("--skip",),
        ("--skip", "--reason", " "),
        ("--retry", "--behind"),
        ("--retry", "--subject", FIRST),
        ("--reassign", " "),
    ],
)
def test_one_thing_at_a_time_and_a_reason_for_what_is_final(case, lockstep, wrong):
    assert lockstep("exceptions", "resolve", case, "--yes", *wrong).code == 2


@pytest.mark.parametrize("what", [("--retry",), ("--skip", "--reason", "r"), ("--reassign", "Buying")])
def test_nothing_happens_unless_somebody_agrees(world, case, lockstep, what):
    before = repr(world.ledger_table.items)

    assert lockstep("exceptions", "resolve", case, *what, stdin="n\n").code == 1

    assert repr(world.ledger_table.items) == before


def test_what_does_not_wait_cannot_be_skipped_and_what_is_no_case_not_shown(case, lockstep):
    asked = ("--skip", "--reason", "r", "--yes", "--subject", "nobody")
    assert "nobody does not wait" in lockstep("exceptions", "resolve", case, *asked).err
    assert lockstep("exceptions", "show", f"no/{LEDGER}").code == 1
