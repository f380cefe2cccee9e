"""What moves stock, and what counts it."""

from typing import Literal

from lockstep.canonical.events.envelope import Event
from lockstep.canonical.inventory import InventoryAdjustment, InventoryLevelReport
from lockstep.canonical.streams import StreamKind


class InventoryAdjusted(Event):
    """Stock moved for another reason than a sale."""

    STREAM_KIND = StreamKind.STOCK

    type: Literal["InventoryAdjusted"] = "InventoryAdjusted"
    data: InventoryAdjustment

    @classmethod
    def business_key(cls, data: InventoryAdjustment) -> str:
        return f"{data.location}/{data.document}"

    def lane(self) -> str:
        return self.data.location


class InventoryLevelReported(Event):
    """Somebody counted, or a system said what it holds."""

    STREAM_KIND = StreamKind.STOCK

    type: Literal["InventoryLevelReported"] = "InventoryLevelReported"
    data: InventoryLevelReport

    @classmethod
    def business_key(cls, data: InventoryLevelReport) -> str:
        return f"{data.location}/{data.document}"

    def lane(self) -> str:
        return self.data.location
