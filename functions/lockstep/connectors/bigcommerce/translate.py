"""From what BigCommerce sends, or what was read there, to notices and canonical events."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from lockstep.connectors.bigcommerce import models
from lockstep.connectors.bigcommerce.callback import translate_callback
from lockstep.connectors.bigcommerce.customer import translate_customer
from lockstep.connectors.bigcommerce.inventory import translate_inventory
from lockstep.connectors.bigcommerce.order import notice_of, translate_order
from lockstep.connectors.bigcommerce.product import translate_product
from lockstep.connectors.bigcommerce.refund import translate_refund
from lockstep.connectors.bigcommerce.shipment import translate_shipment
from lockstep.connectors.bigcommerce.transaction import translate_transactions
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, Translation
from lockstep.messaging.lenient import malformed


def translate_message(delivery: Delivery, currency: str | None) -> Translation:
    """The notice of a webhook, or the events of what was read: one resource, or a page of a list.

    Args:
        delivery: As verified, or as read.
        currency: Of the account, for amounts that name none.

    Raises:
        MessageMalformed: It cannot be read, or money or identity is missing; names the field.
    """
    try:
        said = from_json(delivery.body)
    except ValueError as error:
        raise MessageMalformed("the body is no JSON") from error
    try:
        if not delivery.topic.startswith(FETCHED):
            return translate_callback(models.Callback.model_validate(_object(said)), delivery)
        return _read(delivery.topic.removeprefix(FETCHED), said, delivery, currency)
    except ValidationError as error:
        raise malformed(error) from error


def _read(resource: str, said: Any, delivery: Delivery, currency: str | None) -> Translation:
    if resource == "order" and isinstance(said, list):
        return Translation((), notices=tuple(notice_of(_object(order), delivery) for order in said))
    if resource == "inventory":
        return translate_inventory({"data": said} if isinstance(said, list) else _object(said), delivery)
    if resource == "order_transactions":
        return translate_transactions([_object(entry) for entry in _entries(said)], delivery)
    one = _ONE.get(resource)
    if one is None:
        return Translation((), ignored=(f"{UNDECLARED}{delivery.topic}",))
    return _together([one(_object(entry), delivery, currency) for entry in _entries(said)])


def _entries(said: Any) -> list[Any]:
    """The resources of an answer: V3 wraps one, or a page of them, in `data`."""
    if isinstance(said, list):
        return said
    data = _object(said).get("data")
    if isinstance(data, list):
        return data
    return [data if isinstance(data, dict) else said]


def _object(said: Any) -> Mapping[str, Any]:
    if not isinstance(said, dict):
        raise MessageMalformed("the resource is no object")
    return said


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
