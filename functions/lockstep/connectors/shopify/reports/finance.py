"""Payouts, disputes and gift cards."""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Final

from lockstep.canonical.money import Money
from lockstep.canonical.order import DocumentKind
from lockstep.canonical.payment import Dispute as CanonicalDispute
from lockstep.canonical.payment import DisputeStatus, GiftCardMovement, GiftCardMovementKind
from lockstep.canonical.payout import Payout as CanonicalPayout
from lockstep.canonical.payout import PayoutPart, PayoutStatus
from lockstep.connectors.shopify.models.finance import Dispute, GiftCard, Payout, TenderTransaction
from lockstep.connectors.shopify.reports.envelope import Reading, Report
from lockstep.connectors.shopify.reports.values import currency, moment, problem_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code

_ZERO: Final = Decimal(0)
_INQUIRY: Final = "inquiry"
PAYOUTS: Final[dict[str, PayoutStatus]] = {
    "scheduled": PayoutStatus.PENDING,
    "in_transit": PayoutStatus.IN_TRANSIT,
    "paid": PayoutStatus.PAID,
    "failed": PayoutStatus.FAILED,
    "canceled": PayoutStatus.CANCELLED,
    "cancelled": PayoutStatus.CANCELLED,
}
DISPUTES: Final[dict[str, DisputeStatus]] = {
    "needs_response": DisputeStatus.OPEN,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "accepted": DisputeStatus.LOST,
    "charge_refunded": DisputeStatus.CLOSED,
    "prevented": DisputeStatus.CLOSED,
}


def report_payout(payout: Payout, report: Report) -> None:
    """A payout, with what it is made of where the shop says: each gross amount, and each fee with its sign turned."""
    unit = currency(payout.currency, "currency")
    state = (payout.status or "").lower()
    arrives = payout.date
    changed_at = datetime.combine(arrives, time(), UTC) if arrives else report.told_at
    try:
        amount = Money.rounded(payout.amount, unit)
        parts = [
            (name, Money.rounded(-value if name.endswith("_fee_amount") else value, unit))
            for name, value in (payout.summary or {}).items()
            if value
        ]
        total = Money.total((part for _, part in parts), unit)
        if (payout.summary and total != amount) or amount.amount != payout.amount:
            report.unbalanced(
                DocumentKind.PAYOUT,
                id=payout.id,
                version=state or "unknown",
                changed_at=changed_at,
                due=total,
                stated=amount,
                problem=f"the summary of payout {payout.id} is not its amount",
            )
            return
        fees = Money.total((-part for name, part in parts if name.endswith("_fee_amount")), unit)
        report.add(
            CanonicalPayout(
                id=payout.id,
                version=state or "unknown",
                status=PAYOUTS.get(state, PayoutStatus.UNKNOWN),
                amount=amount,
                parts=tuple(PayoutPart(kind=code(name) or "part", amount=part) for name, part in parts),
                fees=fees if payout.summary else None,
                arrives_on=arrives,
                changed_at=changed_at,
            ),
        )
    except (ValueError, ArithmeticError) as error:
        problem = problem_of(error) if isinstance(error, ValueError) else "an amount is out of range"
        raise MessageMalformed(f"payout {payout.id}: {problem}") from error


def report_dispute(dispute: Dispute, report: Report) -> None:
    """A dispute. It names the order and not the payment, so that it stands under the order."""
    unit = currency(dispute.currency, "currency")
    state = (dispute.status or "").lower()
    status = DISPUTES.get(state, DisputeStatus.UNKNOWN)
    if status is DisputeStatus.OPEN and (dispute.type or "").lower() == _INQUIRY:
        status = DisputeStatus.INQUIRY
    opened_at = dispute.initiated_at or report.told_at
    steps = [at for at in (dispute.finalized_on, dispute.evidence_sent_on) if at]
    try:
        report.add(
            CanonicalDispute(
                id=dispute.id,
                version="/".join((state or "unknown", *(moment(at) for at in steps))),
                payment=f"order/{dispute.order_id}" if dispute.order_id else f"dispute/{dispute.id}",
                order=dispute.order_id,
                status=status,
                amount=Money.rounded(abs(dispute.amount), unit),
                reason=code(dispute.reason or dispute.network_reason_code),
                due_by=dispute.evidence_due_by,
                opened_at=opened_at,
                changed_at=max([opened_at, *steps]),
            ),
        )
    except ValueError as error:
        raise MessageMalformed(f"dispute {dispute.id}: {problem_of(error)}") from error


def report_gift_card(card: GiftCard, report: Report) -> None:
    """A gift card, of which the shop sends no webhooks: that it was issued, and what it is worth now."""
    unit = currency(card.currency, "currency")
    issued_at = card.created_at or card.updated_at or report.told_at
    changed_at = card.updated_at or issued_at
    try:
        balance = Money.rounded(card.balance, unit)
        issued = Money.rounded(card.initial_value, unit)
        moves: list[tuple[GiftCardMovementKind, str, Money, Money | None, datetime]]
        moves = [(GiftCardMovementKind.ISSUED, "issued", issued, None, issued_at)]
        if card.disabled_at is None:
            moves.append((GiftCardMovementKind.REPORTED, moment(changed_at), Money.zero(unit), balance, changed_at))
        else:
            ended = GiftCardMovementKind.DEACTIVATED
            moves.append((ended, "deactivated", -balance, Money.zero(unit), card.disabled_at))
        for kind, name, amount, worth, at in moves:
            report.add(
                GiftCardMovement(
                    id=f"gift_card/{card.id}/{name}",
                    card=card.id,
                    kind=kind,
                    amount=amount,
                    balance=worth,
                    order=card.order_id,
                    moved_at=at,
                ),
            )
    except ValueError as error:
        raise MessageMalformed(f"gift card {card.id}: {problem_of(error)}") from error


def reread_tender(tender: TenderTransaction, report: Report) -> None:
    """Tender transactions are the order's transactions told again under other numbers: counted as well, they would
    count twice. The order's own are read, which are duplicates where they came by themselves.
    """
    if tender.test and not report.takes_tests:
        report.ignore("test transaction")
    elif tender.order_id is None:
        report.ignore("a tender transaction without an order")
    else:
        report.reread("order", tender.order_id, f"tender/{tender.id}")


READINGS: Final = {
    "tender": Reading(TenderTransaction, reread_tender),
    "gift_card": Reading(GiftCard, report_gift_card),
    "payout": Reading(Payout, report_payout),
    "dispute": Reading(Dispute, report_dispute),
}
