"""What becomes of a message when its drain fails: as the disposition table has it."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from lockstep.messaging.errors import (
    ConcurrentUpdate,
    ConfigurationError,
    EndpointUnavailable,
    OutcomeUnknown,
    RateLimited,
)
from lockstep.messaging.lane import may_go_on, stop
from lockstep.messaging.ledger import StreamState, stream_key
from lockstep.messaging.ports import Bell, Patch
from lockstep.runtime.bells import BellAnswers, Timing
from lockstep.runtime.memory import ManualClock, MemoryDoorbells, MemoryTable
from lockstep.runtime.observability import EmbeddedMetrics

STREAM = "till:poslog.main:101/1"


def record(stream: str = STREAM, *, receives: int = 1, number: int = 1, **more: str) -> dict[str, Any]:
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"r{number}",
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "body": json.dumps({"stream": stream, "bell": f"b{number}", **more}),
    }


class Invocation:
    """What Lambda tells a function about itself."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@dataclass
class House:
    clock: ManualClock = field(default_factory=ManualClock)
    table: MemoryTable = field(default_factory=MemoryTable)
    doorbells: MemoryDoorbells = field(default_factory=MemoryDoorbells)
    hidden: list[tuple[str, int]] = field(default_factory=list)

    def answers(self) -> BellAnswers:
        return BellAnswers(
            "erp.main",
            table=self.table,
            doorbells=self.doorbells,
            clock=self.clock,
            metrics=EmbeddedMetrics("test"),
            max_receives=5,
            hide=lambda receipt, seconds: self.hidden.append((receipt, seconds)),
        )

    def stopped(self) -> Any:
        key = stream_key(STREAM)
        return StreamState(STREAM, self.table.get([key]).get(key, {})).stopped("erp.main")


def failing(error: Exception) -> Any:
    def drain(*_: object) -> None:
        raise error

    return drain


def test_bells_of_one_stream_are_one_drain() -> None:
    house, drained = House(), []
    event = {"Records": [record(number=1), record(number=2), record("till:poslog.main:101/2", number=3)]}

    answer = house.answers().one_by_one(event, Invocation(), lambda bell, _timing: drained.append(bell.stream))

    assert drained == [STREAM, "till:poslog.main:101/2"]
    assert answer == {"batchItemFailures": []}


@pytest.mark.parametrize("probe", ["", "token"])
def test_any_bell_of_a_batch_starts_the_lane_that_it_stopped(probe: str) -> None:
    for redriven in (1, 2, 3):
        house = House()
        stop(house.table, "erp.main", Bell(STREAM, f"b{redriven}"), "a defect", house.clock.now())
        went_on: list[bool] = []

        def drain(bell: Bell, _timing: Timing, house: House = house, went_on: list[bool] = went_on) -> None:
            key = stream_key(STREAM)
            state = StreamState(STREAM, house.table.get([key])[key])
            went_on.append(may_go_on(house.table, state, "erp.main", bell))

        event = {"Records": [record(number=1), record(number=2, probe=probe), record(number=3)]}
        house.answers().one_by_one(event, Invocation(), drain)

        assert went_on == [True]
        assert house.stopped() is None


def test_a_lane_that_waits_for_a_case_is_started_by_no_bell() -> None:
    house, key = House(), stream_key(STREAM)
    house.table.write([Patch(key, set={"stopped#erp.main": {"bell": "", "reason": "too many", "since": ""}})])
    state = StreamState(STREAM, house.table.get([key])[key])

    assert not may_go_on(house.table, state, "erp.main", Bell(STREAM))
    assert not may_go_on(house.table, state, "erp.main", Bell(STREAM, "b1", along=frozenset({"b2", ""})))


def test_one_stream_s_failure_is_not_another_s() -> None:
    def drain(bell: Bell, _timing: Timing) -> None:
        if bell.stream == STREAM:
            raise EndpointUnavailable("down")

    event = {"Records": [record(number=1), record("till:poslog.main:101/2", number=2), record(number=3)]}

    answer = House().answers().one_by_one(event, Invocation(), drain)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m3"}]}


def test_a_batch_drained_together_fails_together() -> None:
    house, seen = House(), []
    event = {"Records": [record(number=1), record("till:poslog.main:101/2", number=2)]}

    assert house.answers().together(event, Invocation(), lambda bells, _: seen.append(len(bells))) == {
        "batchItemFailures": []
    }
    answer = house.answers().together(event, Invocation(), failing(OutcomeUnknown("no answer")))

    assert seen == [2]
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["m1", "m2"]


@pytest.mark.parametrize(("receives", "pause"), [(1, 5), (2, 10), (4, 40)])
def test_a_technical_failure_comes_back_after_a_growing_pause(receives: int, pause: int) -> None:
    house = House()

    answer = house.answers().one_by_one(
        {"Records": [record(receives=receives)]}, Invocation(), failing(EndpointUnavailable("down"))
    )

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert house.hidden == [("r1", pause)]
    assert house.stopped() is None


def test_the_last_receive_stops_the_lane_until_that_bell_is_redriven() -> None:
    house = House()

    house.answers().one_by_one({"Records": [record(receives=5)]}, Invocation(), failing(ValueError("a defect")))

    assert house.stopped() == {"bell": "b1", "reason": "a defect", "since": "2026-11-27T09:00:00.000000Z"}
    key = stream_key(STREAM)
    state = StreamState(STREAM, house.table.get([key])[key])
    assert not may_go_on(house.table, state, "erp.main", Bell(STREAM, "another"))
    assert may_go_on(house.table, state, "erp.main", Bell(STREAM, "b1"))
    assert house.stopped() is None


def test_patience_is_no_failure() -> None:
    house = House()

    answer = house.answers().one_by_one(
        {"Records": [record(receives=5)]}, Invocation(), failing(RateLimited("slow down", timedelta(seconds=30)))
    )

    assert answer == {"batchItemFailures": []}
    ((consumer, bell, delay),) = house.doorbells.rung
    assert (consumer, bell.stream, delay) == ("erp.main", STREAM, timedelta(seconds=30))
    assert house.stopped() is None


@pytest.mark.parametrize("error", [ConcurrentUpdate("busy"), ConfigurationError("no secret")])
def test_contention_and_our_own_mistakes_use_up_no_receives(error: Exception) -> None:
    house = House()

    assert house.answers().one_by_one({"Records": [record(receives=5)]}, Invocation(), failing(error)) == {
        "batchItemFailures": []
    }
    assert house.stopped() is None
    assert len(house.doorbells.rung) == (1 if isinstance(error, ConcurrentUpdate) else 0)


def test_a_probe_among_plain_bells_is_what_is_used() -> None:
    seen: list[str] = []
    event = {"Records": [record(number=1), record(number=2, probe="token")]}

    House().answers().one_by_one(event, Invocation(), lambda bell, _timing: seen.append(bell.probe))

    assert seen == ["token"]


def test_time_is_shared_out_and_a_lease_outlives_the_process() -> None:
    house, timings = House(), []
    event = {"Records": [record("a", number=1), record("b", number=2)]}

    house.answers().one_by_one(event, Invocation(), lambda _bell, timing: timings.append(timing))

    assert timings[0].until - house.clock.now() == timedelta(seconds=14.5)
    assert timings[0].dead_by - house.clock.now() > timedelta(seconds=60)
