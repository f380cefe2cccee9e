"""Turns ShipHero's lists into shipments and stock. Pure."""

from collections.abc import Iterable
from datetime import tzinfo

from lockstep.canonical.events import Event
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import InventoryCount, InventoryLevelReport
from lockstep.connectors.shiphero import models
from lockstep.connectors.shiphero.shipments import shipment_event
from lockstep.connectors.shiphero.values import place, units
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import identifier, moment, read


def listed_shipments(delivery: Delivery, zone: tzinfo) -> Translation:
    """Shipments of a list: each as its own message would have it.

    Raises:
        MessageMalformed: One lacks what identity needs.
    """
    page = read(models.ListedShipments, delivery.body)
    found = page.data.shipments.data.edges if page.data and page.data.shipments and page.data.shipments.data else ()
    return Translation(tuple(_shipments((edge.node for edge in found), delivery, zone)))


def listed_stock(delivery: Delivery, zone: tzinfo) -> Translation:
    """What is on hand, as a list has it.

    Raises:
        MessageMalformed: A figure lacks what identity needs.
    """
    page = read(models.ListedStock, delivery.body)
    known = page.data.warehouse_products if page.data else None
    events: list[Event] = []
    for number, edge in enumerate(known.data.edges if known and known.data else ()):
        path = f"edges.{number}.node"
        sku, where = identifier(edge.node.sku, f"{path}.sku"), place(edge.node.warehouse_id, f"{path}.warehouse_id")
        at = moment(edge.node.updated_at, f"{path}.updated_at", zone)
        report = InventoryLevelReport(
            document=f"{sku}/{at.isoformat()}",
            location=where,
            counted_at=at,
            counts=(
                InventoryCount(item=ItemReference(value=sku), on_hand=units(edge.node.on_hand, f"{path}.on_hand")),
            ),
        )
        events.append(event_of(report, delivery))
    return Translation(tuple(events))


def _shipments(nodes: Iterable[models.ListedShipment], delivery: Delivery, zone: tzinfo) -> Iterable[Event]:
    for number, node in enumerate(nodes):
        lines = tuple(
            models.ShippedLine(
                line_item_id=edge.node.line_item.legacy_id if edge.node.line_item else None,
                sku=edge.node.line_item.sku if edge.node.line_item else None,
                partner_line_item_id=edge.node.line_item.partner_line_item_id if edge.node.line_item else None,
                quantity=edge.node.quantity,
            )
            for edge in (node.line_items.edges if node.line_items else ())
        )
        shipped = models.Fulfillment(
            shipment_uuid=node.id,
            shipment_id=node.legacy_id,
            warehouse_id=node.warehouse_id,
            partner_order_id=node.order.partner_order_id if node.order else None,
            order_number=node.order.order_number if node.order else None,
            line_items=lines,
            created_at=node.created_date,
        )
        packages = tuple(
            models.ShippedPackage(tracking_number=label.tracking_number, shipping_label=label)
            for label in node.shipping_labels or ()
        )
        yield shipment_event(shipped, packages, f"edges.{number}.node", delivery, zone)
