"""AfterShip's objects, as far as they are used (AfterShip Tracking API: webhook specification, tracking object)."""

from lockstep.messaging.lenient import Lenient


class Estimate(Lenient):
    """When a delivery is expected: at a time, or between two."""

    datetime: str | None = None
    datetime_max: str | None = None


class Checkpoint(Lenient):
    """One scan."""

    tag: str | None = None
    checkpoint_time: str | None = None


class Tracking(Lenient):
    """A parcel on its way."""

    id: str | None = None
    tracking_number: str | None = None
    slug: str | None = None
    tag: str | None = None
    subtag: str | None = None
    order_id: str | None = None
    order_number: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    last_updated_at: str | None = None
    expected_delivery: str | None = None
    latest_estimated_delivery: Estimate | None = None
    shipment_pickup_date: str | None = None
    shipment_delivery_date: str | None = None
    courier_tracking_link: str | None = None
    checkpoints: tuple[Checkpoint, ...] | None = None


class Notification(Lenient):
    """What is sent: an event and the tracking it is about."""

    event: str | None = None
    ts: str | None = None
    """Unix time of the event."""
    msg: Tracking | None = None
