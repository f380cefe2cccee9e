"""Turns Lightspeed's messages and lists into canonical events. Pure.

A webhook is a form: `payload` holds the object as JSON (API 1.0), `type` says what it is. Where only the object is
there, its fields tell.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs

from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import InventoryAdjustment, InventoryCount, InventoryLevelReport, InventoryMovement
from lockstep.connectors.lightspeed_x import models
from lockstep.connectors.lightspeed_x.articles import translate_customer, translate_product
from lockstep.connectors.lightspeed_x.sale import translate_sale
from lockstep.connectors.lightspeed_x.values import Conventions, units
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, Said, Translation, translation_of
from lockstep.messaging.lenient import fitted, identifier, read, read_object

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
        listed = read(models.Listed, delivery.body)
        return translation_of(
            (
                said
                for place, found in enumerate(listed.data)
                for said in make(found, f"data.{place}.", delivery.received_at, conventions)
            ),
            delivery,
        )
    kind, found = _sent(delivery.body)
    if kind not in _MESSAGES:
        return Translation((), ignored=(UNDECLARED + kind,))
    return translation_of(_MESSAGES[kind](found, "", delivery.received_at, conventions), delivery)


def _sent(body: bytes) -> tuple[str, _Object]:
    """What a message is, and the object it carries."""
    if body.lstrip()[:1] == b"{":
        found = read_object(body)
        return next((kind for kind, mark in _MARKS if mark in found), "unknown"), found
    try:
        form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=50)
    except (UnicodeDecodeError, ValueError) as error:
        raise MessageMalformed("the body is no form") from error
    if "payload" not in form:
        raise MessageMalformed("payload is missing")
    found = read_object(form["payload"][0].encode("utf-8", "replace"), "payload")
    named = form.get("type", [""])[0]
    return named or next((kind for kind, mark in _MARKS if mark in found), "unknown"), found


def _sales(found: _Object, path: str, received_at: datetime, conventions: Conventions) -> Iterator[Said]:
    del received_at  # it says when it was changed
    yield translate_sale(fitted(models.Sale, found, path.rstrip(".")), path, conventions)


def _products(found: _Object, path: str, received_at: datetime, conventions: Conventions) -> Iterator[Said]:
    read_as = fitted(models.Product, found, path.rstrip("."))
    product, prices = translate_product(read_as, path, conventions, received_at)
    yield product
    if prices is not None:
        yield prices


def _customers(found: _Object, path: str, received_at: datetime, conventions: Conventions) -> Iterator[Said]:
    del received_at  # it says when it was changed
    yield translate_customer(fitted(models.Customer, found, path.rstrip(".")), path, conventions)


def _inventory(found: _Object, path: str, received_at: datetime, conventions: Conventions) -> Iterator[Said]:
    """What there is. It carries a version and no time: it is true when it comes."""
    del conventions
    stock = fitted(models.Inventory, found, path.rstrip("."))
    product = identifier(stock.product_id, f"{path}product_id")
    report = InventoryLevelReport(
        document=f"{product}/{identifier(stock.version, f'{path}version')}",
        location=_place(stock.outlet_id, f"{path}outlet_id"),
        counted_at=received_at,
        counts=(
            InventoryCount(
                item=ItemReference(value=product), on_hand=units(stock.count or stock.inventory_level, f"{path}count")
            ),
        ),
    )
    yield report


def _received(found: _Object, path: str, received_at: datetime, conventions: Conventions) -> Iterator[Said]:
    """Goods of a consignment came in. Where the message does not say at which store, the level tells of them."""
    del conventions
    line = fitted(models.ConsignmentProduct, found, path.rstrip("."))
    consignment = identifier(line.consignment_id, f"{path}consignment_id")
    product = identifier(line.product_id, f"{path}product_id")
    moved = units(line.received, f"{path}received") if line.received else Decimal(0)
    if not line.outlet_id or not moved:
        yield "goods came in, and it does not say where, or none did"
        return
    adjustment = InventoryAdjustment(
        document=f"{consignment}/{identifier(line.id, f'{path}id')}",
        location=_place(line.outlet_id, f"{path}outlet_id"),
        reason="consignment",
        adjusted_at=received_at,
        movements=(InventoryMovement(item=ItemReference(value=product), delta=moved),),
    )
    yield adjustment


def _place(text: str | None, path: str) -> str:
    found = identifier(text, path)
    if "/" in found or len(found) > _LONGEST_PLACE:
        raise MessageMalformed(f"{path} is no identifier of a store")
    return found


_Make = Callable[[_Object, str, datetime, Conventions], Iterator[Said]]
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
