"""Stripe's events, and what is read at Stripe, as canonical events. Pure.

A snapshot event carries the object as it was. A thin event only names it: it becomes a notice, and the object is read.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import ValidationError

from lockstep.canonical.payment import PaymentKind, PaymentStatus
from lockstep.connectors.stripe import models
from lockstep.connectors.stripe.catalog import translate_customer, translate_price, translate_product
from lockstep.connectors.stripe.dispute import money_moved, translate_dispute
from lockstep.connectors.stripe.payment import (
    MANUAL,
    refund_came_back,
    translate_charge,
    translate_further_capture,
    translate_intent,
    translate_invoice,
    translate_refund,
    translate_refunds,
    translate_session,
)
from lockstep.connectors.stripe.payout import RECONCILED, translate_breakdown, translate_payout
from lockstep.connectors.stripe.values import moment_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, UNDECLARED, Delivery, Notice, Said, Translation, translation_of
from lockstep.messaging.lenient import code, fitted, malformed, read_object, required

Model = TypeVar("Model", bound=models.Vendor)


class Happening(NamedTuple):
    """An event of Stripe's, as far as the object in it needs it."""

    topic: str
    id: str
    account: str | None
    at: datetime
    before: Mapping[str, Any]
    """What the object's fields were before, where they changed."""


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
REFUNDS_OF_CHARGE: Final = "refunds_of_charge"

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
    translate = _TOPICS.get(topic)
    if translate is None:
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
    yield from translate(carried, f"{path}{_OBJECT}", happening)


def _thin(event: models.Event, topic: str, path: str) -> Iterator[Said]:
    related = event.related_object
    resource = RESOURCES.get(related.type or "") if related else None
    if resource is None or related is None:
        yield UNDECLARED + (code(topic) or "")
        return
    key = _key(required(related.id, f"{path}related_object.id"), event.account or event.context)
    yield Notice(resource, key, required(event.id, f"{path}id"), moment_of(event.created, f"{path}created"))


def _key(identity: str, account: str | None) -> str:
    """How a resource is named to be read: with its account, where it is a connected one's."""
    return f"{account}/{identity}" if account else identity


def _charge(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    charge = fitted(models.Charge, carried, path)
    taken_before = event.before.get("amount_captured")
    if event.topic == "charge.captured" and isinstance(taken_before, int) and taken_before > 0:
        yield translate_further_capture(charge, taken_before, path, at=event.at)
        return
    captures = {"charge.captured": True, "charge.succeeded": False}.get(event.topic)
    yield translate_charge(charge, path, at=event.at, captures=captures)


def _expired(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    payment = translate_charge(fitted(models.Charge, carried, path), path, at=event.at)
    yield payment.model_copy(update={"kind": PaymentKind.VOID, "status": PaymentStatus.SUCCEEDED})


def _refunded(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """From API version 2022-11-15 on a charge does not carry its refunds: they are read."""
    charge = fitted(models.Charge, carried, path)
    yield from translate_refunds(charge, path)
    if charge.refunds is None or charge.refunds.has_more or not charge.refunds.data:
        key = _key(required(charge.id, f"{path}.id"), event.account)
        yield Notice(REFUNDS_OF_CHARGE, key, f"refunded-{charge.amount_refunded}", event.at)


def _refund(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    payment = translate_refund(fitted(models.Refund, carried, path), path, at=event.at)
    yield payment
    if payment.status is PaymentStatus.FAILED and event.before.get("status") == "succeeded":
        yield refund_came_back(payment)


def _intent(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    yield translate_intent(fitted(models.PaymentIntent, carried, path), path, at=event.at)


def _session(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    failed = event.topic.endswith("_failed")
    yield translate_session(fitted(models.CheckoutSession, carried, path), path, at=event.at, failed=failed)


def _invoice(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    failed = event.topic.endswith("_failed")
    yield translate_invoice(fitted(models.Invoice, carried, path), path, at=event.at, failed=failed)


def _dispute(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    dispute = fitted(models.Dispute, carried, path)
    yield translate_dispute(dispute, path, at=event.at)
    if event.topic.endswith(("funds_withdrawn", "funds_reinstated")):
        yield money_moved(dispute, path, at=event.at, reinstated=event.topic.endswith("reinstated"))


def _payout(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    payout = fitted(models.Payout, carried, path)
    if event.topic == "payout.reconciliation_completed":
        yield Notice("payout", _key(required(payout.id, f"{path}.id"), event.account), RECONCILED, event.at)
    else:
        yield translate_payout(payout, path, at=event.at)


def _product(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    deleted = event.topic == "product.deleted"
    yield translate_product(fitted(models.Product, carried, path), path, at=event.at, deleted=deleted)


def _price(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    if event.topic == "price.deleted":
        yield "a price that is deleted"
    else:
        yield translate_price(fitted(models.Price, carried, path), path, version=event.id, at=event.at)


def _customer(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    customer = fitted(models.Customer, carried, path)
    deleted = event.topic == "customer.deleted"
    yield translate_customer(customer, path, version=event.id, at=event.at, deleted=deleted)


_Translate = Callable[[dict[str, Any], str, Happening], Iterator[Said]]
_TOPICS: Final[dict[str, _Translate]] = {
    **dict.fromkeys(("charge.succeeded", "charge.captured", "charge.failed", "charge.pending"), _charge),
    "charge.expired": _expired,
    "charge.refunded": _refunded,
    **dict.fromkeys(("charge.refund.updated", "refund.created", "refund.updated", "refund.failed"), _refund),
    **dict.fromkeys(
        (f"charge.dispute.{what}" for what in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")),
        _dispute,
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
        _intent,
    ),
    **dict.fromkeys(
        (f"payout.{what}" for what in ("created", "updated", "paid", "failed", "canceled", "reconciliation_completed")),
        _payout,
    ),
    **dict.fromkeys(
        (f"checkout.session.{what}" for what in ("completed", "async_payment_succeeded", "async_payment_failed")),
        _session,
    ),
    **dict.fromkeys(("invoice.paid", "invoice.payment_succeeded", "invoice.payment_failed"), _invoice),
    **dict.fromkeys(("product.created", "product.updated", "product.deleted"), _product),
    **dict.fromkeys(("price.created", "price.updated", "price.deleted"), _price),
    **dict.fromkeys(("customer.created", "customer.updated", "customer.deleted"), _customer),
}


# ---- what is read ----


def _read(message: dict[str, Any], path: str, *, takes_tests: bool) -> Iterator[Said]:
    """One object, a page of a list, or a payout with what it is made of: each says itself what it is."""
    if "balance_transactions" in message and "payout" in message:
        breakdown = fitted(models.PayoutBreakdown, message, path.removesuffix("."))
        payout = required(breakdown.payout, f"{path}payout")
        yield translate_breakdown(payout, breakdown.balance_transactions or (), path)
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
    yield from read(message, f"{path}{kind}" if not path else path.removesuffix("."))


def _read_charge(message: dict[str, Any], path: str) -> Iterator[Said]:
    charge = fitted(models.Charge, message, path)
    intent = message.get("payment_intent")
    captures = intent.get("capture_method") == MANUAL if isinstance(intent, dict) else None
    yield translate_charge(charge, path, at=None, captures=captures)
    yield from translate_refunds(charge, path)


def _read_intent(message: dict[str, Any], path: str) -> Iterator[Said]:
    yield translate_intent(fitted(models.PaymentIntent, message, path), path, at=None)


def _read_refund(message: dict[str, Any], path: str) -> Iterator[Said]:
    yield translate_refund(fitted(models.Refund, message, path), path, at=None)


def _read_dispute(message: dict[str, Any], path: str) -> Iterator[Said]:
    yield translate_dispute(fitted(models.Dispute, message, path), path, at=None)


def _read_payout(message: dict[str, Any], path: str) -> Iterator[Said]:
    yield translate_payout(fitted(models.Payout, message, path), path, at=None)


def _read_session(message: dict[str, Any], path: str) -> Iterator[Said]:
    session = fitted(models.CheckoutSession, message, path)
    if message.get("status") in ("open", "expired"):
        yield "a checkout session that is not completed"
    else:
        yield translate_session(session, path, at=None, failed=False)


def _read_invoice(message: dict[str, Any], path: str) -> Iterator[Said]:
    yield translate_invoice(fitted(models.Invoice, message, path), path, at=None, failed=False)


def _read_product(message: dict[str, Any], path: str) -> Iterator[Said]:
    product = fitted(models.Product, message, path)
    if product.deleted:
        yield "a product that is deleted"
    else:
        yield translate_product(product, path, at=None, deleted=False)


def _read_price(message: dict[str, Any], path: str) -> Iterator[Said]:
    price = fitted(models.Price, message, path)
    yield translate_price(price, path, version=_digest(price), at=None)


def _read_customer(message: dict[str, Any], path: str) -> Iterator[Said]:
    customer = fitted(models.Customer, message, path)
    if customer.deleted:
        yield "a customer that is deleted"
    else:
        yield translate_customer(customer, path, version=_digest(customer), at=None, deleted=False)


_OBJECTS: Final[dict[str, Callable[[dict[str, Any], str], Iterator[Said]]]] = {
    "charge": _read_charge,
    "payment_intent": _read_intent,
    "refund": _read_refund,
    "dispute": _read_dispute,
    "payout": _read_payout,
    "checkout.session": _read_session,
    "invoice": _read_invoice,
    "product": _read_product,
    "price": _read_price,
    "customer": _read_customer,
}


def _digest(said: models.Vendor) -> str:
    """What makes a snapshot itself that has neither version nor time of change: what it says, as far as it is read.

    What it does not say is left out, so that a field that begins to be read makes no other snapshots of all.
    """
    return sha256(said.model_dump_json(exclude_none=True).encode()).hexdigest()[:32]
