"""Movements of payments: what an item's code and success say of the money in it."""

from typing import Any, Final, NamedTuple

from lockstep.canonical.payment import Payment, PaymentKind, PaymentStatus
from lockstep.connectors.adyen.models import Item
from lockstep.connectors.adyen.values import code, money_of
from lockstep.messaging.lenient import required

_KIND: Final = PaymentKind
_FAILED: Final = PaymentStatus.FAILED
_PENDING: Final = PaymentStatus.PENDING


class _Meaning(NamedTuple):
    """What a code says."""

    kind: PaymentKind
    status: PaymentStatus | None = None
    """None where `success` says it. Codes that tell of a failure have `success` true: it did fail."""


MOVEMENTS: Final = {
    "AUTHORISATION": _Meaning(_KIND.AUTHORIZATION),
    "AUTHORISATION_ADJUSTMENT": _Meaning(_KIND.AUTHORIZATION),
    "PENDING": _Meaning(_KIND.AUTHORIZATION, _PENDING),
    "CAPTURE": _Meaning(_KIND.CAPTURE),
    "CAPTURE_FAILED": _Meaning(_KIND.CAPTURE, _FAILED),
    "CANCELLATION": _Meaning(_KIND.VOID),
    "TECHNICAL_CANCEL": _Meaning(_KIND.VOID),
    "EXPIRE": _Meaning(_KIND.VOID),
    "CANCEL_OR_REFUND": _Meaning(_KIND.OTHER),
    "REFUND": _Meaning(_KIND.REFUND),
    "REFUND_WITH_DATA": _Meaning(_KIND.REFUND),
    "POSTPONED_REFUND": _Meaning(_KIND.REFUND, _PENDING),
    "VOID_PENDING_REFUND": _Meaning(_KIND.OTHER),
    "REFUND_FAILED": _Meaning(_KIND.REFUND, _FAILED),
    "REFUNDED_REVERSED": _Meaning(_KIND.REFUND_REVERSAL),
    "PAYOUT_THIRDPARTY": _Meaning(_KIND.PAYOUT),
    "PAYOUT_DECLINE": _Meaning(_KIND.PAYOUT, _FAILED),
    "PAYOUT_EXPIRE": _Meaning(_KIND.PAYOUT, _FAILED),
    "PAIDOUT_REVERSED": _Meaning(_KIND.PAYOUT, _FAILED),
}
"""By event code (Adyen documentation: webhook types, and its API description of webhooks)."""

_ACTIONS: Final = {"cancel": PaymentKind.VOID, "refund": PaymentKind.REFUND}
_GIFT_CARDS: Final = frozenset({"givex", "svs", "valuelink"})


def translate_movement(item: Item, path: str) -> Payment:
    """The movement that an item tells of.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    event_code = required(item.event_code, f"{path}.eventCode")
    meaning = MOVEMENTS[event_code]
    identity = required(item.psp_reference, f"{path}.pspReference")
    succeeded = required(item.success, f"{path}.success")
    status = meaning.status if meaning.status and succeeded else None
    status = status or (PaymentStatus.SUCCEEDED if succeeded else PaymentStatus.FAILED)
    return Payment(
        id=identity,
        payment=code(item.original_reference) or identity,
        kind=_kind(item, meaning, succeeded=succeeded),
        status=status,
        amount=money_of(item.amount, f"{path}.amount"),
        order=code(_additional(item, "merchantOrderReference")),
        reference=code(item.merchant_reference),
        tender=code(item.payment_method),
        is_gift_card=_is_gift_card(item.payment_method),
        location=code(_additional(item, "store")),
        reason=code(item.reason) if status is PaymentStatus.FAILED else None,
        moved_at=required(item.event_date, f"{path}.eventDate"),
    )


def _kind(item: Item, meaning: _Meaning, *, succeeded: bool) -> PaymentKind:
    """What is not to be captured is taken at once; a cancel-or-refund says which of the two it was."""
    if item.event_code == "CANCEL_OR_REFUND":
        return _ACTIONS.get(str(_additional(item, "modification.action")), meaning.kind)
    if item.event_code != "AUTHORISATION" or not succeeded:
        return meaning.kind
    no_capture = item.operations is not None and "CAPTURE" not in item.operations
    immediate = str(_additional(item, "captureDelayHours")) == "0"
    return PaymentKind.SALE if no_capture or immediate else meaning.kind


def _additional(item: Item, name: str) -> Any:
    return (item.additional or {}).get(name)


def _is_gift_card(method: str | None) -> bool:
    return method is not None and (method in _GIFT_CARDS or "giftcard" in method)
