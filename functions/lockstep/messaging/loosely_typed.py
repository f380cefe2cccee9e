"""Fields of sources that are loose with types: numbers as text or as numbers, nothing as null, "", 0 or false.

What raises ValueError is made to validate fields of pydantic models; elsewhere `lenient` has the same with paths.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainValidator

_MOST_DIGITS: Final = 40
_MOST_BEFORE_POINT: Final = 15
_LARGEST: Final = 10**_MOST_BEFORE_POINT
_LONGEST_ID: Final = 20
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,30}")


def number(value: object) -> Decimal | None:
    """A number, however written; None where there is none.

    Raises:
        ValueError: It is something else.
    """
    if value is None or value is False or value == "":
        return None
    if type(value) is int and -_LARGEST < value < _LARGEST:
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("is no number")  # noqa: TRY004  # pydantic takes it for a finding, a TypeError for a defect
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise ValueError("is no number") from error
    if not found.is_finite() or found.adjusted() >= _MOST_BEFORE_POINT or len(found.as_tuple().digits) > _MOST_DIGITS:
        raise ValueError("is no number of a usual size")
    return found


def required_number(value: object) -> Decimal:
    """A number that must be there.

    Raises:
        ValueError: It is not, or is something else.
    """
    found = number(value)
    if found is None:
        raise ValueError("is empty")
    return found


def number_or_zero(value: object) -> Decimal:
    """A number; zero where there is none.

    Raises:
        ValueError: It is something else.
    """
    found = number(value)
    return Decimal(0) if found is None else found


def whole_number(value: object) -> object:
    """A whole number, as one or as text. What only looks like one is refused: `10.00` minor units is nobody knows what.

    Raises:
        ValueError: It is something else.
    """
    if isinstance(value, bool) or (isinstance(value, str) and not _WHOLE.fullmatch(value)):
        raise ValueError("is no whole number of minor units")
    return value


def text(value: object) -> str:
    """Text without blanks at its ends; empty where there is none."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def record_id(value: object) -> str:
    """The number of a record as text; empty where there is none, which is written 0, "", null or false too."""
    found = text(value)
    return "" if found == "0" else found


def required_record_id(value: object) -> str:
    """The number of a record, which must be there.

    Raises:
        ValueError: It is not, or is no number.
    """
    found = record_id(value)
    if not found.isascii() or not found.isdecimal() or len(found) > _LONGEST_ID:
        raise ValueError("is no id")
    return found


def mapping(value: object) -> Mapping[str, Any]:
    """An object; empty where there is none."""
    return value if isinstance(value, Mapping) else {}


def stamp(when: datetime) -> str:
    """A time in UTC, to the second, as it stands in versions."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


Number = Annotated[Decimal | None, PlainValidator(number)]
NumberOrZero = Annotated[Decimal, PlainValidator(number_or_zero)]
RequiredNumber = Annotated[Decimal, PlainValidator(required_number)]
Text = Annotated[str, PlainValidator(text)]
RecordId = Annotated[str, PlainValidator(record_id)]
RequiredRecordId = Annotated[str, PlainValidator(required_record_id)]
MinorUnits = Annotated[int, BeforeValidator(whole_number)]
