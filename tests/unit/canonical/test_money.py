from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lockstep.canonical.money import EXPONENTS, Money

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KRW", "KWD", "TND", "CLF"])
MINOR = st.integers(min_value=-(10**14), max_value=10**14)
WEIGHTS = st.lists(
    st.one_of(
        st.integers(min_value=0, max_value=10**9),
        st.decimals(min_value=0, max_value=10**6, places=4, allow_nan=False, allow_infinity=False),
    ),
    min_size=1,
    max_size=30,
).filter(any)


@pytest.mark.parametrize(("currency", "exponent"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ISK", 0)])
def test_each_currency_has_its_own_minor_unit(currency, exponent):
    assert EXPONENTS[currency] == exponent
    assert Money.of_minor(1, currency).amount == Decimal(1).scaleb(-exponent)


def test_an_amount_always_has_the_decimals_of_its_currency():
    assert str(Money.of("5", "EUR")) == "5.00 EUR"
    assert str(Money.of("2.990", "EUR")) == "2.99 EUR"
    assert str(Money.of("1100.00", "JPY")) == "1100 JPY"
    assert str(Money.of("3.75", "KWD")) == "3.750 KWD"


@pytest.mark.parametrize(("amount", "currency"), [("0.001", "EUR"), ("10.5", "JPY"), ("1.2345", "KWD")])
def test_an_amount_finer_than_the_minor_unit_is_refused_not_rounded(amount, currency):
    with pytest.raises(ValidationError, match="decimals"):
        Money.of(amount, currency)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "1e19", "12345678901234567890.12"])
def test_an_amount_that_no_till_takes_is_refused(amount):
    with pytest.raises(ValidationError):
        Money(amount=Decimal(amount), currency="EUR")


@pytest.mark.parametrize("code", ["XXX", "EURO", "eur", "ABC", ""])
def test_only_currencies_are_currencies(code):
    with pytest.raises(ValueError, match=r"currency|character"):
        Money.of("1", code)


@pytest.mark.parametrize("amount", ["-0", "-0.00", "0.000", "0E+5"])
def test_zero_has_one_text(amount):
    assert str(Money.of(amount, "EUR")) == "0.00 EUR"
    assert str(-Money.of(amount, "EUR")) == "0.00 EUR"


def test_rounding_goes_away_from_zero_at_the_half():
    assert str(Money.rounded(Decimal("0.125"), "EUR")) == "0.13 EUR"
    assert str(Money.rounded(Decimal("-0.125"), "EUR")) == "-0.13 EUR"
    assert str(Money.rounded(Decimal("0.5"), "JPY")) == "1 JPY"


def test_rounding_says_what_it_cannot_do_with_its_own_error():
    with pytest.raises(ValueError, match="range"):
        Money.rounded(Decimal("1e40"), "EUR")


def test_currencies_do_not_mix():
    with pytest.raises(ValueError, match="do not mix"):
        Money.of("1", "EUR") + Money.of("1", "USD")
    with pytest.raises(ValueError, match="do not mix"):
        Money.total([Money.of("1", "EUR"), Money.of("1", "USD")], "EUR")


@given(MINOR, CURRENCIES)
def test_minor_units_there_and_back(minor, currency):
    money = Money.of_minor(minor, currency)
    assert money.minor == minor
    assert Money.model_validate_json(money.model_dump_json()) == money


@given(MINOR, MINOR, CURRENCIES)
def test_sums_are_exact(one, other, currency):
    first, second = Money.of_minor(one, currency), Money.of_minor(other, currency)
    assert (first + second).minor == one + other
    assert (first - second).minor == one - other
    assert Money.total([first, second], currency).minor == one + other


@given(MINOR, CURRENCIES, WEIGHTS)
def test_the_parts_of_an_allocation_add_up_to_the_whole(minor, currency, weights):
    whole = Money.of_minor(minor, currency)
    parts = whole.allocate(weights)
    assert len(parts) == len(weights)
    assert Money.total(parts, currency) == whole
    assert all(not part or (part.amount > 0) == (minor > 0) for part in parts)


@given(MINOR, CURRENCIES, WEIGHTS)
def test_no_part_is_a_minor_unit_or_more_off_its_share(minor, currency, weights):
    parts = Money.of_minor(minor, currency).allocate(weights)
    total = sum(map(Decimal, weights))
    for part, weight in zip(parts, weights, strict=True):
        assert abs(abs(part.minor) - abs(minor) * Decimal(weight) / total) < Decimal("1.000001")


def test_what_is_left_over_goes_to_the_largest_remainders_first():
    assert [part.minor for part in Money.of("100", "JPY").allocate([1, 1, 1])] == [34, 33, 33]
    assert [part.minor for part in Money.of("0.05", "EUR").allocate([3, 7])] == [2, 3]
    assert [part.minor for part in Money.of("-0.010", "KWD").allocate([1, 0, 2])] == [-3, 0, -7]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_weights_that_cannot_share_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        Money.of("1", "EUR").allocate(weights)
