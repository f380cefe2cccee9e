"""Single values on their way from the shop's words to canonical ones. Nothing here raises for what a text holds."""

import zlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from pydantic import ValidationError

from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code

NOISE: Final = Decimal("0.000001")
"""Old versions write sums as binary fractions do: 3.9999999999999996. What is less than this is none."""
_HUNDRED: Final = Decimal(100)
_MOST_PERCENT: Final = 1000
_PERCENT_STEP: Final = Decimal("0.000001")


def words(text: str | None, longest: int = 512) -> str:
    """A text for people, no longer than its place."""
    return (text or "").strip()[:longest]


def percent(rate: Decimal | None) -> Decimal | None:
    """A fraction as per cent; None where it is none."""
    if rate is None:
        return None
    value = (rate * _HUNDRED).quantize(_PERCENT_STEP).normalize() if abs(rate) < _MOST_PERCENT else rate
    return value if 0 <= value <= _MOST_PERCENT else None


def currency(text: str | None, path: str) -> str:
    """An ISO 4217 code.

    Raises:
        MessageMalformed: It is none.
    """
    if text not in EXPONENTS:
        raise MessageMalformed(f"{path} is no ISO 4217 currency code" if text else f"{path} is missing")
    return text


def problem_of(error: ValueError) -> str:
    """What the canonical model refuses, without what was given."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return ": ".join(part for part in (".".join(map(str, first["loc"])), first["msg"]) if part)
    return str(error)


def is_minor(amount: Decimal, money: Money) -> bool:
    """Whether an amount is that money, but for noise."""
    return abs(amount - money.amount) < NOISE


def item(sku: str | None, variant: str | None) -> ItemReference | None:
    """The article of a line: its SKU; where it has none, its variant; None for a custom line."""
    named = code(sku)
    if named:
        return ItemReference(value=named)
    return ItemReference(value=global_id("ProductVariant", variant)) if variant else None


def global_id(kind: str, number: str) -> str:
    """A thing as the Admin API and the crosswalk name it."""
    return f"gid://shopify/{kind}/{number}"


def location(number: str | None) -> str | None:
    """A location, as the crosswalk names it for what is delivered to the shop too."""
    return global_id("Location", number) if number else None


def dated(at: datetime | None, content: object) -> str:
    """A version: the time of the last change, and a digest of what the state is. Where no time is said, that alone."""
    name = digest(content)
    return f"{moment(at)}.{name}" if at else name


def moment(at: datetime) -> str:
    """A time as part of a version: in UTC, so that every way to write it is one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def digest(content: object) -> str:
    """A short digest of what makes a state itself. The shop's times are whole seconds, in which two states fit."""
    return f"{zlib.crc32(repr(content).encode('utf-8', 'backslashreplace')):08x}"
