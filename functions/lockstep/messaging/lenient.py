"""Reading vendors' messages: lenient to what we do not know, strict on what money and identity need."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from lockstep.messaging.errors import MessageMalformed

M = TypeVar("M", bound=BaseModel)

_LONGEST_CODE: Final = 128
_LONGEST_LINK: Final = 2048
_BLANK: Final = re.compile(r"[\x00-\x20\x7f-\xa0]+")


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
    path = ".".join(str(step) for step in (*([at] if at else []), *first["loc"])) or "the message"
    if first["type"] == "missing":
        return MessageMalformed(f"{path} is missing")
    return MessageMalformed(f"{path}: {first['msg'].removeprefix('Value error, ')}")


def code(text: str | None) -> str | None:
    """A text that only describes, as a code: on one line, not longer than a code may be; None when empty."""
    return _BLANK.sub(" ", text or "").strip()[:_LONGEST_CODE].strip() or None


def identifier(text: str | None, path: str) -> str:
    """A text that identifies: it is taken whole, or not at all.

    Raises:
        MessageMalformed: It is missing, or is none that identifies.
    """
    if not text:
        raise MessageMalformed(f"{path} is missing")
    if code(text) != text:
        raise MessageMalformed(f"{path} is no identifier")
    return text


def link(text: str | None) -> str:
    """An address for people to open; empty where there is none, or one that is no address."""
    return text if text is not None and text.startswith("https://") and len(text) <= _LONGEST_LINK else ""


def moment(text: str | None, path: str, zone: tzinfo = UTC) -> datetime:
    """A time that has to be there: ISO 8601, in a zone where it says none.

    Raises:
        MessageMalformed: It is missing, or is no time.
    """
    found = optional_moment(text, path, zone)
    if found is None:
        raise MessageMalformed(f"{path} is missing")
    return found


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
