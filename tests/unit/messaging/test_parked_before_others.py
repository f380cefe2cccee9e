"""What a workflow lets go late may be refused before what others decided of the same subject, and wait for the same."""

import pytest

from lockstep.messaging.correcting import Correction, Held, correct_held
from lockstep.messaging.errors import CaseKey, PeriodClosed
from lockstep.messaging.skipping import skip_case
from tests.unit.messaging.bench import ERP, LANE, TILLS
from tests.unit.messaging.test_predecessors import TwoTills
from tests.unit.messaging.test_several_feeders import TwoFeeders, decide, mend


@pytest.mark.parametrize("same", [True, False])
def test_what_is_refused_before_others_waits_before_them_in_the_one_place_that_their_subject_has(same: bool) -> None:
    bench = TwoFeeders()
    sale = bench.sale(1)
    bench.unsound.add(sale.id)
    bench.accept(sale)
    bench.sell(2, returns=1)
    decide(bench)
    later = CaseKey("period_closed", "later")
    first = later if same else CaseKey("period_closed", "first")
    bench.ledger.refuse["first 2"] = PeriodClosed("closed", later)
    bench.ledger.refuse["receipt 1"] = PeriodClosed("closed", first)
    bench.post()
    assert bench.case(str(later))["waiting"] == 1

    mend(bench, f"unbalanced_totals/{sale.id}")
    bench.post()

    assert (bench.case(str(first))["waiting"], bench.lane().parked(ERP)) == (1, 2)
    assert bench.case(str(later))["waiting"] == 1
    assert len([key for key in bench.table.items if key.sk.startswith("W#")]) == (1 if same else 2)

    bench.ledger.refuse.clear()
    bench.repair(str(first))
    bench.post()
    assert "first 2" in bench.ledger.booked or not same
    bench.repair(str(later))
    bench.post()
    assert bench.ledger.booked.index("receipt 1") < bench.ledger.booked.index("first 2")
    assert bench.parked() == []


def test_what_is_skipped_with_what_waits_behind_it_takes_those_along_that_have_cases_of_their_own() -> None:
    bench = TwoFeeders()
    sale = bench.sale(1)
    bench.unsound.add(sale.id)
    bench.accept(sale)
    bench.sell(2, returns=1)
    decide(bench)
    bench.ledger.refuse["first 2"] = PeriodClosed("closed", CaseKey("period_closed", "later"))
    bench.ledger.refuse["receipt 1"] = PeriodClosed("closed", CaseKey("period_closed", "first"))
    bench.post()
    mend(bench, f"unbalanced_totals/{sale.id}")
    bench.post()

    now = bench.clock.now()
    done = skip_case(bench.table, "period_closed/first", now, by="ada", reason="a test", behind=True)
    bench.post()

    assert done.entries == 2
    assert bench.parked() == []
    states = [bench.case(f"period_closed/{which}")["state"] for which in ("first", "later")]
    assert states == ["resolved", "resolved"]
    assert bench.ledger.booked == ["first 1", "second 1"]


def test_what_runs_into_the_case_of_one_that_may_go_ahead_of_it_waits_in_its_place() -> None:
    bench = TwoTills()
    unnamed = bench.forget("HAT", TILLS)
    bench.give_back(9, ("T1", 8))
    bench.decide()
    bench.sell(8, "HAT")
    bench.decide()  # ahead of the return, and held itself
    subject = bench.sale(8).subject
    what_it_was = Correction("ada", bench.clock.now(), "it was a sale", event=bench.sale(9, "HAT"))
    waits_for = bench.case_of(bench.sale(8))
    correct_held(bench.table, Held(LANE, 1, "booking", subject), what_it_was, bench.clock.now(), case=waits_for)
    bench.decide()

    assert bench.lane().applied("booking") == bench.lane().controls, "the lane goes on"
    assert (bench.case(unnamed)["waiting"], bench.lane().parked("booking")) == (1, 2)

    bench.learn("HAT", TILLS)
    bench.decide()
    bench.post()
    assert bench.parked() == []
    assert sorted(bench.ledger.booked) == ["receipt 8", "receipt 9"]
    assert (bench.case(unnamed)["state"], bench.case(unnamed)["waiting"]) == ("resolved", 0)
