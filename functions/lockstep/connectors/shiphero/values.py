"""Single values of ShipHero's messages, strictly, each error with the field's path."""

from decimal import Decimal
from typing import Final

from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import identifier, number

_LONGEST_PLACE: Final = 64


def units(text: str | None, path: str) -> Decimal:
    """A number of units.

    Raises:
        MessageMalformed: It is missing, or is none.
    """
    found = number(text, path)
    if found != found.to_integral_value():
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
