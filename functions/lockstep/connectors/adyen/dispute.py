"""Disputes: how they stand, and the money that they move."""

from datetime import datetime
from typing import Any, Final

from lockstep.canonical.payment import Dispute, DisputeStatus, Payment, PaymentKind, PaymentStatus
from lockstep.connectors.adyen.models import Item
from lockstep.connectors.adyen.values import code, money_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import optional_moment, required

_STATUS: Final = DisputeStatus

DISPUTES: Final = {
    "REQUEST_FOR_INFORMATION": _STATUS.INQUIRY,
    "NOTIFICATION_OF_FRAUD": _STATUS.INQUIRY,
    "NOTIFICATION_OF_CHARGEBACK": _STATUS.INQUIRY,
    "INFORMATION_SUPPLIED": _STATUS.UNDER_REVIEW,
    "CHARGEBACK": _STATUS.OPEN,
    "CHARGEBACK_REVERSED": _STATUS.UNDER_REVIEW,
    "SECOND_CHARGEBACK": _STATUS.LOST,
    "ISSUER_COMMENTS": _STATUS.OPEN,
    "ISSUER_RESPONSE_TIMEFRAME_EXPIRED": _STATUS.WON,
    "DISPUTE_DEFENSE_PERIOD_ENDED": _STATUS.LOST,
    "PREARBITRATION_OPEN": _STATUS.UNDER_REVIEW,
    "PREARBITRATION_DECLINED": _STATUS.UNDER_REVIEW,
    "PREARBITRATION_ACCEPTED": _STATUS.LOST,
    "PREARBITRATION_LOST": _STATUS.LOST,
    "PREARBITRATION_WON": _STATUS.WON,
    "PREARBITRATION_ISSUER_WITHDRAWN": _STATUS.WON,
    "SCHEME_ARBITRATION": _STATUS.UNDER_REVIEW,
    "SCHEME_ARBITRATION_WON": _STATUS.WON,
    "SCHEME_ARBITRATION_LOST": _STATUS.LOST,
}
"""By event code (Adyen documentation: dispute webhooks); an item that names its dispute's status knows better."""

_NAMED: Final = {
    "undefended": _STATUS.OPEN,
    "unresponded": _STATUS.OPEN,
    "responded": _STATUS.UNDER_REVIEW,
    "pending": _STATUS.UNDER_REVIEW,
    "won": _STATUS.WON,
    "lost": _STATUS.LOST,
    "accepted": _STATUS.LOST,
    "expired": _STATUS.LOST,
}
_UNANSWERED: Final = frozenset({"undefended", "unresponded", "expired"})
"""Named by an inquiry, too: it is one all the same, since no money has moved."""
_MONEY: Final = {
    "CHARGEBACK": PaymentKind.CHARGEBACK,
    "SECOND_CHARGEBACK": PaymentKind.CHARGEBACK,
    "CHARGEBACK_REVERSED": PaymentKind.CHARGEBACK_REVERSAL,
}


def translate_dispute(item: Item, path: str) -> Dispute:
    """The snapshot of a dispute. Adyen gives disputes no version: what happened to it makes the snapshot itself.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    event_code = required(item.event_code, f"{path}.eventCode")
    identity = required(item.psp_reference, f"{path}.pspReference")
    happened_at = required(item.event_date, f"{path}.eventDate")
    additional = item.additional or {}
    return Dispute(
        id=identity,
        version=event_code,
        payment=code(item.original_reference) or identity,
        order=code(additional.get("merchantOrderReference")),
        reference=code(item.merchant_reference),
        status=_status(event_code, str(additional.get("disputeStatus") or "").lower()),
        amount=money_of(item.amount, f"{path}.amount"),
        reason=code(additional.get("chargebackReasonCode")) or code(additional.get("nofReasonCode")),
        due_by=_moment(additional.get("defensePeriodEndsAt")),
        opened_at=happened_at,
        changed_at=happened_at,
    )


def translate_money(item: Item, path: str) -> Payment | None:
    """The money that a dispute takes back, or gives back; None where it moves none.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    event_code = required(item.event_code, f"{path}.eventCode")
    kind = _MONEY.get(event_code)
    if kind is None:
        return None
    identity = required(item.psp_reference, f"{path}.pspReference")
    again = event_code == "SECOND_CHARGEBACK"
    return Payment(
        id=f"{identity}/second" if again else identity,
        payment=code(item.original_reference) or identity,
        kind=kind,
        status=PaymentStatus.SUCCEEDED if required(item.success, f"{path}.success") else PaymentStatus.FAILED,
        amount=money_of(item.amount, f"{path}.amount"),
        reference=code(item.merchant_reference),
        tender=code(item.payment_method),
        reason=code((item.additional or {}).get("chargebackReasonCode")),
        moved_at=required(item.event_date, f"{path}.eventDate"),
    )


def _status(event_code: str, named: str) -> DisputeStatus:
    """What an item names knows better than its code."""
    said = DISPUTES[event_code]
    return said if said is _STATUS.INQUIRY and named in _UNANSWERED else _NAMED.get(named, said)


def _moment(text: Any) -> datetime | None:
    """A time that only informs; None where it is none."""
    try:
        return optional_moment(text, "") if isinstance(text, str) else None
    except MessageMalformed:
        return None
