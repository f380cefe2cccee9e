"""What stands in a BigCommerce field: V2 writes amounts as text with four decimals, V3 as numbers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError

from lockstep.messaging.errors import MessageMalformed

_MOST_DIGITS: Final = 40
_MOST_BEFORE_POINT: Final = 15
_LONGEST_CODE: Final = 128
_LONGEST_ID: Final = 20


class Lenient(BaseModel):
    """A vendor's object: fields that we do not know are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


def number(value: object) -> Decimal:
    """A number, however written; zero where there is none.

    Raises:
        ValueError: It is something else.
    """
    return Decimal(0) if value is None or value == "" else required_number(value)


def required_number(value: object) -> Decimal:
    """A number that must be there.

    Raises:
        ValueError: It is not, or is something else.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("is no number")  # noqa: TRY004  # pydantic takes it for a finding, a TypeError for a defect
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise ValueError("is no number" if value else "is empty") from error
    if not found.is_finite() or found.adjusted() >= _MOST_BEFORE_POINT or len(found.as_tuple().digits) > _MOST_DIGITS:
        raise ValueError("is no number of a usual size")
    return found


def optional_number(value: object) -> Decimal | None:
    """A number; None where there is none, which is null or "".

    Raises:
        ValueError: It is something else.
    """
    return None if value is None or value == "" else required_number(value)


def text(value: object) -> str:
    """Text without blanks at its ends; empty where there is none."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def identifier(value: object) -> str:
    """An id as text; empty where there is none, which is 0 or null."""
    found = text(value)
    return "" if found == "0" else found


def required_identifier(value: object) -> str:
    """An id that must be there.

    Raises:
        ValueError: It is not.
    """
    found = identifier(value)
    if not found.isascii() or not found.isdecimal() or len(found) > _LONGEST_ID:
        raise ValueError("is no id")
    return found


def items(value: object) -> list[Any]:
    """A list; empty where there is none, or where V2 names the address of one instead."""
    return value if isinstance(value, list) else []


def mapping(value: object) -> Mapping[str, Any]:
    """An object; empty where there is none."""
    return value if isinstance(value, Mapping) else {}


Number = Annotated[Decimal, PlainValidator(number)]
Amount = Annotated[Decimal, PlainValidator(required_number)]
Optional = Annotated[Decimal | None, PlainValidator(optional_number)]
Text = Annotated[str, PlainValidator(text)]
Id = Annotated[str, PlainValidator(identifier)]
RequiredId = Annotated[str, PlainValidator(required_identifier)]
Flag = Annotated[bool, PlainValidator(lambda value: value is True or value == "true")]
MaybeFlag = Annotated[bool | None, PlainValidator(lambda value: value if isinstance(value, bool) else None)]


def malformed(error: ValidationError, at: str = "") -> MessageMalformed:
    """What cannot be read, by the path of its field; values are not told, they may be personal."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(part for part in (at, *(str(step) for step in found["loc"])) if part) or "the message"
    if found["type"] == "missing":
        return MessageMalformed(f"{path} is missing")
    said = found["msg"].removeprefix("Value error, ")
    return MessageMalformed(f"{path} {said}" if said.startswith("is ") else f"{path}: {said}")


def moment(written: str, name: str) -> datetime:
    """A time in UTC: RFC 2822 in V2, ISO 8601 in V3.

    Raises:
        MessageMalformed: It is missing, or no time.
    """
    found = optional_moment(written, name)
    if found is None:
        raise MessageMalformed(f"{name} is missing")
    return found


def optional_moment(written: str, name: str) -> datetime | None:
    """A time in UTC; None where there is none.

    Raises:
        MessageMalformed: What is written is no time.
    """
    if not written:
        return None
    try:
        found = parsedate_to_datetime(written) if "," in written else datetime.fromisoformat(written)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        raise MessageMalformed(f"{name} is no time") from error


def stamp(when: datetime) -> str:
    """A time as it stands in versions."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def code(words: str) -> str | None:
    """Words as an identifier: printable, not too long; None where nothing is left."""
    kept = "".join(letter if letter.isprintable() else " " for letter in words)
    return kept.strip()[:_LONGEST_CODE].strip() or None
