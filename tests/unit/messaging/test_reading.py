"""Notices are read at the vendor, in order and within its limits; what cannot be read waits, and nothing is lost."""

import json
from datetime import timedelta
from typing import Any

import pytest

from lockstep.canonical.events import ProductReported
from lockstep.canonical.notices import ResourceNotice
from lockstep.canonical.product import Product, ProductStatus
from lockstep.messaging.accept import Acceptor, events_of
from lockstep.messaging.catching_up import Lists, poll_key
from lockstep.messaging.errors import EndpointUnavailable, MessageMalformed, RateLimited
from lockstep.messaging.inbound import Delivery, Page, Translation
from lockstep.messaging.intake import IntakeConsumer
from lockstep.messaging.ledger import Outcome, StreamState, case_key, outcome_key, stream_key
from lockstep.messaging.parking import resolve_case
from lockstep.messaging.ports import Bell
from lockstep.messaging.skipping import skip_case
from lockstep.messaging.specs import Poll
from lockstep.runtime.memory import (
    ManualClock,
    MemoryClaims,
    MemoryDoorbells,
    MemoryMetrics,
    MemoryTable,
    SeededRandom,
)

ACCOUNT = "shop.main"
ME = "intake.shop"
CASE = "unreadable_resource/shop.main/product/7"


class Vendor:
    """Products by key; each is what it is when it is read."""

    def __init__(self) -> None:
        self.products: dict[str, dict[str, Any]] = {"7": {"id": "7", "version": "1"}}
        self.read: list[str] = []
        self.failing: list[Exception] = []

    def fetch(self, notice: ResourceNotice) -> bytes:
        self.read.append(notice.key)
        if self.failing:
            raise self.failing.pop()
        product = self.products.get(notice.key)
        return json.dumps(product).encode() if product is not None else b""

    def page(self, resource: str, since: Any, until: Any, after: str = "") -> Page:
        self.read.append(f"{resource} {since:%H:%M}-{until:%H:%M} {after}".strip())
        if self.failing:
            raise self.failing.pop()
        keys = sorted(self.products)
        place = int(after or 0)
        more = str(place + 1) if place + 1 < len(keys) else ""
        return Page(json.dumps([self.products[keys[place]]]).encode() if keys else b"[]", more)


def translate(delivery: Delivery) -> Translation:
    said = json.loads(delivery.body)
    if delivery.topic == "notice":
        notices = tuple(
            ResourceNotice(
                resource="product",
                key=key,
                version=version,
                notified_at=delivery.received_at,
                delivery_id=delivery.delivery_id,
            )
            for key, version in said
        )
        return Translation((), notices=notices)
    products = said if isinstance(said, list) else [said]
    if not all("version" in product for product in products):
        raise MessageMalformed("product/version is missing")
    events = tuple(
        ProductReported.create(
            Product(
                id=product["id"],
                version=product["version"],
                status=ProductStatus.ACTIVE,
                changed_at=delivery.received_at,
            ),
            source=delivery.account,
            received_at=delivery.received_at,
            causation_id=delivery.delivery_id,
        )
        for product in products
    )
    return Translation(events)


class World:
    def __init__(self, reads_per_second: float = 1000) -> None:
        self.clock, self.table, self.claims = ManualClock(), MemoryTable(), MemoryClaims()
        self.bells, self.metrics, self.vendor = MemoryDoorbells(), MemoryMetrics(), Vendor()
        self.acceptor = Acceptor(self.table, self.claims, self.clock, SeededRandom(), self.metrics)
        self.intake = IntakeConsumer(
            ME,
            translate,
            acceptor=self.acceptor,
            table=self.table,
            claims=self.claims,
            doorbells=self.bells,
            clock=self.clock,
            metrics=self.metrics,
            fetch=lambda _account, notice: self.vendor.fetch(notice),
            reads_per_second=reads_per_second,
        )
        self.deliveries = 0

    def notice(self, *said: tuple[str, str | None]) -> tuple[str, ...]:
        self.deliveries += 1
        delivery = Delivery(
            ACCOUNT, f"msg_{self.deliveries}", json.dumps(said).encode(), self.clock.now(), "notice", {"x-shop": "1"}
        )
        events = events_of(delivery, translate(delivery))
        return self.acceptor.accept(delivery, events, within=timedelta(seconds=5)).accepted

    @property
    def lanes(self) -> list[str]:
        return sorted({key.pk[2:] for key in self.table.items if key.pk.startswith("S#intake:")})

    def drain(self) -> None:
        for lane in self.lanes:
            self.intake.drain(Bell(lane), until=self.clock.now() + timedelta(minutes=1))

    @property
    def products(self) -> list[str]:
        return sorted(key.pk for key in self.table.items if key.pk.startswith("I#") and "ProductReported" in key.pk)

    def outcome(self, lane: str, seq: int) -> Outcome:
        return Outcome.from_item(self.table.items[outcome_key(lane, seq, ME)])

    def lists(self) -> Lists:
        return Lists(
            ACCOUNT,
            self.vendor,
            translate,
            acceptor=self.acceptor,
            table=self.table,
            clock=self.clock,
            reads_per_second=1000,
        )


def test_a_notice_is_accepted_first_and_read_afterwards():
    world = World()
    assert world.notice(("7", "1")) == ("shop.main/ResourceChanged/product/7/1",)
    assert world.vendor.read == []

    world.drain()

    assert world.vendor.read == ["7"]
    assert world.products == ["I#shop.main/ProductReported/7/1"]


def test_the_same_notice_again_is_a_duplicate_and_a_snapshot_that_is_known_too():
    world = World()
    world.notice(("7", "1"))
    world.drain()
    assert world.notice(("7", "1")) == ()

    world.notice(("7", "2"))  # the vendor still shows version 1
    world.drain()

    assert world.products == ["I#shop.main/ProductReported/7/1"]
    assert world.vendor.read == ["7", "7"]


def test_several_notices_of_one_resource_are_read_once():
    world = World()
    world.notice(("7", "1"), ("7", "2"), ("7", "3"))
    world.vendor.products["7"]["version"] = "3"

    world.drain()

    assert world.vendor.read == ["7"]
    assert world.products == ["I#shop.main/ProductReported/7/3"]
    (lane,) = world.lanes
    assert "newer notice 3" in world.outcome(lane, 1).summary


def test_what_is_gone_is_no_failure():
    world = World()
    world.notice(("8", "1"))

    world.drain()

    assert world.products == []
    (lane,) = world.lanes
    assert "not at the vendor any more" in world.outcome(lane, 1).summary


def test_a_vendor_that_asks_for_patience_gets_it_and_the_lane_stands():
    world = World()
    world.notice(("7", "1"))
    world.vendor.failing = [RateLimited("slow", timedelta(seconds=30))]

    with pytest.raises(RateLimited):
        world.drain()
    (lane,) = world.lanes
    assert StreamState(lane, world.table.items[stream_key(lane)]).cursor(ME).seq == 0

    world.drain()
    assert world.products == ["I#shop.main/ProductReported/7/1"]


def test_a_vendor_that_does_not_answer_is_asked_again_later_for_as_long_as_it_takes():
    world = World()
    world.notice(("7", "1"))
    for _ in range(20):
        world.vendor.failing = [EndpointUnavailable("down")]
        world.drain()

    (lane,) = world.lanes
    assert [(consumer, bell.stream, delay) for consumer, bell, delay in world.bells.rung] == [
        (ME, lane, timedelta(minutes=1))
    ] * 20
    assert world.metrics.counts["ReadsFailed", ACCOUNT] == 20
    world.drain()
    assert world.products == ["I#shop.main/ProductReported/7/1"]


def test_reads_keep_to_the_vendor_s_pace():
    world = World(reads_per_second=2)
    world.vendor.products = {str(number): {"id": str(number), "version": "1"} for number in range(9)}
    for number in range(9):
        world.notice((str(number), "1"))
    began = world.clock.now()

    world.drain()

    assert len(world.products) == 9
    assert world.clock.now() - began == timedelta(seconds=4)


def test_what_is_not_understood_is_a_case_and_the_others_go_on():
    world = World()
    del world.vendor.products["7"]["version"]
    world.vendor.products |= {key: {"id": key, "version": "1"} for key in "abcdefgh"}
    world.notice(("7", "1"), *((key, "1") for key in "abcdefgh"))

    world.drain()

    assert len(world.products) == 8
    case = world.table.items[case_key(CASE)]
    assert (case["state"], case["waiting"], case["problem"]) == ("open", 1, "product/version is missing")


def test_a_retry_reads_it_again():
    world = World()
    del world.vendor.products["7"]["version"]
    world.notice(("7", "1"))
    world.drain()

    resolve_case(world.table, CASE, world.clock.now(), by="ana")
    world.drain()
    assert world.table.items[case_key(CASE)]["state"] == "open", "it still is not understood"

    world.vendor.products["7"]["version"] = "1"
    resolve_case(world.table, CASE, world.clock.now(), by="ana")
    world.drain()
    assert world.products == ["I#shop.main/ProductReported/7/1"]
    assert world.table.items[case_key(CASE)]["state"] == "resolved"
    (lane,) = world.lanes
    assert StreamState(lane, world.table.items[stream_key(lane)]).parked(ME) == 0


def test_a_later_notice_that_is_understood_settles_the_case_by_itself():
    world = World()
    del world.vendor.products["7"]["version"]
    world.notice(("7", "1"))
    world.drain()
    world.notice(("7", "2"))
    world.drain()
    assert world.table.items[case_key(CASE)]["waiting"] == 1

    world.vendor.products["7"]["version"] = "3"
    world.notice(("7", "3"))
    world.drain()

    assert world.products == ["I#shop.main/ProductReported/7/3"]
    assert world.table.items[case_key(CASE)]["state"] == "resolved"
    (lane,) = world.lanes
    state = StreamState(lane, world.table.items[stream_key(lane)])
    assert (state.parked(ME), state.applied(ME)) == (0, state.controls)


def test_a_person_may_let_it_be():
    world = World()
    del world.vendor.products["7"]["version"]
    world.notice(("7", "1"))
    world.drain()

    skip_case(world.table, CASE, world.clock.now(), by="ana", reason="a test product")
    world.drain()

    (lane,) = world.lanes
    assert world.outcome(lane, 1).state == "skipped"
    assert StreamState(lane, world.table.items[stream_key(lane)]).parked(ME) == 0


# ---- lists ----

POLL = Poll("product", every=timedelta(minutes=15), overlap=timedelta(minutes=5))


def soon(world: World) -> Any:
    return world.clock.now() + timedelta(minutes=3)


def test_what_webhooks_missed_is_accepted_and_what_they_brought_is_known():
    world = World()
    world.notice(("7", "1"))
    world.drain()
    world.vendor.products["8"] = {"id": "8", "version": "1"}

    progress = world.lists().catch_up(POLL, until=soon(world))

    assert (progress.accepted, progress.known, progress.pages, progress.done) == (1, 1, 2, True)
    assert len(world.products) == 2


def test_the_next_window_begins_before_the_last_ended():
    world = World()
    began = world.clock.now()
    world.lists().catch_up(POLL, until=soon(world))
    world.clock.advance(minutes=15)
    progress = world.lists().catch_up(POLL, until=soon(world))

    assert progress.since == began - POLL.overlap
    assert progress.until == began + timedelta(minutes=15)


def test_an_outage_longer_than_the_window_loses_nothing():
    world = World()
    began = world.clock.now()
    world.lists().catch_up(POLL, until=soon(world))
    for _ in range(10):
        world.clock.advance(minutes=15)
        world.vendor.failing = [EndpointUnavailable("down")]
        with pytest.raises(EndpointUnavailable):
            world.lists().catch_up(POLL, until=soon(world))

    progress = world.lists().catch_up(POLL, until=soon(world))
    assert progress.since == began - POLL.overlap


def test_a_page_that_could_not_be_read_is_where_the_next_run_goes_on():
    world = World()
    world.vendor.products |= {key: {"id": key, "version": "1"} for key in "abc"}
    world.lists().catch_up(POLL, until=world.clock.now())
    assert len(world.products) == 1, "time was up after the first page"

    world.clock.advance(minutes=15)
    progress = world.lists().catch_up(POLL, until=soon(world))
    assert (progress.done, len(world.products)) == (True, 4)
    assert world.table.items[poll_key(ACCOUNT, "product")]["done"]


def test_a_page_that_is_not_understood_is_a_case_and_the_next_is_read():
    world = World()
    world.vendor.products = {"1": {"id": "1"}, "2": {"id": "2", "version": "1"}}

    progress = world.lists().catch_up(POLL, until=soon(world))

    assert (progress.unreadable, progress.accepted) == (1, 1)
    (case,) = [item for key, item in world.table.items.items() if key.sk == "CASE"]
    assert (case["kind"], case["reference"], case["state"]) == ("unreadable_resource", "shop.main/product/list", "open")
    assert case["problem"].startswith("product/version is missing (page 1 of 2026-11-27T")


def test_a_page_too_large_for_one_step_is_taken_at_once():
    world = World()
    page = [{"id": str(number), "version": "1"} for number in range(100)]
    world.vendor.page = lambda *_: Page(json.dumps(page).encode())

    first = world.lists().catch_up(POLL, until=soon(world))
    world.clock.advance(minutes=15)
    again = world.lists().catch_up(POLL, until=soon(world))

    assert (first.accepted, first.known) == (100, 0)
    assert (again.accepted, again.known) == (0, 100)
    assert len(world.products) == 100
    assert world.lanes == [], "nothing is left for the intake"
    (kept,) = [item for key, item in world.table.items.items() if key.sk == "D"]
    assert kept["topic"] == "fetched/product"


def test_history_is_read_once_and_goes_on_where_it_was_broken_off():
    world = World()
    world.vendor.products |= {key: {"id": key, "version": "1"} for key in "abc"}
    since, until = world.clock.now() - timedelta(days=30), world.clock.now()

    steps = world.lists().history("product", since, until)
    assert next(steps).pages == 1
    world.vendor.failing = [EndpointUnavailable("down")]
    with pytest.raises(EndpointUnavailable):
        next(steps)

    told = [progress.pages for progress in world.lists().history("product", since, until)]
    assert told == [2, 3, 4]
    assert len(world.products) == 4
    before = len(world.vendor.read)
    (done,) = world.lists().history("product", since, until)
    assert (done.done, len(world.vendor.read)) == (True, before)
    assert [progress.known for progress in world.lists().history("product", since, until, anew=True)] == [1, 2, 3, 4]
