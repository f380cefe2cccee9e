"""What a workflow lets go late may be refused before what others decided of the same subject, and wait for the same."""

import pytest

from lockstep.messaging.errors import CaseKey, PeriodClosed
from tests.unit.messaging.bench import ERP
from tests.unit.messaging.test_several_feeders import TwoFeeders, decide, mend


@pytest.mark.parametrize("same", [True, False])
def test_what_is_refused_before_others_that_wait_takes_their_place(same: bool) -> None:
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
    assert same or bench.case(str(later))["waiting"] == 0
    assert len([key for key in bench.table.items if key.sk.startswith("W#")]) == 1

    bench.ledger.refuse.clear()
    bench.repair(str(first))
    bench.post()
    assert bench.ledger.booked.index("receipt 1") < bench.ledger.booked.index("first 2")
    assert bench.parked() == []
