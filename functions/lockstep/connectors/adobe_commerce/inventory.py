"""Levels of sources (Multi-Source Inventory), as they were set."""

from collections import defaultdict
from datetime import datetime

from lockstep.canonical.events import Event
from lockstep.canonical.inventory import InventoryCount, InventoryLevelReport
from lockstep.connectors.adobe_commerce.fields import Fields
from lockstep.connectors.adobe_commerce.order import item_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, event_of
from lockstep.messaging.lenient import code

_LONGEST = 64


def level_events(value: Fields, delivery: Delivery, happened_at: datetime, document: str) -> tuple[Event, ...]:
    """An event for each source, true of the moment at which the levels were set.

    Args:
        value: With `source_items`.
        delivery: What brought it.
        happened_at: When they were set.
        document: What makes the event itself.

    Raises:
        MessageMalformed: An item does not say its source, SKU or quantity.
    """
    levels: dict[str, dict[str, InventoryCount]] = defaultdict(dict)
    for item in value.list("source_items"):
        named, quantity = item_of(item.text("sku")), item.number("quantity")
        source = (code(item.text("source_code")) or "").replace("/", "-")[:_LONGEST].strip()
        for name, found in (("sku", named), ("source_code", source or None), ("quantity", quantity)):
            if found is None:
                raise MessageMalformed(f"{item.at(name)} is missing")
        if named is not None and quantity is not None:
            levels[source][named.value] = InventoryCount(item=named, on_hand=quantity)
    return tuple(
        event_of(
            InventoryLevelReport(
                document=document, location=source, counted_at=happened_at, counts=tuple(counts.values())
            ),
            delivery,
        )
        for source, counts in levels.items()
    )
