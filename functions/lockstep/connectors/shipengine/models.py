"""ShipEngine's messages, as far as they are used (its API description: tracking_information)."""

from lockstep.messaging.lenient import Lenient


class TrackEvent(Lenient):
    """One scan."""

    occurred_at: str | None = None
    event_date: str | None = None
    """What it was called before."""
    status_code: str | None = None


class TrackingInformation(Lenient):
    """What is known of a parcel."""

    tracking_number: str | None = None
    tracking_url: str | None = None
    status_code: str | None = None
    status_detail_code: str | None = None
    carrier_code: str | None = None
    ship_date: str | None = None
    shipped_date: str | None = None
    estimated_delivery_date: str | None = None
    actual_delivery_date: str | None = None
    events: tuple[TrackEvent, ...] | None = None


class Notification(Lenient):
    """What is sent: which resource it is about, and that resource."""

    resource_type: str | None = None
    resource_url: str | None = None
    data: TrackingInformation | None = None
