"""What tills close."""

from typing import Literal

from lockstep.canonical.events.envelope import Event
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.sale_transaction import SaleTransaction, UnbalancedTransaction
from lockstep.canonical.streams import StreamKind
from lockstep.canonical.tender_control import TenderControl


class TransactionClosed(Event):
    """A till closed a transaction."""

    STREAM_KIND = StreamKind.TILL

    type: Literal["TransactionClosed"] = "TransactionClosed"
    data: SaleTransaction

    @classmethod
    def business_key(cls, data: SaleTransaction) -> str:
        return str(data.id)

    @classmethod
    def subject_of(cls, data: SaleTransaction) -> str:
        return str(next(iter(_originals(data)), data.id))

    def lane(self) -> str:
        return f"{self.data.id.store}/{self.data.id.workstation}"

    def follows(self) -> tuple[str, ...]:
        return tuple(self.originals())

    def originals(self) -> dict[str, TransactionId]:
        """The transactions that it voids, or of which it takes something back, by the ids of their events."""
        return {f"{self.source}/{self.type}/{original}": original for original in _originals(self.data)}

    def register(self) -> TransactionId:
        return self.data.id


def _originals(data: SaleTransaction) -> list[TransactionId]:
    linked = [data.voids, *(line.original for line in data.lines)]
    return list(dict.fromkeys(link for link in linked if link is not None and link != data.id))


class TransactionUnbalanced(Event):
    """A till closed a transaction whose parts do not add up."""

    STREAM_KIND = StreamKind.TILL

    type: Literal["TransactionUnbalanced"] = "TransactionUnbalanced"
    data: UnbalancedTransaction

    @classmethod
    def business_key(cls, data: UnbalancedTransaction) -> str:
        return str(data.id)

    def lane(self) -> str:
        return f"{self.data.id.store}/{self.data.id.workstation}"

    def follows(self) -> tuple[str, ...]:
        """The same transaction, corrected: where that has arrived, this says nothing any more."""
        return (f"{self.source}/{TransactionClosed.type_name()}/{self.data.id}",)

    def register(self) -> TransactionId:
        return self.data.id


class TenderControlRecorded(Event):
    """Money moved in or out of a till without a sale."""

    STREAM_KIND = StreamKind.TILL

    type: Literal["TenderControlRecorded"] = "TenderControlRecorded"
    data: TenderControl

    @classmethod
    def business_key(cls, data: TenderControl) -> str:
        return str(data.id)

    def lane(self) -> str:
        return f"{self.data.id.store}/{self.data.id.workstation}"

    def register(self) -> TransactionId:
        return self.data.id
