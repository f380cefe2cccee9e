"""Amounts finer than the minor unit as money."""

from datetime import UTC
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.canonical.money import Money
from lockstep.connectors.lightspeed_x.values import Conventions, to_minor, written_at
from lockstep.messaging.errors import MessageMalformed

AMOUNTS = st.lists(st.decimals(min_value=-10_000, max_value=10_000, places=5), min_size=1, max_size=12)


@given(exact=AMOUNTS, currency=st.sampled_from(["NZD", "JPY", "KWD"]))
def test_the_parts_come_to_the_whole_and_none_is_a_minor_unit_off(exact, currency):
    parts = to_minor(exact, currency)
    assert Money.total(parts, currency) == Money.rounded(sum(exact, Decimal(0)), currency)
    unit = Money.of_minor(1, currency).amount
    assert all(abs(part.amount - amount) <= unit for part, amount in zip(parts, exact, strict=True))


def test_what_is_exact_stays_as_it_is():
    assert [str(part) for part in to_minor([Decimal("65.00000"), Decimal(-8)], "NZD")] == ["65.00 NZD", "-8.00 NZD"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_at_the_end_of_the_calendar_is_none(text):
    conventions = Conventions(currency="EUR", zone=UTC)
    with pytest.raises(MessageMalformed, match="sale/created_at"):
        written_at(conventions, "sale/created_at", text)
