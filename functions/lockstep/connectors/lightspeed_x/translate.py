"""Turns Lightspeed's messages and lists into canonical events. Pure.

A webhook is a form: `payload` holds the object as JSON (API 1.0), `type` says what it is. Where only the object is
there, its fields tell.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from lockstep.canonical.events import (
    CustomerReported,
    DocumentUnbalanced,
    Event,
    InventoryAdjusted,
    InventoryLevelReported,
    OrderReported,
    PriceReported,
    ProductReported,
)
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import InventoryAdjustment, InventoryCount, InventoryLevelReport, InventoryMovement
from lockstep.canonical.order import Order
from lockstep.connectors.lightspeed_x import models
from lockstep.connectors.lightspeed_x.articles import translate_customer, translate_product
from lockstep.connectors.lightspeed_x.sale import translate_sale
from lockstep.connectors.lightspeed_x.values import Conventions, units
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, Translation
from lockstep.messaging.lenient import identifier, malformed

M = TypeVar("M", bound=BaseModel)

_Object = dict[str, Any]
_LONGEST_PLACE: Final = 64
_MARKS: Final = (
    ("sale.update", "register_sale_products"),
    ("consignment.receive", "consignment_id"),
    ("inventory.update", "reorder_point"),
    ("customer.update", "customer_code"),
    ("product.update", "handle"),
)
"""A field that only one kind of object has."""


def translate_message(delivery: Delivery, conventions: Conventions) -> Translation:
    """What a message or a list says.

    Raises:
        MessageMalformed: It cannot be read, or lacks what identity or money needs; names the field.
    """
    if delivery.topic.startswith(FETCHED):
        make = _LISTED[delivery.topic.removeprefix(FETCHED)]
        listed = _model(models.Listed, _json(delivery.body), "")
        events = [
            event
            for place, found in enumerate(listed.data)
            for event in make(found, f"data.{place}.", delivery, conventions)
        ]
        return Translation(tuple(events))
    kind, found = _sent(delivery.body)
    if kind not in _MESSAGES:
        return Translation((), ignored=(UNDECLARED + kind,))
    events = list(_MESSAGES[kind](found, "", delivery, conventions))
    return Translation(tuple(events), ignored=() if events else ("it says nothing that is not known",))


def _sent(body: bytes) -> tuple[str, _Object]:
    """What a message is, and the object it carries."""
    if body.lstrip()[:1] == b"{":
        found = _json(body)
        return next((kind for kind, mark in _MARKS if mark in found), "unknown"), found
    try:
        form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=50)
    except (UnicodeDecodeError, ValueError) as error:
        raise MessageMalformed("the body is no form") from error
    if "payload" not in form:
        raise MessageMalformed("payload is missing")
    found = _json(form["payload"][0].encode("utf-8", "replace"))
    named = form.get("type", [""])[0]
    return named or next((kind for kind, mark in _MARKS if mark in found), "unknown"), found


def _json(text: bytes) -> _Object:
    try:
        found = from_json(text)
    except ValueError as error:
        raise MessageMalformed("payload is no JSON") from error
    if not isinstance(found, dict):
        raise MessageMalformed("payload is no object")
    return found


def _model(model: type[M], found: _Object, path: str) -> M:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise malformed(error, path.rstrip(".")) from error


def _sales(found: _Object, path: str, delivery: Delivery, conventions: Conventions) -> Iterator[Event]:
    data = translate_sale(_model(models.Sale, found, path), path, conventions)
    yield _event(OrderReported if isinstance(data, Order) else DocumentUnbalanced, data, delivery)


def _products(found: _Object, path: str, delivery: Delivery, conventions: Conventions) -> Iterator[Event]:
    product, prices = translate_product(_model(models.Product, found, path), path, conventions)
    yield _event(ProductReported, product, delivery)
    if prices is not None:
        yield _event(PriceReported, prices, delivery)


def _customers(found: _Object, path: str, delivery: Delivery, conventions: Conventions) -> Iterator[Event]:
    yield _event(
        CustomerReported, translate_customer(_model(models.Customer, found, path), path, conventions), delivery
    )


def _inventory(found: _Object, path: str, delivery: Delivery, conventions: Conventions) -> Iterator[Event]:
    """What there is. It carries a version and no time: it is true when it comes."""
    del conventions
    stock = _model(models.Inventory, found, path)
    product = identifier(stock.product_id, f"{path}product_id")
    report = InventoryLevelReport(
        document=f"{product}/{identifier(stock.version, f'{path}version')}",
        location=_place(stock.outlet_id, f"{path}outlet_id"),
        counted_at=delivery.received_at,
        counts=(
            InventoryCount(
                item=ItemReference(value=product), on_hand=units(stock.count or stock.inventory_level, f"{path}count")
            ),
        ),
    )
    yield _event(InventoryLevelReported, report, delivery)


def _received(found: _Object, path: str, delivery: Delivery, conventions: Conventions) -> Iterator[Event]:
    """Goods of a consignment came in. Where the message does not say at which store, the level tells of them."""
    del conventions
    line = _model(models.ConsignmentProduct, found, path)
    consignment = identifier(line.consignment_id, f"{path}consignment_id")
    product = identifier(line.product_id, f"{path}product_id")
    moved = units(line.received, f"{path}received")
    if not line.outlet_id or not moved:
        return
    adjustment = InventoryAdjustment(
        document=f"{consignment}/{identifier(line.id, f'{path}id')}",
        location=_place(line.outlet_id, f"{path}outlet_id"),
        reason="consignment",
        adjusted_at=delivery.received_at,
        movements=(InventoryMovement(item=ItemReference(value=product), delta=moved),),
    )
    yield _event(InventoryAdjusted, adjustment, delivery)


def _place(text: str | None, path: str) -> str:
    found = identifier(text, path)
    if "/" in found or len(found) > _LONGEST_PLACE:
        raise MessageMalformed(f"{path} is no identifier of a store")
    return found


def _event(kind: type[Event], data: object, delivery: Delivery) -> Event:
    return kind.create(
        data, source=delivery.account, received_at=delivery.received_at, causation_id=delivery.delivery_id
    )


_Make = Callable[[_Object, str, Delivery, Conventions], Iterator[Event]]
_MESSAGES: Final[dict[str, _Make]] = {
    "sale.update": _sales,
    "product.update": _products,
    "customer.update": _customers,
    "inventory.update": _inventory,
    "consignment.receive": _received,
}
_LISTED: Final[dict[str, _Make]] = {
    "sale": _sales,
    "product": _products,
    "customer": _customers,
    "inventory": _inventory,
}
