"""The catalogue of canonical events, in an envelope with CloudEvents names (CloudEvents 1.0, section 3).

Each type says where it belongs: its stream (in which order is kept), its subject (what order matters to), its business
identity (what makes it the same event in another delivery) and what it follows on.
"""

from abc import abstractmethod
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field
from pydantic_core import from_json

from lockstep.canonical.customer import Customer
from lockstep.canonical.identifiers import Code, TransactionId
from lockstep.canonical.inventory import InventoryAdjustment, InventoryLevelReport
from lockstep.canonical.model import Canonical
from lockstep.canonical.notices import DeliveryNotice, ResourceNotice
from lockstep.canonical.order import DocumentKind, Order, UnbalancedDocument
from lockstep.canonical.payment import Dispute, GiftCardMovement, Payment
from lockstep.canonical.payout import Payout
from lockstep.canonical.product import PriceReport, Product, Promotion
from lockstep.canonical.refund import Refund, Return
from lockstep.canonical.sale_transaction import SaleTransaction, UnbalancedTransaction
from lockstep.canonical.shipment import Shipment
from lockstep.canonical.streams import StreamId, StreamKind, spread
from lockstep.canonical.tender_control import TenderControl

_Key = Annotated[str, Field(min_length=1, max_length=1024)]


class Event(Canonical):
    """The envelope around every event."""

    # A process meets a few of the types: the others are never built, which a cold start notices.
    model_config = ConfigDict(defer_build=True)

    STREAM_KIND: ClassVar[StreamKind]

    id: _Key
    """`source/type/business key`: the same event has the same id in every delivery."""
    type: str
    """A literal name, `NounPastVerb`."""
    version: Annotated[int, Field(ge=1)] = 1
    """Of the shape of `data`."""
    source: Code
    """The connector account it came from, as in `tills.main`."""
    subject: _Key
    """What its order matters to: documents of one subject never overtake each other."""
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    correlation_id: _Key
    """The business subject, the same through every hop."""
    causation_id: _Key
    """The delivery, or the event, it came from."""
    sequence: Annotated[int, Field(ge=1)] | None = None
    """Its place in its stream; None until it is accepted."""

    @classmethod
    def create(cls, data: Any, *, source: str, received_at: datetime, causation_id: str) -> Self:
        """Put an envelope around data, with the identity that the type prescribes.

        The data is valid as it is, and what the envelope holds besides is made here: neither is checked again, which
        would double what a webhook costs.
        """
        key = cls.business_key(data)
        subject = cls.subject_of(data)
        construct: Any = cls.model_construct  # each type narrows `data`
        event: Self = construct(
            id=f"{source}/{cls.type_name()}/{key}",
            type=cls.type_name(),
            source=source,
            subject=subject,
            occurred_at=data.occurred_at,
            received_at=received_at,
            correlation_id=f"{source}/{cls.business_subject(data)}",
            causation_id=causation_id,
            data=data,
        )
        return event

    @classmethod
    def type_name(cls) -> str:
        """The literal name of this type."""
        return str(cls.model_fields["type"].default)

    @classmethod
    @abstractmethod
    def business_key(cls, data: Any) -> str:
        """What makes it the same event, within its source and type."""

    @classmethod
    def subject_of(cls, data: Any) -> str:
        """What its order matters to: itself, unless it belongs to another."""
        return cls.business_key(data)

    @classmethod
    def business_subject(cls, data: Any) -> str:
        """What a person follows it by, within its source: its subject, unless it is part of something larger."""
        return cls.subject_of(data)

    @abstractmethod
    def lane(self) -> str:
        """What its stream is about, within its source."""

    def stream(self) -> StreamId:
        """The one stream it sits in."""
        return StreamId(self.STREAM_KIND, self.source, self.lane())

    def follows(self) -> tuple[str, ...]:
        """Ids of earlier events it refers to."""
        return ()

    def register(self) -> TransactionId | None:
        """Store, till, business day and number under which a day is proven complete; None where nobody counts."""
        return None


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


class OrderReported(Event):
    """A channel said how an order stands."""

    STREAM_KIND = StreamKind.ORDER

    type: Literal["OrderReported"] = "OrderReported"
    data: Order

    @classmethod
    def business_key(cls, data: Order) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: Order) -> str:
        return data.id

    def lane(self) -> str:
        return spread(self.data.id)


class RefundReported(Event):
    """A channel said what a seller gives back."""

    STREAM_KIND = StreamKind.ORDER

    type: Literal["RefundReported"] = "RefundReported"
    data: Refund

    @classmethod
    def business_key(cls, data: Refund) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: Refund) -> str:
        return data.order or data.id

    def lane(self) -> str:
        return spread(self.data.order or self.data.id)


class ReturnReported(Event):
    """A channel said how a return stands."""

    STREAM_KIND = StreamKind.ORDER

    type: Literal["ReturnReported"] = "ReturnReported"
    data: Return

    @classmethod
    def business_key(cls, data: Return) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: Return) -> str:
        return data.order

    def lane(self) -> str:
        return spread(self.data.order)


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


class DisputeReported(Event):
    """A payment service said how a dispute stands."""

    STREAM_KIND = StreamKind.PAYMENT

    type: Literal["DisputeReported"] = "DisputeReported"
    data: Dispute

    @classmethod
    def business_key(cls, data: Dispute) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: Dispute) -> str:
        return data.payment

    @classmethod
    def business_subject(cls, data: Dispute) -> str:
        return data.order or data.payment

    def lane(self) -> str:
        return spread(self.data.payment)


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


class PayoutReported(Event):
    """A payment service said how a payout stands."""

    STREAM_KIND = StreamKind.PAYOUT

    type: Literal["PayoutReported"] = "PayoutReported"
    data: Payout

    @classmethod
    def business_key(cls, data: Payout) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: Payout) -> str:
        return data.id

    def lane(self) -> str:
        return spread(self.data.id)


class ProductReported(Event):
    """A system said how a product is."""

    STREAM_KIND = StreamKind.PRODUCT

    type: Literal["ProductReported"] = "ProductReported"
    data: Product

    @classmethod
    def business_key(cls, data: Product) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: Product) -> str:
        return data.id

    def lane(self) -> str:
        return spread(self.data.id)


class PriceReported(Event):
    """A system said what something costs."""

    STREAM_KIND = StreamKind.PRODUCT

    type: Literal["PriceReported"] = "PriceReported"
    data: PriceReport

    @classmethod
    def business_key(cls, data: PriceReport) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: PriceReport) -> str:
        return data.id

    def lane(self) -> str:
        return spread(self.data.id)


class PromotionReported(Event):
    """A system said how a promotion is."""

    STREAM_KIND = StreamKind.PRODUCT

    type: Literal["PromotionReported"] = "PromotionReported"
    data: Promotion

    @classmethod
    def business_key(cls, data: Promotion) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: Promotion) -> str:
        return data.id

    def lane(self) -> str:
        return spread(self.data.id)


class CustomerReported(Event):
    """A system said who a customer is."""

    STREAM_KIND = StreamKind.CUSTOMER

    type: Literal["CustomerReported"] = "CustomerReported"
    data: Customer

    @classmethod
    def business_key(cls, data: Customer) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: Customer) -> str:
        return data.id

    def lane(self) -> str:
        return spread(self.data.id)


class ShipmentReported(Event):
    """A channel, a warehouse or a carrier said where goods are."""

    STREAM_KIND = StreamKind.SHIPMENT

    type: Literal["ShipmentReported"] = "ShipmentReported"
    data: Shipment

    @classmethod
    def business_key(cls, data: Shipment) -> str:
        return f"{data.id}/{data.version}"

    @classmethod
    def subject_of(cls, data: Shipment) -> str:
        return data.order or data.id

    def lane(self) -> str:
        return spread(self.data.order or self.data.id)


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


_READING_LANES: Final = 8

EVENTS: Final[tuple[type[Event], ...]] = (
    TransactionClosed,
    TransactionUnbalanced,
    TenderControlRecorded,
    InventoryAdjusted,
    InventoryLevelReported,
    OrderReported,
    RefundReported,
    ReturnReported,
    DocumentUnbalanced,
    PaymentRecorded,
    DisputeReported,
    GiftCardMoved,
    PayoutReported,
    ProductReported,
    PriceReported,
    PromotionReported,
    CustomerReported,
    ShipmentReported,
    DeliveryReceived,
    ResourceChanged,
)

_BY_NAME: Final[dict[str, type[Event]]] = {event.type_name(): event for event in EVENTS}


def parse_event(raw: str | bytes) -> Event:
    """An event from its JSON.

    Only the type that it is gets built: a process meets few of them.

    Raises:
        ValueError: It is none that this catalogue knows, or it breaks an invariant (`pydantic.ValidationError`).
    """
    said = from_json(raw)
    name = said.get("type") if isinstance(said, dict) else None
    event = _BY_NAME.get(name) if isinstance(name, str) else None
    if event is None:
        raise ValueError(f"{name!r} is no type of event")
    return event.model_validate_json(raw)


@cache
def _by_data() -> dict[type[Canonical], type[Event]]:
    return {event.model_fields["data"].annotation: event for event in EVENTS}  # type: ignore[misc]  # a class, each


def event_type_of(data: Canonical) -> type[Event]:
    """The type of event that carries this; each kind of data has one.

    Raises:
        KeyError: None does.
    """
    return _by_data()[type(data)]


def stream_kinds_of(types: Iterable[str]) -> frozenset[StreamKind]:
    """The kinds of stream in which events of these types sit.

    Raises:
        KeyError: A type is not in the catalogue.
    """
    return frozenset(_BY_NAME[name].STREAM_KIND for name in types)
