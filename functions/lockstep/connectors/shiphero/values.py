"""Single values of ShipHero's messages, strictly, each error with the field's path."""

from decimal import Decimal, InvalidOperation
from typing import Final

from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import identifier

_MOST_UNITS: Final = Decimal(10) ** 11
_LONGEST_PLACE: Final = 64


def units(text: str | None, path: str) -> Decimal:
    """A number of units.

    Raises:
        MessageMalformed: It is missing, or is none.
    """
    if text is None or not text.strip():
        raise MessageMalformed(f"{path} is missing")
    try:
        found = Decimal(text.strip())
    except InvalidOperation as error:
        raise MessageMalformed(f"{path} is no number") from error
    if not found.is_finite() or abs(found) >= _MOST_UNITS or found != found.to_integral_value():
        raise MessageMalformed(f"{path} is no number of units")
    return found


def place(text: str | None, path: str) -> str:
    """A warehouse's identifier.

    Raises:
        MessageMalformed: It is missing, or is none.
    """
    found = identifier(text, path)
    if "/" in found or len(found) > _LONGEST_PLACE:
        raise MessageMalformed(f"{path} is no identifier of a warehouse")
    return found
