"""A case has the owner that its kind has, whoever opens it first."""

from dataclasses import replace

import pytest

from lockstep.messaging.specs import Criticality
from lockstep.messaging.topology import Owners, case_owners
from lockstep.messaging.workflow import WorkflowConsumer
from tests.unit.messaging.bench import ERP, SHOP, TILLS, Bench


def test_of_the_workflows_that_list_a_kind_the_one_that_goes_first_owns_it() -> None:
    bench = Bench()
    books = replace(bench.booking.spec, owner="Books", exceptions=("a", "b"), criticality=Criticality.BOOKS)
    revenue = replace(bench.stocking.spec, owner="Stock", exceptions=("b", "c"), criticality=Criticality.REVENUE)

    assert case_owners([books, revenue]) == case_owners([revenue, books]) == {"a": "Books", "b": "Stock", "c": "Stock"}
    assert Owners({"a": "Books"}, "Somebody").of("z") == "Somebody"


@pytest.mark.parametrize("first", ["booking", "stocking"])
def test_two_workflows_that_meet_the_same_cause_give_it_the_same_owner(first: str) -> None:
    bench = Bench()
    case = bench.forget("HAT", TILLS)
    event = bench.sell(1, "HAT")
    bench.booking.spec = replace(bench.booking.spec, owner="Books")
    bench.stocking.spec = replace(bench.stocking.spec, owner="Stock")
    owners = Owners({"unmapped_reference": "Master data"})
    both = [(bench.booking, (ERP,)), (bench.stocking, (SHOP,))]
    for workflow, targets in both if first == "booking" else reversed(both):
        bench.drain(WorkflowConsumer(workflow, targets=targets, owners=owners, **bench.ports()), event)

    assert (bench.case(case)["owner"], bench.case(case)["waiting"]) == ("Master data", 2)
