"""Turns AfterShip's tracking events into shipments. Pure."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Final

from lockstep.canonical.shipment import Package, Shipment, ShipmentStatus
from lockstep.connectors.aftership.manifest import MANIFEST
from lockstep.connectors.aftership.models import Notification, Tracking
from lockstep.messaging.inbound import UNDECLARED, Delivery, Translation, event_of
from lockstep.messaging.lenient import code, identifier, link, moment, optional_moment, read

TAGS: Final = {
    "Pending": ShipmentStatus.PENDING,
    "InfoReceived": ShipmentStatus.LABELLED,
    "InTransit": ShipmentStatus.IN_TRANSIT,
    "OutForDelivery": ShipmentStatus.OUT_FOR_DELIVERY,
    "AvailableForPickup": ShipmentStatus.READY_FOR_PICKUP,
    "AttemptFail": ShipmentStatus.ATTEMPTED,
    "Delivered": ShipmentStatus.DELIVERED,
    "Exception": ShipmentStatus.EXCEPTION,
    "Expired": ShipmentStatus.EXCEPTION,
}
"""Delivery tags (AfterShip documentation, delivery status); new ones are unknown to us too."""
RETURNED_SUBTAGS: Final = frozenset({"Exception_011"})
"""Exceptions that say the parcel is back with its sender (AfterShip documentation, delivery sub-status)."""

_LONGEST_TAG: Final = 40
_UNIX: Final = re.compile(r"[0-9]{9,11}")
_TOPICS: Final = MANIFEST.inbound.topics if MANIFEST.inbound else ()


def translate_notification(delivery: Delivery, zone: tzinfo) -> Translation:
    """The shipment that an event is about.

    Raises:
        MessageMalformed: The message cannot be read, or does not say which parcel, or when.
    """
    sent = read(Notification, delivery.body)
    topic = identifier(sent.event, "event")
    if topic not in _TOPICS:
        return Translation((), ignored=(UNDECLARED + topic,))
    if sent.msg is None:
        return Translation((), ignored=("an event that carries no tracking",))
    return Translation((event_of(_shipment(sent.msg, _changed_at(sent.msg, sent.ts, zone), zone), delivery),))


def _changed_at(tracking: Tracking, sent_at: str | None, zone: tzinfo) -> datetime:
    """When the tracking was changed last; where it does not say, when the event about it occurred."""
    said = tracking.updated_at or tracking.last_updated_at or tracking.created_at
    if said or not sent_at or not _UNIX.fullmatch(sent_at):
        return moment(said, "msg.updated_at", zone)
    return datetime.fromtimestamp(int(sent_at), UTC)


def _shipment(tracking: Tracking, changed_at: datetime, zone: tzinfo) -> Shipment:
    tag = (code(tracking.tag) or "Unknown")[:_LONGEST_TAG]
    estimated_at = _estimated_at(tracking, zone)
    estimate = f"/{estimated_at.isoformat()}" if estimated_at else ""
    return Shipment(
        id=identifier(tracking.id, "msg.id"),
        version=f"{tag}/{changed_at.isoformat()}{estimate}",
        order=code(tracking.order_id),
        reference=code(tracking.order_number),
        status=_status(tag, tracking.subtag),
        packages=(
            Package(
                tracking_number=identifier(tracking.tracking_number, "msg.tracking_number"),
                carrier=code(tracking.slug),
                tracking_url=link(tracking.courier_tracking_link),
            ),
        ),
        shipped_at=optional_moment(tracking.shipment_pickup_date, "msg.shipment_pickup_date", zone),
        estimated_at=estimated_at,
        delivered_at=optional_moment(tracking.shipment_delivery_date, "msg.shipment_delivery_date", zone)
        or max(_scans(tracking, "Delivered", zone), default=None),
        detail=code(tracking.subtag),
        changed_at=changed_at,
    )


def _status(tag: str, subtag: str | None) -> ShipmentStatus:
    if subtag in RETURNED_SUBTAGS:
        return ShipmentStatus.RETURNED
    return TAGS.get(tag, ShipmentStatus.UNKNOWN)


def _estimated_at(tracking: Tracking, zone: tzinfo) -> datetime | None:
    latest = tracking.latest_estimated_delivery
    at = (latest.datetime or latest.datetime_max) if latest is not None else None
    if at:
        return optional_moment(at, "msg.latest_estimated_delivery.datetime", zone)
    return optional_moment(tracking.expected_delivery, "msg.expected_delivery", zone)


def _scans(tracking: Tracking, tag: str, zone: tzinfo) -> Iterator[datetime]:
    """When the parcel was scanned with a tag; a scan without a time says nothing."""
    for number, checkpoint in enumerate(tracking.checkpoints or ()):
        if checkpoint.tag == tag and checkpoint.checkpoint_time:
            yield moment(checkpoint.checkpoint_time, f"msg.checkpoints.{number}.checkpoint_time", zone)
