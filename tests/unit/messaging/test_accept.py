"""Accept: a delivery, its events and their identities, or nothing."""

from datetime import timedelta

import pytest

from lockstep.messaging import accept as accepting
from lockstep.messaging.accept import stored_delivery
from lockstep.messaging.errors import ConcurrentUpdate
from lockstep.messaging.inbound import Delivery
from lockstep.messaging.ledger import delivery_key, entry_from, entry_key
from lockstep.messaging.ports import Patch, WriteRefused
from tests.unit.messaging.bench import LANE, TILLS, Bench, Crash

INTAKE = "intake:till.main:deliveries"


def entries(bench: Bench, lane: str = LANE) -> list[str]:
    keys = [entry_key(lane, seq) for seq in range(1, bench.lane(lane).head + 1)]
    return [entry_from(key, bench.table.items[key]).event.id.rsplit("/", 1)[1] for key in keys]


def test_events_stand_in_their_lane_in_the_order_of_the_delivery() -> None:
    bench = Bench()

    receipt = bench.accept(bench.sale(2), bench.sale(1), bench.sale(1, till="T2"))

    assert entries(bench) == ["2", "1"]
    assert entries(bench, "till:till.main:101/T2") == ["1"]
    assert len(receipt.accepted) == 3
    assert bench.lane().item["open_key"].startswith("open#")


def test_the_same_delivery_gets_the_first_answer() -> None:
    bench = Bench()
    first = bench.accept(bench.sale(1), delivery_id="d")

    again = bench.accept(bench.sale(1), bench.sale(2), delivery_id="d")

    assert again.repeated
    assert again.accepted == first.accepted
    assert entries(bench) == ["1"]


def test_a_known_event_is_dropped_and_the_rest_kept() -> None:
    bench = Bench()
    bench.accept(bench.sale(1), bench.sale(2))

    receipt = bench.accept(bench.sale(2), bench.sale(3), bench.sale(3))

    assert [event.rsplit("/", 1)[1] for event in receipt.accepted] == ["3"]
    assert [event.rsplit("/", 1)[1] for event in receipt.duplicates] == ["2"]
    assert entries(bench) == ["1", "2", "3"]


def test_a_lane_that_moved_is_read_again() -> None:
    bench = Bench()
    other = bench.sale(1)
    bench.table.once_before(lambda write: isinstance(write, Patch), lambda: bench.accept(other, delivery_id="other"))

    bench.accept(bench.sale(2), delivery_id="mine")

    assert entries(bench) == ["1", "2"]


def test_two_calls_with_one_delivery_have_one_effect() -> None:
    bench = Bench()
    bench.table.once_before(
        lambda write: isinstance(write, Patch), lambda: bench.accept(bench.sale(1), delivery_id="d")
    )

    receipt = bench.accept(bench.sale(1), delivery_id="d")

    assert receipt.repeated
    assert entries(bench) == ["1"]


def test_contention_ends_at_the_senders_timeout_with_nothing_stored() -> None:
    bench = Bench()

    def refuse(_: object) -> None:
        raise WriteRefused

    bench.table.before = refuse
    started = bench.clock.now()

    with pytest.raises(ConcurrentUpdate):
        bench.accept(bench.sale(1))

    assert not bench.table.items
    assert bench.clock.now() - started <= timedelta(seconds=5)


def test_a_large_body_stands_in_the_claim_store() -> None:
    bench = Bench()
    bench.random.token()
    body = b"".join(bench.random.token().encode() for _ in range(40_000))

    bench.accept(bench.sale(1), delivery_id="d", body=body)

    assert "body" not in bench.table.items[delivery_key(TILLS, "d")]
    assert stored_delivery(bench.table, bench.claims, TILLS, "d").body == body


def test_a_delivery_too_large_for_one_step_is_stored_whole() -> None:
    bench = Bench()

    receipt = bench.accept(*(bench.sale(number) for number in range(1, 60)), delivery_id="d")

    assert receipt.deferred
    assert bench.lane().head == 0
    assert bench.lane(INTAKE).head == 1


def test_expanding_it_again_after_a_crash_commits_what_was_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "CHUNK", 12)
    bench = Bench()
    events = [bench.sale(number) for number in range(1, 20)]
    delivery = Delivery(TILLS, "d", b"", bench.clock.now())
    bench.table.crash_at(3)
    with pytest.raises(Crash):
        bench.acceptor().expand(delivery, events, within=timedelta(seconds=5))
    bench.table.heal()
    stood = entries(bench)

    receipt = bench.acceptor().expand(delivery, events, within=timedelta(seconds=5))

    assert 0 < len(stood) < 19
    assert entries(bench) == [str(number) for number in range(1, 20)]
    assert len(receipt.accepted) + len(stood) == 19


@pytest.mark.parametrize("number", [1])
def test_a_crash_before_the_commit_leaves_nothing(number: int) -> None:
    bench = Bench()
    bench.table.crash_at(number)

    with pytest.raises(Crash):
        bench.accept(bench.sale(1), bench.sale(2))

    assert not bench.table.items
