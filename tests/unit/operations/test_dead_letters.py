"""Dead letters: which lanes they stop, and how those start again."""

from datetime import timedelta

import pytest

from lockstep.messaging.errors import EndpointUnavailable
from lockstep.messaging.lane import stop
from lockstep.messaging.ledger import StreamState, stream_key
from lockstep.messaging.ports import Bell
from lockstep.operations.dead_letters import MOST_SHOWN, Letter, dead_letters, redrive, start_lost, stopped_lanes
from tests.unit.operations.retail_world import LEDGER, SCARF, World

LANES = [f"till:poslog.main:101/{number}" for number in (1, 2, 3)]


@pytest.fixture
def failed(world: World) -> World:
    """Three lanes of the ledger stand; the bells of two are dead letters, that of the third was purged."""
    for number in (1, 2, 3):
        world.sell(1, SCARF, till=f"101/{number}")
        stop(world.ledger_table, LEDGER, Bell(LANES[number - 1], f"bell {number}"), "a defect", world.clock.now())
    for number in (1, 2):
        world.dead_letters.bury(LEDGER, LANES[number - 1], f"bell {number}", world.clock.now())
    return world


def poster(world: World):
    return next(consumer for consumer in world.consumers if consumer.id == LEDGER)


def stops(world: World, stream: str):
    key = stream_key(stream)
    return StreamState(stream, world.ledger_table.get([key])[key]).stopped(LEDGER)


def test_a_list_says_which_lane_stands_for_which_bell_and_puts_everything_back(failed: World) -> None:
    (found,) = dead_letters(failed.ledger_table, failed.dead_letters, failed.consumers, [LEDGER])

    assert found.messages == 2
    assert found.oldest == failed.clock.now()
    assert [(one.stream, one.stops, one.reason) for one in found.letters] == [
        (LANES[0], True, "a defect"),
        (LANES[1], True, "a defect"),
    ]
    assert [lane.stream for lane in found.stopped] == LANES
    assert [lane.stream for lane in found.lost] == LANES[2:]
    assert len(failed.dead_letters.visible[LEDGER]) == 2


def test_nothing_is_called_lost_before_every_message_was_seen(failed: World) -> None:
    for number in range(MOST_SHOWN):
        failed.dead_letters.bury(LEDGER, "till:poslog.main:999/1", f"other {number}", failed.clock.now())

    (found,) = dead_letters(failed.ledger_table, failed.dead_letters, failed.consumers, [LEDGER])

    assert found.messages == MOST_SHOWN + 2
    assert found.lost == ()


def test_a_letter_of_another_bell_does_not_stop_the_lane(failed: World) -> None:
    failed.dead_letters.bury(LEDGER, LANES[2], "an earlier one", failed.clock.now() - timedelta(hours=1))

    (found,) = dead_letters(failed.ledger_table, failed.dead_letters, failed.consumers, [LEDGER])
    redriven = redrive(failed.ledger_table, failed.dead_letters, LEDGER)

    oldest = found.letters[0]
    assert (oldest.stream, oldest.stops) == (LANES[2], False)
    assert [lane.stream for lane in found.lost] == LANES[2:]
    assert (redriven.sent, redriven.started) == (3, tuple(LANES[:2]))


def test_what_is_sent_back_as_it_was_starts_its_lane(failed: World) -> None:
    told: list[int] = []

    redriven = redrive(failed.ledger_table, failed.dead_letters, LEDGER, progress=told.append)

    assert (redriven.sent, redriven.started, sum(told)) == (2, tuple(LANES[:2]), 2)
    assert failed.dead_letters.count(LEDGER) == 0
    failed.doorbells.take()
    failed.run()
    assert failed.ledger.documents == []
    for consumer, body in failed.dead_letters.sent:
        letter = Letter("", body, failed.clock.now())
        failed.drain(consumer, Bell(letter.stream, letter.bell))
    assert len(failed.ledger.documents) == 2
    assert stops(failed, LANES[0]) is None


def test_what_the_queue_does_not_take_stays_a_dead_letter(failed: World) -> None:
    failed.dead_letters.refuses = EndpointUnavailable("throttled")

    with pytest.raises(EndpointUnavailable):
        redrive(failed.ledger_table, failed.dead_letters, LEDGER)

    assert failed.dead_letters.count(LEDGER) == 2


def test_lanes_whose_bell_is_gone_are_started_and_rung(failed: World) -> None:
    failed.doorbells.take()

    started = start_lost(failed.ledger_table, failed.doorbells, poster(failed), but=LANES[:2])

    assert started == (LANES[2],)
    assert [(consumer, bell.stream) for consumer, bell in failed.doorbells.take()] == [(LEDGER, LANES[2])]
    assert [lane.stream for lane in stopped_lanes(failed.ledger_table, [poster(failed)])] == LANES[:2]


def test_a_lane_whose_bell_was_sent_back_and_then_purged_from_its_own_queue_is_started(failed: World) -> None:
    redrive(failed.ledger_table, failed.dead_letters, LEDGER)  # and the queue is purged before anybody takes it

    (found,) = dead_letters(failed.ledger_table, failed.dead_letters, failed.consumers, [LEDGER])
    assert [lane.stream for lane in found.lost] == LANES
    assert start_lost(failed.ledger_table, failed.doorbells, poster(failed)) == tuple(LANES)
    assert stopped_lanes(failed.ledger_table, [poster(failed)]) == []


def test_a_lane_that_a_case_stopped_is_left_to_its_repair(failed: World) -> None:
    stop(failed.ledger_table, LEDGER, Bell(LANES[2]), "500 already wait", failed.clock.now())

    assert start_lost(failed.ledger_table, failed.doorbells, poster(failed), but=LANES[:2]) == ()


def test_what_is_no_bell_is_shown_as_such() -> None:
    for body in ("no JSON", "[]", "{}"):
        letter = Letter("", body, World().clock.now())
        assert (letter.stream, letter.bell) == ("", "")
