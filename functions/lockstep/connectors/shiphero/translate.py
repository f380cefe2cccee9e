"""Turns ShipHero's messages into shipments and stock. Pure."""

from collections.abc import Callable
from datetime import tzinfo
from decimal import Decimal
from typing import Final

from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import (
    InventoryAdjustment,
    InventoryCount,
    InventoryLevelReport,
    InventoryMovement,
)
from lockstep.canonical.shipment import Shipment, ShipmentLine, ShipmentStatus
from lockstep.connectors.shiphero import models
from lockstep.connectors.shiphero.listed import listed_shipments, listed_stock
from lockstep.connectors.shiphero.shipments import shipment_event
from lockstep.connectors.shiphero.values import place, units
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, Translation, event_of
from lockstep.messaging.lenient import code, identifier, moment, read
from lockstep.messaging.signatures import digest_of
from lockstep.messaging.topics import plain

_NOT_TEST: Final = frozenset({"", "0", "false"})


def translate_message(delivery: Delivery, zone: tzinfo) -> Translation:
    """What a message says.

    Raises:
        MessageMalformed: It cannot be read, or does not say what moved, or when.
    """
    if delivery.topic.startswith(FETCHED):
        return _LISTS[delivery.topic.removeprefix(FETCHED)](delivery, zone)
    envelope = read(models.Envelope, delivery.body)
    kind = identifier(envelope.kind, "webhook_type")
    if (envelope.test or "").lower() not in _NOT_TEST:
        return Translation((), ignored=("a test message",))
    make = _MESSAGES.get(plain(kind))
    if make is None:
        return Translation((), ignored=(UNDECLARED + kind,))
    return make(delivery, zone)


def _shipment_update(delivery: Delivery, zone: tzinfo) -> Translation:
    sent = read(models.ShipmentUpdate, delivery.body)
    if sent.fulfillment is None:
        raise MessageMalformed("fulfillment is missing")
    return Translation((shipment_event(sent.fulfillment, sent.packages or (), "fulfillment", delivery, zone),))


def _packed_out(delivery: Delivery, zone: tzinfo) -> Translation:
    del zone  # it says no time
    packed = read(models.PackedOut, delivery.body)
    order = identifier(packed.order_id, "order_id")
    # An order of a single article is packed without a tote.
    tote = f"tote-{identifier(packed.tote_id, 'tote_id')}" if packed.tote_id else "packed"
    packed_units: dict[str, tuple[str | None, int]] = {}
    for number, item in enumerate(packed.items or ()):
        key = identifier(item.line_item_id or item.sku, f"items.{number}.line_item_id")
        sku, count = packed_units.get(key, (code(item.sku), 0))
        packed_units[key] = sku, count + 1
    shipment = Shipment(
        id=identifier(f"{tote}-{order}", "tote_id"),
        version="packed",
        order=code(packed.partner_order_id),
        reference=code(packed.order_number),
        status=ShipmentStatus.PACKED,
        lines=tuple(
            ShipmentLine(key=key, item=ItemReference(value=sku) if sku else None, quantity=Decimal(count))
            for key, (sku, count) in packed_units.items()
        ),
        changed_at=delivery.received_at,
    )
    return Translation((event_of(shipment, delivery),))


def _inventory_update(delivery: Delivery, zone: tzinfo) -> Translation:
    """What there is in the warehouse in which it changed. It carries no time: it is true when it comes."""
    del zone
    sent = read(models.InventoryUpdate, delivery.body)
    counts: dict[str, dict[str, Decimal]] = {}
    ignored = []
    for number, figure in enumerate(sent.inventory or ()):
        path = f"inventory.{number}"
        sku = identifier(figure.sku, f"{path}.sku")
        stock = figure.updated_warehouse
        if stock is None or stock.on_hand is None:
            ignored.append("a figure that does not say what is on hand in which warehouse")
            continue
        where = place(stock.warehouse_id or stock.identifier, f"{path}.updated_warehouse.warehouse_id")
        counts.setdefault(where, {})[sku] = units(stock.on_hand, f"{path}.updated_warehouse.on_hand")
    events = tuple(
        event_of(
            InventoryLevelReport(
                document=identifier(delivery.delivery_id, "the id of the delivery"),
                location=where,
                counted_at=delivery.received_at,
                counts=tuple(
                    InventoryCount(item=ItemReference(value=sku), on_hand=there) for sku, there in items.items()
                ),
            ),
            delivery,
        )
        for where, items in counts.items()
    )
    return Translation(events, ignored=tuple(dict.fromkeys(ignored)))


def _inventory_change(delivery: Delivery, zone: tzinfo) -> Translation:
    """What moved in a bin: the difference of its two quantities."""
    change = read(models.InventoryChange, delivery.body)
    sku = identifier(change.sku, "sku")
    if change.old_quantity is None:
        return Translation((), ignored=("a change that does not say what there was before: the list of stock tells",))
    moved = units(change.quantity, "quantity") - units(change.old_quantity, "old_quantity")
    if not moved:
        return Translation((), ignored=("a change that changes nothing",))
    at = moment(change.timestamp, "timestamp", zone)
    adjustment = InventoryAdjustment(
        document=digest_of(repr((at, sku, change.location_name, change.old_quantity, change.quantity)).encode()),
        location=place(change.warehouse_id, "warehouse_id"),
        reason=code(change.source) or "unknown",
        adjusted_at=at,
        movements=(InventoryMovement(item=ItemReference(value=sku), delta=moved),),
    )
    return Translation((event_of(adjustment, delivery),))


_MESSAGES: Final[dict[str, Callable[[Delivery, tzinfo], Translation]]] = {
    plain("Shipment Update"): _shipment_update,
    plain("Order Packed Out"): _packed_out,
    plain("Inventory Update"): _inventory_update,
    plain("Inventory Change"): _inventory_change,
}

_LISTS: Final[dict[str, Callable[[Delivery, tzinfo], Translation]]] = {
    "shipment": listed_shipments,
    "stock": listed_stock,
}
