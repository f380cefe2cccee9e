"""Money: a decimal amount in a currency, held to the currency's own minor unit (ISO 4217)."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from math import lcm
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from lockstep.canonical.model import Canonical

_TWO: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_ZERO: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"

EXPONENTS: Final[dict[str, int]] = {
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_ZERO.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
    "CLF": 4,
    "UYW": 4,
}
"""Digits after the decimal point, by ISO 4217 code of a currency in circulation (and two units of account)."""

_QUANTA: Final = {code: Decimal(1).scaleb(-exponent) for code, exponent in EXPONENTS.items()}
_ZEROES: Final = {code: Decimal(0).scaleb(-exponent) for code, exponent in EXPONENTS.items()}
"""Zero has no sign: `-0.00` would be another text of the same amount."""
_MOST_DIGITS: Final = 18
"""Before the decimal point: sums of many such amounts are still exact in the 28 digits of decimal arithmetic."""


def _known(code: str) -> str:
    if code not in EXPONENTS:
        raise ValueError(f"{code!r} is not an ISO 4217 currency code")
    return code


Currency = Annotated[str, Field(min_length=3, max_length=3), AfterValidator(_known)]
"""ISO 4217 alphabetic code."""


class Money(Canonical):
    """An amount in major units, always with as many decimals as its currency has.

    An amount finer than the minor unit is refused, never rounded: rounding is a decision, made with `rounded`.
    """

    amount: Annotated[Decimal, PlainSerializer(str, return_type=str, when_used="json")]
    currency: Currency

    @model_validator(mode="after")
    def _to_minor_unit(self) -> Self:
        amount = self.amount
        if not amount.is_finite():
            raise ValueError("an amount of money is a finite number")
        if amount.adjusted() >= _MOST_DIGITS:
            raise ValueError("amount is out of range")
        exponent = EXPONENTS[self.currency]
        if not amount:
            exact = _ZEROES[self.currency]
        elif amount.as_tuple().exponent == -exponent:
            return self
        else:
            try:
                exact = amount.quantize(_QUANTA[self.currency])
            except InvalidOperation as error:
                raise ValueError("amount is out of range") from error
        if exact != amount:
            raise ValueError(f"{amount} has more than {exponent} decimals, which {self.currency} does not have")
        object.__setattr__(self, "amount", exact)
        return self

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Self:
        """From major units, as in `Money.of("12.34", "EUR")`."""
        return cls(amount=Decimal(amount), currency=currency)

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Self:
        """From minor units, as in `Money.of_minor(1234, "EUR")`."""
        return cls(amount=Decimal(minor).scaleb(-EXPONENTS[_known(currency)]), currency=currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """From an amount that may be finer than the minor unit, rounded half away from zero.

        Raises:
            ValueError: It is not finite, or out of range.
        """
        try:
            return cls(amount=amount.quantize(_QUANTA[_known(currency)], rounding=ROUND_HALF_UP), currency=currency)
        except InvalidOperation as error:
            raise ValueError("amount is out of range") from error

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in this currency."""
        return cls.of_minor(0, currency)

    @classmethod
    def total(cls, amounts: Iterable[Self], currency: str) -> Self:
        """The sum; zero when there are none.

        Raises:
            ValueError: One of them is in another currency.
        """
        total = _ZEROES[_known(currency)]
        for amount in amounts:
            if amount.currency != currency:
                raise ValueError(f"{currency} and {amount.currency} do not mix")
            total += amount.amount
        return cls(amount=total, currency=currency)

    @property
    def minor(self) -> int:
        """The amount in minor units."""
        return int(self.amount.scaleb(EXPONENTS[self.currency]))

    def __add__(self, other: Self) -> Self:
        return self._with(self.amount + self._same(other))

    def __sub__(self, other: Self) -> Self:
        return self._with(self.amount - self._same(other))

    def __neg__(self) -> Self:
        return self._with(-self.amount)

    def __abs__(self) -> Self:
        return self._with(abs(self.amount))

    def __lt__(self, other: Self) -> bool:
        return self.amount < self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def allocate(self, weights: Sequence[Decimal | int]) -> list[Self]:
        """Split by weight so that the parts add up to exactly this amount.

        What rounding leaves over goes, a minor unit at a time, to the parts it was taken from most (largest
        remainder), the earlier first.

        Raises:
            ValueError: There is no weight, one is negative, or all are zero.
        """
        ratios = [weight.as_integer_ratio() for weight in weights]
        scale = lcm(*(denominator for _, denominator in ratios))
        exact = [numerator * scale // denominator for numerator, denominator in ratios]
        whole = sum(exact)
        if any(weight < 0 for weight in exact) or not whole:
            raise ValueError("weights are zero or more, and not all zero")
        minor = abs(self.minor)
        shares = [divmod(minor * weight, whole) for weight in exact]
        parts = [share for share, _ in shares]
        by_remainder = sorted(range(len(parts)), key=lambda index: (-shares[index][1], index))
        for index in by_remainder[: minor - sum(parts)]:
            parts[index] += 1
        sign = -1 if self.amount < 0 else 1
        return [type(self).of_minor(sign * part, self.currency) for part in parts]

    def _same(self, other: Self) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other.amount

    def _with(self, amount: Decimal) -> Self:
        return type(self)(amount=amount, currency=self.currency)
