"""The catalogue of canonical events, in an envelope with CloudEvents names (CloudEvents 1.0, section 3).

Each type says where it belongs: its stream (in which order is kept), its subject (what order matters to), its business
identity (what makes it the same event in another delivery) and what it follows on.
"""

from abc import abstractmethod
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter

from lockstep.canonical.identifiers import Code, TransactionId
from lockstep.canonical.inventory import InventoryAdjustment, InventoryLevelReport
from lockstep.canonical.model import Canonical
from lockstep.canonical.sale_transaction import SaleTransaction, UnbalancedTransaction
from lockstep.canonical.streams import StreamId, StreamKind

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
        """Put an envelope around data, with the identity that the type prescribes."""
        key = cls.business_key(data)
        subject = cls.subject_of(data)
        return cls(
            id=f"{source}/{cls.type_name()}/{key}",
            type=cls.type_name(),
            source=source,
            subject=subject,
            occurred_at=data.occurred_at,
            received_at=received_at,
            correlation_id=f"{source}/{subject}",
            causation_id=causation_id,
            data=data,  # type: ignore[call-arg]  # each type narrows it
        )

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
        return tuple(f"{self.source}/{self.type}/{original}" for original in _originals(self.data))

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


class DeliveryNotice(Canonical):
    """A delivery that was accepted whole, to be expanded into its events."""

    delivery_id: _Key
    received_at: AwareDatetime

    @property
    def occurred_at(self) -> datetime:
        """When it came in."""
        return self.received_at


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


EVENTS: Final[tuple[type[Event], ...]] = (
    TransactionClosed,
    TransactionUnbalanced,
    InventoryAdjusted,
    InventoryLevelReported,
    DeliveryReceived,
)


@cache
def _parser() -> TypeAdapter[Event]:
    """Made when the first event is read: a door only ever writes them."""
    return TypeAdapter(
        Annotated[
            TransactionClosed | TransactionUnbalanced | InventoryAdjusted | InventoryLevelReported | DeliveryReceived,
            Field(discriminator="type"),
        ]
    )


def parse_event(raw: str | bytes) -> Event:
    """An event from its JSON.

    Raises:
        pydantic.ValidationError: It is none that this catalogue knows, or it breaks an invariant.
    """
    return _parser().validate_json(raw)


def stream_kinds_of(types: Iterable[str]) -> frozenset[StreamKind]:
    """The kinds of stream in which events of these types sit.

    Raises:
        KeyError: A type is not in the catalogue.
    """
    by_name = {event.type_name(): event.STREAM_KIND for event in EVENTS}
    return frozenset(by_name[name] for name in types)
