"""A bell that comes back from the dead-letter queue while its target is away."""

import pytest

from lockstep.messaging.breaker import pause
from lockstep.messaging.lane import stop
from lockstep.messaging.ports import Bell, Patch, WriteRefused
from tests.unit.messaging.bench import ERP, LANE, SHOP, Bench


@pytest.mark.parametrize("target", [ERP, SHOP])
def test_a_redriven_bell_starts_its_lane_although_the_target_is_away(target: str) -> None:
    bench = Bench()
    bench.sell(1)
    bench.decide()
    stop(bench.table, target, Bell(LANE, "b"), "a defect", bench.clock.now())
    pause(bench.table, target, "down", bench.clock.now(), until=None, by="a person")

    if target == ERP:
        bench.post(bell="b")
    else:
        bench.show()

    assert bench.lane().stopped(target) is None, "the bell is gone, and nothing else would start it"
    assert bench.lane().cursor(target).seq == 0


def test_nor_does_passing_contention_lose_it() -> None:
    bench = Bench()
    bench.sell(1)
    bench.decide()
    stop(bench.table, ERP, Bell(LANE, "b"), "a defect", bench.clock.now())

    def contend() -> None:
        raise WriteRefused

    bench.table.once_before(lambda write: isinstance(write, Patch) and f"stopped#{ERP}" in write.remove, contend)
    bench.post(bell="b")

    assert bench.lane().stopped(ERP) is None
    assert bench.ledger.booked == ["receipt 1"]
