"""A shipment of ShipHero's as one of ours, whether a message or a list tells of it. Pure."""

from collections.abc import Sequence
from datetime import tzinfo

from lockstep.canonical.events import Event
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.shipment import Package, Shipment, ShipmentLine, ShipmentStatus
from lockstep.connectors.shiphero import models
from lockstep.connectors.shiphero.values import units
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, event_of
from lockstep.messaging.lenient import code, identifier, link, moment
from lockstep.messaging.signatures import digest_of


def shipment_event(
    shipped: models.Fulfillment,
    packed: Sequence[models.ShippedPackage],
    path: str,
    delivery: Delivery,
    zone: tzinfo,
) -> Event:
    """The event that a shipment left.

    ShipHero gives a shipment no version: its packages make it, so that a label that is added makes another.

    Raises:
        MessageMalformed: It lacks what identity needs, by its path.
    """
    packages = _packages(shipped, packed)
    numbers = sorted(package.tracking_number for package in packages)
    at = moment(shipped.created_at, f"{path}.created_at", zone)
    shipment = Shipment(
        id=identifier(shipped.shipment_uuid or shipped.shipment_id, f"{path}.shipment_id"),
        version=digest_of(repr((at.isoformat(), numbers)).encode())[:16],
        order=code(shipped.partner_order_id),
        reference=code(shipped.order_number),
        status=ShipmentStatus.SHIPPED,
        location=code(shipped.warehouse_id) or code(shipped.warehouse),
        packages=packages,
        lines=tuple(
            _line(line, f"{path}.line_items.{number}")
            for number, line in enumerate(shipped.line_items or ())
            if line.quantity != "0"
        ),
        shipped_at=at,
        changed_at=at,
    )
    return event_of(shipment, delivery)


def _packages(shipped: models.Fulfillment, packed: Sequence[models.ShippedPackage]) -> tuple[Package, ...]:
    """Each tracking number once: ShipHero names the first of them beside the packages, too."""
    found: dict[str, Package] = {}
    for package in packed:
        label = package.shipping_label or models.Label()
        number = code(package.tracking_number or label.tracking_number)
        if number:
            carrier = code(label.carrier or shipped.shipping_carrier)
            found.setdefault(
                number, Package(tracking_number=number, carrier=carrier, tracking_url=link(label.tracking_url))
            )
    number = code(shipped.tracking_number)
    if number and number not in found:
        url = link(shipped.custom_tracking_url)
        found[number] = Package(tracking_number=number, carrier=code(shipped.shipping_carrier), tracking_url=url)
    return tuple(found.values())


def _line(line: models.ShippedLine, path: str) -> ShipmentLine:
    sku = code(line.sku)
    quantity = units(line.quantity, f"{path}.quantity")
    if quantity <= 0:
        raise MessageMalformed(f"{path}.quantity is not above zero")
    return ShipmentLine(
        key=identifier(line.line_item_id or line.id or line.sku, f"{path}.line_item_id"),
        order_line=code(line.partner_line_item_id),
        item=ItemReference(value=sku) if sku else None,
        quantity=quantity,
    )
