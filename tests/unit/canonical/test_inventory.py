from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import (
    InventoryAdjustment,
    InventoryCount,
    InventoryLevelReport,
    InventoryMovement,
    Position,
)

ITEM = ItemReference(value="SKU-1")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_movement_moves():
    with pytest.raises(ValidationError, match="zero"):
        InventoryMovement(item=ITEM, delta=Decimal(0))


def test_a_count_of_zero_is_a_count():
    assert InventoryCount(item=ITEM, on_hand=Decimal(0)).on_hand == 0


def test_documents_happen_when_goods_move_and_when_counts_are_true():
    moved = InventoryAdjustment(
        document="A-1",
        location="101",
        reason="loss",
        adjusted_at=NOON,
        movements=(InventoryMovement(item=ITEM, delta=Decimal(-1)),),
    )
    counted = InventoryLevelReport(
        document="C-1", location="101", counted_at=NOON, counts=(InventoryCount(item=ITEM, on_hand=Decimal(3)),)
    )
    assert moved.occurred_at == counted.occurred_at == NOON


def test_a_document_without_lines_is_none():
    with pytest.raises(ValidationError, match="at least 1"):
        InventoryAdjustment(document="A-1", location="101", reason="loss", adjusted_at=NOON, movements=())


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "0.00001", "1e16"])
def test_a_quantity_is_a_number_of_reasonable_size(quantity):
    with pytest.raises(ValidationError):
        InventoryCount(item=ITEM, on_hand=Decimal(quantity))


def test_quantities_are_written_plainly():
    assert '"on_hand":"1000"' in InventoryCount(item=ITEM, on_hand=Decimal("1.0E+3")).model_dump_json()


def test_what_can_be_sold_is_what_is_there_less_what_is_spoken_for():
    position = Position(on_hand=Decimal(10), reserved=Decimal(3), safety_stock=Decimal(2))
    assert position.available_to_sell == 5
    assert Position(on_hand=Decimal(1), reserved=Decimal(3)).available_to_sell == -2
