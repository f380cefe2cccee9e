"""Single values out of Adyen's items, strictly, each error with the field's path."""

from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from lockstep.canonical.money import EXPONENTS, Money
from lockstep.connectors.adyen.models import Amount
from lockstep.messaging import lenient
from lockstep.messaging.errors import MessageMalformed

T = TypeVar("T")

DECIMALS: Final = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
"""Where Adyen's decimals are not those of ISO 4217 (Adyen documentation: currency codes and minor units)."""


def code(text: object) -> str | None:
    """A text that only describes, as a code; Adyen writes `null` as a text, too."""
    said = lenient.code(text)
    return None if said == "null" else said


def money_of(amount: Amount | None, path: str) -> Money:
    """An amount that has to be there, never negative: the event says which way it goes.

    Raises:
        MessageMalformed: It or its currency is missing, it is negative, or finer than the currency is.
    """
    value = lenient.required(amount.value if amount else None, f"{path}.value")
    currency = lenient.required(amount.currency if amount else None, f"{path}.currency")
    if currency not in EXPONENTS:
        raise MessageMalformed(f"{path}.currency is no ISO 4217 code")
    if value < 0:
        raise MessageMalformed(f"{path}.value is negative")
    try:
        return Money(amount=Decimal(value).scaleb(-DECIMALS.get(currency, EXPONENTS[currency])), currency=currency)
    except (ValueError, InvalidOperation) as error:
        raise MessageMalformed(f"{path}.value is out of range, or finer than {currency} is") from error
