"""Orders, and what comes back of them."""

from typing import Literal

from lockstep.canonical.events.envelope import Event, Snapshot
from lockstep.canonical.order import DocumentKind, Order, UnbalancedDocument
from lockstep.canonical.refund import Refund, Return
from lockstep.canonical.streams import StreamKind, spread


class OrderReported(Snapshot):
    """A channel said how an order stands."""

    STREAM_KIND = StreamKind.ORDER

    type: Literal["OrderReported"] = "OrderReported"
    data: Order


class RefundReported(Snapshot):
    """A channel said what a seller gives back."""

    STREAM_KIND = StreamKind.ORDER

    type: Literal["RefundReported"] = "RefundReported"
    data: Refund

    @classmethod
    def subject_of(cls, data: Refund) -> str:
        return data.order or data.id


class ReturnReported(Snapshot):
    """A channel said how a return stands."""

    STREAM_KIND = StreamKind.ORDER

    type: Literal["ReturnReported"] = "ReturnReported"
    data: Return

    @classmethod
    def subject_of(cls, data: Return) -> str:
        return data.order


class DocumentUnbalanced(Event):
    """A channel reported an order, a refund or a payout whose parts are not what it states."""

    STREAM_KIND = StreamKind.ORDER

    type: Literal["DocumentUnbalanced"] = "DocumentUnbalanced"
    data: UnbalancedDocument

    @classmethod
    def business_key(cls, data: UnbalancedDocument) -> str:
        return f"{data.document.value}/{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: UnbalancedDocument) -> str:
        return data.order or data.id

    def lane(self) -> str:
        return spread(self.data.order or self.data.id)

    def follows(self) -> tuple[str, ...]:
        """The same snapshot, read as it should be: where that has arrived, this says nothing any more."""
        reported = {DocumentKind.ORDER: "OrderReported", DocumentKind.REFUND: "RefundReported"}.get(self.data.document)
        return (f"{self.source}/{reported}/{self.data.id}/{self.data.version}",) if reported else ()
