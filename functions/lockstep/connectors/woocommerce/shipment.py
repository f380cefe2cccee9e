"""Parcels: what the Shipment Tracking extension adds to an order."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from lockstep.canonical.events import Event
from lockstep.canonical.shipment import Package, Shipment, ShipmentStatus
from lockstep.connectors.woocommerce import models
from lockstep.connectors.woocommerce.values import meta
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code, malformed
from lockstep.messaging.loosely_typed import mapping, record_id
from lockstep.messaging.signatures import digest_of

_KEPT_IN_ORDER = "_wc_shipment_tracking_items"
_LONGEST_URL = 2048


def trackings_of_order(order: models.Order, delivery: Delivery, changed_at: datetime) -> Iterator[Event]:
    """The parcels that an order's meta data name.

    Raises:
        MessageMalformed: One of them cannot be read.
    """
    kept = meta(order.meta_data, _KEPT_IN_ORDER)
    for place, entry in enumerate(kept if isinstance(kept, list) else ()):
        at = f"meta_data.{_KEPT_IN_ORDER}.{place}"
        try:
            tracking = models.ShipmentTracking.model_validate(entry)
        except ValidationError as error:
            raise malformed(error, at) from error
        yield _event(tracking, order.id, delivery, changed_at, at)


def translate_tracking(tracking: models.ShipmentTracking, delivery: Delivery) -> Translation:
    """A parcel that was read by itself: its order stands in its links.

    Raises:
        MessageMalformed: Its date is none.
    """
    return Translation((_event(tracking, order_of(tracking.links), delivery, delivery.received_at, ""),))


def order_of(links: Mapping[str, Any]) -> str | None:
    """The order that a resource's link upward leads to; None where there is no such link."""
    up = links.get("up")
    for link in up if isinstance(up, list) else ():
        before, _, last = str(mapping(link).get("href", "")).rstrip("/").rpartition("/")
        if before.endswith("/orders") and record_id(last).isdigit():
            return last
    return None


def _event(
    tracking: models.ShipmentTracking, order: str | None, delivery: Delivery, otherwise: datetime, at: str
) -> Event:
    key = code(tracking.tracking_id)
    if key is None:
        raise MessageMalformed(".".join(part for part in (at, "tracking_id") if part) + " is empty")
    shipped_at = _day(tracking.date_shipped, at)
    number = code(tracking.tracking_number)
    link = tracking.tracking_link or tracking.custom_tracking_link
    package = number and Package(
        tracking_number=number,
        carrier=code(tracking.tracking_provider) or code(tracking.custom_tracking_provider),
        tracking_url=link if len(link) <= _LONGEST_URL else "",
    )
    said = digest_of(repr((number, package.carrier) if package else None).encode())[:12]
    shipment = Shipment(
        id=key,
        version="/".join((shipped_at.date().isoformat() if shipped_at else "undated", said)),
        order=order,
        status=ShipmentStatus.SHIPPED,
        packages=(package,) if package else (),
        shipped_at=shipped_at,
        changed_at=shipped_at or otherwise,
    )
    return event_of(shipment, delivery)


def _day(written: str, at: str) -> datetime | None:
    """Midnight UTC of a date, or of the day of a Unix time; None where nothing is written."""
    if not written:
        return None
    try:
        said = datetime.fromtimestamp(int(written), UTC) if written.isdecimal() else datetime.fromisoformat(written)
        return datetime(said.year, said.month, said.day, tzinfo=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise MessageMalformed(".".join(part for part in (at, "date_shipped") if part) + " is no date") from error
