"""A person starts a stopped target again."""

from datetime import timedelta

import pytest

from lockstep.messaging.breaker import Breaker, force_open
from lockstep.messaging.ledger import breaker_key, open_shard, stamp, stream_key
from lockstep.messaging.ports import Put
from lockstep.messaging.specs import Role
from lockstep.messaging.topology import consumers
from lockstep.operations.lanes import read_breakers
from lockstep.operations.resume import TargetStopped, pause_target, resume_target
from lockstep.runtime.memory import ManualClock, MemoryDoorbells, MemoryTable
from lockstep.workflows.financial_posting.spec import SPEC

STREAM = "till:poslog.main:101/1"
NOW = ManualClock().now()
CONSUMERS = consumers([SPEC], {Role.ERP: ("erp.main",)})


@pytest.fixture
def table() -> MemoryTable:
    """One lane on which the ERP is behind."""
    table, now = MemoryTable(), ManualClock().now()
    item = {
        "head": 2,
        "cursor#financial_posting": "2.0",
        "cursor#erp.main": "0.0",
        "open_key": open_shard(STREAM),
        "open_since": stamp(now - timedelta(hours=1)),
    }
    table.write([Put(stream_key(STREAM), item)])
    return table


def test_a_stopped_target_is_closed_and_its_lanes_are_rung(table: MemoryTable) -> None:
    clock, bells = ManualClock(), MemoryDoorbells()
    force_open(table, Breaker("erp.main"), "wrong password", clock.now())

    resumed = resume_target("erp.main", consumers=CONSUMERS, table=table, doorbells=bells, clock=clock, by="ada")

    assert (resumed.was_open, resumed.reason, resumed.rung) == (True, "wrong password", 1)
    assert [(consumer, bell.stream) for consumer, bell in bells.take()] == [("erp.main", STREAM)]
    key = breaker_key("erp.main")
    item = table.get([key])[key]
    assert not Breaker.of("erp.main", item).is_open
    assert item["resumed_by"] == "ada"


def test_a_target_that_runs_is_only_rung(table: MemoryTable) -> None:
    resumed = resume_target(
        "erp.main", consumers=CONSUMERS, table=table, doorbells=MemoryDoorbells(), clock=ManualClock(), by="ada"
    )

    assert (resumed.was_open, resumed.rung) == (False, 1)


def test_who_is_no_consumer_is_refused(table: MemoryTable) -> None:
    with pytest.raises(KeyError):
        resume_target(
            "nobody", consumers=CONSUMERS, table=table, doorbells=MemoryDoorbells(), clock=ManualClock(), by="ada"
        )


def test_a_pause_says_who_and_why_until_it_is_resumed(table: MemoryTable) -> None:
    clock, until = ManualClock(), ManualClock().now() + timedelta(hours=2)

    pause_target("erp.main", table=table, clock=clock, until=until, reason="new release", by="ada")

    view = read_breakers(table, CONSUMERS, NOW)["erp.main"]
    assert (view.state, view.paused_by, view.reason, view.probed_after) == ("paused", "ada", "new release", until)
    pause_target("erp.main", table=table, clock=clock, until=None, reason="longer", by="bob")
    assert read_breakers(table, CONSUMERS, NOW)["erp.main"].probed_after is None
    pause_target("erp.main", table=table, clock=clock, until=until, reason="shorter", by="bob")
    assert read_breakers(table, CONSUMERS, NOW)["erp.main"].probed_after == until

    resumed = resume_target(
        "erp.main", consumers=CONSUMERS, table=table, doorbells=MemoryDoorbells(), clock=clock, by="ada"
    )

    assert (resumed.was_open, resumed.reason) == (True, "shorter")
    assert read_breakers(table, CONSUMERS, NOW)["erp.main"].state == "closed"


def test_a_stopped_target_is_not_paused_lest_a_time_start_it(table: MemoryTable) -> None:
    clock = ManualClock()
    force_open(table, Breaker("erp.main"), "wrong password", clock.now())

    with pytest.raises(TargetStopped, match="wrong password"):
        pause_target("erp.main", table=table, clock=clock, until=None, reason="", by="ada")
