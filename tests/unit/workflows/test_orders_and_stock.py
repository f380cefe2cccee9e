"""What orders and refunds do to positions: each snapshot by its difference to the one before."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lockstep.canonical.events import Event, InventoryLevelReported
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import InventoryCount, InventoryLevelReport
from lockstep.canonical.order import FulfilmentState, OrderStatus, SalesChannel
from lockstep.canonical.refund import RefundLine, Restock
from lockstep.messaging.workflow import Context, Decision
from lockstep.workflows.inventory_availability.decide import InventoryAvailability
from tests.unit.workflows.builders import NOON, SOURCE, context, names, order, order_line, refund, reported

WORKFLOW = InventoryAvailability()
KNOWN = names(item={"A": "SKU-A", "B": "SKU-B"}, location={"default": "S1", "S2": "S2"})
ORDER = f"order/{SOURCE}/4711"


class Shelf:
    """Positions, as the core keeps them between decisions."""

    def __init__(self, **on_hand: str) -> None:
        self.records: dict[str, Any] = {
            f"SKU-{item}@S1": {"on_hand": units, "reserved": "0", "safety_stock": "0"}
            for item, units in on_hand.items()
        }

    def takes(self, event: Event, *, targets: tuple[str, ...] = ("target.main",)) -> Decision:
        """Decide and keep what follows, reading only what the workflow asks for."""
        read: dict[str, Any] = {}
        for _ in range(3):
            asked = WORKFLOW.records(event, context(KNOWN, records=read, targets=targets))
            read |= {key: self.records[key] for key in asked if key in self.records}
        decision = WORKFLOW.decide(event, Context(KNOWN, read, {}, targets))
        self.records |= {change.record: change.value for change in decision.changes}
        return decision

    def of(self, item: str) -> tuple[Decimal, Decimal]:
        """On hand and reserved."""
        position = self.records[f"SKU-{item}@S1"]
        return Decimal(position["on_hand"]), Decimal(position["reserved"])


def test_an_order_reserves_what_is_not_handed_over_yet():
    shelf = Shelf(A="5")
    shelf.takes(reported(order(order_line(1, "A", "2", fulfilled="0"))))
    assert shelf.of("A") == (5, 2)


def test_what_is_handed_over_leaves_and_is_not_reserved_any_more():
    shelf = Shelf(A="5")
    shelf.takes(reported(order(order_line(1, "A", "3", fulfilled="0"))))
    shelf.takes(reported(order(order_line(1, "A", "3", fulfilled="1"), version=2)))
    assert shelf.of("A") == (4, 2)
    shelf.takes(reported(order(order_line(1, "A", "3", fulfilled="3"), version=3, status=OrderStatus.COMPLETED)))
    assert shelf.of("A") == (2, 0)


def test_the_same_claim_in_another_snapshot_changes_nothing():
    shelf = Shelf(A="5")
    shelf.takes(reported(order(order_line(1, "A", "2", fulfilled="0"))))
    decision = shelf.takes(reported(order(order_line(1, "A", "2", fulfilled="0"), version=2)))
    assert [change.record for change in decision.changes] == [ORDER]
    assert shelf.of("A") == (5, 2)


def test_a_line_that_is_edited_away_is_free_again():
    shelf = Shelf(A="5", B="5")
    shelf.takes(reported(order(order_line(1, "A", "2", fulfilled="0"), order_line(2, "B", "1", fulfilled="0"))))
    shelf.takes(reported(order(order_line(2, "B", "4", fulfilled="0"), version=2)))
    assert (shelf.of("A"), shelf.of("B")) == ((5, 0), (5, 4))


def test_a_cancelled_order_reserves_nothing_and_what_left_has_left():
    shelf = Shelf(A="5")
    shelf.takes(reported(order(order_line(1, "A", "3", fulfilled="1"))))
    shelf.takes(reported(order(order_line(1, "A", "3", fulfilled="1"), version=2, status=OrderStatus.CANCELLED)))
    assert shelf.of("A") == (4, 0)


def test_a_draft_claims_nothing():
    shelf = Shelf(A="5")
    assert not shelf.takes(reported(order(order_line(1, "A", "3"), status=OrderStatus.DRAFT))).changes


def test_a_sale_over_the_counter_leaves_at_once():
    shelf = Shelf(A="5")
    shelf.takes(reported(order(order_line(1, "A", "2"), channel=SalesChannel.STORE)))
    assert shelf.of("A") == (3, 0)


def test_an_order_fulfilled_without_quantities_has_left_whole():
    shelf = Shelf(A="5")
    shelf.takes(reported(order(order_line(1, "A", "2"), fulfilment=FulfilmentState.FULFILLED)))
    assert shelf.of("A") == (3, 0)


def test_an_older_snapshot_that_comes_late_changes_nothing():
    shelf = Shelf(A="5")
    shelf.takes(reported(order(order_line(1, "A", "3", fulfilled="0"), at=NOON + timedelta(minutes=5))))
    decision = shelf.takes(reported(order(order_line(1, "A", "1", fulfilled="0"), version=2, at=NOON)))
    assert not decision.changes
    assert shelf.of("A") == (5, 3)


def test_an_order_of_which_the_cancellation_comes_first_reserves_nothing():
    shelf = Shelf(A="5")
    line, later = order_line(1, "A", "2", fulfilled="0"), NOON + timedelta(minutes=5)
    shelf.takes(reported(order(line, version=2, status=OrderStatus.CANCELLED, at=later)))
    shelf.takes(reported(order(line, at=NOON)))
    assert shelf.of("A") == (5, 0)


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize(
    ("later", "stands"),
    [({"status": OrderStatus.CANCELLED}, (5, 0)), ({"fulfilment": FulfilmentState.FULFILLED}, (3, 0))],
)
def test_of_two_snapshots_of_one_moment_the_one_that_is_further_counts(later, stands, in_order):
    shelf = Shelf(A="5")
    placed, changed = (reported(order(order_line(1, "A", "2"), **one)) for one in ({}, {"version": 2, **later}))
    for event in (placed, changed) if in_order else (changed, placed):
        shelf.takes(event)
    assert shelf.of("A") == stands


def test_more_promised_than_there_is_makes_a_case_and_holds_nothing_up():
    shelf = Shelf(A="1")
    first = shelf.takes(reported(order(order_line(1, "A", "2", fulfilled="0"))))
    (case,) = (change.case for change in first.changes if change.case)
    assert str(case) == "negative_inventory/SKU-A@S1"
    assert "2 are promised" in first.changes[0].problem
    mended = shelf.takes(reported(order(order_line(1, "A", "1", fulfilled="0"), version=2)))
    assert [change.repaired for change in mended.changes if change.repaired] == [case]


@pytest.mark.parametrize(("restock", "on_hand"), [(Restock.RETURNED, 6), (Restock.NONE, 5), (Restock.CANCELLED, 5)])
def test_a_refund_brings_back_only_what_is_restocked(restock, on_hand):
    shelf = Shelf(A="5")
    line = RefundLine(number=1, item=ItemReference(value="A"), quantity=Decimal(1), restock=restock)
    shelf.takes(reported(refund(line)))
    shelf.takes(reported(refund(line, version="2")))  # told again in another version: the goods came back once
    assert shelf.of("A") == (on_hand, 0)


def test_a_shop_that_sold_shows_it_already():
    shelf = Shelf(A="5")
    decision = shelf.takes(reported(order(order_line(1, "A", "2", fulfilled="0"))), targets=(SOURCE,))
    assert decision.changes[0].believed == {SOURCE: -2}
    handed_over = shelf.takes(reported(order(order_line(1, "A", "2", fulfilled="2"), version=2)), targets=(SOURCE,))
    assert handed_over.changes[0].believed == {}


def test_what_a_shop_moves_by_itself_is_looked_at_though_no_position_changes():
    shelf, shop, others = Shelf(A="5"), (SOURCE, "target.main"), ("target.main",)
    line, later = order_line(1, "A", "2", fulfilled="0"), NOON + timedelta(minutes=5)
    cancelled = reported(order(line, version=2, status=OrderStatus.CANCELLED, at=later))
    before_it_was_told = shelf.takes(cancelled, targets=shop)
    told_late = shelf.takes(reported(order(line, at=NOON)), targets=shop)
    assert [change.state for change in (*before_it_was_told.changes, *told_late.changes) if change.state] == []
    assert (before_it_was_told.states, told_late.states) == (("SKU-A@S1",), ("SKU-A@S1",))
    assert shelf.takes(cancelled, targets=others).states == ()


def test_what_a_shop_shows_is_an_echo_and_no_count():
    shelf = Shelf(A="5")
    report = InventoryLevelReport(
        document="level-1",
        location="default",
        counted_at=NOON,
        counts=(InventoryCount(item=ItemReference(value="A"), on_hand=Decimal(3)),),
    )
    event = InventoryLevelReported.create(report, source=SOURCE, received_at=NOON, causation_id="d")
    assert not shelf.takes(event, targets=(SOURCE,)).changes
    assert shelf.takes(event).changes
