"""The main job on the deployed template, with workers and the ERP killed in the middle of the outage."""

from datetime import timedelta

import pytest

from sandbox.scenario import last_units, new_arrival
from sandbox.scenario.account import Account, Step
from sandbox.scenario.play import play
from sandbox.scenario.recorder import Recorder
from sandbox.scenario.world import Options, World
from sandbox.stack import Stack

SWEPT_EVERY = timedelta(seconds=5)
"""The schedule's minute is waited for by `make run`; here it would only take time."""


@pytest.fixture(scope="module")
def account(stack: Stack) -> Account:
    return play(World(stack, Options(chaos=True, sweep_every=SWEPT_EVERY)))


def _step(account: Account, key: str) -> Step:
    return next(step for step in account.steps if step.key == key)


def _assert_held(step: Step) -> None:
    wrong = [f"{check.name}: expected {check.expected}, saw {check.seen}" for check in step.checks if not check.ok]
    assert not wrong, "\n".join([step.title, *wrong])


def _named(step: Step) -> set[str]:
    return {check.name for check in step.checks}


def test_the_shop_shows_zero_and_the_erp_holds_the_receipt(account: Account) -> None:
    step = _step(account, "a")
    _assert_held(step)
    assert {"the shop shows none, so it cannot oversell", "each of its taxes is the till's"} <= _named(step)
    hops = [hop.hop for hop in step.hops]
    assert set(hops) == {
        "accepted",
        "webhook answered",
        "stock decided",
        "receipt decided",
        "shop shows zero",
        "ERP posted",
    }
    assert hops[0] == "accepted"
    assert hops.index("stock decided") < hops.index("shop shows zero")
    assert hops.index("receipt decided") < hops.index("ERP posted")


def test_a_duplicate_has_one_effect(account: Account) -> None:
    step = _step(account, "b")
    _assert_held(step)
    assert "the till's stream did not grow" in _named(step)


def test_what_is_refused_leaves_nothing(account: Account) -> None:
    step = _step(account, "c")
    _assert_held(step)
    assert [row.cells[2] for row in step.tables[0].rows] == ["401", "400", "413"]


def test_an_outage_with_deaths_in_the_middle_changes_nothing(account: Account) -> None:
    step = _step(account, "d")
    _assert_held(step)
    assert {
        "every transaction is accepted",
        "the ERP and its poster were killed while posting",
        "none is missing and none is there twice",
        "the return did not overtake its sale",
        "the sum of each tender is right",
    } <= _named(step)
    assert step.figures["transactions"] == 21


def test_a_missing_mapping_is_one_case_and_releases_all(account: Account) -> None:
    step = _step(account, "e")
    _assert_held(step)
    assert step.figures["released_sales"] == 3


def test_the_last_unit_bought_twice_is_one_case_and_none_is_shown_again(account: Account) -> None:
    step = _step(account, "f")
    _assert_held(step)
    assert {"and never showed one again", "a case tells the people who must decide"} <= _named(step)


def test_half_of_an_order_that_comes_back_is_in_stock_and_books(account: Account) -> None:
    step = _step(account, "g")
    _assert_held(step)
    assert {"the refund stands beside it, every sign turned", "the order is still booked once"} <= _named(step)


def test_a_sale_that_is_only_named_is_read_once(account: Account) -> None:
    step = _step(account, "h")
    _assert_held(step)
    assert "the order is read at Square once" in _named(step)


def test_the_account_is_what_its_steps_say_and_reads_back(account: Account) -> None:
    assert account.ok == all(step.ok for step in account.steps)
    assert [step.key for step in account.steps] == ["a", "b", "c", "d", "e", "f", "g", "h"]
    assert Account.model_validate_json(account.model_dump_json(by_alias=True)) == account


def test_it_can_be_played_again_on_a_stack_that_was_used(stack: Stack, account: Account) -> None:
    assert account.steps  # it was played once
    world = World(stack)
    record = Recorder("again", "again", look="")
    last_units.play(world, record)
    new_arrival.play(world, record)
    _assert_held(record.step())
