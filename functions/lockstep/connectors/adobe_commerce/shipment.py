"""Shipments."""

from hashlib import sha256
from typing import Final

from lockstep.canonical.events import Event
from lockstep.canonical.shipment import Package, Shipment, ShipmentLine, ShipmentStatus
from lockstep.connectors.adobe_commerce.fields import Fields
from lockstep.connectors.adobe_commerce.order import item_of
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code
from lockstep.messaging.loosely_typed import stamp

_NEEDED: Final = ("entity_id", "order_id", "items", "created_at")


def is_whole(shipment: Fields) -> bool:
    """Whether an event holds what a shipment's identity needs, and its goods."""
    return all(shipment.has(name) for name in _NEEDED)


def reported(shipment: Fields, delivery: Delivery, _currency: str | None) -> Translation:
    """A shipment's event. Tracking numbers are added without a change of its time, so they are part of its version.

    Raises:
        MessageMalformed: Identity is missing; names the field.
    """
    return Translation((_event(shipment, delivery),))


def _event(shipment: Fields, delivery: Delivery) -> Event:
    changed_at = shipment.time("updated_at", "created_at")
    tracks = [(code(track.text("track_number")), code(track.text("carrier_code"))) for track in shipment.list("tracks")]
    packages = tuple(Package(tracking_number=number, carrier=carrier) for number, carrier in tracks if number)
    numbers = sha256("|".join(package.tracking_number for package in packages).encode()).hexdigest()[:8]
    data = Shipment(
        id=shipment.key("entity_id", "id"),
        version=f"{stamp(changed_at)}/{numbers if packages else 'none'}",
        order=shipment.key("order_id"),
        reference=code(shipment.text("increment_id")),
        status=ShipmentStatus.SHIPPED,
        location=code(shipment.text("source_code")),
        packages=packages,
        lines=tuple(
            ShipmentLine(
                key=item.id("entity_id") or item.key("order_item_id"),
                order_line=item.id("order_item_id") or None,
                item=item_of(item.text("sku")),
                quantity=quantity,
            )
            for item in shipment.list("items")
            if (quantity := item.number("qty")) is not None and quantity > 0
        ),
        shipped_at=shipment.time("created_at", "updated_at"),
        changed_at=changed_at,
    )
    return event_of(data, delivery)
