"""What stands in a WooCommerce field: numbers as text or as numbers, nothing as null, "", 0 or false, lists as objects.

PHP writes an empty object as `[]`, a list with holes as an object, and `false` for many things that are not there.
"""

import html
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any

from pydantic import PlainValidator

from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import required
from lockstep.messaging.loosely_typed import record_id, required_record_id


def item_number(value: object) -> int:
    """The id of an order's item, which no other item of the shop has.

    Raises:
        ValueError: There is none.
    """
    return int(required_record_id(value))


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


def maybe_record_id(value: object) -> str:
    """The number of a record; empty where there is none.

    Raises:
        ValueError: It is something else.
    """
    return required_record_id(value) if record_id(value) else ""


MaybeRecordId = Annotated[str, PlainValidator(maybe_record_id)]
ItemNumber = Annotated[int, PlainValidator(item_number)]
Raw = Annotated[list[Any], PlainValidator(items)]
Flag = Annotated[bool, PlainValidator(lambda value: value is True)]


def moment(gmt: str, local: str, zone: tzinfo, name: str) -> datetime:
    """A time in UTC, from its `_gmt` field, else from that in the site's zone.

    Raises:
        MessageMalformed: Neither is there, or one is no time.
    """
    return required(optional_moment(gmt, local, zone, name), f"{name}_gmt")


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


def plain_text(words: str, longest: int) -> str:
    """Text for people, without HTML entities, cut at a length."""
    return html.unescape(words).strip()[:longest]


def meta(entries: list[Any], *keys: str) -> object:
    """The value of the first of these keys in a `meta_data` list; None where there is none."""
    for entry in entries:
        if isinstance(entry, Mapping) and entry.get("key") in keys:
            return entry.get("value")
    return None
