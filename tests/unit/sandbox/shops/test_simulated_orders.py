"""Orders of the simulated shop: what they add up to, and what they do to its stock."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sandbox.retailer import DOWNTOWN, RETAILER
from sandbox.shops.catalog import catalog_of
from sandbox.shops.orders import Orders
from sandbox.shops.stock import NotEnough, Stock, UnknownThing

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


@pytest.fixture
def stock():
    return Stock(catalog_of(RETAILER), lambda: NOW)


@pytest.fixture
def orders(stock):
    return Orders(stock, RETAILER, lambda: NOW)


def available(stock, sku):
    item = next(item.id for item in stock.items.values() if item.sku == sku)
    place = next(place.id for place in stock.places.values() if place.code == DOWNTOWN)
    return stock.level(item, place)


def test_an_order_adds_up_and_takes_what_it_sells(orders, stock):
    order = orders.place([("SCARF-MERINO", 2), ("TEA-SMOKED-100", 1)], DOWNTOWN)
    lines = sum(Decimal(line["price"]) * line["quantity"] for line in order["line_items"])
    taxes = sum(Decimal(tax["price"]) for line in order["line_items"] for tax in line["tax_lines"])
    assert Decimal(order["total_price"]) == lines + taxes == Decimal(order["current_total_price"])
    assert taxes == Decimal(order["total_tax"]) == sum(Decimal(tax["price"]) for tax in order["tax_lines"])
    assert available(stock, "SCARF-MERINO") == 33


def test_what_is_not_there_is_not_sold(orders, stock):
    with pytest.raises(NotEnough):
        orders.place([("JKT-OILSKIN-M", 3)], DOWNTOWN)
    assert available(stock, "JKT-OILSKIN-M") == 2


def test_a_refund_puts_back_and_is_worth_its_lines(orders, stock):
    placed = orders.place([("SCARF-MERINO", 2)], DOWNTOWN)
    refund, order = orders.refund(placed["id"], [("SCARF-MERINO", 1)])
    (line,) = refund["refund_line_items"]
    (payback,) = refund["transactions"]
    assert Decimal(payback["amount"]) == Decimal(str(line["subtotal"])) + Decimal(str(line["total_tax"]))
    assert Decimal(order["current_total_price"]) == Decimal(placed["total_price"]) - Decimal(payback["amount"])
    assert (order["financial_status"], order["line_items"][0]["current_quantity"]) == ("partially_refunded", 1)
    assert available(stock, "SCARF-MERINO") == 34


def test_every_change_has_a_time_of_its_own(orders):
    placed = orders.place([("SCARF-MERINO", 1)], DOWNTOWN)
    handed_over = orders.hand_over(placed["id"])
    assert placed["updated_at"] < handed_over["updated_at"]
    assert handed_over["line_items"][0]["fulfillable_quantity"] == 0


def test_more_than_was_bought_does_not_come_back(orders):
    placed = orders.place([("SCARF-MERINO", 1)], DOWNTOWN)
    with pytest.raises(UnknownThing):
        orders.refund(placed["id"], [("SCARF-MERINO", 2)])
