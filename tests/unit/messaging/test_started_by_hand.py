"""Starting a lane without the bell that stopped it: passing contention does not leave it stopped."""

from lockstep.messaging.lane import start, stop
from lockstep.messaging.ports import Bell, WriteRefused
from tests.unit.messaging.bench import LANE, Bench


def test_contention_in_passing_is_got_past() -> None:
    bench = Bench()
    bench.sell(1, "SCARF")
    stop(bench.table, "booking", Bell(LANE, "b1"), "a defect", bench.clock.now())

    def contend() -> None:
        raise WriteRefused

    bench.table.once_before(lambda _: True, contend)

    assert start(bench.table, LANE, "booking", "b1")
    assert bench.lane().stopped("booking") is None
    assert not start(bench.table, LANE, "booking", "b1")
