"""Turns EasyPost's tracker events into shipments. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from lockstep.canonical.shipment import Package, Shipment, ShipmentStatus
from lockstep.connectors.easypost.manifest import MANIFEST
from lockstep.connectors.easypost.models import Notification, Tracker
from lockstep.messaging.inbound import UNDECLARED, Delivery, Translation, event_of
from lockstep.messaging.lenient import code, fitted, identifier, link, moment, optional_moment, read

STATUSES: Final = {
    "pre_transit": ShipmentStatus.LABELLED,
    "in_transit": ShipmentStatus.IN_TRANSIT,
    "out_for_delivery": ShipmentStatus.OUT_FOR_DELIVERY,
    "available_for_pickup": ShipmentStatus.READY_FOR_PICKUP,
    "delivered": ShipmentStatus.DELIVERED,
    "return_to_sender": ShipmentStatus.RETURNED,
    "failure": ShipmentStatus.EXCEPTION,
    "error": ShipmentStatus.EXCEPTION,
    "cancelled": ShipmentStatus.CANCELLED,
}
"""Tracker statuses (EasyPost API reference, Tracker); `unknown` and new ones are unknown to us too."""

_LONGEST_STATUS: Final = 40
_TOPICS: Final = MANIFEST.inbound.topics if MANIFEST.inbound else ()
_MOVING: Final = frozenset({"in_transit", "out_for_delivery", "available_for_pickup", "delivered"})


def translate_notification(delivery: Delivery) -> Translation:
    """The shipment that an event is about.

    Raises:
        MessageMalformed: The message cannot be read, or does not say which parcel, or when.
    """
    sent = read(Notification, delivery.body)
    topic = identifier(sent.description, "description")
    if topic not in _TOPICS:
        return Translation((), ignored=(UNDECLARED + topic,))
    if sent.result is None:
        return Translation((), ignored=("an event that carries no tracker",))
    tracker = fitted(Tracker, sent.result, "result")
    return Translation((event_of(_shipment(tracker), delivery),))


def _shipment(tracker: Tracker) -> Shipment:
    changed_at = moment(tracker.updated_at or tracker.created_at, "result.updated_at")
    status = (code(tracker.status) or "unknown")[:_LONGEST_STATUS]
    return Shipment(
        id=identifier(tracker.id, "result.id"),
        version=f"{status}/{changed_at.isoformat()}",
        reference=code(tracker.shipment_id),
        status=STATUSES.get(status, ShipmentStatus.UNKNOWN),
        packages=(
            Package(
                tracking_number=identifier(tracker.tracking_code, "result.tracking_code"),
                carrier=code(tracker.carrier),
                tracking_url=link(tracker.public_url),
            ),
        ),
        shipped_at=min(_scans(tracker, _MOVING), default=None),
        estimated_at=optional_moment(tracker.est_delivery_date, "result.est_delivery_date"),
        delivered_at=max(_scans(tracker, {"delivered"}), default=None),
        detail=code(tracker.status_detail),
        changed_at=changed_at,
    )


def _scans(tracker: Tracker, statuses: frozenset[str] | set[str]) -> Iterator[datetime]:
    """When the parcel was scanned with one of these statuses; a scan without a time says nothing."""
    for number, detail in enumerate(tracker.tracking_details or ()):
        if detail.status in statuses and detail.datetime:
            yield moment(detail.datetime, f"result.tracking_details.{number}.datetime")
