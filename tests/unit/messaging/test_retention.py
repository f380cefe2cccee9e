"""A body is kept until all is done with it, however long that takes, and then past every sender's retries."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lockstep.canonical.events import Event, ResourceChanged
from lockstep.canonical.notices import ResourceNotice
from lockstep.messaging.accept import DELIVERY_RETENTION
from lockstep.messaging.errors import CaseKey, ContentError
from lockstep.messaging.inbound import Delivery, Translation
from lockstep.messaging.intake import IntakeConsumer
from lockstep.messaging.ledger import delivery_key
from lockstep.messaging.ports import Bell
from tests.unit.messaging.bench import TILLS, Bench

LARGE = f"intake:{TILLS}:deliveries"


def expires_at(bench: Bench, delivery_id: str) -> int | None:
    return bench.table.items[delivery_key(TILLS, delivery_id)].get("expires_at")  # type: ignore[no-any-return]


def kept_for(bench: Bench) -> int:
    return int((bench.clock.now() + DELIVERY_RETENTION).timestamp())


def take_in(bench: Bench, stream: str, translate: Callable[[Delivery], Translation], fetched: bytes = b"") -> None:
    consumer = IntakeConsumer(
        "intake.till",
        translate,
        acceptor=bench.acceptor(),
        table=bench.table,
        claims=bench.claims,
        doorbells=bench.bells,
        clock=bench.clock,
        metrics=bench.metrics,
        fetch=lambda account, notice: fetched,
    )
    consumer.drain(Bell(stream, "b"), until=bench.clock.now() + timedelta(seconds=60))


def large(bench: Bench) -> list[Event]:
    return [bench.sale(number) for number in range(1, 60)]


def test_a_delivery_that_is_taken_in_at_once_is_kept_for_ninety_days() -> None:
    bench = Bench()
    bench.accept(bench.sale(1), delivery_id="d")
    assert expires_at(bench, "d") == kept_for(bench)


def test_a_large_delivery_does_not_expire_before_it_is_expanded() -> None:
    bench = Bench()
    events = large(bench)
    assert bench.accept(*events, delivery_id="d").deferred
    assert expires_at(bench, "d") is None

    bench.clock.advance(days=100)
    take_in(bench, LARGE, lambda _: Translation(tuple(events)))

    assert bench.lane().head == 59
    assert expires_at(bench, "d") == kept_for(bench)


def test_a_large_delivery_that_waits_for_a_person_does_not_expire() -> None:
    bench = Bench()
    events = large(bench)
    bench.accept(*events, delivery_id="d")

    def unusable(_: Delivery) -> Translation:
        raise ContentError("cannot be used", CaseKey("unreadable_resource", "d"))

    take_in(bench, LARGE, unusable)
    assert expires_at(bench, "d") is None

    bench.repair("unreadable_resource/d")
    take_in(bench, LARGE, lambda _: Translation(tuple(events)))
    assert expires_at(bench, "d") == kept_for(bench)


@pytest.mark.parametrize("there", [True, False])
def test_a_notice_does_not_expire_before_what_it_names_is_read(there: bool) -> None:
    bench = Bench()
    now = bench.clock.now()
    notice = ResourceNotice(resource="order", key="7", delivery_id="d", notified_at=now)
    event = ResourceChanged.create(notice, source=TILLS, received_at=now, causation_id="d")
    bench.accept(event, delivery_id="d")
    assert expires_at(bench, "d") is None
    if not there:
        del bench.table.items[delivery_key(TILLS, "d")]

    take_in(bench, str(event.stream()), lambda _: Translation(()))

    if there:
        assert expires_at(bench, "d") == kept_for(bench)
    else:
        assert delivery_key(TILLS, "d") not in bench.table.items
