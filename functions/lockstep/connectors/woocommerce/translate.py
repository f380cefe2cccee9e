"""From what WooCommerce sends, or what was read there, to canonical events."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.woocommerce import models
from lockstep.connectors.woocommerce.shop import Shop
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, Translation
from lockstep.messaging.lenient import malformed
from lockstep.messaging.loosely_typed import mapping, required_record_id

LISTED: Final = frozenset({"order", "product", "coupon"})
"""Resources of which lists are read."""


def translate_message(delivery: Delivery, shop: Shop) -> Translation:
    """The events of a webhook, or of what was read: one resource, or a page of a list.

    Args:
        delivery: With the topic that its header named.
        shop: What the message does not say.

    Raises:
        MessageMalformed: It cannot be read, or money or identity is missing; names the field.
    """
    resource, event = _named(delivery.topic)
    if resource not in _READERS:
        return Translation((), ignored=(f"{UNDECLARED}{delivery.topic}",))
    try:
        said = from_json(delivery.body)
    except ValueError as error:
        raise MessageMalformed("the body is no JSON") from error
    if not isinstance(said, list):
        return _one(resource, event, said, delivery, shop)
    page = []
    for place, entry in enumerate(said):
        try:
            page.append(_one(resource, event, entry, delivery, shop))
        except MessageMalformed as error:
            page.append(_read_alone(resource, entry, delivery, f"{place}.{error}"))
    return _together(page)


def _read_alone(resource: str, entry: Any, delivery: Delivery, problem: str) -> Translation:
    """A notice of what cannot be read in a list: it becomes a case of its own, and the others go on.

    Raises:
        MessageMalformed: It does not say which one it is, or it is no list that was read.
    """
    try:
        key = required_record_id(mapping(entry).get("id"))
    except ValueError as error:
        raise MessageMalformed(problem) from error
    if resource not in LISTED or not delivery.topic.startswith(FETCHED):
        raise MessageMalformed(problem)
    notice = ResourceNotice(
        resource=resource, key=key, notified_at=delivery.received_at, delivery_id=delivery.delivery_id
    )
    return Translation((), notices=(notice,))


def _named(topic: str) -> tuple[str, str]:
    if topic.startswith(FETCHED):
        return topic.removeprefix(FETCHED), "fetched"
    resource, _, event = topic.partition(".")
    return resource, event


def _one(resource: str, event: str, said: Any, delivery: Delivery, shop: Shop) -> Translation:
    if not isinstance(said, dict):
        raise MessageMalformed("the resource is no object")
    try:
        if event == "deleted":
            return _deleted(resource, models.Deleted.model_validate(said), delivery)
        return _READERS[resource](said, delivery, shop)
    except ValidationError as error:
        raise malformed(error) from error


def _deleted(resource: str, gone: models.Deleted, delivery: Delivery) -> Translation:
    """Orders, products and coupons go to the trash, where they can be read; a customer is gone at once."""
    if resource == "customer":
        return _translated("customer.translate_deleted_customer", gone, delivery)
    notice = ResourceNotice(
        resource=resource, key=gone.id, notified_at=delivery.received_at, delivery_id=delivery.delivery_id
    )
    return Translation((), notices=(notice,))


def _together(translations: list[Translation]) -> Translation:
    return Translation(
        events=tuple(event for translation in translations for event in translation.events),
        ignored=tuple(reason for translation in translations for reason in translation.ignored),
        notices=tuple(notice for translation in translations for notice in translation.notices),
    )


def _translated(named: str, *arguments: Any) -> Translation:
    """What a function of a module beside this one makes of it: it is loaded when the first of its kind comes."""
    module, _, function = named.partition(".")
    translate = getattr(import_module(f"lockstep.connectors.woocommerce.{module}"), function)
    translation: Translation = translate(*arguments)
    return translation


def _order(said: Mapping[str, Any], delivery: Delivery, shop: Shop) -> Translation:
    return _translated("order.translate_order", models.Order.model_validate(said), delivery, shop)


def _refund(said: Mapping[str, Any], delivery: Delivery, shop: Shop) -> Translation:
    return _translated("refund.translate_refund", said, delivery, shop)


def _product(said: Mapping[str, Any], delivery: Delivery, shop: Shop) -> Translation:
    return _translated("product.translate_product", models.Product.model_validate(said), delivery, shop)


def _variation(said: Mapping[str, Any], delivery: Delivery, shop: Shop) -> Translation:
    return _product({**said, "type": "variation"}, delivery, shop)


def _customer(said: Mapping[str, Any], delivery: Delivery, shop: Shop) -> Translation:
    return _translated("customer.translate_customer", models.Customer.model_validate(said), delivery, shop)


def _coupon(said: Mapping[str, Any], delivery: Delivery, shop: Shop) -> Translation:
    return _translated("coupon.translate_coupon", models.Coupon.model_validate(said), delivery, shop)


def _tracking(said: Mapping[str, Any], delivery: Delivery, shop: Shop) -> Translation:
    del shop
    return _translated("shipment.translate_tracking", models.ShipmentTracking.model_validate(said), delivery)


_Read = Callable[[Mapping[str, Any], Delivery, Shop], Translation]
_READERS: Final[dict[str, _Read]] = {
    "order": _order,
    "order_refund": _refund,
    "product": _product,
    "product_variation": _variation,
    "customer": _customer,
    "coupon": _coupon,
    "shipment_tracking": _tracking,
}
