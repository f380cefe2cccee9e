"""Where goods are."""

from typing import Literal

from lockstep.canonical.events.envelope import Snapshot
from lockstep.canonical.shipment import Shipment
from lockstep.canonical.streams import StreamKind


class ShipmentReported(Snapshot):
    """A channel, a warehouse or a carrier said where goods are."""

    STREAM_KIND = StreamKind.SHIPMENT

    type: Literal["ShipmentReported"] = "ShipmentReported"
    data: Shipment

    @classmethod
    def subject_of(cls, data: Shipment) -> str:
        return data.order or data.id
