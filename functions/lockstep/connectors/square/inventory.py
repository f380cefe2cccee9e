"""Inventory counts: each is a report of its own, so that webhooks and polling tell the same event."""

from typing import Final

from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import InventoryCount, InventoryLevelReport
from lockstep.connectors.square import models
from lockstep.connectors.square.values import first_moment, quantity_of
from lockstep.messaging.lenient import required

_ON_HAND: Final = "IN_STOCK"


def translate_count(count: models.InventoryCount, path: str) -> InventoryLevelReport | str:
    """What is on hand of one variation at one location, or why this count is of something else.

    Raises:
        MessageMalformed: The variation, the location, the quantity or the time is missing.
    """
    if required(count.state, f"{path}.state") != _ON_HAND:
        return "a count of another state than IN_STOCK: not on hand"
    item = required(count.catalog_object_id, f"{path}.catalog_object_id")
    counted_at = first_moment((count.calculated_at,), f"{path}.calculated_at")
    return InventoryLevelReport(
        document=f"{item}@{counted_at.isoformat()}",
        location=required(count.location_id, f"{path}.location_id"),
        counted_at=counted_at,
        counts=(
            InventoryCount(item=ItemReference(value=item), on_hand=quantity_of(count.quantity, f"{path}.quantity")),
        ),
    )
