"""Cases that are about what has not come: shown, given up, and let go on without it."""

from datetime import timedelta

import pytest

from lockstep.messaging.awaiting import missing
from lockstep.messaging.sweep import Sweep
from lockstep.messaging.topology import Owners
from lockstep.messaging.workflow import Decision
from tests.unit.operations.retail_world import DAY, SCARF, TILL, Booking

GAP = f"sequence_gap/{TILL}/101/1/{DAY.isoformat()}"


class Following(Booking):
    """Books a return once its sale is there."""

    def decide(self, event, context) -> Decision:
        awaited = [id_ for id_ in event.follows() if id_ not in {*context.earlier, *context.unfollowed}]
        if awaited:
            raise missing(awaited, "its sale has not arrived")
        return super().decide(event, context)


@pytest.fixture
def sweep(world):
    """The minute's sweep, some time later."""

    def run(**later) -> None:
        world.clock.time += timedelta(**later)
        ports = ("doorbells", "clock", "random", "metrics")
        Sweep(
            world.consumers,
            table=world.ledger_table,
            owners=Owners({"sequence_gap": "Store accounting"}),
            **{name: getattr(world, name) for name in ports},
        ).run()
        world.run()

    return run


def test_numbers_that_never_come_are_given_up(world, lockstep, sweep):
    world.sell(1, SCARF)
    world.sell(4, SCARF)
    sweep(minutes=31)
    (case,) = lockstep("exceptions", "list", "--json").json["cases"]
    assert (case["case"], case["owner"]) == (GAP, "Store accounting")
    assert "numbers 2-3: 2 in all" in case["problem"]
    assert f"lockstep exceptions resolve '{GAP}' --skip" in case["repair"]

    answer = lockstep("exceptions", "resolve", GAP, "--skip", "--reason", "the till was replaced", "--yes")

    assert answer.code == 0
    assert answer.out.strip() == "It is not looked for any more."
    sweep(minutes=31)
    assert lockstep("exceptions", "list").out.strip() == "No open cases."
    assert "gave up 2-3: the till was replaced" in lockstep("exceptions", "show", GAP).out


def test_a_return_goes_on_without_a_sale_that_never_comes_once_a_person_says_why(world, lockstep, sweep):
    booking = Following()
    world._workflows["financial_posting"] = (booking, world._workflows["financial_posting"][1])
    world.sell(2, SCARF, returns=1)
    world.run()
    case = f"predecessor_missing/{TILL}/TransactionClosed/101/1/{DAY.isoformat()}/1"
    shown = lockstep("exceptions", "show", case)
    assert shown.code == 0
    assert "expected to end by itself" in shown.out
    assert lockstep("exceptions", "list").out.strip() == "No open cases."

    sweep(hours=4)
    assert [one["case"] for one in lockstep("exceptions", "list", "--json").json["cases"]] == [case]
    assert lockstep("exceptions", "resolve", case, "--retry", "--without-predecessor", "--yes").code == 2
    assert lockstep("exceptions", "resolve", case, "--skip", "--without-predecessor", "--reason", "x").code == 2
    assert world.ledger.documents == []

    answer = lockstep(
        "exceptions", "resolve", case, "--retry", "--without-predecessor", "--reason", "sold elsewhere", "--yes"
    )
    world.run()

    assert answer.code == 0
    assert len(world.ledger.documents) == 1
    (action,) = lockstep("actions", "--json").json["actions"]
    assert (action["what"], action["reason"]) == ("exceptions resolve --retry --without-predecessor", "sold elsewhere")
    assert "retried without predecessor: sold elsewhere" in lockstep("exceptions", "show", case).out
