"""Money that moves in or out of a till without a sale (`TenderControlTransaction`).

`TenderLoan`, `TenderPickup`, `PaidIn`, `PaidOut`, `TillSettle` and bank deposits are ARTS' own; vendors write the kind
as an element or as the `TypeCode` of the transaction, and the amounts in `Tender` elements, in `Amount`, or both. A
settlement counts what is there and moves nothing.
"""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from lockstep.canonical.money import Money
from lockstep.canonical.tender_control import TenderControl, TenderControlKind, TenderMovement
from lockstep.connectors.poslog.document import Node
from lockstep.connectors.poslog.models import Header
from lockstep.connectors.poslog.parse import Conventions, currency_of_transaction
from lockstep.connectors.poslog.values import currency_of, number, problem_of

_KINDS: Final = {
    "tenderloan": TenderControlKind.LOAN,
    "loan": TenderControlKind.LOAN,
    "floatin": TenderControlKind.LOAN,
    "tenderpickup": TenderControlKind.PICKUP,
    "pickup": TenderControlKind.PICKUP,
    "tenderdeposit": TenderControlKind.DEPOSIT,
    "bankdeposit": TenderControlKind.DEPOSIT,
    "deposit": TenderControlKind.DEPOSIT,
    "paidin": TenderControlKind.PAID_IN,
    "payin": TenderControlKind.PAID_IN,
    "paidout": TenderControlKind.PAID_OUT,
    "payout": TenderControlKind.PAID_OUT,
}
_OUTWARD: Final = frozenset({TenderControlKind.PICKUP, TenderControlKind.DEPOSIT, TenderControlKind.PAID_OUT})
_CASH: Final = "Cash"
"""What money is where a till does not say which: that is all that a drawer holds by itself."""


def translate_tender_control(control: Node, header: Header, conventions: Conventions) -> TenderControl | None:
    """What moved; None where nothing did, as in a settlement.

    Raises:
        MessageMalformed: An amount is missing or malformed, or there is no currency.
    """
    found = next(((part, kind) for part in control.children if (kind := _KINDS.get(_plain(part.tag)))), None)
    if found is None and (kind := _KINDS.get(_plain(control.attributes.get("TypeCode", "")))):
        found = control, kind
    if found is None:
        return None
    part, kind = found
    currency = currency_of_transaction(control, conventions)
    sign = -1 if kind in _OUTWARD else 1
    try:
        return TenderControl(
            id=header.id,
            kind=kind,
            closed_at=header.closed_at,
            movements=tuple(_movements(part, currency, sign)),
            reason=_reason(part) or _reason(control),
        )
    except (ValidationError, ValueError) as error:
        said = problem_of(error) if isinstance(error, ValidationError) else str(error)
        raise part.wrong(f"cannot be used: {said}") from error


def _movements(part: Node, currency: str, sign: int) -> Iterator[TenderMovement]:
    """One for each means of payment; a till writes what moves without a sign, the kind says which way it goes."""
    tenders = list(part.all("Tender", "TenderLineItem"))
    for tender in tenders or [part]:
        written = tender.find("Amount", "TenderAmount")
        if written is None:
            raise tender.missing("Amount")
        amount = abs(number(written)) * sign
        name = tender.value("TenderID") or tender.attributes.get("TenderType") or tender.value("TenderType") or _CASH
        if amount:
            yield TenderMovement(tender=name, amount=Money.of(amount, currency_of(written) or currency))


def _reason(node: Node) -> str | None:
    text = node.value("Reason", "ReasonCode") or ""
    return " ".join(text.split())[:128].strip() or None


def _plain(name: str) -> str:
    return name.rpartition(":")[2].replace("_", "").replace("-", "").lower()
