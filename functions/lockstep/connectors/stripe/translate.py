"""Stripe's events, and what is read at Stripe, as canonical events. Pure.

A snapshot event carries the object as it was. A thin event only names it: it becomes a notice, and the object is read.
What translates a kind of object is loaded when the first of it comes.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final

from pydantic import ValidationError

from lockstep.connectors.stripe import models
from lockstep.connectors.stripe.happening import Happening, key_of
from lockstep.connectors.stripe.values import moment_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, Notice, Said, Translation, translation_of
from lockstep.messaging.lenient import code, malformed, read_object, required

RESOURCES: Final = {
    "charge": "charge",
    "payment_intent": "payment_intent",
    "refund": "refund",
    "dispute": "dispute",
    "payout": "payout",
    "checkout.session": "checkout_session",
    "invoice": "invoice",
    "product": "product",
    "price": "price",
    "customer": "customer",
}
"""What thin events may be about, and how we call it."""
_OBJECT: Final = "data.object"


def translate_delivery(delivery: Delivery, *, takes_tests: bool = False) -> Translation:
    """Events, notices and reasons of one webhook, or of one answer that we read.

    Args:
        delivery: It, verified.
        takes_tests: Test events of connected accounts count.

    Raises:
        MessageMalformed: It is no JSON object, or what money or identity needs is missing; names the field.
    """
    is_read = delivery.topic.startswith(FETCHED)
    if is_read and not delivery.body:
        return Translation((), (f"{delivery.topic.removeprefix(FETCHED)} is no longer there",))
    message = read_object(delivery.body)
    try:
        read = _read if is_read else _event
        return translation_of(read(message, "", takes_tests=takes_tests), delivery)
    except ValidationError as error:
        raise malformed(error) from error


# ---- webhooks ----


def _event(message: dict[str, Any], path: str, *, takes_tests: bool) -> Iterator[Said]:
    event = models.Event.model_validate(message)
    topic = required(event.type, f"{path}type")
    account = event.account or event.context
    if account and event.livemode is False and not takes_tests:
        # Stripe's documentation, Connect webhooks: those go to a platform's live address, too.
        yield "a test event of a connected account"
        return
    if event.object == "v2.core.event" or topic.startswith(("v1.", "v2.")):
        yield from _thin(event, topic, path)
        return
    hear = _TOPICS.get(topic)
    if hear is None:
        yield UNDECLARED + (code(topic) or "")
        return
    carried = required(event.data.object if event.data else None, f"{path}{_OBJECT}")
    happening = Happening(
        topic=topic,
        id=required(event.id, f"{path}id"),
        account=account,
        at=moment_of(event.created, f"{path}created"),
        before=(event.data.previous_attributes if event.data else None) or {},
    )
    yield from _by(hear)(carried, f"{path}{_OBJECT}", happening)


def _thin(event: models.Event, topic: str, path: str) -> Iterator[Said]:
    related = event.related_object
    resource = RESOURCES.get(related.type or "") if related else None
    if resource is None or related is None:
        yield UNDECLARED + (code(topic) or "")
        return
    key = key_of(required(related.id, f"{path}related_object.id"), event.account or event.context)
    yield Notice(resource, key, required(event.id, f"{path}id"), moment_of(event.created, f"{path}created"))


_TOPICS: Final[dict[str, str]] = {
    **dict.fromkeys(("charge.succeeded", "charge.captured", "charge.failed", "charge.pending"), "payment.hear_charge"),
    "charge.expired": "payment.hear_expired",
    "charge.refunded": "payment.hear_refunded",
    **dict.fromkeys(
        ("charge.refund.updated", "refund.created", "refund.updated", "refund.failed"), "payment.hear_refund"
    ),
    **dict.fromkeys(
        (f"charge.dispute.{what}" for what in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")),
        "dispute.hear_dispute",
    ),
    **dict.fromkeys(
        (
            f"payment_intent.{what}"
            for what in (
                "created",
                "requires_action",
                "processing",
                "amount_capturable_updated",
                "succeeded",
                "payment_failed",
                "canceled",
            )
        ),
        "payment.hear_intent",
    ),
    **dict.fromkeys(
        (f"payout.{what}" for what in ("created", "updated", "paid", "failed", "canceled", "reconciliation_completed")),
        "payout.hear_payout",
    ),
    **dict.fromkeys(
        (f"checkout.session.{what}" for what in ("completed", "async_payment_succeeded", "async_payment_failed")),
        "payment.hear_session",
    ),
    **dict.fromkeys(("invoice.paid", "invoice.payment_succeeded", "invoice.payment_failed"), "payment.hear_invoice"),
    **dict.fromkeys(("product.created", "product.updated", "product.deleted"), "catalog.hear_product"),
    **dict.fromkeys(("price.created", "price.updated", "price.deleted"), "catalog.hear_price"),
    **dict.fromkeys(("customer.created", "customer.updated", "customer.deleted"), "catalog.hear_customer"),
}


# ---- what is read ----


def _read(message: dict[str, Any], path: str, *, takes_tests: bool) -> Iterator[Said]:
    """One object, a page of a list, or a payout with what it is made of: each says itself what it is."""
    if "balance_transactions" in message and "payout" in message:
        yield from _by("payout.read_breakdown")(message, path)
        return
    kind = required(message.get("object"), f"{path}object")
    if kind == "list":
        listed = message.get("data")
        # Newest first, as Stripe lists: what happened first is told first.
        for place, each in reversed(list(enumerate(listed if isinstance(listed, list) else ()))):
            if not isinstance(each, dict):
                raise MessageMalformed(f"{path}data.{place} is no object")
            yield from _read(each, f"{path}data.{place}.", takes_tests=takes_tests)
        return
    if kind in ("event", "v2.core.event"):
        yield from _event(message, path, takes_tests=takes_tests)
        return
    read = _OBJECTS.get(kind) if isinstance(kind, str) else None
    if read is None:
        yield f"no event by itself: {code(kind) or 'an object of a kind that is new to us'}"
        return
    yield from _by(read)(message, f"{path}{kind}" if not path else path.removesuffix("."))


_OBJECTS: Final[dict[str, str]] = {
    "charge": "payment.read_charge",
    "payment_intent": "payment.read_intent",
    "refund": "payment.read_refund",
    "dispute": "dispute.read_dispute",
    "payout": "payout.read_payout",
    "checkout.session": "payment.read_session",
    "invoice": "payment.read_invoice",
    "product": "catalog.read_product",
    "price": "catalog.read_price",
    "customer": "catalog.read_customer",
}


def _by(named: str) -> Callable[..., Iterator[Said]]:
    """A function of a module beside this one."""
    module, _, function = named.partition(".")
    found: Callable[..., Iterator[Said]] = getattr(import_module(f"lockstep.connectors.stripe.{module}"), function)
    return found
