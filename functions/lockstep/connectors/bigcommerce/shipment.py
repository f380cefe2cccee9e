"""Shipments."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from lockstep.canonical.shipment import Package, Shipment, ShipmentLine, ShipmentStatus
from lockstep.connectors.bigcommerce import models
from lockstep.connectors.bigcommerce.values import moment
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code
from lockstep.messaging.loosely_typed import stamp

_LONGEST_URL = 2048


def translate_shipment(read: Mapping[str, Any], delivery: Delivery) -> Translation:
    """A shipment's event. V2 writes no time of change: its version is when it was made, with a digest of what it says.

    Raises:
        MessageMalformed: Identity is missing; names the field.
    """
    shipment = models.Shipment.model_validate(read)
    created_at = moment(shipment.date_created, "date_created")
    number = code(shipment.tracking_number)
    carrier = code(shipment.tracking_carrier) or code(shipment.shipping_provider)
    link = shipment.tracking_link or shipment.generated_tracking_link
    package = number and Package(
        tracking_number=number, carrier=carrier, tracking_url=link if len(link) <= _LONGEST_URL else ""
    )
    goods = [(item.order_product_id, str(item.quantity)) for item in shipment.items]
    said = sha256(repr((number, carrier, link, goods)).encode()).hexdigest()[:8]
    data = Shipment(
        id=shipment.id,
        version=f"{stamp(created_at)}/{said}",
        order=shipment.order_id or None,
        status=ShipmentStatus.SHIPPED,
        packages=(package,) if package else (),
        lines=tuple(
            ShipmentLine(key=item.order_product_id, order_line=item.order_product_id, quantity=item.quantity)
            for item in shipment.items
            if item.quantity > 0
        ),
        shipped_at=created_at,
        changed_at=created_at,
    )
    event = event_of(data, delivery)
    return Translation((event,))
