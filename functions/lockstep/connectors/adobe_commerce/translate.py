"""From what Commerce sends, or what was read there, to notices and canonical events."""

from datetime import datetime
from importlib import import_module
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.adobe_commerce.fields import Fields
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, Translation
from lockstep.messaging.lenient import code

_SOURCES: Final = ("observer.", "plugin.")
_SAVED: Final = {
    "observer.sales_order": "order",
    "observer.sales_order_invoice": "invoice",
    "observer.sales_order_creditmemo": "credit_memo",
    "observer.sales_order_shipment": "shipment",
    "observer.catalog_product": "product",
    "observer.customer": "customer",
    "plugin.magento.sales.api.order_management.place": "order",
}
"""What is saved, by the event's name before `_save_after`, `_save_commit_after` or `_place_after`."""
_ENDINGS: Final = ("_save_after", "_save_commit_after", "_place_after")
_FORGOTTEN: Final = frozenset({"observer.catalog_product", "observer.customer"})
"""What is told of when it is deleted."""
_DELETED: Final = ("_delete_after", "_delete_commit_after")
_RESOURCES: Final = frozenset(_SAVED.values())
_LEVELS: Final = "plugin.magento.inventory_api.api.source_items_save.execute"
_ASKS: Final = "a hook that asks before something is saved: nothing has happened"


def translate_message(delivery: Delivery, currency: str | None) -> Translation:
    """The events of a message, or of what was read: one resource, or a page of a list.

    Args:
        delivery: As verified, or as read.
        currency: Of the account, for prices, which name none.

    Raises:
        MessageMalformed: It cannot be read, or money or identity is missing; names the field.
    """
    try:
        said = from_json(delivery.body)
    except ValueError as error:
        raise MessageMalformed("the body is no JSON") from error
    try:
        if delivery.topic.startswith(FETCHED):
            return _read(delivery.topic.removeprefix(FETCHED), said, delivery, currency)
        if isinstance(said, list):
            return _together([_message(entry, delivery, currency, f"{place}") for place, entry in enumerate(said)])
        return _message(said, delivery, currency, "")
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(step) for step in found["loc"]) or "the message"
        raise MessageMalformed(f"{path}: {found['msg'].removeprefix('Value error, ')}") from error


def _read(resource: str, said: Any, delivery: Delivery, currency: str | None) -> Translation:
    if resource not in _RESOURCES:
        return Translation((), ignored=(f"{UNDECLARED}{delivery.topic}",))
    found = _object(said, "")
    if not found.has("total_count"):
        return _resource(resource, found, delivery, currency)
    return _together([_of_list(resource, entry, delivery, currency) for entry in found.list("items")])


def _of_list(resource: str, entry: Fields, delivery: Delivery, currency: str | None) -> Translation:
    """What one of a list becomes; one that cannot be read is read alone, as a case of its own: the others go on."""
    try:
        return _resource(resource, entry, delivery, currency)
    except (MessageMalformed, ValidationError):
        return Translation((), notices=(_notice(resource, entry, delivery, delivery.received_at),))


def _message(said: Any, delivery: Delivery, currency: str | None, path: str) -> Translation:
    """An event of I/O Events (CloudEvents 1.0), or the body of a webhook, which names no type."""
    whole = _object(said, path)
    event = whole.inner("event") if not whole.has("type") and whole.has("event") else whole
    value = event.inner("data").inner("value")
    name = _name(event.text("type"))
    if not name:
        return _unnamed(value if event.inner("data").has("value") else whole, delivery, currency)
    if name == _LEVELS:
        happened_at = event.time("time")
        document = code(event.text("id")) or happened_at.isoformat()
        return Translation(_module("inventory").level_events(value, delivery, happened_at, document))
    saved = next((_SAVED.get(name.removesuffix(end)) for end in _ENDINGS if name.endswith(end)), _SAVED.get(name))
    if saved:
        return _saved(saved, value, delivery, currency, event)
    gone = next((name.removesuffix(end) for end in _DELETED if name.endswith(end)), "")
    if gone in _FORGOTTEN:
        return Translation((_module(_SAVED[gone]).deleted(value, delivery, event.time("time")),))
    return Translation((), ignored=(f"{UNDECLARED}{code(name)}",))


def _name(written: str) -> str:
    """An event's name without what Adobe, and an instance, put before it: `com.adobe.commerce.`"""
    places = [place for source in _SOURCES if (place := written.find(source)) >= 0]
    return written[min(places) :] if places else code(written) or ""


def _saved(resource: str, value: Fields, delivery: Delivery, currency: str | None, event: Fields) -> Translation:
    """The events of what was saved, or a notice where a subscription selects less than they need."""
    if _module(resource).is_whole(value):
        return _resource(resource, value, delivery, currency)
    happened_at = event.optional_time("time") or delivery.received_at
    return Translation((), notices=(_notice(resource, value, delivery, happened_at),))


def _notice(resource: str, value: Fields, delivery: Delivery, happened_at: datetime) -> ResourceNotice:
    if resource == "product":
        key = code(value.text("sku"))
        if key is None:
            raise MessageMalformed(f"{value.at('sku')} is missing")
    else:
        key = _module("order").key_of(value) if resource == "order" else value.key("entity_id", "id")
    return ResourceNotice(resource=resource, key=key, notified_at=happened_at, delivery_id=delivery.delivery_id)


def _unnamed(value: Fields, delivery: Delivery, currency: str | None) -> Translation:
    """A message without a type, by what it holds: a webhook names an object that it is about, or just sends it."""
    for resource in ("order", "product", "customer"):
        if value.holds_only(resource):
            inner = value.inner(resource)
            if _module(resource).is_whole(inner):
                return _resource(resource, inner, delivery, currency)
            return Translation((), ignored=(_ASKS,))
    if value.has("order_id") and value.has("base_grand_total") and value.has("items"):
        is_memo = value.has("adjustment_positive") or value.has("adjustment") or value.has("creditmemo_status")
        return _resource("credit_memo" if is_memo else "invoice", value, delivery, currency)
    if _module("order").is_whole(value):
        return _resource("order", value, delivery, currency)
    return Translation((), ignored=(f"{UNDECLARED}none",))


def _resource(resource: str, value: Fields, delivery: Delivery, currency: str | None) -> Translation:
    translation: Translation = _module(resource).reported(value, delivery, currency)
    return translation


def _object(said: Any, path: str) -> Fields:
    if not isinstance(said, dict):
        raise MessageMalformed(f"{path or 'the body'} is no object")
    return Fields(said, path)


def _together(translations: list[Translation]) -> Translation:
    return Translation(
        events=tuple(event for translation in translations for event in translation.events),
        ignored=tuple(reason for translation in translations for reason in translation.ignored),
        notices=tuple(notice for translation in translations for notice in translation.notices),
    )


def _module(resource: str) -> Any:
    """The module of a resource, with `is_whole` and `reported`: it is loaded when the first of its kind comes."""
    return import_module(f"lockstep.connectors.adobe_commerce.{resource}")
