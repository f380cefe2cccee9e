"""The sweep rings lanes that somebody can take: not those whose lease is held, by the living or the dead."""

from datetime import UTC, datetime, timedelta

import pytest

from lockstep.canonical.streams import StreamKind
from lockstep.messaging.ledger import Lease, breaker_key, entry_key, open_shard, stamp, stream_key
from lockstep.messaging.ports import Put
from lockstep.messaging.specs import Delivery
from lockstep.messaging.sweep import Sweep
from lockstep.messaging.topology import Consumer
from lockstep.runtime.memory import ManualClock, MemoryDoorbells, MemoryMetrics, MemoryTable, SeededRandom

ERP = "erp.main"
WORKFLOW = Consumer(id="posting", kinds=(StreamKind.TILL,), active_from=datetime(2026, 1, 1, tzinfo=UTC))
POSTER = Consumer(
    id=ERP,
    kinds=(StreamKind.TILL,),
    active_from=WORKFLOW.active_from,
    feeders=(WORKFLOW,),
    delivery=Delivery.DOCUMENTS,
)
OLDEST, YOUNGER = "till:pos.main:1/1", "till:pos.main:1/2"


class World:
    """Two lanes on which the ERP's poster is one entry behind, the first of them the older."""

    def __init__(self) -> None:
        self.table, self.bells, self.clock = MemoryTable(), MemoryDoorbells(), ManualClock()
        for age, stream in enumerate((YOUNGER, OLDEST), 2):
            accepted = stamp(self.clock.now() - timedelta(minutes=age))
            state = {"head": 1, "cursor#posting": "1.0", "open_key": open_shard(stream), "open_since": accepted}
            self.table.write([Put(stream_key(stream), state)])
            self.table.write([Put(entry_key(stream, 1), {"accepted_at": accepted})])

    def lease(self, stream: str, *, until: timedelta, token: str = "holder") -> None:
        key = stream_key(stream)
        state = self.table.get([key])[key]
        lease = Lease(token, self.clock.now() + until, attempting="0.0")
        self.table.write([Put(key, {**state, f"lease#{ERP}": lease.to_item()})])

    def open_breaker(self) -> None:
        past = stamp(self.clock.now() - timedelta(seconds=1))
        self.table.write([Put(breaker_key(ERP), {"failures": 3, "open_until": past, "reason": "down"})])

    def sweep(self) -> list[str]:
        """Streams that the sweep rang for the poster."""
        Sweep(
            [WORKFLOW, POSTER],
            table=self.table,
            doorbells=self.bells,
            clock=self.clock,
            random=SeededRandom(1),
            metrics=MemoryMetrics(),
        ).run()
        return [bell.stream for consumer, bell in self.bells.take() if consumer == ERP]


@pytest.fixture
def world() -> World:
    return World()


def test_a_probe_goes_to_the_oldest_lane(world: World) -> None:
    world.open_breaker()
    assert world.sweep() == [OLDEST]


def test_a_probe_passes_over_a_lane_that_a_dead_poster_still_holds(world: World) -> None:
    world.open_breaker()
    world.lease(OLDEST, until=timedelta(minutes=2))
    assert world.sweep() == [YOUNGER]


def test_a_lane_that_is_held_is_not_rung_until_its_lease_has_ended(world: World) -> None:
    world.lease(OLDEST, until=timedelta(minutes=1))
    assert world.sweep() == [YOUNGER]
    world.clock.advance(minutes=2)
    assert sorted(world.sweep()) == [OLDEST, YOUNGER]


def test_a_lane_that_was_given_back_with_a_look_up_owed_is_rung(world: World) -> None:
    world.lease(OLDEST, until=timedelta(minutes=1), token="")
    assert sorted(world.sweep()) == [OLDEST, YOUNGER]
