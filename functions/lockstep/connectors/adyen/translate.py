"""Adyen's webhooks as canonical events. Pure.

A standard webhook holds several items, each with a code; all other webhooks hold one happening with a type, and tell of
tokens, set-up and platforms: none of that is an event here.
"""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError
from pydantic_core import from_json

from lockstep.canonical.events import DisputeReported, Event, PaymentRecorded
from lockstep.canonical.payment import Dispute, Payment
from lockstep.connectors.adyen.dispute import DISPUTES, translate_dispute, translate_money
from lockstep.connectors.adyen.models import Item, Notification
from lockstep.connectors.adyen.payment import MOVEMENTS, translate_movement
from lockstep.connectors.adyen.values import code, problem_of, required
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import UNDECLARED, Delivery, Translation

_EVENTS: Final[dict[type[Payment | Dispute], type[Event]]] = {Payment: PaymentRecorded, Dispute: DisputeReported}
_TERMINAL: Final = ("SaleToPOIRequest", "SaleToPOIResponse")


def translate_delivery(delivery: Delivery) -> Translation:
    """Events and reasons of one message.

    Raises:
        MessageMalformed: It is no JSON object, or what money or identity needs is missing; names the field.
    """
    try:
        message = from_json(delivery.body)
    except ValueError as error:
        raise MessageMalformed("the message is no JSON") from error
    if not isinstance(message, dict):
        raise MessageMalformed("the message is no JSON object")
    if any(name in message for name in _TERMINAL):
        return Translation((), (f"{UNDECLARED}a terminal's message to its till",))
    try:
        notification = Notification.model_validate(message)
        return _translation(notification, delivery)
    except ValidationError as error:
        raise MessageMalformed(problem_of(error)) from error


def _translation(notification: Notification, delivery: Delivery) -> Translation:
    if notification.items is None:
        kind = required(notification.type, "notificationItems, or type,")
        return Translation((), (UNDECLARED + (code(kind) or ""),))
    events: dict[str, Event] = {}
    ignored: list[str] = []
    for place, holder in enumerate(notification.items):
        path = f"notificationItems.{place}.NotificationRequestItem"
        for said in _said(required(holder.item, path), path):
            if isinstance(said, str):
                ignored.append(said)
            else:
                event = _enveloped(said, delivery)
                events.setdefault(event.id, event)
    return Translation(tuple(events.values()), tuple(dict.fromkeys(ignored)))


def _said(item: Item, path: str) -> Iterator[Payment | Dispute | str]:
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


def _enveloped(data: Payment | Dispute, delivery: Delivery) -> Event:
    return _EVENTS[type(data)].create(
        data,
        source=delivery.account,
        received_at=delivery.received_at,
        causation_id=f"{delivery.account}/{delivery.delivery_id}",
    )
