"""Reading vendors' messages: lenient to what we do not know, strict on what money and identity need."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from lockstep.canonical.money import EXPONENTS
from lockstep.messaging.errors import MessageMalformed

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_LONGEST_CODE: Final = 128
_LONGEST_LINK: Final = 2048
_LARGEST: Final = Decimal(10) ** 12
_BLANK: Final = re.compile("[\x00-\x20\x7f-\xa0\ud800-\udfff]+")


class Lenient(BaseModel):
    """A vendor's object: fields that we do not know are passed over, numbers are taken where text is meant."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True, coerce_numbers_to_str=True)


def read(model: type[M], body: bytes) -> M:
    """A message as a vendor's object.

    Raises:
        MessageMalformed: It is no JSON, or lacks what is needed; names the first field, never its value.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise malformed(error) from error


def read_object(body: str | bytes, name: str = "the message") -> dict[str, Any]:
    """A JSON object as it is, for a message whose kind has to be found out first.

    Raises:
        MessageMalformed: It is none.
    """
    try:
        found = from_json(body)
    except ValueError as error:
        raise MessageMalformed(f"{name} is no JSON") from error
    if not isinstance(found, dict):
        raise MessageMalformed(f"{name} is no JSON object")
    return found


def fitted(model: type[M], found: Any, path: str = "") -> M:
    """A part of a message as a vendor's object.

    Raises:
        MessageMalformed: It lacks what is needed; names the first field, with the path of the part.
    """
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise malformed(error, path) from error


def named_in(body: bytes, *fields: str) -> str:
    """The first of some fields of a JSON object that is text, not empty and printable; empty where none is.

    For what a sender who is proven names in the body: a topic, the id of a delivery.
    """
    try:
        message = from_json(body)
    except ValueError:
        return ""
    if not isinstance(message, dict):
        return ""
    for field in fields:
        found = message.get(field)
        if isinstance(found, str) and 0 < len(found) <= _LONGEST_CODE and found.isprintable():
            return found
    return ""


def malformed(error: ValidationError, at: str = "") -> MessageMalformed:
    """What cannot be read, by the path of its field; values are not told, they may be personal."""
    first: Any = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(part for part in (at, *map(str, first["loc"])) if part) or "the message"
    if first["type"] == "missing":
        return missing(path)
    said = first["msg"].removeprefix("Value error, ")
    return MessageMalformed(f"{path} {said}" if said.startswith("is ") else f"{path}: {said}")


def missing(path: str) -> MessageMalformed:
    """The error that says which field is not there."""
    return MessageMalformed(f"{path} is missing")


def required(value: T | None, path: str) -> T:
    """The value, where there is one that is not empty.

    Raises:
        MessageMalformed: There is none.
    """
    if value is None or value == "":
        raise missing(path)
    return value


def code(text: object) -> str | None:
    """A text that only describes, as a code: on one line, not longer than a code may be; None when empty."""
    if not isinstance(text, str | int) or isinstance(text, bool):
        return None
    return _BLANK.sub(" ", str(text)).strip()[:_LONGEST_CODE].strip() or None


def number(text: str | None, path: str) -> Decimal:
    """A number that has to be there, however many decimals it has.

    Raises:
        MessageMalformed: It is missing, or is none.
    """
    said = required((text or "").strip(), path)
    try:
        found = Decimal(said)
    except InvalidOperation as error:
        raise MessageMalformed(f"{path} is no number") from error
    if not found.is_finite() or abs(found) >= _LARGEST:
        raise MessageMalformed(f"{path} is no number of a usual size")
    return found


def rounding(currency: str) -> Callable[[Decimal], Decimal]:
    """What rounds an amount to the minor unit of a currency, half away from zero.

    It raises MessageMalformed for an amount that is out of range.
    """
    unit = Decimal(1).scaleb(-EXPONENTS[currency])

    def rounded(amount: Decimal) -> Decimal:
        try:
            return amount.quantize(unit, rounding=ROUND_HALF_UP)
        except InvalidOperation as error:
            raise MessageMalformed("an amount is out of range") from error

    return rounded


def identifier(text: str | None, path: str) -> str:
    """A text that identifies: it is taken whole, or not at all.

    Raises:
        MessageMalformed: It is missing, or is none that identifies.
    """
    found = required(text, path)
    if code(found) != found:
        raise MessageMalformed(f"{path} is no identifier")
    return found


def link(text: str | None) -> str:
    """An address for people to open; empty where there is none, or one that is no address."""
    return text if text is not None and text.startswith("https://") and len(text) <= _LONGEST_LINK else ""


def moment(text: str | None, path: str, zone: tzinfo = UTC) -> datetime:
    """A time that has to be there: ISO 8601, in a zone where it says none.

    Raises:
        MessageMalformed: It is missing, or is no time.
    """
    return required(optional_moment(text, path, zone), path)


def optional_moment(text: str | None, path: str, zone: tzinfo = UTC) -> datetime | None:
    """A time, where one is said.

    Raises:
        MessageMalformed: What is said is no time.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(found.tzinfo or zone)
    except (ValueError, OverflowError) as error:
        raise MessageMalformed(f"{path} is no time") from error
