"""Reads single values out of elements, strictly, and says which element is wrong."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from pydantic import ValidationError

from lockstep.canonical.money import EXPONENTS
from lockstep.connectors.poslog.document import Node

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})")
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ][0-9:.]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?")
_SEQUENCE: Final = re.compile(r"[0-9]{1,18}")
_NO_CURRENCY: Final = "XXX"
_TIMES: Final = ("EndDateTime", "POSLogDateTime", "ReceiptDateTime", "BeginDateTime")


def problem_of(error: ValidationError) -> str:
    """The first thing that the canonical model refuses, without what was given."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def number(node: Node) -> Decimal:
    """A decimal number.

    Raises:
        MessageMalformed: It is none, or has more digits than any amount or quantity has.
    """
    if not _NUMBER.fullmatch(node.text):
        raise node.wrong("is not a decimal number")
    return Decimal(node.text)


def number_at(node: Node, attribute: str) -> Decimal | None:
    """The number in an attribute; None when there is none or it is empty.

    Raises:
        MessageMalformed: It is no number.
    """
    text = node.attributes.get(attribute, "").strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise node.wrong(f"has a {attribute} that is not a decimal number")
    return Decimal(text)


def number_of(node: Node, *tags: str) -> Decimal | None:
    """The number in the first of these children; None when there is none or it is empty."""
    child = node.find(*tags)
    return None if child is None or not child.text else number(child)


def currency_of(node: Node) -> str | None:
    """The currency that an element's attributes name; ISO 4217's `XXX` (no currency) names none.

    Raises:
        MessageMalformed: It names something else than a currency.
    """
    return _currency(node, node.attributes.get("Currency") or node.attributes.get("CurrencyCode"))


def currency_in(node: Node) -> str | None:
    """The currency that an element holds as its text."""
    return _currency(node, node.text)


def _currency(node: Node, code: str | None) -> str | None:
    if not code or code == _NO_CURRENCY:
        return None
    if code not in EXPONENTS:
        raise node.wrong("does not name an ISO 4217 currency")
    return code


def sequence(node: Node) -> int:
    """A sequence number; leading zeros do not count.

    Raises:
        MessageMalformed: It is none.
    """
    if not _SEQUENCE.fullmatch(node.text):
        raise node.wrong("is not a whole number")
    return int(node.text)


def day(node: Node) -> date:
    """A date, also where it is wrapped in a `Date` or carries a time or a zone.

    Raises:
        MessageMalformed: It is none.
    """
    text = node.text or node.value("Date") or ""
    match = _DAY.fullmatch(text)
    try:
        return date.fromisoformat(match.group(1) if match else text)
    except ValueError as error:
        raise node.wrong("is not a date") from error


def closing_time(transaction: Node, zone: tzinfo) -> tuple[datetime, date]:
    """When a transaction was closed (in UTC), and the date on the wall at that moment.

    A time without an offset is taken to be in the account's zone. A time in UTC says nothing of the wall, so it is
    looked at in the account's zone too; any other offset is the wall's own.

    Raises:
        MessageMalformed: There is no time, or it is none.
    """
    node = next((child for tag in _TIMES for child in transaction.all(tag) if child.text), None)
    if node is None:
        raise transaction.missing(*_TIMES)
    try:
        written = datetime.fromisoformat(node.text)
        if written.tzinfo is None:
            written = written.replace(tzinfo=zone)
        elif written.utcoffset() == timedelta(0):
            written = written.astimezone(zone)
        return written.astimezone(UTC), written.date()
    except (ValueError, OverflowError) as error:
        raise node.wrong("is not a date and time") from error
