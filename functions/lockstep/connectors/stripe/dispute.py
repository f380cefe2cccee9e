"""Disputes: how they stand, and the money that they move."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from lockstep.canonical.money import Money
from lockstep.canonical.payment import Dispute, DisputeStatus, Payment, PaymentKind, PaymentStatus
from lockstep.connectors.stripe import models
from lockstep.connectors.stripe.happening import Happening
from lockstep.connectors.stripe.values import moment, money_of
from lockstep.messaging.inbound import Said
from lockstep.messaging.lenient import code, fitted, required
from lockstep.messaging.versions import state_of

_STATUSES: Final = {
    "warning_needs_response": DisputeStatus.INQUIRY,
    "warning_under_review": DisputeStatus.INQUIRY,
    "warning_closed": DisputeStatus.CLOSED,
    "needs_response": DisputeStatus.OPEN,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "charge_refunded": DisputeStatus.CLOSED,
    "prevented": DisputeStatus.CLOSED,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}


def translate_dispute(dispute: models.Dispute, path: str, *, at: datetime | None) -> Dispute:
    """The snapshot of a dispute.

    Stripe gives disputes no version: status, number of movements on the balance and a digest of what is said make a
    snapshot itself. A date by which to answer may be put off.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    status = required(dispute.status, f"{path}.status")
    opened_at = moment(dispute.created, f"{path}.created")
    due_by = dispute.evidence_details.due_by if dispute.evidence_details else dispute.evidence_due_by
    moved = dispute.balance_transactions or ()
    stands = Dispute(
        id=_identity(dispute, path),
        version=status,
        payment=_payment(dispute, path),
        status=_STATUSES.get(status, DisputeStatus.UNKNOWN),
        amount=money_of(dispute.amount, dispute.currency, path),
        fee=_fee(moved, f"{path}.balance_transactions"),
        reason=code(dispute.reason),
        due_by=None if due_by is None else moment(due_by, f"{path}.evidence_details.due_by"),
        opened_at=opened_at,
        changed_at=at or opened_at,
    )
    return stands.model_copy(update={"version": f"{status}/{len(moved)}/{state_of(stands)}"})


def money_moved(dispute: models.Dispute, path: str, *, at: datetime, reinstated: bool) -> Payment:
    """The money that a dispute takes from the balance, or gives back.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    return Payment(
        id=_identity(dispute, path),
        payment=_payment(dispute, path),
        kind=PaymentKind.CHARGEBACK_REVERSAL if reinstated else PaymentKind.CHARGEBACK,
        status=PaymentStatus.SUCCEEDED,
        amount=abs(money_of(dispute.amount, dispute.currency, path)),
        reason=code(dispute.reason),
        moved_at=at,
    )


def _identity(dispute: models.Dispute, path: str) -> str:
    """Its id; in old API versions there was one dispute a charge, without an id."""
    return required(dispute.id or dispute.charge, f"{path}.id")


def _payment(dispute: models.Dispute, path: str) -> str:
    return required(dispute.payment_intent or dispute.charge, f"{path}.charge")


def _fee(moved: tuple[models.BalanceTransaction, ...], path: str) -> Money | None:
    fees = [
        money_of(each.fee, each.currency, f"{path}.{place}", "fee")
        for place, each in enumerate(moved)
        if each.fee is not None
    ]
    if not fees or len({fee.currency for fee in fees}) > 1:
        return None
    return Money.total(fees, fees[0].currency)


# ---- as events and answers say it ----


def hear_dispute(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """How a dispute stands, and the money that it moves."""
    dispute = fitted(models.Dispute, carried, path)
    yield translate_dispute(dispute, path, at=event.at)
    if event.topic.endswith(("funds_withdrawn", "funds_reinstated")):
        yield money_moved(dispute, path, at=event.at, reinstated=event.topic.endswith("reinstated"))


def read_dispute(message: dict[str, Any], path: str) -> Iterator[Said]:
    """A dispute."""
    yield translate_dispute(fitted(models.Dispute, message, path), path, at=None)
