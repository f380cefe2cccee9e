"""What all of the shop's messages are made of, read leniently: unknown fields and words pass, null is nothing.

Amounts come as text or as numbers, ids as numbers or as global ids (`gid://shopify/Order/1`): both are read alike.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import Lenient, malformed

_LONGEST_ID: Final = 120
_Row = TypeVar("_Row")
_Model = TypeVar("_Model", bound="Vendor")


class Vendor(Lenient):
    """Part of a message of the shop's."""


def _id(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("is no identifier")  # noqa: TRY004  # pydantic reports it by its field
    text = str(value).rpartition("/")[2].partition("?")[0]
    if not text or len(text) > _LONGEST_ID or not text.isprintable() or text != text.strip():
        raise ValueError("is no identifier")
    return text


def _zoned(value: datetime) -> datetime:
    zoned = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    try:
        zoned.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error
    return zoned


def _rows(value: Any) -> Any:
    return () if value is None else value


def _flag(value: Any) -> Any:
    return False if value is None else value


def _no_blank(value: Any) -> Any:
    return None if value == "" else value


Id = Annotated[str, BeforeValidator(_id)]
"""The number at the end of a global id, or the number itself."""
OptionalId = Annotated[Id | None, BeforeValidator(_no_blank)]
Amount = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=40)]
"""In major units, as the shop writes it."""
OptionalAmount = Annotated[Amount | None, BeforeValidator(_no_blank)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
Time = Annotated[datetime, AfterValidator(_zoned)]
"""As the shop writes it, in its own zone: its day is the business day."""
OptionalTime = Annotated[Time | None, BeforeValidator(_no_blank)]
OptionalDay = Annotated[date | None, BeforeValidator(_no_blank)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Rows = Annotated[tuple[_Row, ...], BeforeValidator(_rows)]


class MoneyIn(Vendor):
    """An amount in a currency."""

    amount: OptionalAmount = None
    currency_code: str | None = None


class MoneyBag(Vendor):
    """The same amount in the currency of the shop's books and in the one that the customer saw."""

    shop_money: MoneyIn | None = None
    presentment_money: MoneyIn | None = None


def read(model: type[_Model], content: bytes | Mapping[str, Any]) -> _Model:
    """A message, or a part of one that is parsed already.

    Raises:
        MessageMalformed: It is no JSON, or something is missing or of the wrong kind; names the field, never its value.
    """
    try:
        return model.model_validate_json(content) if isinstance(content, bytes) else model.model_validate(content)
    except ValidationError as error:
        raise malformed(error) from error
    except (RecursionError, OverflowError, ArithmeticError) as error:
        raise MessageMalformed(f"the message cannot be read: {type(error).__name__}") from error
