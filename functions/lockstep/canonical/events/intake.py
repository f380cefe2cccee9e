"""What is accepted before it is read."""

from typing import Final, Literal

from lockstep.canonical.events.envelope import Event
from lockstep.canonical.notices import DeliveryNotice, ResourceNotice
from lockstep.canonical.streams import StreamKind, spread

_READING_LANES: Final = 8


class DeliveryReceived(Event):
    """A delivery too large to be accepted in one step was stored."""

    STREAM_KIND = StreamKind.INTAKE

    type: Literal["DeliveryReceived"] = "DeliveryReceived"
    data: DeliveryNotice

    @classmethod
    def business_key(cls, data: DeliveryNotice) -> str:
        return data.delivery_id

    def lane(self) -> str:
        return "deliveries"


class ResourceChanged(Event):
    """Something changed at a vendor that has to be read there."""

    STREAM_KIND = StreamKind.INTAKE

    type: Literal["ResourceChanged"] = "ResourceChanged"
    data: ResourceNotice

    @classmethod
    def business_key(cls, data: ResourceNotice) -> str:
        return f"{data.resource}/{data.key}/{data.version or data.delivery_id}"

    @classmethod
    def subject_of(cls, data: ResourceNotice) -> str:
        return f"{data.resource}/{data.key}"

    def lane(self) -> str:
        """One of a few: one resource is read in order, and a slow answer holds up few others."""
        return f"resources/{spread(self.subject, _READING_LANES)}"
