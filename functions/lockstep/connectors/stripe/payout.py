"""Payouts: how they stand, and what they are made of."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from lockstep.canonical.money import Money
from lockstep.canonical.order import DocumentKind, UnbalancedDocument
from lockstep.canonical.payout import Payout, PayoutPart, PayoutStatus
from lockstep.connectors.stripe import models
from lockstep.connectors.stripe.happening import Happening, key_of
from lockstep.connectors.stripe.values import moment, money_of
from lockstep.messaging.inbound import Notice, Said
from lockstep.messaging.lenient import code, fitted, required
from lockstep.messaging.versions import state_of

FEES: Final = "fees"
RECONCILED: Final = "reconciled"

_STATUSES: Final = {
    "pending": PayoutStatus.PENDING,
    "in_transit": PayoutStatus.IN_TRANSIT,
    "paid": PayoutStatus.PAID,
    "failed": PayoutStatus.FAILED,
    "canceled": PayoutStatus.CANCELLED,
}
_OF_THE_PAYOUT: Final = frozenset({"payout", "payout_cancel", "payout_failure"})
"""Movements that are the payout itself, and not what it is made of."""


def translate_payout(payout: models.Payout, path: str, *, at: datetime | None) -> Payout:
    """The snapshot of a payout.

    Stripe gives payouts no version: status, date of arrival and a digest of what is said make a snapshot itself. The
    bank's reference of a payout comes after it is paid.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    status = required(payout.status, f"{path}.status")
    arrives_at = None if payout.arrival_date is None else moment(payout.arrival_date, f"{path}.arrival_date")
    balance = payout.balance_transaction
    fees = balance.fee if balance else None
    stands = Payout(
        id=required(payout.id, f"{path}.id"),
        version=status,
        status=_STATUSES.get(status, PayoutStatus.UNKNOWN),
        amount=money_of(payout.amount, payout.currency, path),
        fees=money_of(fees, balance.currency, f"{path}.balance_transaction", "fee") if balance and fees else None,
        arrives_on=arrives_at.date() if arrives_at else None,
        bank_reference=_trace(payout.trace_id),
        changed_at=at or moment(payout.created, f"{path}.created"),
    )
    arrival = arrives_at.date().isoformat() if arrives_at else "undated"
    return stands.model_copy(update={"version": f"{status}/{arrival}/{state_of(stands)}"})


def translate_breakdown(
    payout: models.Payout, transactions: Sequence[models.BalanceTransaction], path: str
) -> Payout | UnbalancedDocument:
    """The payout with what it is made of: the movements by their type, and the fees of all of them.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    plain = translate_payout(payout, f"{path}payout", at=None)
    currency = plain.amount.currency
    sums: dict[str, Money] = defaultdict(lambda: Money.zero(currency))
    fees = Money.zero(currency)
    for place, each in enumerate(transactions):
        if each.type in _OF_THE_PAYOUT:
            continue
        where = f"{path}balance_transactions.{place}"
        sums[code(each.type) or "other"] += money_of(each.amount, each.currency, where)
        fees += money_of(each.fee or 0, each.currency, where, "fee")
    if fees:
        sums[FEES] = -fees + sums[FEES]
    version = f"{plain.version}/{RECONCILED}"
    parts = tuple(PayoutPart(kind=kind, amount=amount) for kind, amount in sums.items())
    due = Money.total(sums.values(), currency)
    if parts and due != plain.amount:
        return UnbalancedDocument(
            document=DocumentKind.PAYOUT,
            id=plain.id,
            version=version,
            changed_at=plain.changed_at,
            due=due,
            stated=plain.amount,
            problem="movements on the balance are not the amount of the payout",
        )
    return plain.model_copy(update={"version": version, "parts": parts, "fees": fees})


def _trace(trace: object) -> str | None:
    """The bank's number of it, as newer API versions have it."""
    return code(trace.get("value")) if isinstance(trace, dict) else code(trace)


# ---- as events and answers say it ----


def hear_payout(carried: dict[str, Any], path: str, event: Happening) -> Iterator[Said]:
    """How a payout stands; once it is reconciled, what it is made of is read."""
    payout = fitted(models.Payout, carried, path)
    if event.topic == "payout.reconciliation_completed":
        yield Notice("payout", key_of(required(payout.id, f"{path}.id"), event.account), RECONCILED, event.at)
    else:
        yield translate_payout(payout, path, at=event.at)


def read_payout(message: dict[str, Any], path: str) -> Iterator[Said]:
    """A payout, without what it is made of."""
    yield translate_payout(fitted(models.Payout, message, path), path, at=None)


def read_breakdown(message: dict[str, Any], path: str) -> Iterator[Said]:
    """A payout with what it is made of, as our reader puts them together."""
    breakdown = fitted(models.PayoutBreakdown, message, path.removesuffix("."))
    payout = required(breakdown.payout, f"{path}payout")
    yield translate_breakdown(payout, breakdown.balance_transactions or (), path)
