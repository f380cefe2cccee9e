"""Square's webhooks, and what is read at Square, as canonical events. Pure.

Webhooks about orders and the catalogue only say that something changed: they become notices, and what they are about is
read. All others carry the object.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from importlib import import_module
from typing import Any, Final

from pydantic import ValidationError

from lockstep.connectors.square import models
from lockstep.connectors.square.customer import translate_customer
from lockstep.connectors.square.gift_card import translate_activity, translate_card
from lockstep.connectors.square.inventory import translate_count
from lockstep.connectors.square.payment import (
    translate_dispute,
    translate_payment,
    translate_payout,
    translate_refund,
)
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, Notice, Said, Translation, translation_of
from lockstep.messaging.lenient import code, malformed, read_object, required

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
        said = _read(message, delivery, zone) if delivery.topic.startswith(FETCHED) else _webhook(message, delivery)
        return translation_of(said, delivery)
    except ValidationError as error:
        raise malformed(error) from error


def _read(message: dict[str, Any], delivery: Delivery, zone: tzinfo) -> Iterator[Said]:
    """What was read is translated where it is read: the door, which hears of it, does not load what that takes."""
    said: Iterator[Said] = import_module("lockstep.connectors.square.fetched").translate_fetched(
        message, delivery, zone
    )
    return said


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
