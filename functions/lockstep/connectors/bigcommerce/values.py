"""What stands in a BigCommerce field: V2 writes amounts as text with four decimals, V3 as numbers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

from pydantic import PlainValidator

from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import required


def items(value: object) -> list[Any]:
    """A list; empty where there is none, or where V2 names the address of one instead."""
    return value if isinstance(value, list) else []


Flag = Annotated[bool, PlainValidator(lambda value: value is True or value == "true")]
MaybeFlag = Annotated[bool | None, PlainValidator(lambda value: value if isinstance(value, bool) else None)]


def moment(written: str, name: str) -> datetime:
    """A time in UTC: RFC 2822 in V2, ISO 8601 in V3.

    Raises:
        MessageMalformed: It is missing, or no time.
    """
    return required(optional_moment(written, name), name)


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


def json_object(said: Any) -> Mapping[str, Any]:
    """A JSON object.

    Raises:
        MessageMalformed: It is none.
    """
    if not isinstance(said, dict):
        raise MessageMalformed("the resource is no object")
    return said
