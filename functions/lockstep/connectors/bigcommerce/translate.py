"""From what BigCommerce sends, or what was read there, to notices and canonical events."""

from importlib import import_module
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from lockstep.connectors.bigcommerce.callback import Callback, translate_callback
from lockstep.connectors.bigcommerce.values import json_object
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, Delivery, Translation
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
            return translate_callback(Callback.model_validate(json_object(said)), delivery)
        return _fetched(delivery.topic.removeprefix(FETCHED), said, delivery, currency)
    except ValidationError as error:
        raise malformed(error) from error


def _fetched(resource: str, said: Any, delivery: Delivery, currency: str | None) -> Translation:
    module = import_module("lockstep.connectors.bigcommerce.fetched")
    translation: Translation = module.translate_fetched(resource, said, delivery, currency)
    return translation
