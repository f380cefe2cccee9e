"""A workflow's drain: in order, all at once, parked subjects aside."""

from collections.abc import Sequence

import pytest

from lockstep.canonical.events import Event
from lockstep.messaging import unit_of_work
from lockstep.messaging.ledger import Outcome, outcome_key
from lockstep.messaging.ports import Patch, Put, Write
from lockstep.messaging.workflow import Change, Context, Decision
from simulation.business import Stocking
from tests.unit.messaging.bench import ERP, LANE, SHOP, TILLS, Bench, Crash


class Spreading(Stocking):
    """Touches more records than one transaction takes."""

    def __init__(self, records: int) -> None:
        super().__init__(500)
        self._records = records

    def records(self, event: Event, context: Context) -> Sequence[str]:
        return [f"S{number:03d}@101" for number in range(self._records)] if context.names else []

    def decide(self, event: Event, context: Context) -> Decision:
        super().decide(event, context)
        return Decision(
            "spread",
            tuple(
                Change(key, {"on_hand": context.records.get(key, {}).get("on_hand", 0) + 1}, state=key)
                for key in self.records(event, context)
            ),
        )


def spread(bench: Bench, records: int) -> list[int]:
    return [bench.position(f"S{number:03d}@101") for number in range(records)]


def moves_cursor(consumer: str) -> object:
    return lambda write: isinstance(write, Patch) and f"cursor#{consumer}" in write.set


def test_entries_are_decided_in_order_and_the_targets_rung() -> None:
    bench = Bench()
    for number in range(1, 12):
        bench.sell(number)

    bench.decide()

    assert bench.outcomes("booking") == ["decided"] * 11
    assert bench.lane().cursor("booking").seq == 11
    assert (ERP, LANE) in bench.rung()


def test_it_leaves_off_in_time_and_rings_itself() -> None:
    bench = Bench()
    for number in range(1, 12):
        bench.sell(number)

    bench.decide(seconds=-1)

    assert bench.lane().cursor("booking").seq == 8
    assert ("booking", LANE) in bench.rung()


def test_who_reads_an_old_cursor_cannot_commit() -> None:
    bench = Bench()
    bench.sell(1, "SCARF")
    bench.table.once_before(moves_cursor("stocking"), lambda: bench.decide(bench.stocking))

    bench.decide(bench.stocking)

    assert bench.position("SCARF@101") == -1


def test_another_lane_that_moved_the_same_record_is_not_overwritten() -> None:
    bench = Bench()
    bench.sell(1, "SCARF")
    bench.accept(bench.sale(1, "SCARF", till="T2"))
    other = "till:till.main:101/T2"
    bench.table.once_before(moves_cursor("stocking"), lambda: bench.decide(bench.stocking, lane=other))

    bench.decide(bench.stocking)

    assert bench.position("SCARF@101") == -2


@pytest.mark.parametrize("crash", range(1, 5))
def test_a_decision_of_several_transactions_is_completed_after_a_crash(crash: int) -> None:
    bench, workflow = Bench(), Spreading(200)
    bench.sell(1)
    bench.sell(2)
    bench.table.crash_at(crash)
    with pytest.raises(Crash):
        bench.decide(workflow)
    bench.table.heal()

    bench.decide(workflow)

    assert spread(bench, 200) == [2] * 200
    assert bench.outcomes("stocking") == ["decided", "decided"]


@pytest.mark.parametrize("crash", range(1, 4))
def test_a_released_decision_of_several_transactions_too(crash: int) -> None:
    bench, workflow = Bench(), Spreading(200)
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.decide(workflow)
    bench.learn("HAT", TILLS)
    bench.table.crash_at(crash)
    with pytest.raises(Crash):
        bench.decide(workflow)
    bench.table.heal()

    bench.decide(workflow)

    assert spread(bench, 200) == [1] * 200
    assert not bench.parked()


def test_an_entry_half_committed_keeps_its_place_when_it_parks() -> None:
    bench, workflow = Bench(), Spreading(200)
    bench.sell(1, "HAT")
    bench.table.crash_at(2)
    with pytest.raises(Crash):
        bench.decide(workflow)
    bench.table.heal()
    bench.forget("HAT", TILLS)
    bench.decide(workflow)

    bench.learn("HAT", TILLS)
    bench.decide(workflow)

    assert spread(bench, 200) == [1] * 200


def test_a_business_failure_parks_its_subject_and_the_lane_goes_on() -> None:
    bench = Bench()
    case = bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.sell(2)
    bench.sell(3, returns=1)

    bench.decide()

    assert bench.outcomes("booking") == ["parked", "decided", "parked"]
    assert bench.lane().parked("booking") == 2
    assert bench.case(case)["state"] == "open"
    assert bench.case(case)["waiting"] == 1


def test_one_cause_is_one_case_however_many_wait() -> None:
    bench = Bench()
    case = bench.forget("HAT", TILLS)
    for number in range(1, 4):
        bench.sell(number, "HAT")

    bench.decide()

    assert bench.case(case)["waiting"] == 3


def test_repair_lets_them_go_in_order_and_closes_the_case() -> None:
    bench = Bench()
    case = bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.sell(2, returns=1)
    bench.sell(3)
    bench.decide()

    released = bench.learn("HAT", TILLS)
    bench.decide()

    assert released.bells == {"booking": frozenset({LANE})}
    assert bench.outcomes("booking") == ["decided"] * 3
    assert not bench.parked()
    assert bench.lane().parked("booking") == 0
    assert bench.case(case)["state"] == "resolved"


def test_a_subject_waits_until_all_its_cases_are_repaired() -> None:
    bench = Bench()
    bench.forget("HAT", TILLS)
    bench.forget("GLOVE", TILLS)
    bench.sell(1, "HAT", "GLOVE")
    bench.decide()

    first = bench.learn("HAT", TILLS)
    bench.decide()
    assert bench.outcomes("booking") == ["parked"]
    second = bench.learn("GLOVE", TILLS)
    bench.decide()

    assert not first.released
    assert len(second.released) == 1
    assert bench.outcomes("booking") == ["decided"]


def test_what_runs_into_something_else_when_released_is_parked_for_that() -> None:
    bench = Bench()
    bench.forget("HAT", TILLS)
    event = bench.sell(1, "HAT")
    bench.sell(2, returns=1)
    bench.unsound.add(event.id)
    bench.decide()
    bench.learn("HAT", TILLS)

    bench.decide()

    assert bench.outcomes("booking") == ["parked", "parked"]
    assert bench.case(f"unbalanced_totals/{event.id}")["waiting"] == 1
    bench.unsound.clear()
    bench.repair(f"unbalanced_totals/{event.id}")
    bench.decide()
    assert bench.outcomes("booking") == ["decided", "decided"]


def test_more_cases_than_one_transaction_takes_are_repaired_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lockstep.messaging.parking.MOST_CAUSES", 2)
    bench = Bench()
    items = ("SCARF", "GLOVE", "HAT")
    for item in items:
        bench.forget(item, TILLS)
    bench.sell(1, *items)
    bench.decide()

    for item in items:
        bench.learn(item, TILLS)
        bench.decide()

    assert bench.outcomes("booking") == ["decided"]
    assert all(item["waiting"] == 0 for key, item in bench.table.items.items() if key.sk == "CASE")


@pytest.mark.parametrize("batch", [[1, 2, 3], [2, 3]])
def test_what_follows_a_parked_entry_waits_under_that_ones_subject(batch: list[int]) -> None:
    # 2 returns goods of 1, so its subject is 1; 3 returns goods of 2, so its subject would be 2.
    bench = Bench()
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    if 1 not in batch:
        bench.decide()
    bench.sell(2, returns=1)
    bench.sell(3, returns=2)

    bench.decide()

    assert bench.outcomes("booking") == ["parked"] * 3
    assert len({key.rsplit("#", 1)[0] for key in bench.parked()}) == 1


def test_a_mapping_that_comes_between_look_up_and_parking_is_not_missed() -> None:
    bench = Bench()
    case = bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.table.once_before(moves_cursor("booking"), lambda: bench.learn("HAT", TILLS))

    bench.decide()

    assert bench.outcomes("booking") == ["decided"]
    assert bench.case(case)["state"] == "resolved"


def test_nor_when_the_process_dies_right_after_parking() -> None:
    bench = Bench()
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")

    def learn_then_die() -> None:
        bench.learn("HAT", TILLS)
        bench.table.crash_at(2)

    bench.table.once_before(moves_cursor("booking"), learn_then_die)
    with pytest.raises(Crash):
        bench.decide()
    bench.table.heal()
    bench.bells.take()
    bench.clock.advance(minutes=1)

    bench.sweep().run()
    assert ("booking", LANE) in bench.rung()
    bench.decide()

    assert bench.outcomes("booking") == ["decided"]


def test_an_entry_is_not_parked_behind_one_that_is_just_let_go() -> None:
    bench = Bench()
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.decide()
    bench.sell(2, returns=1)

    def let_go() -> None:
        bench.learn("HAT", TILLS)
        bench.decide()

    bench.table.once_before(moves_cursor("booking"), let_go)
    bench.decide()

    assert bench.outcomes("booking") == ["decided", "decided"]
    assert not bench.parked()


def test_too_many_for_one_cause_stop_the_lane_and_repair_starts_it() -> None:
    bench = Bench(park_limit=2)
    case = bench.forget("HAT", TILLS)
    for number in range(1, 13):
        bench.sell(number, "HAT")

    bench.decide()
    bench.decide()
    stopped = bench.lane().stopped("booking")
    assert stopped
    assert case in stopped["reason"]
    assert bench.lane().cursor("booking").seq == 8  # one batch: what it parks is counted when it is committed

    released = bench.learn("HAT", TILLS)
    bench.decide()

    assert (LANE, "") in released.released
    assert bench.outcomes("booking") == ["decided"] * 12


def test_a_lane_does_not_stop_for_what_waits_with_other_consumers() -> None:
    bench = Bench(park_limit=2)
    case = bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.sell(2, "HAT")
    bench.decide(bench.stocking)
    assert bench.case(case)["waiting"] == 2

    bench.decide()
    assert bench.lane().stopped("booking") is None
    assert (bench.case(case)["waiting"], bench.case(case)["waiting#booking"]) == (4, 2)

    bench.learn("HAT", TILLS)
    assert [bench.case(case)[name] for name in ("waiting", "waiting#booking", "waiting#stocking")] == [0, 0, 0]


def test_a_lane_does_not_stop_for_a_case_that_is_just_repaired() -> None:
    bench = Bench(park_limit=1)
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.decide()
    bench.sell(2, "HAT")

    def stops(write: Write) -> bool:
        return isinstance(write, Patch) and "stopped#booking" in write.set

    bench.table.once_before(stops, lambda: bench.learn("HAT", TILLS))
    bench.decide()

    assert bench.lane().stopped("booking") is None
    assert bench.outcomes("booking") == ["decided", "decided"]


def test_a_redriven_bell_starts_the_lane_it_stopped_and_no_other_does() -> None:
    bench = Bench()
    bench.sell(1)
    stop = {"bell": "b7", "reason": "defect", "since": "2026-11-27T09:00:00.000000Z"}
    bench.table.items[next(k for k in bench.table.items if k.sk == "STREAM")]["stopped#booking"] = stop

    bench.decide(bell="b8")
    assert bench.outcomes("booking") == [""]
    bench.decide(bell="b7")

    assert bench.outcomes("booking") == ["decided"]


def test_the_outcome_of_a_released_entry_and_its_handing_on_are_seen_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "CHUNK", 6)
    bench, workflow = Bench(), Spreading(9)
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.decide(workflow)
    bench.show()
    bench.learn("HAT", TILLS)
    together: list[bool] = []

    def watch(writes: Sequence[Write]) -> None:
        keys = [write.key for write in writes if isinstance(write, Put)]
        if outcome_key(LANE, 1, "stocking") in keys:
            together.append(any(key.sk.startswith(f"P#{SHOP}#") for key in keys))

    bench.table.before = watch
    bench.decide(workflow)

    assert together == [True]
    assert Outcome.from_item(bench.table.items[outcome_key(LANE, 1, "stocking")]).state == "decided"


def test_a_subject_that_waits_under_that_of_one_it_follows_is_not_overtaken() -> None:
    bench = Bench()
    bench.forget("HAT", TILLS)
    bench.forget("GLOVE", TILLS)
    bench.sell(1, "HAT")
    bench.sell(2, returns=1)
    bench.sell(3, "GLOVE", returns=2)
    bench.decide()
    bench.learn("HAT", TILLS)
    bench.decide()
    assert bench.outcomes("booking") == ["decided", "decided", "parked"]

    bench.sell(4, returns=2)  # of the same subject as the third, which still waits under the subject of the first
    bench.decide()
    bench.post()
    assert bench.ledger.booked == ["receipt 1", "receipt 2"]
    bench.learn("GLOVE", TILLS)
    bench.decide()
    bench.post()

    assert bench.ledger.booked == ["receipt 1", "receipt 2", "receipt 3", "receipt 4"]
