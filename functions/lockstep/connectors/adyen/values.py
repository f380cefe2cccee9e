"""Single values out of Adyen's items, strictly, each error with the field's path."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from lockstep.canonical.money import EXPONENTS, Money
from lockstep.connectors.adyen.models import Amount
from lockstep.messaging.errors import MessageMalformed

T = TypeVar("T")

DECIMALS: Final = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
"""Where Adyen's decimals are not those of ISO 4217 (Adyen documentation: currency codes and minor units)."""

_LONGEST: Final = 128
_SPACE: Final = re.compile(r"[\x00-\x20\x7f-\xa0]+")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def required(value: T | None, path: str) -> T:
    """The value, if there is one that is not empty.

    Raises:
        MessageMalformed: There is none.
    """
    if value is None or value == "":
        raise MessageMalformed(f"{path} is missing")
    return value


def problem_of(error: ValidationError) -> str:
    """The first thing that is wrong, with its path and without what was given."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    what = first["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def code(text: Any) -> str | None:
    """A text that only describes, as a code: on one line, and not longer than a code may be; None when empty.

    Adyen writes `null` as a text, too.
    """
    if not isinstance(text, str | int):
        return None
    said = _SPACE.sub(" ", _SURROGATES.sub("", str(text))).strip()[:_LONGEST].strip()
    return None if said in {"", "null"} else said


def money_of(amount: Amount | None, path: str) -> Money:
    """An amount that has to be there, never negative: the event says which way it goes.

    Raises:
        MessageMalformed: It or its currency is missing, it is negative, or finer than the currency is.
    """
    value = required(amount.value if amount else None, f"{path}.value")
    currency = required(amount.currency if amount else None, f"{path}.currency")
    if currency not in EXPONENTS:
        raise MessageMalformed(f"{path}.currency is no ISO 4217 code")
    if value < 0:
        raise MessageMalformed(f"{path}.value is negative")
    try:
        return Money(amount=Decimal(value).scaleb(-DECIMALS.get(currency, EXPONENTS[currency])), currency=currency)
    except (ValueError, InvalidOperation) as error:
        raise MessageMalformed(f"{path}.value is out of range, or finer than {currency} is") from error
