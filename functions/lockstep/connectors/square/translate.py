"""Square's webhooks, and what is read at Square, as canonical events. Pure.

Webhooks about orders and the catalogue only say that something changed: they become notices, and what they are about is
read. All others carry the object.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from lockstep.canonical.order import Order
from lockstep.connectors.square import models
from lockstep.connectors.square.catalog import translate_objects
from lockstep.connectors.square.customer import translate_customer
from lockstep.connectors.square.gift_card import translate_activity, translate_card
from lockstep.connectors.square.inventory import translate_count
from lockstep.connectors.square.order import translate_order
from lockstep.connectors.square.payment import (
    translate_dispute,
    translate_payment,
    translate_payout,
    translate_refund,
)
from lockstep.connectors.square.shipment import translate_fulfillments
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, Notice, Said, Translation, translation_of
from lockstep.messaging.lenient import code, malformed, read_object, required

T = TypeVar("T")


_TEST: Final = "webhooks.test_notification"


def translate_delivery(delivery: Delivery, zone: tzinfo) -> Translation:
    """Events, notices and reasons of one webhook, or of one answer that we read.

    Args:
        delivery: The message.
        zone: Where the seller's day begins and ends.

    Raises:
        MessageMalformed: It is no JSON object, or what money or identity needs is missing; names the field.
    """
    if delivery.topic.startswith(FETCHED) and not delivery.body:
        return Translation((), (f"{delivery.topic.removeprefix(FETCHED)} is no longer there",))
    message = read_object(delivery.body)
    try:
        said = _fetched(message, delivery, zone) if delivery.topic.startswith(FETCHED) else _webhook(message, delivery)
        return translation_of(said, delivery)
    except ValidationError as error:
        raise malformed(error) from error


def _webhook(message: dict[str, Any], delivery: Delivery) -> Iterator[Said]:
    head = models.WebhookHead.model_validate(message)
    topic = required(head.type, "type")
    if topic == _TEST:
        yield "a test notification"
        return
    read = _TOPICS.get(topic)
    if read is None:
        yield UNDECLARED + (code(topic) or "")
        return
    webhook = models.Webhook.model_validate(message)
    carried = (webhook.data.object if webhook.data else None) or models.Carried()
    yield from read(webhook, carried, delivery.received_at)


def _order_notice(webhook: models.Webhook, carried: models.Carried, received_at: datetime) -> Iterator[Said]:
    told = (
        ("order_created", carried.order_created),
        ("order_updated", carried.order_updated),
        ("order_fulfillment_updated", carried.order_fulfillment_updated),
    )
    name, notice = next(((name, part) for name, part in told if part is not None), ("order_updated", None))
    order = notice.order_id if notice else None
    key = required(order or (webhook.data.id if webhook.data else None), f"data.object.{name}.order_id")
    version = None if notice is None or notice.version is None else str(notice.version)
    at = (notice.updated_at if notice else None) or webhook.created_at or received_at
    yield Notice("order", key, version, at)


def _catalog_notice(webhook: models.Webhook, carried: models.Carried, _received_at: datetime) -> Iterator[Said]:
    updated = carried.catalog_version.updated_at if carried.catalog_version else None
    at = required(updated, "data.object.catalog_version.updated_at")
    yield Notice("catalog", code(webhook.merchant_id) or "catalog", at.isoformat(), at)


def _payment(webhook: models.Webhook, carried: models.Carried, received_at: datetime) -> Iterator[Said]:
    payment = required(carried.payment, "data.object.payment")
    yield translate_payment(payment, "data.object.payment", told_at=webhook.created_at or received_at)


def _refund(webhook: models.Webhook, carried: models.Carried, received_at: datetime) -> Iterator[Said]:
    refund = required(carried.refund, "data.object.refund")
    yield translate_refund(refund, "data.object.refund", told_at=webhook.created_at or received_at)


def _payout(webhook: models.Webhook, carried: models.Carried, received_at: datetime) -> Iterator[Said]:
    payout = required(carried.payout, "data.object.payout")
    yield translate_payout(payout, "data.object.payout", told_at=webhook.created_at or received_at)


def _dispute(webhook: models.Webhook, carried: models.Carried, received_at: datetime) -> Iterator[Said]:
    dispute = required(carried.dispute, "data.object.dispute")
    yield translate_dispute(dispute, "data.object.dispute", told_at=webhook.created_at or received_at)


def _counts(_webhook: models.Webhook, carried: models.Carried, _received_at: datetime) -> Iterator[Said]:
    counts = required(carried.inventory_counts, "data.object.inventory_counts")
    for place, count in enumerate(counts):
        yield translate_count(count, f"data.object.inventory_counts.{place}")


def _gift_card(webhook: models.Webhook, carried: models.Carried, _received_at: datetime) -> Iterator[Said]:
    card = required(carried.gift_card, "data.object.gift_card")
    yield translate_card(card, required(webhook.created_at, "created_at"), "data.object.gift_card")


def _activity(_webhook: models.Webhook, carried: models.Carried, _received_at: datetime) -> Iterator[Said]:
    activity = required(carried.gift_card_activity, "data.object.gift_card_activity")
    yield translate_activity(activity, "data.object.gift_card_activity")


def _customer(webhook: models.Webhook, carried: models.Carried, _received_at: datetime) -> Iterator[Said]:
    customer = required(carried.customer, "data.object.customer")
    is_deleted = webhook.type == "customer.deleted"
    yield translate_customer(customer, "data.object.customer", told_at=webhook.created_at, is_deleted=is_deleted)


_Read = Callable[[models.Webhook, models.Carried, datetime], Iterator[Said]]
_TOPICS: Final[dict[str, _Read]] = {
    "order.created": _order_notice,
    "order.updated": _order_notice,
    "order.fulfillment.updated": _order_notice,
    "catalog.version.updated": _catalog_notice,
    "payment.created": _payment,
    "payment.updated": _payment,
    "refund.created": _refund,
    "refund.updated": _refund,
    "inventory.count.updated": _counts,
    "payout.sent": _payout,
    "payout.paid": _payout,
    "payout.failed": _payout,
    "gift_card.created": _gift_card,
    "gift_card.updated": _gift_card,
    "gift_card.activity.created": _activity,
    "gift_card.activity.updated": _activity,
    "dispute.created": _dispute,
    "dispute.state.updated": _dispute,
    "dispute.state.changed": _dispute,
    "dispute.evidence.created": _dispute,
    "dispute.evidence.added": _dispute,
    "dispute.evidence.deleted": _dispute,
    "dispute.evidence.removed": _dispute,
    "customer.created": _customer,
    "customer.updated": _customer,
    "customer.deleted": _customer,
}


_NAMES: Final = {"catalog_object": "object", "catalog": "object"}
"""What an answer calls a resource, where that is not its own name."""


def _fetched(message: dict[str, Any], delivery: Delivery, zone: tzinfo) -> Iterator[Said]:
    """One resource, or a page of a list: what is in an answer says itself what it is. An empty list is one, too."""
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


def _answer(message: dict[str, Any], resource: str) -> models.ApiAnswer | None:
    """What an answer holds; None for an empty list, of which nothing is said at all.

    Raises:
        MessageMalformed: It says that something went wrong.
    """
    if message.get("errors"):
        raise MessageMalformed("errors: the answer says that something went wrong")
    if set(message) & set(models.ApiAnswer.model_fields):
        return models.ApiAnswer.model_validate(message)
    if "id" not in message:
        return None
    # An object by itself, as somebody may have kept it.
    return models.ApiAnswer.model_validate({_NAMES.get(resource, resource): message})


def _catalog(answer: models.ApiAnswer, delivery: Delivery) -> Iterator[Said]:
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
