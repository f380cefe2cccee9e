"""From what was read at BigCommerce to canonical events. Doors, which hear callbacks, never load it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from lockstep.connectors.bigcommerce.customer import translate_customer
from lockstep.connectors.bigcommerce.inventory import translate_inventory
from lockstep.connectors.bigcommerce.order import notice_of, translate_order
from lockstep.connectors.bigcommerce.product import translate_product
from lockstep.connectors.bigcommerce.refund import translate_refund
from lockstep.connectors.bigcommerce.shipment import translate_shipment
from lockstep.connectors.bigcommerce.transaction import translate_transactions
from lockstep.connectors.bigcommerce.values import json_object
from lockstep.messaging.inbound import UNDECLARED, Delivery, Translation


def translate_fetched(resource: str, said: Any, delivery: Delivery, currency: str | None) -> Translation:
    """The events of one resource, or of a page of a list.

    Raises:
        MessageMalformed: It cannot be read, or money or identity is missing; names the field.
    """
    if resource == "order" and isinstance(said, list):
        return Translation((), notices=tuple(notice_of(json_object(order), delivery) for order in said))
    if resource == "inventory":
        return translate_inventory({"data": said} if isinstance(said, list) else json_object(said), delivery)
    if resource == "order_transactions":
        return translate_transactions([json_object(entry) for entry in _entries(said)], delivery)
    one = _ONE.get(resource)
    if one is None:
        return Translation((), ignored=(f"{UNDECLARED}{delivery.topic}",))
    return _together([one(json_object(entry), delivery, currency) for entry in _entries(said)])


def _entries(said: Any) -> list[Any]:
    """The resources of an answer: V3 wraps one, or a page of them, in `data`."""
    if isinstance(said, list):
        return said
    data = json_object(said).get("data")
    if isinstance(data, list):
        return data
    return [data if isinstance(data, dict) else said]


def _together(translations: list[Translation]) -> Translation:
    return Translation(
        events=tuple(event for translation in translations for event in translation.events),
        ignored=tuple(reason for translation in translations for reason in translation.ignored),
    )


def _shipment(said: Mapping[str, Any], delivery: Delivery, currency: str | None) -> Translation:
    del currency  # it names no amount
    return translate_shipment(said, delivery)


def _customer(said: Mapping[str, Any], delivery: Delivery, currency: str | None) -> Translation:
    del currency
    return translate_customer(said, delivery)


_ONE: Final[dict[str, Callable[[Mapping[str, Any], Delivery, str | None], Translation]]] = {
    "order": translate_order,
    "order_refund": translate_refund,
    "product": translate_product,
    "shipment": _shipment,
    "customer": _customer,
}
