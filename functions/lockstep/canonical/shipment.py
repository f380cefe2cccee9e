"""Shipments: goods on their way, as a channel, a warehouse or a carrier reports them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from lockstep.canonical.identifiers import Code, ItemReference
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Money
from lockstep.canonical.quantities import Quantity


class ShipmentStatus(StrEnum):
    """How far the goods are."""

    PENDING = "pending"
    """Asked for, nothing is packed."""
    PACKED = "packed"
    LABELLED = "labelled"
    """A label is made; the carrier does not have it."""
    SHIPPED = "shipped"
    """Left, as its sender says."""
    IN_TRANSIT = "in transit"
    OUT_FOR_DELIVERY = "out for delivery"
    READY_FOR_PICKUP = "ready for pickup"
    ATTEMPTED = "attempted"
    """The carrier came in vain."""
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    """Lost, damaged, held or refused."""
    RETURNED = "returned"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class ShipmentLine(Canonical):
    """Goods in it."""

    key: Code
    order_line: Code | None = None
    item: ItemReference | None = None
    quantity: Quantity
    """Above zero."""


class Package(Canonical):
    """One parcel."""

    tracking_number: Code
    carrier: Code | None = None
    """As the source names it."""
    tracking_url: Annotated[str, Field(max_length=2048)] = ""


class Shipment(Canonical):
    """A snapshot of a shipment."""

    id: Code
    version: Code
    order: Code | None = None
    """As the source identifies it."""
    reference: Code | None = None
    """What the merchant calls the order or the shipment, where the source was told."""
    status: ShipmentStatus
    location: Code | None = None
    """Where it leaves from, as the source names it."""
    packages: tuple[Package, ...] = ()
    lines: tuple[ShipmentLine, ...] = ()
    """None where the source knows parcels, not goods."""
    cost: Money | None = None
    """What the carrier charges, where the source says."""
    shipped_at: AwareDatetime | None = None
    estimated_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    detail: Code | None = None
    """The source's own code of the status."""
    changed_at: AwareDatetime

    @property
    def occurred_at(self) -> datetime:
        """When it became what it is here."""
        return self.changed_at
