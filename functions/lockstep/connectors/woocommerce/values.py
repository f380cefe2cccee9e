"""What stands in a WooCommerce field: numbers as text or as numbers, nothing as null, "", 0 or false, lists as objects.

PHP writes an empty object as `[]`, a list with holes as an object, and `false` for many things that are not there.
"""

import html
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
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


def number(value: object) -> Decimal | None:
    """A number, however written; None where there is none.

    Raises:
        ValueError: It is something else.
    """
    if value is None or value is False or value == "":
        return None
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


def text(value: object) -> str:
    """Text without blanks at its ends; empty where there is none."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def identifier(value: object) -> str:
    """A WordPress id as text; empty where there is none, which is written 0, "", null or false too."""
    found = text(value)
    return "" if found == "0" else found


def required_identifier(value: object) -> str:
    """A WordPress id that must be there.

    Raises:
        ValueError: It is not.
    """
    found = identifier(value)
    if not found.isascii() or not found.isdecimal() or len(found) > _LONGEST_ID:
        raise ValueError("is no id")
    return found


def item_number(value: object) -> int:
    """The id of an order's item, which no other item of the shop has.

    Raises:
        ValueError: There is none.
    """
    return int(required_identifier(value))


def items(value: object) -> list[Any]:
    """A list, also where PHP made an object with numbers for names of it; empty where there is none.

    Raises:
        ValueError: It is something else.
    """
    if value is None or value is False or value == "":
        return []
    if isinstance(value, Mapping):
        return [entry for place, entry in value.items() if place.isdecimal()]
    if not isinstance(value, list):
        raise ValueError("is no list")  # noqa: TRY004  # as above
    return value


def mapping(value: object) -> Mapping[str, Any]:
    """An object; empty where there is none."""
    return value if isinstance(value, Mapping) else {}


Number = Annotated[Decimal | None, PlainValidator(number)]
Amount = Annotated[Decimal, PlainValidator(required_number)]
Text = Annotated[str, PlainValidator(text)]
Id = Annotated[str, PlainValidator(identifier)]
RequiredId = Annotated[str, PlainValidator(required_identifier)]
ItemNumber = Annotated[int, PlainValidator(item_number)]
Raw = Annotated[list[Any], PlainValidator(items)]
Flag = Annotated[bool, PlainValidator(lambda value: value is True)]


def malformed(error: ValidationError, at: str = "") -> MessageMalformed:
    """What cannot be read, by the path of its field; values are not told, they may be personal."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(part for part in (at, *(str(step) for step in found["loc"])) if part) or "the message"
    if found["type"] == "missing":
        return MessageMalformed(f"{path} is missing")
    said = found["msg"].removeprefix("Value error, ")
    return MessageMalformed(f"{path} {said}" if said.startswith("is ") else f"{path}: {said}")


def moment(gmt: str, local: str, zone: tzinfo, name: str) -> datetime:
    """A time in UTC, from its `_gmt` field, else from that in the site's zone.

    Raises:
        MessageMalformed: Neither is there, or one is no time.
    """
    found = optional_moment(gmt, local, zone, name)
    if found is None:
        raise MessageMalformed(f"{name}_gmt is missing")
    return found


def optional_moment(gmt: str, local: str, zone: tzinfo, name: str) -> datetime | None:
    """A time in UTC; None where neither field says it.

    Raises:
        MessageMalformed: What is said is no time.
    """
    said, implied, field = (gmt, UTC, f"{name}_gmt") if gmt else (local, zone, name)
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said)
        return (found if found.tzinfo else found.replace(tzinfo=implied)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MessageMalformed(f"{field} is no time") from error


def stamp(when: datetime) -> str:
    """A time as it stands in versions."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def code(words: str) -> str | None:
    """Words as an identifier: printable, not too long; None where nothing is left."""
    kept = "".join(letter if letter.isprintable() else " " for letter in words)
    return kept.strip()[:_LONGEST_CODE].strip() or None


def plain_text(words: str, longest: int) -> str:
    """Text for people, without HTML entities, cut at a length."""
    return html.unescape(words).strip()[:longest]


def meta(entries: list[Any], *keys: str) -> object:
    """The value of the first of these keys in a `meta_data` list; None where there is none."""
    for entry in entries:
        if isinstance(entry, Mapping) and entry.get("key") in keys:
            return entry.get("value")
    return None
