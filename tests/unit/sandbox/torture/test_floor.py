"""Tills play their part to the end against a door that is busy, deaf and slow, and know what they did."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import urllib3

from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.messaging.inbound import Delivery
from sandbox.retailer import DOWNTOWN
from sandbox.till import Answer, Item, Till
from sandbox.torture import floor as shop_floor
from sandbox.torture.floor import Done, Floor, events_of, moved, on_hand
from sandbox.torture.script import Doing, Sending, write_script

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Door:
    """Takes every delivery, but not always at once."""

    refusing = False

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def send(self, body: bytes, delivery_id: str) -> Answer:
        with self._lock:
            self.calls[delivery_id] += 1
            number = sum(self.calls.values())
            if self.refusing:
                return Answer(400, "no", AT, 0.0)
            if number % 7 == 3:
                return Answer(503, "busy", AT, 0.0)
            self.bodies.setdefault(delivery_id, body)
            assert self.bodies[delivery_id] == body, "the same delivery is the same bytes"
        if number % 7 == 5:
            raise urllib3.exceptions.ProtocolError("the line broke after it arrived")
        return Answer(200, "{}", AT, 0.0)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    made = Door()
    monkeypatch.setattr(shop_floor, "Line", lambda *_, **__: made)
    monkeypatch.setattr(shop_floor, "_PAUSE", 0.001)
    return made


def play(seed: int) -> tuple[Done, Floor]:
    script, done = write_script(seed, 1, 0.2), Done()
    floor = Floor(script, "http://nowhere", "whsec_x", done, name="test")
    with ThreadPoolExecutor(max_workers=len(script.tills)) as pool:
        floor.play(pool)
    return done, floor


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_act_is_closed_sent_and_answered(door: Door, seed: int) -> None:
    done, floor = play(seed)

    script = write_script(seed, 1, 0.2)
    assert (floor.failed, floor.left) == ([], 0)
    assert len(done.tickets) + len(done.stock) == len(script.acts)
    assert done.closed == Counter(act.doing.value for act in script.acts)
    assert done.attempts > len(done.deliveries), "who was not answered sent again"
    answered = {event for delivery in done.deliveries for event in delivery.events}
    assert answered == {event for document in (*done.tickets, *done.stock) for event in events_of(document)}
    arrived = {
        event.id
        for name, body in door.bodies.items()
        for event in PoslogConnector().translate(Delivery("poslog.main", name, body, AT)).events
    }
    assert arrived == answered, "what the tills name is what the connector reads"


def test_a_tills_numbers_have_no_gap(door: Door) -> None:
    done, _ = play(4)

    numbers: dict[tuple[str, str], list[int]] = {}
    for document in (*done.tickets, *done.stock):
        one = document.transaction
        numbers.setdefault((one.store, one.workstation), []).append(one.sequence)
    assert len(numbers) == 6
    for own in numbers.values():
        assert sorted(own) == list(range(1, len(own) + 1))


def test_what_is_sent_twice_is_seen_twice(door: Door) -> None:
    play(1)

    script = write_script(1, 1, 0.2)
    twice = sum(act.sending in {Sending.TWICE, Sending.TOGETHER, Sending.IMPATIENT} for act in script.acts)
    assert sum(calls > 1 for calls in door.calls.values()) >= twice * 0.7, "less those that were kept back off-line"


def test_a_till_that_is_refused_says_so_and_the_others_leave_off(door: Door) -> None:
    door.refusing = True

    _, floor = play(1)

    assert floor.failed
    assert any("was refused with 400: no" in failed for failed in floor.failed)


def test_what_waits_for_a_mapping_is_known(door: Door) -> None:
    for seed in range(1, 30):
        script = write_script(seed, 1, 0.2)
        if any(goods.label == script.never_label for act in script.acts for goods in act.out):
            done, _ = play(seed)
            assert sum(map(done.held, done.tickets)) >= 1
            return
    pytest.fail("no script sells what is never mapped")


def test_a_count_holds_what_was_there_and_what_moves_after_it_counts() -> None:
    moments = iter(AT + timedelta(seconds=number) for number in range(10))
    till = Till(DOWNTOWN, "1", first=1, now=lambda: next(moments))
    before, received = till.sale([Item("MUG-ENAMEL", 2)]), till.adjust({"MUG-ENAMEL": 5, "HONEY-HEATHER": 1})
    counted = till.count({"MUG-ENAMEL": 70})
    after, held = till.sale([Item("MUG-ENAMEL")]), till.sale([Item("HONEY-HEATHER")])
    documents = [after, counted, held, before, received]  # in any order

    levels = on_hand(
        {("MUG-ENAMEL", DOWNTOWN): 80, ("HONEY-HEATHER", DOWNTOWN): 10}, moved(documents, lambda one: one is held)
    )

    assert levels == {("MUG-ENAMEL", DOWNTOWN): 69, ("HONEY-HEATHER", DOWNTOWN): 11}


def test_practice_becomes_nothing(door: Door) -> None:
    assert events_of(Till(DOWNTOWN, "1", first=1).train()) == ()
    assert Doing.TRAINING.value == "training"
