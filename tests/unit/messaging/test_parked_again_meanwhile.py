"""Two persons at one case: what one of them let go, and is parked again, the other does not take for what he saw."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lockstep.messaging.ledger import case_key
from lockstep.messaging.parking import resolve_case
from lockstep.messaging.ports import Delete, Item, Key
from lockstep.messaging.skipping import skip_case
from tests.unit.messaging.bench import Bench


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

    rows = [key for key in bench.table.items if key.pk == case_key(case).pk and key.sk.startswith("W#")]
    causes = [item["causes"] for key, item in bench.table.items.items() if key.sk.startswith("P#")]
    assert len(rows) == bench.case(case).get("waiting", 0) == sum(case in held for held in causes)
