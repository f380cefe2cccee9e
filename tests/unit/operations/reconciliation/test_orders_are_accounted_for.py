"""What no till closed is booked, too: orders and refunds stand in the target, or are named."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lockstep.canonical.money import Money
from lockstep.canonical.order import OrderTender
from lockstep.messaging.outbound import StandingDocument
from lockstep.messaging.specs import Role
from lockstep.messaging.topology import consumers, intake_consumer
from lockstep.operations.replay.rehearsal import Verdict
from lockstep.workflows.inventory_availability.decide import InventoryAvailability
from tests.unit.operations.reconciliation.day_world import DayWorld, kinds
from tests.unit.operations.retail_world import DAY, LEDGER, SCARF, SHOP, TILL
from tests.unit.operations.test_replay import compared
from tests.unit.workflows.builders import order, order_line, refund, reported

if TYPE_CHECKING:
    from datetime import datetime

    from lockstep.canonical.events import Event

MAPPINGS = f"""kind,canonical,system,value
store,201,{TILL},default
store,201,{LEDGER},21
tender,ONLINE,{TILL},card
tender,ONLINE,{LEDGER},3
"""


@pytest.fixture
def world() -> DayWorld:
    world = DayWorld()
    roles = {Role.ERP: (LEDGER,), Role.SHOP: (SHOP,)}
    world.consumers = (*consumers(world.specs, roles), intake_consumer("poslog"))
    world.map(MAPPINGS)
    return world


def paid(world: DayWorld, number: str = "4711", at: datetime | None = None, version: int = 1) -> Event:
    at = at or world.clock.now()
    tenders = (OrderTender(tender="card", amount=Money.of("10.00", "USD")),)
    data = order(order_line(1, SCARF, "1"), version=version, tenders=tenders, at=at)
    return reported(data.model_copy(update={"id": number, "placed_at": at}), source=TILL)


def test_an_order_that_is_posted_is_known_in_the_target(world: DayWorld) -> None:
    world.sell_some(1)
    world.send(paid(world))
    world.run()

    report = world.reconciled(stores=["101", "201", "301"])

    assert report.silent == ("301",)
    assert report.ties_out, report.findings
    assert f"store 201, {LEDGER}: 1 of orders and refunds are posted" in report.notes


def test_an_order_that_the_target_lost_is_missing_there(world: DayWorld) -> None:
    world.send(paid(world))
    world.run()
    world.books.booked = []

    assert kinds(world.reconciled(stores=["201"])) == {"missing in target": 1}


def test_an_order_that_came_long_after_its_day_is_found_by_its_number(world: DayWorld) -> None:
    placed = world.clock.now()
    world.clock.advance(hours=24 * 20)
    world.send(paid(world, at=placed))
    world.run()

    assert world.reconciled(stores=["201"]).ties_out


def test_what_nobody_posted_is_still_unknown(world: DayWorld) -> None:
    world.send(paid(world))
    world.run()
    strange = StandingDocument("shop.main/order/9", Money.of("1.00", "USD"), {}, "R1")
    world.books.booked.append((DAY, "21", strange))

    assert kinds(world.reconciled(stores=["201"])) == {"unknown in target": 1}


def test_an_order_that_is_held_or_waits_is_named(world: DayWorld) -> None:
    world.books.down = True
    world.send(paid(world))
    unknown = reported(
        order(
            order_line(1, "9999", "1"), tenders=(OrderTender(tender="card", amount=Money.of("10.00", "USD")),)
        ).model_copy(update={"id": "4712", "placed_at": world.clock.now()}),
        source=TILL,
    )
    world.send(unknown)
    world.run()

    notes = world.reconciled(stores=["201"]).notes

    assert any("4711" in note and "is waiting: for tryton.main" in note for note in notes)
    assert any("4712" in note and "is held" in note and "unmapped_reference" in note for note in notes)


def test_a_dry_run_takes_records_as_they_may_have_stood(world: DayWorld) -> None:
    world.send(paid(world))
    world.send(paid(world, version=2))
    data = refund(prices=None, order="4711", number="r1", refunded_at=world.clock.now(), changed_at=world.clock.now())
    world.send(reported(data, source=TILL))
    world.run()

    found = compared(world, first=DAY, last=DAY + timedelta(days=1))

    assert {one.verdict for one in found} == {Verdict.SAME}, found
    assert len(found) == 3


def test_nor_does_a_newer_snapshot_make_an_older_one_another_decision(world: DayWorld) -> None:
    world.specs = (world.specs[0], InventoryAvailability.spec)
    world._workflows["inventory_availability"] = (InventoryAvailability(), (SHOP,))
    world.consumers = (*consumers(world.specs, {Role.ERP: (LEDGER,), Role.SHOP: (SHOP,)}), intake_consumer("poslog"))
    world.map(f"kind,canonical,system,value\nlocation,201,{TILL},default\n")
    world.send(paid(world))
    world.send(paid(world, version=2))
    world.run()

    found = compared(world, InventoryAvailability(), first=DAY, last=DAY)

    assert [one.verdict for one in found] == [Verdict.SAME, Verdict.SAME], found
    assert "SCARF@201" in found[0].recorded
