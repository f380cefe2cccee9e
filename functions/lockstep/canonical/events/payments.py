"""What payment services report."""

from typing import Literal

from lockstep.canonical.events.envelope import Event, Snapshot
from lockstep.canonical.payment import Dispute, GiftCardMovement, Payment
from lockstep.canonical.payout import Payout
from lockstep.canonical.streams import StreamKind, spread


class PaymentRecorded(Event):
    """Money of a payment moved, or was to move."""

    STREAM_KIND = StreamKind.PAYMENT

    type: Literal["PaymentRecorded"] = "PaymentRecorded"
    data: Payment

    @classmethod
    def business_key(cls, data: Payment) -> str:
        return f"{data.id}/{data.kind.value}/{data.status.value}"

    @classmethod
    def subject_of(cls, data: Payment) -> str:
        return data.payment

    @classmethod
    def business_subject(cls, data: Payment) -> str:
        return data.order or data.payment

    def lane(self) -> str:
        return spread(self.data.payment)


class DisputeReported(Snapshot):
    """A payment service said how a dispute stands."""

    STREAM_KIND = StreamKind.PAYMENT

    type: Literal["DisputeReported"] = "DisputeReported"
    data: Dispute

    @classmethod
    def subject_of(cls, data: Dispute) -> str:
        return data.payment

    @classmethod
    def business_subject(cls, data: Dispute) -> str:
        return data.order or data.payment


class GiftCardMoved(Event):
    """Stored value moved."""

    STREAM_KIND = StreamKind.PAYMENT

    type: Literal["GiftCardMoved"] = "GiftCardMoved"
    data: GiftCardMovement

    @classmethod
    def business_key(cls, data: GiftCardMovement) -> str:
        return data.id

    @classmethod
    def subject_of(cls, data: GiftCardMovement) -> str:
        return data.card

    def lane(self) -> str:
        return spread(self.data.card)


class PayoutReported(Snapshot):
    """A payment service said how a payout stands."""

    STREAM_KIND = StreamKind.PAYOUT

    type: Literal["PayoutReported"] = "PayoutReported"
    data: Payout
