"""What is read at Square, as canonical events. Pure. Doors, which hear webhooks, never load it."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any, Final, TypeVar

from lockstep.canonical.order import Order
from lockstep.connectors.square import answers
from lockstep.connectors.square.catalog import translate_objects
from lockstep.connectors.square.inventory import translate_count
from lockstep.connectors.square.order import translate_order
from lockstep.connectors.square.payment import translate_payment, translate_payout, translate_refund
from lockstep.connectors.square.shipment import translate_fulfillments
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, Delivery, Notice, Said
from lockstep.messaging.lenient import required

T = TypeVar("T")

_NAMES: Final = {"catalog_object": "object", "catalog": "object"}
"""What an answer calls a resource, where that is not its own name."""


def translate_fetched(message: dict[str, Any], delivery: Delivery, zone: tzinfo) -> Iterator[Said]:
    """One resource, or a page of a list: what is in an answer says itself what it is. An empty list is one, too.

    Raises:
        MessageMalformed: It says that something went wrong, or money or identity is missing; names the field.
    """
    answer = _answer(message, delivery.topic.removeprefix(FETCHED))
    if answer is None:
        yield "an answer with nothing in it"
        return
    told_at = delivery.received_at
    for order, path in _each(answer.order, answer.orders, "order"):
        translated = translate_order(order, path, told_at=told_at, zone=zone)
        yield translated
        if isinstance(translated, Order):
            yield from translate_fulfillments(order, translated, path)
    for place, entry in enumerate(answer.order_entries or ()):
        key = required(entry.order_id, f"order_entries.{place}.order_id")
        yield Notice("order", key, None if entry.version is None else str(entry.version), delivery.received_at)
    for payment, path in _each(answer.payment, answer.payments, "payment"):
        yield translate_payment(payment, path, told_at=told_at)
    for refund, path in _each(answer.refund, answer.refunds, "refund"):
        yield translate_refund(refund, path, told_at=told_at)
    for payout, path in _each(answer.payout, answer.payouts, "payout"):
        yield translate_payout(payout, path, told_at=told_at)
    for place, count in enumerate(answer.counts or ()):
        yield translate_count(count, f"counts.{place}")
    yield from _catalog(answer, delivery)


def _answer(message: dict[str, Any], resource: str) -> answers.ApiAnswer | None:
    """What an answer holds; None for an empty list, of which nothing is said at all.

    Raises:
        MessageMalformed: It says that something went wrong.
    """
    if message.get("errors"):
        raise MessageMalformed("errors: the answer says that something went wrong")
    if set(message) & set(answers.ApiAnswer.model_fields):
        return answers.ApiAnswer.model_validate(message)
    if "id" not in message:
        return None
    # An object by itself, as somebody may have kept it.
    return answers.ApiAnswer.model_validate({_NAMES.get(resource, resource): message})


def _catalog(answer: answers.ApiAnswer, delivery: Delivery) -> Iterator[Said]:
    found = (answer.object,) if answer.object else answer.objects or ()
    path = "object" if answer.object else "objects"
    for said in translate_objects(found, answer.related_objects or (), path):
        if isinstance(said, tuple):
            parent, variation = said
            version = None if variation.version is None else str(variation.version)
            yield Notice("catalog_object", parent, version, variation.updated_at or delivery.received_at)
        else:
            yield said


def _each(one: T | None, many: tuple[T, ...] | None, name: str) -> Iterator[tuple[T, str]]:
    if one is not None:
        yield one, name
    for place, each in enumerate(many or ()):
        yield each, f"{name}s.{place}"
