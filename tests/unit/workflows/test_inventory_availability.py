"""Decisions about positions."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lockstep.canonical.events import InventoryAdjusted, InventoryLevelReported, TransactionUnbalanced
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import (
    InventoryAdjustment,
    InventoryCount,
    InventoryLevelReport,
    InventoryMovement,
    Position,
)
from lockstep.canonical.sale_transaction import TransactionKind, UnbalancedTransaction
from lockstep.messaging.errors import PredecessorMissing, ReferenceUnknown, TotalsUnbalanced
from lockstep.messaging.ledger import record_key
from lockstep.messaging.references import Reference, ReferenceKind
from lockstep.workflows.inventory_availability.decide import MOST_MOVED, InventoryAvailability
from tests.unit.workflows.builders import (
    NOON,
    SOURCE,
    STORE,
    asked,
    closed,
    context,
    line,
    names,
    sale,
    transaction_id,
    usd,
)

WORKFLOW = InventoryAvailability()
KNOWN = names(item={"A": "SKU-A", "A-CASE": "SKU-A", "B": "SKU-B", "BAG": "SKU-BAG"}, location={STORE: "S1"})
BAG_IS_NO_STOCK = {Reference(ReferenceKind.ITEM, "lockstep", "SKU-BAG", outward=True): "-"}


def position(on_hand: str, **more: object) -> dict[str, object]:
    return Position(on_hand=Decimal(on_hand), **more).model_dump(mode="json", exclude_none=True)  # type: ignore[arg-type]


def on_hand(decision: object) -> dict[str, Decimal]:
    return {change.record: Decimal(change.value["on_hand"]) for change in decision.changes}  # type: ignore[attr-defined]


def level(quantity: str, *, at: timedelta = timedelta(0)) -> InventoryLevelReported:
    report = InventoryLevelReport(
        document="count-1",
        location=STORE,
        counted_at=NOON + at,
        counts=(InventoryCount(item=ItemReference(value="A"), on_hand=Decimal(quantity)),),
    )
    return InventoryLevelReported.create(report, source=SOURCE, received_at=NOON, causation_id="d")


def test_a_sale_takes_from_the_position_of_its_store() -> None:
    event = closed(sale(line(1, "A", "2", "10.00")))

    decision = WORKFLOW.decide(event, context(KNOWN, records={"SKU-A@S1": position("2")}))

    assert on_hand(decision) == {"SKU-A@S1": Decimal(0)}
    assert [change.state for change in decision.changes] == ["SKU-A@S1"]
    assert decision.changes[0].case is None


def test_what_comes_back_is_there_again() -> None:
    event = closed(sale(line(1, "A", "-1", "10.00")))

    assert on_hand(WORKFLOW.decide(event, context(KNOWN, records={"SKU-A@S1": position("3")}))) == {
        "SKU-A@S1": Decimal(4)
    }


def test_two_names_of_one_sku_are_one_position() -> None:
    event = closed(sale(line(1, "A", "1", "10.00"), line(2, "A-CASE", "3", "10.00")))

    assert on_hand(WORKFLOW.decide(event, context(KNOWN, records={"SKU-A@S1": position("10")}))) == {
        "SKU-A@S1": Decimal(6)
    }


def test_of_a_service_no_stock_is_kept() -> None:
    event = closed(sale(line(1, "A", "1", "10.00"), line(2, "BAG", "1", "0.10")))
    known = KNOWN | BAG_IS_NO_STOCK

    assert set(on_hand(WORKFLOW.decide(event, context(known)))) == {"SKU-A@S1"}
    assert list(WORKFLOW.records(event, context(known))) == ["SKU-A@S1"]


def test_stock_below_zero_opens_a_case_and_stock_that_returns_closes_it() -> None:
    fell = WORKFLOW.decide(
        closed(sale(line(1, "A", "3", "10.00"))), context(KNOWN, records={"SKU-A@S1": position("2")})
    )
    rose = WORKFLOW.decide(
        closed(sale(line(1, "A", "-1", "10.00"))), context(KNOWN, records={"SKU-A@S1": position("-1")})
    )

    assert str(fell.changes[0].case) == "negative_inventory/SKU-A@S1"
    assert rose.changes[0].case is None
    assert str(rose.changes[0].repaired) == "negative_inventory/SKU-A@S1"


def test_stock_that_stays_below_zero_is_the_same_case() -> None:
    event = closed(sale(line(1, "A", "1", "10.00")))

    change = WORKFLOW.decide(event, context(KNOWN, records={"SKU-A@S1": position("-1")})).changes[0]

    assert change.case is None
    assert change.repaired is None


def test_a_count_replaces_the_level_and_holds_the_movements_before_it() -> None:
    counted = WORKFLOW.decide(level("7"), context(KNOWN, records={"SKU-A@S1": position("3")})).changes[0].value
    late = closed(sale(line(1, "A", "1", "10.00")))  # closed at noon, as the count was made

    after = WORKFLOW.decide(late, context(KNOWN, records={"SKU-A@S1": counted}))

    assert Decimal(counted["on_hand"]) == 7
    assert on_hand(after) == {"SKU-A@S1": Decimal(7)}


def test_a_count_that_comes_late_keeps_what_moved_after_it() -> None:
    records: dict[str, Any] = {"SKU-A@S1": position("10")}
    for sequence, units in ((1, "2"), (2, "3")):
        event = closed(sale(line(1, "A", units, "10.00"), sequence=sequence))
        records["SKU-A@S1"] = WORKFLOW.decide(event, context(KNOWN, records=records)).changes[0].value

    at_noon = WORKFLOW.decide(level("7"), context(KNOWN, records=records))
    before_noon = WORKFLOW.decide(level("7", at=timedelta(minutes=-1)), context(KNOWN, records=records))
    assert (on_hand(at_noon), on_hand(before_noon)) == ({"SKU-A@S1": Decimal(7)}, {"SKU-A@S1": Decimal(2)})

    records["SKU-A@S1"] = before_noon.changes[0].value
    recount = WORKFLOW.decide(level("6", at=timedelta(seconds=-30)), context(KNOWN, records=records))
    assert on_hand(recount) == {"SKU-A@S1": Decimal(1)}, "what moved after the first is still known to the second"


def test_a_position_keeps_the_latest_movements_and_fits_the_smallest_write() -> None:
    key = "A-RATHER-LONG-STOCK-KEEPING-UNIT@WAREHOUSE-NORTH"
    records: dict[str, Any] = {"SKU-A@S1": position("10000")}
    for number in range(MOST_MOVED + 5):
        moved = InventoryAdjustment(
            document=f"m{number}",
            location=STORE,
            reason="loss",
            adjusted_at=NOON + timedelta(minutes=(number * 7) % 21, microseconds=123456),
            movements=(InventoryMovement(item=ItemReference(value="A"), delta=Decimal("-1.375")),),
        )
        event = InventoryAdjusted.create(moved, source=SOURCE, received_at=NOON, causation_id="d")
        records["SKU-A@S1"] = WORKFLOW.decide(event, context(KNOWN, records=records)).changes[0].value

    kept = records["SKU-A@S1"]["moved"]
    assert len(kept) == MOST_MOVED
    assert kept == sorted(kept)
    assert kept[0][0] > NOON.isoformat()
    item = {"pk": record_key("position", key).pk, "sk": "R", "value": records["SKU-A@S1"], "version": 99999}
    assert len(json.dumps(item)) < 1024


def test_an_older_count_changes_nothing() -> None:
    newer = position("7", counted_at=NOON)

    decision = WORKFLOW.decide(level("3", at=timedelta(hours=-1)), context(KNOWN, records={"SKU-A@S1": newer}))

    assert on_hand(decision) == {"SKU-A@S1": Decimal(7)}


def test_an_adjustment_moves_stock() -> None:
    adjustment = InventoryAdjustment(
        document="receipt-1",
        location=STORE,
        reason="receipt",
        adjusted_at=NOON,
        movements=(InventoryMovement(item=ItemReference(value="B"), delta=Decimal(12)),),
    )
    event = InventoryAdjusted.create(adjustment, source=SOURCE, received_at=NOON, causation_id="d")

    assert on_hand(WORKFLOW.decide(event, context(KNOWN))) == {"SKU-B@S1": Decimal(12)}


def test_every_missing_name_is_a_case_of_its_own() -> None:
    event = closed(sale(line(1, "A", "1", "10.00"), line(2, "X", "1", "1.00"), line(3, "Y", "1", "1.00")))

    with pytest.raises(ReferenceUnknown) as caught:
        WORKFLOW.decide(event, context(KNOWN))

    assert [str(case) for case in caught.value.cases] == [
        "unmapped_reference/item/poslog.main/X",
        "unmapped_reference/item/poslog.main/Y",
    ]


def test_a_void_that_repeats_nothing_undoes_what_it_voids() -> None:
    original = closed(sale(line(1, "A", "2", "10.00")))
    void = closed(sale(sequence=2, kind=TransactionKind.VOID, voids=transaction_id(1)))
    records = {"SKU-A@S1": position("0")}

    decision = WORKFLOW.decide(void, context(KNOWN, records=records, earlier={original.id: original}))

    assert on_hand(decision) == {"SKU-A@S1": Decimal(2)}
    with pytest.raises(PredecessorMissing) as caught:
        WORKFLOW.decide(void, context(KNOWN, records=records))
    assert str(caught.value.cases[0]) == f"predecessor_missing/{original.id}"


def test_what_does_not_add_up_moves_no_stock() -> None:
    data = UnbalancedTransaction(
        id=transaction_id(9), closed_at=NOON, due=usd("10.00"), paid=usd("9.00"), problem="a dollar is missing"
    )
    event = TransactionUnbalanced.create(data, source=SOURCE, received_at=NOON, causation_id="d")

    with pytest.raises(TotalsUnbalanced, match="a dollar is missing"):
        WORKFLOW.decide(event, context(KNOWN))
    assert not WORKFLOW.references(event, context({}))
    corrected = closed(sale(line(1, "A", "1", "10.00"), sequence=9))
    assert WORKFLOW.decide(event, context(KNOWN, earlier={corrected.id: corrected})).changes == ()


def test_a_movement_that_came_from_a_shop_is_believed_of_that_shop_alone() -> None:
    event = closed(sale(line(1, "A", "2", "10.00")), source="target.main")
    known = {Reference(ref.kind, "target.main", ref.value): value for ref, value in KNOWN.items()}

    decision = WORKFLOW.decide(
        event, context(known, records={"SKU-A@S1": position("5")}, targets=("target.main", "other.main"))
    )

    assert decision.changes[0].believed == {"target.main": -2}


def test_safety_stock_is_kept_back() -> None:
    known = KNOWN | {Reference(ReferenceKind.SAFETY_STOCK, "lockstep", "SKU-A@S1", outward=True): "2"}
    event = closed(sale(line(1, "A", "1", "10.00")))

    decision = WORKFLOW.decide(event, context(known, records={"SKU-A@S1": position("6")}))

    assert Position.model_validate(decision.changes[0].value).available_to_sell == 3


def test_planning_is_looked_up_once_the_names_are_known() -> None:
    event = closed(sale(line(1, "A", "1", "10.00")))

    wanted = asked(WORKFLOW, event, KNOWN)

    assert {str(reference.kind) for reference in wanted} == {"item", "location", "safety_stock"}
    assert Reference(ReferenceKind.SAFETY_STOCK, "lockstep", "SKU-A@S1", outward=True) in wanted
