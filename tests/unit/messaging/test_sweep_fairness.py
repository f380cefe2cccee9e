"""However many lanes wait, and for whatever target: each is looked at in turn, and no target takes all the bells."""

from lockstep.messaging.breaker import Breaker, force_open
from lockstep.messaging.ledger import OPEN_SHARDS, SWEEP_POSITION, Cursor, stream_key
from lockstep.messaging.ports import Patch
from lockstep.messaging.sweep import Sweep, open_pages, ring_waiting
from tests.unit.messaging.bench import ERP, SHOP, Bench

RINGS = 32
"""Of a sweep that looks at the 64 oldest streams, four of each shard, and as many others."""


def lane(till: int) -> str:
    return f"till:till.main:101/T{till}"


def waiting(bench: Bench, tills: range, *, level: tuple[str, ...] = ("booking", "stocking", SHOP)) -> None:
    """A sale at each till, each later than the one before, with which some consumers are level."""
    for till in tills:
        bench.clock.advance(seconds=1)
        bench.sell(1, till=f"T{till}")
        values = {f"cursor#{consumer}": str(Cursor(1)) for consumer in level}
        bench.table.write([Patch(stream_key(lane(till)), set=values)])


def sweep(bench: Bench, rings: int = RINGS) -> Sweep:
    return Sweep(
        list(bench.consumers.values()),
        table=bench.table,
        doorbells=bench.bells,
        clock=bench.clock,
        random=bench.random,
        metrics=bench.metrics,
        rings_at_once=rings,
    )


def rung(bench: Bench) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for consumer, stream in bench.rung():
        found.setdefault(consumer, set()).add(stream)
    return found


def test_lanes_of_others_behind_many_that_cannot_move_are_rung_within_a_few_sweeps() -> None:
    bench = Bench()
    waiting(bench, range(400))  # for the ledger, which is stopped
    waiting(bench, range(400, 500), level=("booking", "stocking", ERP))  # for the shop
    force_open(bench.table, Breaker(ERP), "its password is wrong", bench.clock.now())
    bench.clock.advance(minutes=1)

    found: set[str] = set()
    for _ in range(20):
        sweep(bench).run()
        for stream in rung(bench).get(SHOP, set()):
            found.add(stream)
            bench.table.write([Patch(stream_key(stream), set={f"cursor#{SHOP}": str(Cursor(1))})])
        bench.clock.advance(minutes=1)

    assert found == {lane(till) for till in range(400, 500)}


def test_the_oldest_are_looked_at_every_time() -> None:
    bench = Bench()
    waiting(bench, range(300))
    bench.clock.advance(minutes=1)
    oldest = lane(0)
    for _ in range(5):
        sweep(bench).run()
        assert oldest in rung(bench)[ERP]
        bench.clock.advance(minutes=1)


def test_few_lanes_cost_no_further_call() -> None:
    bench = Bench()
    waiting(bench, range(20))
    bench.clock.advance(minutes=1)
    bench.table.calls.clear()
    swept = sweep(bench).run()

    assert len(swept.lanes) == 20
    assert bench.table.calls["index"] == OPEN_SHARDS + 1
    assert SWEEP_POSITION not in bench.table.items


def test_a_target_with_the_oldest_lanes_leaves_the_others_their_share_of_bells() -> None:
    bench = Bench()
    waiting(bench, range(40))
    waiting(bench, range(40, 50), level=("booking", "stocking", ERP))
    bench.clock.advance(minutes=1)

    assert sweep(bench, rings=25).run().rung == 25
    found = rung(bench)
    assert (len(found[ERP]), len(found[SHOP])) == (15, 10)
    assert lane(0) in found[ERP]


def test_who_is_back_is_rung_behind_any_number_of_lanes_of_others() -> None:
    bench = Bench()
    waiting(bench, range(90), level=("booking", "stocking", ERP))
    waiting(bench, range(90, 95))

    pages = list(open_pages(bench.table, size=32))
    assert {state.stream for page in pages for state in page} == {lane(till) for till in range(95)}
    assert all(len(page) <= 32 for page in pages)
    assert ring_waiting(bench.table, bench.bells, bench.consumers[ERP]) == 5
    assert rung(bench)[ERP] == {lane(till) for till in range(90, 95)}


def test_streams_that_opened_at_the_very_same_time_are_all_looked_at() -> None:
    bench = Bench()
    waiting(bench, range(100))
    for first in range(100, 140, 10):
        bench.clock.advance(seconds=1)
        bench.accept(*(bench.sale(2, till=f"T{till}") for till in range(first, first + 10)))

    seen = {state.stream for page in open_pages(bench.table, size=64) for state in page}
    assert {lane(till) for till in range(140)} == seen
