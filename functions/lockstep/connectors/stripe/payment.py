"""Payments: what charges, payment intents, refunds, checkout sessions and bills say of money that moves.

A charge is the movement, a payment intent the payment: both tell of the same money, and become the same event, under
the id of the charge.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from lockstep.canonical.money import Money
from lockstep.canonical.payment import Payment, PaymentKind, PaymentStatus
from lockstep.connectors.stripe import models
from lockstep.connectors.stripe.happening import Happening, key_of
from lockstep.connectors.stripe.values import moment, money_of, reference_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Notice, Said
from lockstep.messaging.lenient import code, fitted, required

REFUNDS_OF_CHARGE: Final = "refunds_of_charge"
"""The resource under which the refunds of a charge are read."""

_MANUAL: Final = "manual"

_REFUNDS: Final = {
    "pending": PaymentStatus.PENDING,
    "requires_action": PaymentStatus.PENDING,
    "succeeded": PaymentStatus.SUCCEEDED,
    "failed": PaymentStatus.FAILED,
    "canceled": PaymentStatus.FAILED,
}
_NEEDS_A_METHOD: Final = frozenset({"requires_payment_method", "requires_source"})
"""The same status: `requires_source` is what API versions before 2019-02-11 call it."""
_SESSIONS: Final = {"paid": PaymentStatus.SUCCEEDED, "unpaid": PaymentStatus.PENDING}


def translate_charge(charge: models.Charge, path: str, *, at: datetime | None, captures: bool | None = None) -> Payment:
    """The movement that a charge is.

    Args:
        charge: As it stands.
        path: Where it stands in the message, for errors.
        at: When the event happened; None for a charge that was read.
        captures: Whether it takes what was authorized before; None where only the charge itself can tell.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    identity = required(charge.id, f"{path}.id")
    details = charge.payment_method_details
    if captures is None:
        captures = bool(details and details.card and details.card.capture_before)
    kind, status = _step(charge, path, captures=captures)
    taken = charge.amount_captured if kind in {PaymentKind.SALE, PaymentKind.CAPTURE} else None
    balance = charge.balance_transaction
    return Payment(
        id=identity,
        payment=charge.payment_intent or identity,
        kind=kind,
        status=status,
        amount=_not_negative(money_of(taken or charge.amount, charge.currency, path), path),
        shop_amount=_shop_amount(balance, f"{path}.balance_transaction"),
        fee=_fee(charge, path),
        reference=reference_of(charge.metadata),
        tender=code(details.type) if details else None,
        reason=code(charge.failure_code),
        moved_at=at or moment(charge.created, f"{path}.created"),
    )


def translate_further_capture(charge: models.Charge, taken_before: int, path: str, *, at: datetime) -> Payment:
    """What one more capture takes of a charge that is captured in parts: `amount_captured` is their sum.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    taken = required(charge.amount_captured, f"{path}.amount_captured")
    part = charge.model_copy(update={"amount": taken - taken_before, "amount_captured": None})
    payment = translate_charge(part, path, at=at, captures=True)
    return payment.model_copy(update={"id": f"{payment.id}/{taken}"})


def translate_refunds(charge: models.Charge, path: str) -> Iterator[Payment]:
    """The refunds that a charge carries: all of them so far."""
    for place, refund in enumerate((charge.refunds.data if charge.refunds else None) or ()):
        known = refund.model_copy(
            update={
                "charge": refund.charge or charge.id,
                "payment_intent": refund.payment_intent or charge.payment_intent,
                "currency": refund.currency or charge.currency,
            }
        )
        yield translate_refund(known, f"{path}.refunds.data.{place}", at=None, reference=reference_of(charge.metadata))


def translate_refund(refund: models.Refund, path: str, *, at: datetime | None, reference: str | None = None) -> Payment:
    """Money given back, or meant to be.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    identity = required(refund.id, f"{path}.id")
    return Payment(
        id=identity,
        payment=refund.payment_intent or refund.charge or identity,
        kind=PaymentKind.REFUND,
        # Refunds had no status before they could be pending: those are done.
        status=_REFUNDS.get(refund.status or "succeeded", PaymentStatus.PENDING),
        amount=_not_negative(money_of(refund.amount, refund.currency, path), path),
        reference=reference_of(refund.metadata) or reference,
        reason=code(refund.failure_reason) or code(refund.reason),
        moved_at=at or moment(refund.created, f"{path}.created"),
    )


def refund_came_back(payment: Payment) -> Payment:
    """The movement by which a refund that had succeeded is undone: it did not reach the customer."""
    return payment.model_copy(update={"kind": PaymentKind.REFUND_REVERSAL, "status": PaymentStatus.SUCCEEDED})


def translate_intent(intent: models.PaymentIntent, path: str, *, at: datetime | None) -> Payment | str:
    """The movement that a payment intent's status stands for, or why it stands for none.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    identity = required(intent.id, f"{path}.id")
    status = required(intent.status, f"{path}.status")
    charge = _charge_of(intent)
    reason = None
    if status == "succeeded":
        kind = PaymentKind.CAPTURE if intent.capture_method == _MANUAL else PaymentKind.SALE
        progress, amount = PaymentStatus.SUCCEEDED, intent.amount_received or intent.amount
    elif status == "requires_capture":
        kind, progress = PaymentKind.AUTHORIZATION, PaymentStatus.SUCCEEDED
        amount = intent.amount_capturable or intent.amount
    elif status == "processing":
        kind, progress, amount = PaymentKind.SALE, PaymentStatus.PENDING, intent.amount
    elif status == "canceled":
        kind, progress, amount = PaymentKind.VOID, PaymentStatus.SUCCEEDED, intent.amount
        reason = code(intent.cancellation_reason)
    elif status in _NEEDS_A_METHOD and intent.last_payment_error is not None:
        error = intent.last_payment_error
        kind, progress, amount = PaymentKind.AUTHORIZATION, PaymentStatus.FAILED, intent.amount
        charge, reason = error.charge or charge, code(error.code) or code(error.decline_code)
    else:
        return f"no money has moved: the payment {code(status) or ''}".replace("_", " ")
    return Payment(
        id=charge or identity,
        payment=identity,
        kind=kind,
        status=progress,
        amount=_not_negative(money_of(amount, intent.currency, path), path),
        fee=_application_fee(intent.application_fee_amount, intent.currency, path),
        reference=reference_of(intent.metadata),
        tender=_tender_of(intent),
        reason=reason,
        moved_at=at or moment(intent.canceled_at or intent.created, f"{path}.created"),
    )


def translate_session(
    session: models.CheckoutSession, path: str, *, at: datetime | None, failed: bool
) -> Payment | str:
    """What a checkout session promises, with the merchant's reference of the order; or why it promises nothing.

    The money itself moves as a charge of its payment: this links the two, and is therefore an authorization.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    identity = required(session.id, f"{path}.id")
    if session.mode == "setup":
        return "a checkout session that only sets up a payment method"
    if session.payment_status == "no_payment_required":
        return "a checkout session without anything to pay"
    status = _SESSIONS.get(session.payment_status or "", PaymentStatus.PENDING)
    return Payment(
        id=identity,
        payment=session.payment_intent or session.invoice or identity,
        kind=PaymentKind.AUTHORIZATION,
        status=PaymentStatus.FAILED if failed else status,
        amount=_not_negative(money_of(session.amount_total, session.currency, path, "amount_total"), path),
        reference=code(session.client_reference_id) or reference_of(session.metadata),
        moved_at=at or moment(session.created, f"{path}.created"),
    )


def translate_invoice(invoice: models.Invoice, path: str, *, at: datetime | None, failed: bool) -> Payment | str:
    """The charge of a bill, or why there is none.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    identity = required(invoice.id, f"{path}.id")
    if not failed and not _is_paid(invoice):
        return "a bill that nobody has paid moves no money"
    if invoice.paid_out_of_band:
        return "a bill that was paid elsewhere"
    paid = invoice.amount_due if invoice.amount_paid is None else invoice.amount_paid
    if not failed and not paid:
        return "a bill without anything to pay"
    if not invoice.charge:
        return "a bill that names no charge: its charge comes by itself"
    amount, field = (invoice.amount_due, "amount_due") if failed else (paid, "amount_paid")
    return Payment(
        id=invoice.charge,
        payment=invoice.payment_intent or invoice.charge,
        kind=PaymentKind.AUTHORIZATION if failed else PaymentKind.SALE,
        status=PaymentStatus.FAILED if failed else PaymentStatus.SUCCEEDED,
        amount=_not_negative(money_of(amount, invoice.currency, path, field), path),
        reference=code(invoice.number) or identity,
        moved_at=at or moment(invoice.created, f"{path}.created"),
    )


def _is_paid(invoice: models.Invoice) -> bool:
    """By its status; bills of old API versions have a flag instead."""
    return bool(invoice.paid) if invoice.status is None else invoice.status == "paid"


def _step(charge: models.Charge, path: str, *, captures: bool) -> tuple[PaymentKind, PaymentStatus]:
    if charge.status is None and charge.paid is not None:
        status = "succeeded" if charge.paid else "failed"  # charges of old API versions
    else:
        status = required(charge.status, f"{path}.status")
    if status in {"succeeded", "paid"}:
        if not charge.captured:
            return PaymentKind.AUTHORIZATION, PaymentStatus.SUCCEEDED
        return (PaymentKind.CAPTURE if captures else PaymentKind.SALE), PaymentStatus.SUCCEEDED
    if status == "pending":
        return PaymentKind.SALE, PaymentStatus.PENDING
    if status == "failed":
        return PaymentKind.AUTHORIZATION, PaymentStatus.FAILED
    return PaymentKind.OTHER, PaymentStatus.PENDING


def _charge_of(intent: models.PaymentIntent) -> str | None:
    """The charge that its status speaks of: the latest."""
    if intent.latest_charge:
        return intent.latest_charge
    charges = (intent.charges.data if intent.charges else None) or ()
    succeeded = [charge.id for charge in charges if charge.status == "succeeded"]
    return next(iter(succeeded), charges[0].id if charges else None)


def _tender_of(intent: models.PaymentIntent) -> str | None:
    charges = (intent.charges.data if intent.charges else None) or ()
    details = (charge.payment_method_details for charge in charges)
    return next((code(each.type) for each in details if each is not None), None)


def _shop_amount(balance: models.BalanceTransaction | None, path: str) -> Money | None:
    """In the currency of the balance, where the movement on it is expanded."""
    return None if balance is None or balance.amount is None else abs(money_of(balance.amount, balance.currency, path))


def _fee(charge: models.Charge, path: str) -> Money | None:
    """All that was kept, where the movement on the balance is expanded; else what the platform takes."""
    balance = charge.balance_transaction
    if balance is not None and balance.fee is not None:
        return money_of(balance.fee, balance.currency, f"{path}.balance_transaction", "fee")
    return _application_fee(charge.application_fee_amount, charge.currency, path)


def _application_fee(amount: int | None, currency: str | None, path: str) -> Money | None:
    return None if amount is None else money_of(amount, currency, path, "application_fee_amount")


def _not_negative(money: Money, path: str) -> Money:
    if money.amount < 0:
        raise MessageMalformed(f"{path}.amount is negative")
    return money


# ---- as events and answers say it ----


def hear_charge(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """What an event says of a charge."""
    charge = fitted(models.Charge, carried, path)
    taken_before = event.before.get("amount_captured")
    if event.topic == "charge.captured" and isinstance(taken_before, int) and taken_before > 0:
        yield translate_further_capture(charge, taken_before, path, at=event.at)
        return
    captures = {"charge.captured": True, "charge.succeeded": False}.get(event.topic)
    yield translate_charge(charge, path, at=event.at, captures=captures)


def hear_expired(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """An authorization that was never captured is void."""
    payment = translate_charge(fitted(models.Charge, carried, path), path, at=event.at)
    yield payment.model_copy(update={"kind": PaymentKind.VOID, "status": PaymentStatus.SUCCEEDED})


def hear_refunded(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """From API version 2022-11-15 on a charge does not carry its refunds: they are read."""
    charge = fitted(models.Charge, carried, path)
    yield from translate_refunds(charge, path)
    if charge.refunds is None or charge.refunds.has_more or not charge.refunds.data:
        key = key_of(required(charge.id, f"{path}.id"), event.account)
        yield Notice(REFUNDS_OF_CHARGE, key, f"refunded-{charge.amount_refunded}", event.at)


def hear_refund(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """What an event says of a refund; of one that failed after all, that the money came back."""
    payment = translate_refund(fitted(models.Refund, carried, path), path, at=event.at)
    yield payment
    if payment.status is PaymentStatus.FAILED and event.before.get("status") == "succeeded":
        yield refund_came_back(payment)


def hear_intent(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """What an event says of a payment."""
    yield translate_intent(fitted(models.PaymentIntent, carried, path), path, at=event.at)


def hear_session(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """What an event says of a checkout."""
    failed = event.topic.endswith("_failed")
    yield translate_session(fitted(models.CheckoutSession, carried, path), path, at=event.at, failed=failed)


def hear_invoice(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """What an event says of an invoice."""
    failed = event.topic.endswith("_failed")
    yield translate_invoice(fitted(models.Invoice, carried, path), path, at=event.at, failed=failed)


def read_charge(message: dict[str, Any], path: str) -> Iterator[Said]:
    """A charge, with the refunds that it carries."""
    charge = fitted(models.Charge, message, path)
    intent = message.get("payment_intent")
    captures = intent.get("capture_method") == _MANUAL if isinstance(intent, dict) else None
    yield translate_charge(charge, path, at=None, captures=captures)
    yield from translate_refunds(charge, path)


def read_intent(message: dict[str, Any], path: str) -> Iterator[Said]:
    """A payment."""
    yield translate_intent(fitted(models.PaymentIntent, message, path), path, at=None)


def read_refund(message: dict[str, Any], path: str) -> Iterator[Said]:
    """A refund."""
    yield translate_refund(fitted(models.Refund, message, path), path, at=None)


def read_session(message: dict[str, Any], path: str) -> Iterator[Said]:
    """A checkout."""
    session = fitted(models.CheckoutSession, message, path)
    if message.get("status") in ("open", "expired"):
        yield "a checkout session that is not completed"
    else:
        yield translate_session(session, path, at=None, failed=False)


def read_invoice(message: dict[str, Any], path: str) -> Iterator[Said]:
    """An invoice."""
    yield translate_invoice(fitted(models.Invoice, message, path), path, at=None, failed=False)
