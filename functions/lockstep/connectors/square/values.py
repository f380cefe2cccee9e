"""Single values out of Square's objects, strictly, each error with the field's path."""

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final, NamedTuple, TypeVar

from lockstep.canonical.money import EXPONENTS, Money
from lockstep.connectors.square.models import Amount
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import missing, required

T = TypeVar("T")

_QUANTITY: Final = Decimal("0.0001")


class Snapshot(NamedTuple):
    """What makes one state of an object itself."""

    version: str
    changed_at: datetime


def minor(money: Amount | None, currency: str, path: str) -> int:
    """Minor units of an amount; nothing where there is none.

    Raises:
        MessageMalformed: It is in another currency than the document.
    """
    if money is None or money.amount is None:
        return 0
    if money.currency != currency:
        raise MessageMalformed(f"{path}.currency is not {currency}, the currency of the document")
    return money.amount


def money_of(money: Amount | None, path: str) -> Money:
    """An amount that has to be there.

    Raises:
        MessageMalformed: It is not, names no currency, or is out of range.
    """
    if money is None or money.amount is None:
        raise missing(f"{path}.amount")
    return money_in(money.amount, currency_of(money, path), path)


def money_in(amount: int, currency: str, path: str) -> Money:
    """Minor units of a currency as money.

    Raises:
        MessageMalformed: The amount is out of range.
    """
    try:
        return Money.of_minor(amount, currency)
    except (ValueError, InvalidOperation) as error:
        raise MessageMalformed(f"{path}.amount is out of range") from error


def currency_of(money: Amount, path: str) -> str:
    """The currency of an amount.

    Raises:
        MessageMalformed: It names none that is in circulation.
    """
    if money.currency not in EXPONENTS:
        raise MessageMalformed(f"{path}.currency is {'no ISO 4217 code' if money.currency else 'missing'}")
    return money.currency


def quantity_of(quantity: Decimal | None, path: str) -> Decimal:
    """A quantity. Square counts with up to five decimals; the fifth is rounded.

    Raises:
        MessageMalformed: It is missing, or out of range.
    """
    given = required(quantity, path)
    try:
        return given.quantize(_QUANTITY, rounding=ROUND_HALF_UP)
    except InvalidOperation as error:
        raise MessageMalformed(f"{path} is out of range") from error


def first_moment(moments: Iterable[datetime | None], path: str) -> datetime:
    """The first moment that is said.

    Raises:
        MessageMalformed: None is.
    """
    return required(next((moment for moment in moments if moment is not None), None), path)


def snapshot_of(version: int | None, moments: Iterable[datetime | None], told_at: datetime, path: str) -> Snapshot:
    """Which state of an object is told, and since when it is in it.

    Square's own version where there is one, else the moment of the last change. The moment is the first that is said;
    an object with a version that says none was as it is when it was told.

    Raises:
        MessageMalformed: There is neither a version nor a moment.
    """
    said = next((moment for moment in moments if moment is not None), None)
    if version is not None:
        return Snapshot(str(version), said or told_at)
    changed_at = required(said, path)
    return Snapshot(changed_at.isoformat(), changed_at)
