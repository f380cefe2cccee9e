"""The catalogue of canonical events.

Each type says where it belongs: its stream (in which order is kept), its subject (what order matters to), its business
identity (what makes it the same event in another delivery) and what it follows on.

A process meets few of the types. What makes them is loaded when the first of a family is asked for, which halves what
they cost a cold start.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic_core import from_json

from lockstep.canonical.events.envelope import Event as Event
from lockstep.canonical.model import Canonical
from lockstep.canonical.streams import StreamKind

if TYPE_CHECKING:
    from lockstep.canonical.events.articles import PriceReported as PriceReported
    from lockstep.canonical.events.articles import ProductReported as ProductReported
    from lockstep.canonical.events.articles import PromotionReported as PromotionReported
    from lockstep.canonical.events.customers import CustomerReported as CustomerReported
    from lockstep.canonical.events.intake import DeliveryReceived as DeliveryReceived
    from lockstep.canonical.events.intake import ResourceChanged as ResourceChanged
    from lockstep.canonical.events.orders import DocumentUnbalanced as DocumentUnbalanced
    from lockstep.canonical.events.orders import OrderReported as OrderReported
    from lockstep.canonical.events.orders import RefundReported as RefundReported
    from lockstep.canonical.events.orders import ReturnReported as ReturnReported
    from lockstep.canonical.events.payments import DisputeReported as DisputeReported
    from lockstep.canonical.events.payments import GiftCardMoved as GiftCardMoved
    from lockstep.canonical.events.payments import PaymentRecorded as PaymentRecorded
    from lockstep.canonical.events.payments import PayoutReported as PayoutReported
    from lockstep.canonical.events.shipments import ShipmentReported as ShipmentReported
    from lockstep.canonical.events.stock import InventoryAdjusted as InventoryAdjusted
    from lockstep.canonical.events.stock import InventoryLevelReported as InventoryLevelReported
    from lockstep.canonical.events.tills import TenderControlRecorded as TenderControlRecorded
    from lockstep.canonical.events.tills import TransactionClosed as TransactionClosed
    from lockstep.canonical.events.tills import TransactionUnbalanced as TransactionUnbalanced

    EVENTS: tuple[type[Event], ...]
    """All types."""


class _Entry(NamedTuple):
    module: str
    """Which module of this package makes it."""
    data: str
    """Name of the class of its data."""


_CATALOGUE: Final = {
    "TransactionClosed": _Entry("tills", "SaleTransaction"),
    "TransactionUnbalanced": _Entry("tills", "UnbalancedTransaction"),
    "TenderControlRecorded": _Entry("tills", "TenderControl"),
    "InventoryAdjusted": _Entry("stock", "InventoryAdjustment"),
    "InventoryLevelReported": _Entry("stock", "InventoryLevelReport"),
    "OrderReported": _Entry("orders", "Order"),
    "RefundReported": _Entry("orders", "Refund"),
    "ReturnReported": _Entry("orders", "Return"),
    "DocumentUnbalanced": _Entry("orders", "UnbalancedDocument"),
    "PaymentRecorded": _Entry("payments", "Payment"),
    "DisputeReported": _Entry("payments", "Dispute"),
    "GiftCardMoved": _Entry("payments", "GiftCardMovement"),
    "PayoutReported": _Entry("payments", "Payout"),
    "ProductReported": _Entry("articles", "Product"),
    "PriceReported": _Entry("articles", "PriceReport"),
    "PromotionReported": _Entry("articles", "Promotion"),
    "CustomerReported": _Entry("customers", "Customer"),
    "ShipmentReported": _Entry("shipments", "Shipment"),
    "DeliveryReceived": _Entry("intake", "DeliveryNotice"),
    "ResourceChanged": _Entry("intake", "ResourceNotice"),
}
_BY_DATA: Final = {entry.data: name for name, entry in _CATALOGUE.items()}


def __getattr__(name: str) -> Any:
    """A type of event by its name, or `EVENTS`: all of them."""
    if name == "EVENTS":
        return tuple(event_type(known) for known in _CATALOGUE)
    if name not in _CATALOGUE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return event_type(name)


def event_type(name: str) -> type[Event]:
    """A type of event.

    Raises:
        KeyError: There is none of that name.
    """
    made: type[Event] = getattr(import_module(f"{__name__}.{_CATALOGUE[name].module}"), name)
    return made


def event_type_of(data: Canonical) -> type[Event]:
    """The type of event that carries this; each kind of data has one.

    Raises:
        KeyError: None does.
    """
    return event_type(_BY_DATA[type(data).__name__])


def parse_event(raw: str | bytes) -> Event:
    """An event from its JSON.

    Raises:
        ValueError: It is none that this catalogue knows, or it breaks an invariant (`pydantic.ValidationError`).
    """
    said = from_json(raw)
    name = said.get("type") if isinstance(said, dict) else None
    if not isinstance(name, str) or name not in _CATALOGUE:
        raise ValueError(f"{name!r} is no type of event")
    return event_type(name).model_validate_json(raw)


def stream_kinds_of(types: Iterable[str]) -> frozenset[StreamKind]:
    """The kinds of stream in which events of these types sit.

    Raises:
        KeyError: A type is not in the catalogue.
    """
    return frozenset(event_type(name).STREAM_KIND for name in types)
