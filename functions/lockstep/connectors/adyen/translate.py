"""Adyen's webhooks as canonical events. Pure.

A standard webhook holds several items, each with a code; all other webhooks hold one happening with a type, and tell of
tokens, set-up and platforms: none of that is an event here.
"""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from lockstep.connectors.adyen.dispute import DISPUTES, translate_dispute, translate_money
from lockstep.connectors.adyen.models import Item, Notification
from lockstep.connectors.adyen.payment import MOVEMENTS, translate_movement
from lockstep.connectors.adyen.values import code
from lockstep.messaging.inbound import UNDECLARED, Delivery, Said, Translation, translation_of
from lockstep.messaging.lenient import malformed, read_object, required

_TERMINAL: Final = ("SaleToPOIRequest", "SaleToPOIResponse")


def translate_delivery(delivery: Delivery) -> Translation:
    """Events and reasons of one message.

    Raises:
        MessageMalformed: It is no JSON object, or what money or identity needs is missing; names the field.
    """
    message = read_object(delivery.body)
    if any(name in message for name in _TERMINAL):
        return Translation((), (f"{UNDECLARED}a terminal's message to its till",))
    try:
        return translation_of(_said(Notification.model_validate(message)), delivery)
    except ValidationError as error:
        raise malformed(error) from error


def _said(notification: Notification) -> Iterator[Said]:
    if notification.items is None:
        kind = required(notification.type, "notificationItems, or type,")
        yield UNDECLARED + (code(kind) or "")
        return
    for place, holder in enumerate(notification.items):
        path = f"notificationItems.{place}.NotificationRequestItem"
        yield from _said_by(required(holder.item, path), path)


def _said_by(item: Item, path: str) -> Iterator[Said]:
    event_code = required(item.event_code, f"{path}.eventCode")
    if event_code in MOVEMENTS:
        yield translate_movement(item, path)
    elif event_code in DISPUTES:
        money = translate_money(item, path)
        if money is not None:
            yield money
        yield translate_dispute(item, path)
    else:
        yield UNDECLARED + (code(event_code) or "")
