"""What the store says it holds, by place."""

from collections import defaultdict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import InventoryCount, InventoryLevelReport
from lockstep.connectors.bigcommerce import models
from lockstep.connectors.bigcommerce.order import item_of
from lockstep.connectors.bigcommerce.values import items, optional_moment
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code, malformed
from lockstep.messaging.loosely_typed import text


def translate_inventory(read: Mapping[str, Any], delivery: Delivery) -> Translation:
    """An event for each place: V3's answer, with `read_at` (of the answer's `Date`) and `notice` where `fetch` read it.

    Levels carry no time and no version. What makes a report itself is the notice that it was read for; for one without
    a notice it is what it says.

    Raises:
        MessageMalformed: An item or a level cannot be read.
    """
    read_at = optional_moment(text(read.get("read_at")), "read_at")
    levels: dict[str, dict[str, InventoryCount]] = defaultdict(dict)
    for place, entry in enumerate(items(read.get("data"))):
        try:
            item = models.InventoryItem.model_validate(entry)
        except ValidationError as error:
            raise malformed(error, f"data.{place}") from error
        named = item_of(item.identity.sku, item.identity.product_id, item.identity.variant_id)
        if named is not None:
            _add(levels, item, named)
    document = code(text(read.get("notice"))) or _digest(levels)
    events = tuple(
        event_of(
            InventoryLevelReport(
                document=document,
                location=location,
                counted_at=read_at or delivery.received_at,
                counts=tuple(counts.values()),
            ),
            delivery,
        )
        for location, counts in levels.items()
    )
    return Translation(events, ignored=() if events else ("no levels: stock of it is not tracked",))


def _add(levels: dict[str, dict[str, InventoryCount]], item: models.InventoryItem, named: ItemReference) -> None:
    for location in item.locations:
        where = (code(location.location_code) or location.location_id or "default").replace("/", "-")[:64].strip()
        if location.total_inventory_onhand is not None:
            count = InventoryCount(item=named, on_hand=location.total_inventory_onhand)
            levels[where].setdefault(named.value, count)


def _digest(levels: Mapping[str, Mapping[str, InventoryCount]]) -> str:
    said = sorted(
        (where, name, str(count.on_hand)) for where, counts in levels.items() for name, count in counts.items()
    )
    return sha256(repr(said).encode()).hexdigest()[:32]
