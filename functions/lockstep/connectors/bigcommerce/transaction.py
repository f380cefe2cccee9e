"""Transactions of an order: movements of its payments, as the store's gateways report them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from lockstep.canonical.events import Event
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.payment import Payment, PaymentKind, PaymentStatus
from lockstep.connectors.bigcommerce import models
from lockstep.connectors.bigcommerce.values import moment
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code, malformed

_KINDS: Final = {
    "purchase": PaymentKind.SALE,
    "pending": PaymentKind.SALE,
    "authorization": PaymentKind.AUTHORIZATION,
    "capture": PaymentKind.CAPTURE,
    "settled": PaymentKind.CAPTURE,
    "refund": PaymentKind.REFUND,
    "void": PaymentKind.VOID,
}
_STATUS: Final = {"ok": PaymentStatus.SUCCEEDED, "error": PaymentStatus.FAILED}
_STORED_VALUE: Final = frozenset({"store_credit", "gift_certificate"})


def translate_transactions(read: Sequence[Mapping[str, Any]], delivery: Delivery) -> Translation:
    """The events of an order's transactions; none for one that a gateway made in test mode.

    Raises:
        MessageMalformed: Money or identity is missing; names the field.
    """
    found = []
    for place, entry in enumerate(read):
        try:
            found.append(models.Transaction.model_validate(entry))
        except ValidationError as error:
            raise malformed(error, f"data.{place}") from error
    acts_on = {transaction.id: transaction.reference_transaction_id for transaction in found}
    return Translation(
        events=tuple(_event(one, _first(one.id, acts_on), delivery) for one in found if not one.test),
        ignored=tuple(f"transaction {one.id}: the gateway was in test mode" for one in found if one.test),
    )


def _first(identity: str, acts_on: Mapping[str, str]) -> str:
    """The transaction that a payment began with: a refund acts on a capture, and that on an authorization."""
    for _ in acts_on:
        before = acts_on.get(identity, "")
        if not before:
            break
        identity = before
    return identity


def _event(transaction: models.Transaction, payment: str, delivery: Delivery) -> Event:
    currency = transaction.currency.upper()
    if currency not in EXPONENTS:
        raise MessageMalformed("currency is no ISO 4217 code")
    try:
        amount = Money(amount=abs(transaction.amount), currency=currency)
    except ValueError as error:
        raise MessageMalformed("amount is finer than the currency's minor unit") from error
    is_pending = transaction.event == "pending"
    data = Payment(
        id=transaction.id,
        payment=payment,
        kind=_KINDS.get(transaction.event, PaymentKind.OTHER),
        status=PaymentStatus.PENDING if is_pending else _STATUS.get(transaction.status, PaymentStatus.PENDING),
        amount=amount,
        order=transaction.order_id or None,
        reference=code(transaction.gateway_transaction_id),
        tender=code(transaction.gateway) or code(transaction.method),
        is_gift_card=transaction.method in _STORED_VALUE,
        moved_at=moment(transaction.date_created, "date_created"),
    )
    return event_of(data, delivery)
