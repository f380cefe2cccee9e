"""Turns ShipEngine's tracking messages into shipments. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Final

from lockstep.canonical.shipment import Package, Shipment, ShipmentStatus
from lockstep.connectors.shipengine.manifest import MANIFEST
from lockstep.connectors.shipengine.models import Notification, TrackingInformation
from lockstep.messaging.inbound import UNDECLARED, Delivery, Translation, event_of
from lockstep.messaging.lenient import code, identifier, link, moment, optional_moment, read
from lockstep.messaging.signatures import digest_of

STATUSES: Final = {
    "NY": ShipmentStatus.LABELLED,
    "AC": ShipmentStatus.IN_TRANSIT,
    "IT": ShipmentStatus.IN_TRANSIT,
    "SP": ShipmentStatus.READY_FOR_PICKUP,
    "AT": ShipmentStatus.ATTEMPTED,
    "DE": ShipmentStatus.DELIVERED,
    "EX": ShipmentStatus.EXCEPTION,
    "UN": ShipmentStatus.UNKNOWN,
}
"""Tracking status codes (ShipEngine's API description, status_code); new ones are unknown to us too. SP, delivered to a
collection location, is ready for its recipient there."""
DETAILS: Final = {
    "OUT_FOR_DELIVERY": ShipmentStatus.OUT_FOR_DELIVERY,
    "ATTEMPTED_DELIVERY": ShipmentStatus.ATTEMPTED,
    "ATTEMPTED_DELIVERY_FINAL": ShipmentStatus.ATTEMPTED,
    "CUSTOMER_CARDED": ShipmentStatus.ATTEMPTED,
    "AWAITING_COLLECTION_FROM_PICKUP_POINT": ShipmentStatus.READY_FOR_PICKUP,
    "COLLECT_AT_LOCAL_PO": ShipmentStatus.READY_FOR_PICKUP,
    "CUSTOMER_TO_COLLECT_FROM_CARRIER": ShipmentStatus.READY_FOR_PICKUP,
    "DELIVERED_TO_PICKUP_POINT": ShipmentStatus.READY_FOR_PICKUP,
    "PARCEL_COLLECTED_FROM_PICKUP_POINT": ShipmentStatus.DELIVERED,
    "RETURN_TO_SENDER": ShipmentStatus.RETURNED,
    "UNDELIVERABLE_RETURNED_TO_SENDER": ShipmentStatus.RETURNED,
    "CANCELLED": ShipmentStatus.CANCELLED,
}
"""Details that say more than the status (the same, status_detail_code)."""

_TOPICS: Final = MANIFEST.inbound.topics if MANIFEST.inbound else ()
_LABEL: Final = re.compile(r"/labels/(?P<label>se-[A-Za-z0-9-]{1,64})(?:/|$)")
_CARRIER: Final = re.compile(r"(?:[?&]carrier_code=|/tracking/)(?P<carrier>[A-Za-z0-9_]{1,40})(?:[/&]|$)")
"""Where older messages, which do not name the carrier beside the number, name it: in the address of the tracking."""
_LONGEST_NUMBER: Final = 80
_LONGEST_CARRIER: Final = 40


def translate_message(delivery: Delivery, zone: tzinfo) -> Translation:
    """The shipment that a message is about.

    Raises:
        MessageMalformed: The message cannot be read, or does not say which parcel.
    """
    sent = read(Notification, delivery.body)
    topic = identifier(sent.resource_type, "resource_type")
    if topic not in _TOPICS:
        return Translation((), ignored=(UNDECLARED + topic,))
    if sent.data is None:
        return Translation((), ignored=("a message that carries no tracking",))
    return Translation((event_of(_shipment(sent.data, sent.resource_url, delivery, zone), delivery),))


def _shipment(tracking: TrackingInformation, resource_url: str | None, delivery: Delivery, zone: tzinfo) -> Shipment:
    number = identifier(tracking.tracking_number, "data.tracking_number")[:_LONGEST_NUMBER]
    named = _CARRIER.search(resource_url or "")
    carrier = code(tracking.carrier_code) or (named["carrier"] if named else None)
    scans = sorted(_scans(tracking, zone))
    delivered_at = optional_moment(tracking.actual_delivery_date, "data.actual_delivery_date", zone)
    estimated_at = optional_moment(tracking.estimated_delivery_date, "data.estimated_delivery_date", zone)
    shipped_at = optional_moment(tracking.ship_date or tracking.shipped_date, "data.ship_date", zone)
    said = (tracking.status_code, tracking.status_detail_code, delivered_at, estimated_at, shipped_at, scans[-1:])
    label = _LABEL.search(resource_url or "")
    return Shipment(
        id=f"{(carrier or 'carrier')[:_LONGEST_CARRIER]}:{number}",
        version=digest_of(repr([str(part) for part in said]).encode())[:16],
        reference=label["label"] if label else None,
        status=_status(tracking),
        packages=(Package(tracking_number=number, carrier=carrier, tracking_url=link(tracking.tracking_url)),),
        shipped_at=shipped_at,
        estimated_at=estimated_at,
        delivered_at=delivered_at,
        detail=code(tracking.status_detail_code),
        changed_at=scans[-1] if scans else delivery.received_at,
    )


def _status(tracking: TrackingInformation) -> ShipmentStatus:
    detail = DETAILS.get(tracking.status_detail_code or "")
    return detail or STATUSES.get(tracking.status_code or "", ShipmentStatus.UNKNOWN)


def _scans(tracking: TrackingInformation, zone: tzinfo) -> Iterator[datetime]:
    for number, event in enumerate(tracking.events or ()):
        at = event.occurred_at or event.event_date
        if at:
            yield moment(at, f"data.events.{number}.occurred_at", zone)
