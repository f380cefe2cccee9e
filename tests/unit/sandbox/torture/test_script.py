"""A script is sound whatever the seed: nothing is taken back that was not sold, and what is counted is sold no more."""

from collections import Counter

import pytest

from sandbox.retailer import RETAILER
from sandbox.torture.script import LATE_BATCH, SERVICES, Act, Doing, Fault, Script, Sending, write_script

SEEDS = range(1, 41)


@pytest.fixture(scope="module", params=[1, 2, 3])
def number(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture(scope="module")
def scripts(number: int) -> list[Script]:
    return [write_script(seed, number, 75) for seed in SEEDS]


def _in_order(script: Script) -> list[list[Act]]:
    """What each till does, in the order in which it does it."""
    tills = [[act for act in script.acts if act.till == till] for till in script.tills]
    return [[*(act for act in own if act.yesterday), *(act for act in own if not act.yesterday)] for own in tills]


def test_the_seed_repeats_it_and_another_does_not() -> None:
    assert write_script(7, 1, 60) == write_script(7, 1, 60)
    assert write_script(7, 1, 60) != write_script(8, 1, 60)


def test_passes_on_one_stack_share_no_till() -> None:
    tills = [till for number in (1, 2, 3) for till in write_script(5, number, 30).tills]
    assert len(set(tills)) == len(tills)


def test_every_act_stands_in_the_order_of_its_till(scripts: list[Script]) -> None:
    for script in scripts:
        assert [act.number for act in script.acts] == list(range(1, len(script.acts) + 1))
        for own in _in_order(script):
            times = [act.at for act in own]
            assert times == sorted(times), f"seed {script.seed}"


def test_what_is_taken_back_was_sold_before_once_and_can_be_waited_for(scripts: list[Script]) -> None:
    for script in scripts:
        by_number = {act.number: act for act in script.acts}
        taken = [act for act in script.acts if act.of]
        assert len({act.of for act in taken}) == len(taken)
        for act in taken:
            sold = by_number[act.of]
            assert (sold.doing, sold.at < act.at, sold.yesterday) == (Doing.SALE, True, False)
            units = {goods.sku: goods.units for goods in sold.out}
            assert all(goods.units <= units[goods.sku] for goods in act.back)
            if sold.till != act.till:
                assert not script.is_offline(sold), "its till will not be answered in time"
                assert act.doing is not Doing.VOID, "a void is made where the sale was"


def test_what_is_counted_moves_at_no_other_till_and_not_after_it(scripts: list[Script]) -> None:
    """A count says nothing of what moved while it was on its way."""
    for script in scripts:
        counts = [act for act in script.acts if act.doing is Doing.COUNT]
        assert len(counts) == 2
        for count in counts:
            (goods,) = count.out
            assert script.acts.index(count) > max(
                script.acts.index(act) for act in script.acts if act.till == count.till and act is not count
            )
            for act in script.acts:
                moved = {one.sku for one in (*act.out, *act.back)}
                received = act.doing is Doing.ADJUSTMENT and len(act.out) > 1  # the truck, before the first sale
                if act.till.store == count.till.store and act.till != count.till and not received:
                    assert goods.sku not in moved, f"seed {script.seed}: act {act.number}"


def test_the_late_batch_is_too_large_for_one_transaction_of_the_ledger(scripts: list[Script]) -> None:
    for script in scripts:
        late = [act for act in script.acts if act.yesterday]
        assert len(late) == LATE_BATCH
        assert len({act.till for act in late}) == 1
        assert 2 * LATE_BATCH >= 90


def test_stores_sell_only_what_they_stock(scripts: list[Script]) -> None:
    for script in scripts:
        for act in script.acts:
            stocked = RETAILER.store(act.till.store).opening_stock
            assert all(goods.sku in stocked for goods in act.out)


def test_everything_that_can_go_wrong_does(scripts: list[Script]) -> None:
    for script in scripts:
        faults = Counter(strike.fault for strike in script.strikes)
        assert set(faults) >= set(Fault) - {Fault.DEAD_LETTERS_PURGED}, f"seed {script.seed}"
        assert [strike.at for strike in script.strikes] == sorted(strike.at for strike in script.strikes)
        assert all(strike.at + strike.lasts <= script.seconds for strike in script.strikes)
    over_all = {strike.what for script in scripts for strike in script.strikes if strike.fault is Fault.WORKERS_KILLED}
    assert over_all == set(SERVICES)
    assert any(strike.fault is Fault.DEAD_LETTERS_PURGED for script in scripts for strike in script.strikes)
    assert {act.sending for script in scripts for act in script.acts} == set(Sending)
    assert {act.doing for script in scripts for act in script.acts} == set(Doing)
