"""Single values out of Stripe's objects, strictly, each error with the field's path."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from lockstep.canonical.money import EXPONENTS, Money
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code, required
from lockstep.messaging.lenient import moment as moment_written

T = TypeVar("T")

ZERO_DECIMAL: Final = frozenset(
    {
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    }
)
"""Currencies of which Stripe's amounts are whole units (Stripe documentation: currencies, zero-decimal).

ISK and UGX are not among them: for compatibility they are written with two decimals that are always zero (special
cases there). MGA is, although ISO 4217 gives it two decimals. HUF and TWD have two decimals, and payouts in them end
in zeros.
"""
THREE_DECIMAL: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Amounts in thousandths; the last digit is zero."""


def exponent(currency: str) -> int:
    """Decimals of Stripe's amounts in a currency, which are not those of ISO 4217 everywhere."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def money_of(amount: int | None, currency: str | None, path: str, field: str = "amount") -> Money:
    """An amount that has to be there.

    Raises:
        MessageMalformed: It or its currency is missing, or it is finer than the currency is.
    """
    given = required(amount, f"{path}.{field}")
    name = required(currency, f"{path}.currency").upper()
    if name not in EXPONENTS:
        raise MessageMalformed(f"{path}.currency is no ISO 4217 code")
    try:
        return Money(amount=Decimal(given).scaleb(-exponent(name)), currency=name)
    except (ValueError, InvalidOperation) as error:
        raise MessageMalformed(f"{path}.{field} is out of range, or finer than {name} is") from error


def moment(seconds: int | None, path: str) -> datetime:
    """A Unix time.

    Raises:
        MessageMalformed: It is missing.
    """
    return datetime.fromtimestamp(required(seconds, path), UTC)


def moment_of(value: Any, path: str) -> datetime:
    """A time as events write it: Unix time, or RFC 3339 in thin ones.

    Raises:
        MessageMalformed: It is missing, or none.
    """
    given = required(value, path)
    if isinstance(given, str) and not given.isdecimal():
        return moment_written(given, path)
    try:
        return datetime.fromtimestamp(float(given), UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise MessageMalformed(f"{path} is no time") from error


def reference_of(metadata: Mapping[str, Any] | None) -> str | None:
    """The merchant's order, where the checkout wrote it down: Stripe has no field for it, and plugins use this one."""
    return code(metadata.get("order_id")) if metadata else None
