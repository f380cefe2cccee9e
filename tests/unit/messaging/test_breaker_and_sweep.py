"""The breaker spares a target that fails; the sweep keeps every lane moving whatever became of its bells."""

from datetime import timedelta

import pytest

from lockstep.messaging.breaker import FIRST_PAUSE, LONGEST_PAUSE, THRESHOLD, Breaker, close, pause
from lockstep.messaging.errors import EndpointUnavailable, RateLimited
from lockstep.messaging.ledger import breaker_key
from lockstep.messaging.ports import Patch
from tests.unit.messaging.bench import ERP, LANE, SHOP, Bench

OTHER = "till:till.main:101/T2"


def failing(times: int) -> Bench:
    """A ledger that has refused so often."""
    bench = Bench()
    bench.sell(1)
    bench.decide()
    bench.ledger.before["receipt 1"] = EndpointUnavailable("down")
    for number in range(1, times + 1):
        if number < THRESHOLD:
            with pytest.raises(EndpointUnavailable):
                bench.post()
        else:
            bench.post()
    bench.bells.take()
    return bench


def test_it_opens_at_the_threshold_and_then_bells_are_answered_and_wait() -> None:
    bench = failing(THRESHOLD)
    calls = len(bench.ledger.calls)

    bench.post()

    assert bench.breaker(ERP).is_open
    assert len(bench.ledger.calls) == calls


def test_a_success_before_that_starts_the_count_again() -> None:
    bench = failing(THRESHOLD - 1)
    bench.ledger.before.clear()
    bench.post()

    assert bench.breaker(ERP).failures == 0


def test_being_asked_for_patience_is_no_failure() -> None:
    bench = failing(0)
    bench.ledger.before["receipt 1"] = RateLimited("slow down")
    for _ in range(THRESHOLD + 1):
        with pytest.raises(RateLimited):
            bench.post()

    assert not bench.breaker(ERP).is_open


def test_after_its_pause_one_lane_is_tried_and_success_rings_the_others() -> None:
    bench = failing(THRESHOLD)
    bench.accept(bench.sale(1, till="T2"))
    bench.decide(lane=OTHER)
    bench.bells.take()
    bench.ledger.before.clear()
    assert ERP not in bench.sweep().run().probed
    bench.clock.advance(seconds=FIRST_PAUSE.total_seconds() + 20)
    bench.bells.take()

    swept = bench.sweep().run()
    probes = [(consumer, bell) for consumer, bell in bench.bells.take() if consumer == ERP]
    assert swept.probed == [ERP]
    assert len(probes) == 1
    bench.post(lane=probes[0][1].stream, probe=probes[0][1].probe)

    assert not bench.breaker(ERP).is_open
    assert (ERP, "every waiting lane") in bench.rung()


def test_a_probe_that_fails_doubles_the_pause() -> None:
    bench = failing(THRESHOLD)
    bench.clock.advance(minutes=1)
    bench.sweep().run()
    ((_, bell),) = [rung for rung in bench.bells.take() if rung[0] == ERP]

    bench.post(probe=bell.probe)

    until = bench.breaker(ERP).open_until
    assert until == bench.clock.now() + FIRST_PAUSE * 2
    assert until <= bench.clock.now() + LONGEST_PAUSE


def test_one_probe_at_a_time() -> None:
    bench = failing(THRESHOLD)
    bench.clock.advance(minutes=1)

    assert bench.sweep().run().probed == [ERP]
    assert bench.sweep().run().probed == []


def test_the_sweep_rings_lanes_that_are_old_and_can_move() -> None:
    bench = Bench()
    bench.sell(1)
    bench.bells.take()

    bench.sweep().run()
    assert not bench.rung()
    bench.clock.advance(minutes=1)
    bench.sweep().run()

    assert sorted(bench.rung()) == [("booking", LANE), ("stocking", LANE)]


def test_a_poster_is_rung_only_as_far_as_its_workflow_is() -> None:
    bench = Bench()
    bench.sell(1)
    bench.decide()
    bench.bells.take()
    bench.clock.advance(minutes=1)

    bench.sweep().run()

    assert sorted(bench.rung()) == [(ERP, LANE), ("stocking", LANE)]


def test_a_stopped_lane_is_left_alone_and_told_of() -> None:
    bench = Bench()
    bench.sell(1)
    key = next(key for key in bench.table.items if key.sk == "STREAM")
    bench.table.items[key]["stopped#booking"] = {"bell": "b", "reason": "a defect", "since": ""}
    bench.bells.take()
    bench.clock.advance(minutes=1)

    swept = bench.sweep().run()

    assert [lane.stopped for lane in swept.lanes if lane.consumer == "booking"] == ["a defect"]
    assert ("booking", LANE) not in bench.rung()


def test_a_level_stream_is_put_to_rest() -> None:
    bench = Bench()
    bench.sell(1)
    bench.decide()
    bench.decide(bench.stocking)
    bench.post()
    bench.show()

    swept = bench.sweep().run()

    assert swept.closed == 1
    assert "open_key" not in bench.lane().item


def test_what_comes_at_that_moment_is_not_forgotten() -> None:
    bench = Bench()
    bench.sell(1)
    bench.decide()
    bench.decide(bench.stocking)
    bench.post()
    bench.show()
    late = bench.sale(2)
    bench.table.once_before(lambda w: isinstance(w, Patch) and "open_key" in w.remove, lambda: bench.accept(late))

    swept = bench.sweep().run()

    assert swept.closed == 0
    assert "open_key" in bench.lane().item


def test_a_lane_that_waits_for_its_shop_keeps_its_age() -> None:
    bench = Bench()
    bench.sell(1)
    bench.decide(bench.stocking)
    bench.decide()
    bench.post()
    bench.clock.advance(minutes=5)

    swept = bench.sweep().run()

    (lane,) = swept.lanes
    assert lane.consumer == SHOP
    assert (bench.clock.now() - lane.since).total_seconds() == 300


def waiting_and_paused(minutes: int | None) -> Bench:
    """A lane that waits for a ledger that a person has paused."""
    bench = Bench()
    bench.sell(1)
    bench.decide()
    now = bench.clock.now()
    until = None if minutes is None else now + timedelta(minutes=minutes)
    pause(bench.table, ERP, "new release", now, until=until, by="ada")
    bench.bells.take()
    return bench


def test_a_paused_target_is_not_tried_before_its_time_and_then_by_one_probe() -> None:
    bench = waiting_and_paused(10)
    bench.clock.advance(minutes=9)
    bench.post()
    assert bench.sweep().run().probed == []
    assert bench.ledger.calls == []

    bench.clock.advance(minutes=2)
    assert bench.sweep().run().probed == [ERP]
    ((_, bell),) = [rung for rung in bench.bells.take() if rung[0] == ERP]
    bench.post(bell=bell.id, probe=bell.probe)

    assert not bench.breaker(ERP).is_open
    assert bench.breaker(ERP).paused_by == ""
    assert bench.outcomes(ERP) == ["posted"]


def test_without_a_time_a_paused_target_waits_for_a_person() -> None:
    bench = waiting_and_paused(None)
    bench.clock.advance(days=30)
    assert bench.sweep().run().probed == []

    close(bench.table, ERP, bench.clock.now(), by="ada")
    bench.post()

    assert bench.outcomes(ERP) == ["posted"]


def test_a_probe_that_fails_after_a_pause_does_not_let_everything_through() -> None:
    bench = waiting_and_paused(10)
    bench.ledger.before["receipt 1"] = EndpointUnavailable("still down")
    bench.clock.advance(minutes=11)
    bench.sweep().run()
    ((_, bell),) = [rung for rung in bench.bells.take() if rung[0] == ERP]

    bench.post(bell=bell.id, probe=bell.probe)

    assert bench.breaker(ERP).failures == 1
    assert bench.breaker(ERP).is_open


def test_what_was_under_way_when_it_was_paused_does_not_end_the_pause() -> None:
    bench = failing(THRESHOLD - 1)
    bench.ledger.before.clear()

    def meanwhile() -> None:
        pause(bench.table, ERP, "new release", bench.clock.now(), until=None, by="ada")

    before = Breaker.of(ERP, bench.table.get([breaker_key(ERP)])[breaker_key(ERP)])
    bench.guard(ERP).run(before, lambda: meanwhile() or True)

    assert bench.breaker(ERP).until_resumed
