from dataclasses import replace
from datetime import timedelta

from lockstep.messaging.awaiting import missing
from lockstep.messaging.breaker import Breaker, force_open
from lockstep.messaging.lane import stop
from lockstep.messaging.ledger import stream_key
from lockstep.messaging.maintenance import MaintenanceWindow, Weekday
from lockstep.messaging.parking import park
from lockstep.messaging.ports import Bell, Patch
from lockstep.messaging.topology import Owners
from lockstep.operations.case_file import read_case_file
from lockstep.operations.forecast import DrainState
from lockstep.operations.lanes import lanes_report
from tests.unit.operations.retail_world import CAP, HEADER, LEDGER, SCARF, SHOP, TILL, Ledger

STREAM = "till:poslog.main:101/1"


def report(world):
    return lanes_report(world.ledger_table, world.consumers, world.clock.now())


def by_consumer(world):
    return {view.consumer: view for view in report(world).consumers}


def test_level_lanes_are_not_listed_and_every_consumer_is(world):
    world.sell(1, SCARF)
    world.run()

    found = report(world)

    assert found.lanes == ()
    assert [view.consumer for view in found.consumers] == [consumer.id for consumer in world.consumers]
    assert not any(view.needs_attention for view in found.consumers)


def test_the_backlog_of_a_ledger_that_is_down(world):
    world.ledger.down = True
    world.sell(1, SCARF)
    first = world.clock.now()
    for sequence in range(2, 21):
        world.sell(sequence, SCARF)
    world.sell(1, SCARF, till="101/2")
    world.run()

    found = report(world)
    ledger = by_consumer(world)[LEDGER]

    assert [(lane.consumer, lane.stream, lane.backlog) for lane in found.lanes] == [
        (LEDGER, STREAM, 20),
        (LEDGER, "till:poslog.main:101/2", 1),
    ]
    assert (ledger.lanes, ledger.backlog) == (2, 21)
    assert ledger.oldest is not None
    assert ledger.oldest < first
    assert ledger.breaker.state == "open"
    assert ledger.breaker.reason == "connection refused"
    assert ledger.needs_attention
    assert by_consumer(world)[SHOP].backlog == 0


def test_what_is_parked_shows_on_a_level_lane(world):
    world.sell(1, CAP)
    world.run()
    for key, item in world.ledger_table.items.items():
        if key.sk == "STREAM":
            item.pop("open_key")

    found = report(world)

    assert [(lane.consumer, lane.parked, lane.backlog, lane.oldest) for lane in found.lanes] == [
        ("financial_posting", 1, 0, None),
        ("inventory_availability", 1, 0, None),
    ]
    assert not any(view.needs_attention for view in found.consumers)


def test_stopped_lanes_and_targets_say_why(world):
    world.sell(1, SCARF)
    stop(world.ledger_table, "financial_posting", Bell(STREAM, "b"), "KeyError: 'x'", world.clock.now())
    force_open(world.ledger_table, Breaker(SHOP), "token refused", world.clock.now())

    found = {lane.consumer: lane for lane in report(world).lanes}

    assert found["financial_posting"].stopped == "KeyError: 'x'"
    assert by_consumer(world)["financial_posting"].stopped == 1
    assert by_consumer(world)[SHOP].breaker.state == "stopped"
    assert by_consumer(world)[SHOP].needs_attention


def test_a_release_that_has_not_run_is_work_for_the_one_it_is_for(world):
    world.sell(1, CAP)
    world.sell(2, "other")
    world.run()
    world.map(HEADER + f"item,CAP,{TILL},{CAP}\n")

    lanes = {lane.consumer: lane.controls for lane in report(world).lanes}

    assert lanes == {"financial_posting": 1, "inventory_availability": 1}
    assert by_consumer(world)["financial_posting"].lanes == 1
    assert by_consumer(world)[LEDGER].lanes == 0


class Slow(Ledger):
    """Takes five seconds a document."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def post(self, documents, *, look_up_first):
        for document in documents:
            self.clock.advance(seconds=5)
            yield from super().post([document], look_up_first=look_up_first)


def test_a_backlog_s_end_is_told_by_what_the_target_took_while_it_was_busy(world):
    world.ledger = Slow(world.clock)
    for sequence in range(1, 41):
        world.accept(world.sale(sequence, SCARF), delivery_id=f"d{sequence}")
    world.run()
    world.clock.advance(hours=1)
    world.ledger.down = True
    for sequence in range(41, 61):
        world.accept(world.sale(sequence, SCARF), delivery_id=f"d{sequence}")
    world.clock.advance(minutes=20)
    world.run()

    drain = by_consumer(world)[LEDGER].drain

    assert drain.state is DrainState.WHEN_BACK
    assert drain.waiting == 20
    assert 10 <= drain.per_minute <= 14
    assert drain.at is None
    assert by_consumer(world)[SHOP].drain.state is DrainState.LEVEL
    assert by_consumer(world)["financial_posting"].drain is None


def test_a_forecast_reads_near_the_cursors_only(world):
    world.ledger.down = True
    for sequence in range(1, 11):
        world.sell(sequence, SCARF)
    world.run()
    read, plain = [], world.ledger_table.get

    def get(keys):
        keys = list(keys)
        read.extend(keys)
        return plain(keys)

    world.ledger_table.get = get
    drain = by_consumer(world)[LEDGER].drain

    assert drain.state is DrainState.NOT_MEASURED
    assert len(read) < 40


def test_a_lane_that_has_stopped_is_not_counted(world):
    world.ledger.down = True
    world.sell(1, SCARF)
    world.run()
    stop(world.ledger_table, LEDGER, Bell(STREAM, "b"), "KeyError", world.clock.now())

    assert by_consumer(world)[LEDGER].drain.state is DrainState.LEVEL


def test_a_target_that_is_maintained_is_no_cause_for_alarm(world):
    now = world.clock.now()
    window = MaintenanceWindow((Weekday.FRIDAY,), now.time(), timedelta(hours=2), "UTC")
    world.consumers = tuple(
        replace(consumer, maintenance=(window,)) if consumer.id == LEDGER else consumer for consumer in world.consumers
    )

    view = by_consumer(world)[LEDGER]

    assert (view.breaker.state, view.breaker.probed_after) == ("maintenance", now + timedelta(hours=2))
    assert not view.needs_attention
    world.clock.advance(hours=2)
    assert by_consumer(world)[LEDGER].breaker.state == "closed"


def test_what_waits_for_something_to_come_shows_on_a_level_lane(world):
    world.sell(1, SCARF)
    world.run()
    case, stream = "predecessor_missing/a sale", "till:poslog.main:101/1"
    error = missing(["a sale"], "it has not come")
    writes = park(stream, 1, LEDGER, "a sale", error, owners=Owners(), now=world.clock.now())
    count = Patch(stream_key(stream), set={f"parked#{LEDGER}": 1}, remove=("open_key", "open_since"))
    world.ledger_table.write([*writes, count])

    assert [(lane.consumer, lane.stream, lane.parked) for lane in report(world).lanes] == [(LEDGER, stream, 1)]
    file = read_case_file(world.ledger_table, case, world.clock.now())
    assert (file.state, file.opened_at, [one.subject for one in file.held]) == ("expected", None, ["a sale"])
