"""What a webhook's message becomes: a notice of what is to be read, or that something is no more."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from lockstep.canonical.customer import Customer, CustomerStatus
from lockstep.canonical.events import Event
from lockstep.canonical.notices import ResourceNotice
from lockstep.canonical.product import Product, ProductStatus
from lockstep.canonical.shipment import Shipment, ShipmentStatus
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import UNDECLARED, Delivery, Translation, event_of
from lockstep.messaging.lenient import Lenient, code
from lockstep.messaging.loosely_typed import Number, Text, mapping, record_id, required_record_id

_LONGEST_HASH: Final = 64
_NO_DATA: Final[dict[str, Any]] = {}
DELETED: Final = "deleted"
"""Version of what is no more: ids are not given again."""


class Callback(Lenient):
    """A webhook: what changed, not how."""

    scope: Text = ""
    hash: Text = ""
    created_at: Number = None
    """Unix time."""
    data: Annotated[dict[str, Any], BeforeValidator(lambda value: dict(mapping(value)))] = _NO_DATA


def translate_callback(callback: Callback, delivery: Delivery) -> Translation:
    """A notice, or an event for what was deleted.

    Raises:
        MessageMalformed: It does not name what changed.
    """
    name = _RESOURCES.get(callback.scope)
    if name is None and callback.scope not in _DELETIONS:
        return Translation((), ignored=(f"{UNDECLARED}{code(callback.scope) or 'none'}",))
    happened_at = _time(callback)
    if name is None:
        return Translation((_DELETIONS[callback.scope](callback.data, happened_at, delivery),))
    resource, key_of = name
    key = key_of(callback.data)
    is_refund = resource == "order_refund"
    notice = ResourceNotice(
        resource=resource,
        key=key,
        version=key.rpartition("/")[2] if is_refund else _version(callback, happened_at),
        notified_at=happened_at,
        delivery_id=delivery.delivery_id,
    )
    return Translation((), notices=(notice,))


def _version(callback: Callback, happened_at: datetime) -> str:
    """The hash is of `data` alone, which is the same for every change of an order: the time is part of it."""
    return f"{int(happened_at.timestamp())}/{code(callback.hash[:_LONGEST_HASH]) or 'none'}"


def _time(callback: Callback) -> datetime:
    if callback.created_at is None:
        raise MessageMalformed("created_at is missing")
    try:
        return datetime.fromtimestamp(int(callback.created_at), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise MessageMalformed("created_at is no time") from error


def _product_gone(data: Mapping[str, Any], happened_at: datetime, delivery: Delivery) -> Event:
    product = Product(id=_own(data), version=DELETED, status=ProductStatus.DELETED, changed_at=happened_at)
    return event_of(product, delivery)


def _customer_gone(data: Mapping[str, Any], happened_at: datetime, delivery: Delivery) -> Event:
    customer = Customer(id=_own(data), version=DELETED, status=CustomerStatus.DELETED, changed_at=happened_at)
    return event_of(customer, delivery)


def _shipment_gone(data: Mapping[str, Any], happened_at: datetime, delivery: Delivery) -> Event:
    shipment = Shipment(
        id=_own(data),
        version=DELETED,
        order=record_id(data.get("orderId")) or None,
        status=ShipmentStatus.CANCELLED,
        changed_at=happened_at,
    )
    return event_of(shipment, delivery)


def _key(value: object, path: str) -> str:
    try:
        return required_record_id(value)
    except ValueError as error:
        raise MessageMalformed(f"data.{path} {error}") from error


def _own(data: Mapping[str, Any]) -> str:
    return _key(data.get("id"), "id")


def _inner(name: str, field: str) -> Callable[[Mapping[str, Any]], str]:
    """The key of what an inner object names, as in `data.sku.product_id`."""
    return lambda data: _key(mapping(data.get(name)).get(field), f"{name}.{field}")


def _refund(data: Mapping[str, Any]) -> str:
    return f"{_own(data)}/{_inner('refund', 'refund_id')(data)}"


def _shipment(data: Mapping[str, Any]) -> str:
    return f"{_key(data.get('orderId'), 'orderId')}/{_own(data)}"


def _paid(data: Mapping[str, Any]) -> str:
    return _key(data.get("order_id"), "order_id")


def _level(data: Mapping[str, Any]) -> str:
    """A product's levels, or those of one variant."""
    variant = record_id(mapping(data.get("inventory")).get("variant_id"))
    product = _inner("inventory", "product_id")(data)
    return f"{product}/{variant}" if variant else product


_RESOURCES: Final[dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]]] = {
    "store/order/created": ("order", _own),
    "store/order/updated": ("order", _own),
    "store/order/archived": ("order", _own),
    "store/order/statusUpdated": ("order", _own),
    "store/order/refund/created": ("order_refund", _refund),
    "store/order/transaction/created": ("order_transactions", _paid),
    "store/order/transaction/updated": ("order_transactions", _paid),
    "store/product/created": ("product", _own),
    "store/product/updated": ("product", _own),
    "store/product/inventory/updated": ("inventory", _level),
    "store/product/inventory/order/updated": ("inventory", _level),
    "store/sku/created": ("product", _inner("sku", "product_id")),
    "store/sku/updated": ("product", _inner("sku", "product_id")),
    "store/sku/deleted": ("product", _inner("sku", "product_id")),
    "store/sku/inventory/updated": ("inventory", _level),
    "store/sku/inventory/order/updated": ("inventory", _level),
    "store/shipment/created": ("shipment", _shipment),
    "store/shipment/updated": ("shipment", _shipment),
    "store/customer/created": ("customer", _own),
    "store/customer/updated": ("customer", _own),
    "store/customer/address/created": ("customer", _inner("address", "customer_id")),
    "store/customer/address/updated": ("customer", _inner("address", "customer_id")),
    "store/customer/address/deleted": ("customer", _inner("address", "customer_id")),
}

_DELETIONS: Final[dict[str, Callable[[Mapping[str, Any], datetime, Delivery], Event]]] = {
    "store/product/deleted": _product_gone,
    "store/customer/deleted": _customer_gone,
    "store/shipment/deleted": _shipment_gone,
}
"""What is no more cannot be read, so the message is believed."""
