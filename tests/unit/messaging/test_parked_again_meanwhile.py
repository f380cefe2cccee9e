"""What somebody let go, and is parked again: nobody takes it for what he saw before."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lockstep.messaging.ledger import case_key
from lockstep.messaging.parking import resolve_case
from lockstep.messaging.ports import Delete, Item, Key
from lockstep.messaging.skipping import skip_case
from tests.unit.messaging.bench import ERP, Bench


def again(bench: Bench, case: str) -> None:
    resolve_case(bench.table, case, bench.clock.now(), by="ben")


def skip(bench: Bench, case: str) -> None:
    skip_case(bench.table, case, bench.clock.now(), by="ben", reason="a test")


@pytest.mark.parametrize("act", [again, skip])
def test_what_is_parked_again_meanwhile_still_waits_for_its_case(act: Callable[[Bench, str], None]) -> None:
    bench = Bench()
    sale = bench.sale(1)
    bench.unsound.add(sale.id)
    bench.accept(sale)
    bench.decide()
    case = f"unbalanced_totals/{sale.id}"
    query = bench.table.query

    def let_go_by_ada(pk: str, first: str, last: str, *, limit: int | None = None) -> list[tuple[Key, Item]]:
        if first.startswith("P#booking#"):
            bench.table.query = query  # type: ignore[method-assign]
            resolve_case(bench.table, case, bench.clock.now(), by="ada")
        return query(pk, first, last, limit=limit)

    def parked_again() -> None:
        bench.clock.time += timedelta(milliseconds=1)
        bench.decide()

    def watch(pk: str, first: str, last: str, *, limit: int | None = None) -> list[tuple[Key, Item]]:
        found = let_go_by_ada(pk, first, last, limit=limit)
        bench.table.once_before(lambda write: isinstance(write, Delete), parked_again)
        return found

    bench.table.query = watch  # type: ignore[method-assign]
    act(bench, case)
    bench.decide()

    assert_each_waits_once(bench, case)


def test_what_another_process_parked_again_is_not_taken_for_decided() -> None:
    bench = Bench()
    sale = bench.sale(1)
    bench.unsound.add(sale.id)
    bench.accept(sale)
    bench.decide()
    case = f"unbalanced_totals/{sale.id}"
    bench.repair(case)
    bench.unsound.clear()

    def parked_again() -> None:
        bench.unsound.add(sale.id)
        bench.decide()
        bench.unsound.clear()

    bench.table.once_before(lambda write: isinstance(write, Delete), parked_again)
    bench.decide()
    assert bench.parked()
    assert_each_waits_once(bench, case)

    bench.repair(case)
    bench.decide()
    assert not bench.parked()
    assert bench.outcomes("booking") == ["decided"]


def test_what_another_process_parked_again_is_not_taken_for_posted() -> None:
    """It is not in the way of the one that posts: to park takes no lease. (Seed 36930.)"""
    bench = Bench()
    bench.sell(1, "SCARF")
    bench.decide()
    case = bench.forget("SCARF", ERP, outward=True)
    bench.post()
    bench.learn("SCARF", ERP, outward=True)

    def parked_again() -> None:
        bench.forget("SCARF", ERP, outward=True)
        bench.post()

    bench.ledger.meanwhile = parked_again
    bench.post()
    assert bench.parked()
    assert_each_waits_once(bench, case)

    bench.learn("SCARF", ERP, outward=True)
    bench.clock.time += timedelta(minutes=1)
    bench.post()
    assert not bench.parked()
    assert bench.ledger.booked == ["receipt 1"]


def assert_each_waits_once(bench: Bench, case: str) -> None:
    rows = [key for key in bench.table.items if key.pk == case_key(case).pk and key.sk.startswith("W#")]
    causes = [item["causes"] for key, item in bench.table.items.items() if key.sk.startswith("P#")]
    assert len(rows) == bench.case(case).get("waiting", 0) == sum(case in held for held in causes)
