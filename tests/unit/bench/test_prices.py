"""One price table, and the arithmetic over it."""

import pytest

from bench import prices


def test_a_use_costs_its_list_price() -> None:
    assert prices.USE["write_unit"].of(50) * 1_000_000 == pytest.approx(31.25)
    assert prices.USE["lambda_gb_second"].of(1_000_000) == pytest.approx(13.3334)
    assert prices.USE["secret_request"].of(10_000) == pytest.approx(0.05)


def test_a_million_sales_cost_a_million_times_one() -> None:
    costs = prices.per_million({"http_api_request": 1, "sqs_request": 4, "write_unit": 40})
    assert costs == {
        "http_api_request": pytest.approx(1.00),
        "sqs_request": pytest.approx(1.60),
        "write_unit": pytest.approx(25.00),
    }


def test_a_month_is_priced_by_what_there_is() -> None:
    assert prices.monthly({"alarm": 28, "dashboard": 1}) == {
        "alarm": pytest.approx(2.80),
        "dashboard": pytest.approx(3.00),
    }


def test_what_has_no_price_is_not_free() -> None:
    with pytest.raises(KeyError):
        prices.cost({"write_unit": 1, "carrier_pigeon": 1})
    with pytest.raises(KeyError):
        prices.monthly({"carrier_pigeon": 1})


def test_the_table_says_of_when_and_where_it_is() -> None:
    assert prices.REGION == "us-east-1"
    assert prices.DATE >= "2026-11"
    assert all(price.usd > 0 and price.per >= 1 for price in (*prices.USE.values(), *prices.MONTHLY.values()))
