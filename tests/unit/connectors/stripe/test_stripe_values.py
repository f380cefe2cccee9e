import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.canonical.money import EXPONENTS
from lockstep.connectors.stripe.connector import StripeConnector
from lockstep.connectors.stripe.values import THREE_DECIMAL, ZERO_DECIMAL, exponent, money_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery

RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(("amount", "currency", "major"), [
    (1099, "usd", "10.99"),
    (500, "jpy", "500"),
    (5, "mga", "5.00"),
    (500, "isk", "5"),
    (500, "ugx", "5"),
    (12340, "kwd", "12.340"),
    (100000, "huf", "1000.00"),
    (80000, "twd", "800.00"),
    (700, "clp", "700"),
])  # fmt: skip
def test_decimals_are_stripe_s(amount, currency, major):
    assert money_of(amount, currency, "charge").amount == Decimal(major)


@pytest.mark.parametrize(("amount", "currency"), [(1050, "isk"), (501, "ugx")])
def test_what_is_finer_than_the_currency_is_refused(amount, currency):
    with pytest.raises(MessageMalformed, match=r"charge\.amount"):
        money_of(amount, currency, "charge")


def test_every_special_currency_is_one():
    assert not ZERO_DECIMAL & THREE_DECIMAL
    assert set(EXPONENTS) >= ZERO_DECIMAL | THREE_DECIMAL


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(EXPONENTS)))
@settings(deadline=None)
def test_an_amount_is_taken_exactly_or_not_at_all(amount, currency):
    try:
        money = money_of(amount, currency.lower(), "charge")
    except MessageMalformed:
        assert Decimal(amount).scaleb(-exponent(currency)) % Decimal(1).scaleb(-EXPONENTS[currency])
    else:
        assert money.amount * 10 ** exponent(currency) == amount


@pytest.mark.parametrize("amount", ["10.00", "1e3", True, 10.5, None, "", "ten", [10]])
def test_what_is_no_whole_number_is_refused(amount):
    charge = {
        "object": "charge",
        "id": "ch_1",
        "status": "succeeded",
        "captured": True,
        "created": 1,
        "currency": "usd",
    }
    body = json.dumps(charge | {"amount": amount}).encode()
    with pytest.raises(MessageMalformed, match="amount"):
        StripeConnector().translate(Delivery("stripe.main", "d", body, RECEIVED, "fetched/charge"))
