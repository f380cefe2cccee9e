"""Payments, refunds, disputes and payouts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from lockstep.canonical.money import Money
from lockstep.canonical.payment import Dispute, DisputeStatus, Payment, PaymentKind, PaymentStatus
from lockstep.canonical.payout import Payout, PayoutStatus
from lockstep.connectors.square import models
from lockstep.connectors.square.values import minor, money_in, money_of, snapshot_of
from lockstep.messaging.lenient import code, required

_AT_ONCE: Final = frozenset({"CASH", "EXTERNAL", "SQUARE_ACCOUNT"})
"""Sources that promise nothing beforehand."""
_GIFT_CARD: Final = "SQUARE_GIFT_CARD"
_STEPS: Final = {
    "APPROVED": (PaymentKind.AUTHORIZATION, PaymentStatus.SUCCEEDED),
    "PENDING": (PaymentKind.AUTHORIZATION, PaymentStatus.PENDING),
    "FAILED": (PaymentKind.AUTHORIZATION, PaymentStatus.FAILED),
    "CANCELED": (PaymentKind.VOID, PaymentStatus.SUCCEEDED),
    "COMPLETED": (PaymentKind.CAPTURE, PaymentStatus.SUCCEEDED),
}
_REFUNDS: Final = {
    "PENDING": PaymentStatus.PENDING,
    "APPROVED": PaymentStatus.SUCCEEDED,
    "COMPLETED": PaymentStatus.SUCCEEDED,
    "REJECTED": PaymentStatus.FAILED,
    "FAILED": PaymentStatus.FAILED,
}
_DISPUTES: Final = {
    "INQUIRY_EVIDENCE_REQUIRED": DisputeStatus.INQUIRY,
    "INQUIRY_PROCESSING": DisputeStatus.INQUIRY,
    "INQUIRY_CLOSED": DisputeStatus.CLOSED,
    "EVIDENCE_REQUIRED": DisputeStatus.OPEN,
    "PROCESSING": DisputeStatus.UNDER_REVIEW,
    "WON": DisputeStatus.WON,
    "LOST": DisputeStatus.LOST,
    "ACCEPTED": DisputeStatus.LOST,
}
_PAYOUTS: Final = {
    "SENT": PayoutStatus.IN_TRANSIT,
    "PAID": PayoutStatus.PAID,
    "FAILED": PayoutStatus.FAILED,
}


def translate_payment(payment: models.Payment, path: str, *, told_at: datetime) -> Payment:
    """The movement that a payment's status stands for.

    A card is authorized first and captured then; cash and what was taken elsewhere is a sale. A status that is new to
    us is a movement of kind `other`.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    identity = required(payment.id, f"{path}.id")
    status = required(payment.status, f"{path}.status")
    kind, progress = _STEPS.get(status, (PaymentKind.OTHER, PaymentStatus.PENDING))
    if payment.source_type in _AT_ONCE and kind in {PaymentKind.CAPTURE, PaymentKind.AUTHORIZATION}:
        kind = PaymentKind.SALE
    tender = _tender_of(payment)
    return Payment(
        id=identity,
        payment=identity,
        kind=kind,
        status=progress,
        amount=_total(payment, path),
        fee=_fee(payment.processing_fee, f"{path}.processing_fee"),
        order=code(payment.order_id),
        reference=code(payment.reference_id),
        tender=code(tender),
        is_gift_card=tender == _GIFT_CARD,
        location=code(payment.location_id),
        reason=_failure(payment) if progress is PaymentStatus.FAILED else None,
        moved_at=_moved_at(payment, kind, told_at),
    )


def translate_refund(refund: models.PaymentRefund, path: str, *, told_at: datetime) -> Payment:
    """Money given back to the customer, or meant to be.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    identity = required(refund.id, f"{path}.id")
    status = required(refund.status, f"{path}.status")
    return Payment(
        id=identity,
        payment=code(refund.payment_id) or identity,
        kind=PaymentKind.REFUND,
        status=_REFUNDS.get(status, PaymentStatus.PENDING),
        amount=money_of(refund.amount_money, f"{path}.amount_money"),
        fee=_fee(refund.processing_fee, f"{path}.processing_fee"),
        order=code(refund.order_id),
        tender=code(refund.destination_type),
        is_gift_card=refund.destination_type == _GIFT_CARD,
        location=code(refund.location_id),
        moved_at=refund.updated_at or refund.created_at or told_at,
    )


def translate_dispute(dispute: models.Dispute, path: str, *, told_at: datetime) -> Dispute:
    """The snapshot of a dispute.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    moments = (dispute.updated_at, dispute.created_at)
    version, changed_at = snapshot_of(dispute.version, moments, told_at, f"{path}.updated_at")
    disputed = dispute.disputed_payment or next(iter(dispute.disputed_payments or ()), None)
    return Dispute(
        id=required(dispute.id, f"{path}.id"),
        version=version,
        payment=required(disputed.payment_id if disputed else None, f"{path}.disputed_payment.payment_id"),
        status=_DISPUTES.get(dispute.state or "", DisputeStatus.UNKNOWN),
        amount=money_of(dispute.amount_money, f"{path}.amount_money"),
        reason=code(dispute.reason),
        due_by=dispute.due_at,
        opened_at=dispute.created_at or changed_at,
        changed_at=changed_at,
    )


def translate_payout(payout: models.Payout, path: str, *, told_at: datetime) -> Payout:
    """The snapshot of a payout. What it is made of is not in it: Square lists its entries elsewhere.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    moments = (payout.updated_at, payout.created_at)
    version, changed_at = snapshot_of(payout.version, moments, told_at, f"{path}.updated_at")
    return Payout(
        id=required(payout.id, f"{path}.id"),
        version=version,
        status=_PAYOUTS.get(payout.status or "", PayoutStatus.UNKNOWN),
        amount=money_of(payout.amount_money, f"{path}.amount_money"),
        fees=_fee(payout.payout_fee, f"{path}.payout_fee"),
        arrives_on=payout.arrival_date,
        bank_reference=code(payout.end_to_end_id),
        changed_at=changed_at,
    )


def _total(payment: models.Payment, path: str) -> Money:
    """What the customer pays, the tip in it."""
    if payment.total_money is not None and payment.total_money.amount is not None:
        return money_of(payment.total_money, f"{path}.total_money")
    amount = money_of(payment.amount_money, f"{path}.amount_money")
    tip = minor(payment.tip_money, amount.currency, f"{path}.tip_money")
    return money_in(amount.minor + tip, amount.currency, f"{path}.amount_money")


def _fee(fees: Sequence[models.ProcessingFee] | None, path: str) -> Money | None:
    known = [fee.amount_money for fee in fees or () if fee.amount_money and fee.amount_money.amount is not None]
    if not known:
        return None
    first = money_of(known[0], f"{path}.0.amount_money")
    rest = sum(minor(fee, first.currency, f"{path}.{at}.amount_money") for at, fee in enumerate(known[1:], start=1))
    return money_in(first.minor + rest, first.currency, path)


def _tender_of(payment: models.Payment) -> str | None:
    """Named as an order names its tenders."""
    card = payment.card_details.card if payment.card_details else None
    return _GIFT_CARD if card and card.card_brand == _GIFT_CARD else payment.source_type


def _failure(payment: models.Payment) -> str | None:
    errors = (payment.card_details.errors if payment.card_details else None) or ()
    return next((code(error.code) for error in errors if error.code), None)


def _moved_at(payment: models.Payment, kind: PaymentKind, told_at: datetime) -> datetime:
    timeline = (payment.card_details.card_payment_timeline if payment.card_details else None) or models.CardTimeline()
    told = {
        PaymentKind.AUTHORIZATION: timeline.authorized_at,
        PaymentKind.CAPTURE: timeline.captured_at,
        PaymentKind.VOID: timeline.voided_at,
    }.get(kind)
    return told or payment.updated_at or payment.created_at or told_at
