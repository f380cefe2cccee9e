"""EasyPost's objects, as far as they are used (EasyPost API reference: Event, Tracker)."""

from lockstep.messaging.lenient import Lenient


class TrackingDetail(Lenient):
    """One scan."""

    status: str | None = None
    datetime: str | None = None


class Tracker(Lenient):
    """A parcel on its way."""

    id: str | None = None
    tracking_code: str | None = None
    status: str | None = None
    status_detail: str | None = None
    carrier: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    est_delivery_date: str | None = None
    shipment_id: str | None = None
    public_url: str | None = None
    tracking_details: tuple[TrackingDetail, ...] | None = None


class Notification(Lenient):
    """What is sent: an event and the object it is about."""

    description: str | None = None
    result: dict[str, object] | None = None
