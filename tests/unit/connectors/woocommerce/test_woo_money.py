"""Orders as WooCommerce would write them, of whatever items: what the shop states is what the order comes to."""

import json
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.canonical.events import DocumentUnbalanced, OrderReported, RefundReported
from lockstep.canonical.money import EXPONENTS
from lockstep.connectors.woocommerce.connector import WoocommerceConnector
from lockstep.messaging.inbound import Delivery

RECEIVED = datetime(2026, 11, 23, tzinfo=UTC)
CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD"])
RATES = (Decimal("0.19"), Decimal("0.07"), Decimal("0.0625"))


def translate(topic: str, body: dict) -> list:
    delivery = Delivery("woocommerce.main", "d1", json.dumps(body).encode(), RECEIVED, topic)
    return list(WoocommerceConnector(currency="EUR").translate(delivery).events)


def to_unit(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), rounding=ROUND_HALF_UP)


def written(amount: Decimal) -> str:
    return format(amount, "f")


@st.composite
def items(draw, currency: str, first: int, count: int, *, negative: bool = False) -> list[dict]:
    made = []
    for place in range(count):
        before = Decimal(draw(st.integers(0, 500_000))).scaleb(-EXPONENTS[currency])
        off = draw(st.sampled_from([Decimal(0), Decimal("0.1"), Decimal("0.333"), Decimal(1)]))
        total = to_unit(before * (1 - off), currency) * (-1 if negative else 1)
        rates = draw(st.lists(st.sampled_from(range(len(RATES))), unique=True, max_size=3))
        fine = [(rate + 1, total * RATES[rate]) for rate in rates]
        made.append(
            {
                "id": first + place,
                "sku": f"SKU-{place}",
                "quantity": draw(st.integers(1, 9)),
                "subtotal": written(before),
                "total": written(total),
                "total_tax": written(to_unit(sum((tax for _, tax in fine), Decimal(0)), currency)),
                "taxes": [{"id": rate, "total": written(tax)} for rate, tax in fine],
            }
        )
    return made


@st.composite
def orders(draw) -> dict:
    currency = draw(CURRENCIES)
    lines = draw(items(currency, 100, draw(st.integers(0, 6))))
    shipping = draw(items(currency, 200, draw(st.integers(0, 2))))
    fees = draw(items(currency, 300, draw(st.integers(0, 2)), negative=draw(st.booleans())))
    everything = [*lines, *shipping, *fees]
    tax = sum((Decimal(item["total_tax"]) for item in everything), Decimal(0))
    total = sum((Decimal(item["total"]) for item in everything), Decimal(0)) + tax
    return {
        "id": 1,
        "status": "processing",
        "currency": currency,
        "date_created_gmt": "2026-11-20T09:15:30",
        "date_modified_gmt": "2026-11-20T09:16:02",
        "total": written(total),
        "total_tax": written(tax),
        "line_items": lines,
        "shipping_lines": shipping,
        "fee_lines": fees,
        "tax_lines": [{"rate_id": n + 1, "rate_code": f"R{n + 1}", "rate_percent": 7} for n in range(3)],
    }


@given(orders())
def test_an_order_comes_to_what_the_shop_states(order):
    (event,) = translate("order.created", order)
    assert isinstance(event, OrderReported)
    assert event.data.shop.total.amount == Decimal(order["total"])
    assert event.data.shop.tax.amount == Decimal(order["total_tax"])
    assert not [charge for charge in event.data.shop.charges if charge.kind.value == "rounding"]


@given(orders())
def test_the_taxes_of_an_item_are_its_tax(order):
    (event,) = translate("order.updated", order)
    for item in (*order["line_items"], *order["shipping_lines"], *order["fee_lines"]):
        taxes = [tax.amount.amount for tax in event.data.shop.taxes if tax.line == item["id"]]
        assert sum(taxes, Decimal(0)) == Decimal(item["total_tax"])


@given(orders(), st.sampled_from([1, -1, 100]))
def test_a_total_that_is_off_is_never_mended(order, minor):
    off = Decimal(minor * (len(order["line_items"]) * 5 + 10)).scaleb(-EXPONENTS[order["currency"]])
    (event,) = translate("order.updated", {**order, "total": written(Decimal(order["total"]) + off)})
    assert isinstance(event, DocumentUnbalanced)
    assert event.data.stated.amount - event.data.due.amount == off


def test_tax_that_the_total_leaves_out_is_not_left_out_in_silence():
    line = {"id": 100, "sku": "SKU-0", "quantity": 1, "subtotal": "10.00", "total": "10.00", "total_tax": "1.90"}
    order = {"id": 1, "status": "processing", "currency": "EUR", "total": "10.00", "total_tax": "1.90"}
    times = {"date_created_gmt": "2026-11-20T09:15:30", "date_modified_gmt": "2026-11-20T09:16:02"}
    (event,) = translate("order.updated", {**order, **times, "line_items": [line], "tax_lines": [{"rate_id": 1}]})
    assert isinstance(event, DocumentUnbalanced)
    assert event.data.due.amount == Decimal("11.90")


@given(st.lists(st.tuples(st.integers(1, 100_000), st.integers(1, 5)), min_size=1, max_size=6))
def test_prices_with_tax_come_to_what_was_paid(prices):
    """The shop keeps items without tax, unrounded, and shows them rounded; the customer paid the prices with tax."""
    unit, lines, tax_fine, paid = Decimal("0.01"), [], Decimal(0), Decimal(0)
    for place, (cents, quantity) in enumerate(prices):
        gross = Decimal(cents * quantity) * unit
        net = gross / Decimal("1.19")
        paid += gross
        tax_fine += gross - net
        lines.append(
            {
                "id": place + 1,
                "quantity": quantity,
                "total": written(to_unit(net, "EUR")),
                "total_tax": written(to_unit(gross - net, "EUR")),
                "taxes": [{"id": 1, "total": written(round(gross - net, 6))}],
                "price": float(round(net / quantity, 6)),
            }
        )
    tax = written(to_unit(tax_fine, "EUR"))
    order = {
        "id": 1,
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-11-20T09:15:30",
        "date_modified_gmt": "2026-11-20T09:16:02",
        "prices_include_tax": True,
        "total": written(paid),
        "total_tax": tax,
        "line_items": lines,
        "tax_lines": [{"rate_id": 1, "rate_code": "DE-VAT-1", "tax_total": tax, "shipping_tax_total": "0.00"}],
    }
    (event,) = translate("order.created", order)
    assert isinstance(event, OrderReported), event.data.problem
    assert event.data.shop.total.amount == paid
    rounding = [charge.amount.amount for charge in event.data.shop.charges]
    assert sum((abs(amount) for amount in rounding), Decimal(0)) <= unit * len(lines)


@given(st.lists(st.integers(1, 2_000), min_size=2, max_size=9))
def test_tax_that_is_rounded_over_the_whole_order_is_taken_as_stated(cents):
    """The shop's option to round tax at subtotal level: what it writes of the items then adds up to another tax."""
    nets = [Decimal(net).scaleb(-2) for net in cents]
    fine = [net * Decimal("0.19") for net in nets]
    tax = to_unit(sum(fine, Decimal(0)), "EUR")
    total = sum(nets, Decimal(0)) + tax
    order = {
        "id": 1,
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-11-20T09:15:30",
        "date_modified_gmt": "2026-11-20T09:16:02",
        "total": written(total),
        "total_tax": written(tax),
        "line_items": [
            {
                "id": place,
                "quantity": 1,
                "total": written(net),
                "total_tax": written(to_unit(own, "EUR")),
                "taxes": [{"id": 1, "total": written(own)}],
            }
            for place, (net, own) in enumerate(zip(nets, fine, strict=True), 1)
        ],
        "tax_lines": [{"rate_id": 1, "rate_code": "DE-VAT-1", "tax_total": written(tax)}],
    }
    (event,) = translate("order.created", order)
    assert isinstance(event, OrderReported), event.data.problem
    assert event.data.shop.total.amount == total
    assert event.data.shop.tax.amount == tax
    assert event.data.shop.charges == ()


@pytest.mark.parametrize(("price", "rounding"), [(5.005, Decimal("-0.02")), (5.01, None)])
def test_unrounded_figures_explain_a_difference_or_nothing_does(price, rounding):
    """Two items at 10.01 with as much tax as price: each shows 5.01 + 5.01."""
    order = {
        "id": 1,
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-11-20T09:15:30",
        "date_modified_gmt": "2026-11-20T09:16:02",
        "total": "20.02",
        "total_tax": "10.01",
        "line_items": [
            {
                "id": place,
                "quantity": 1,
                "total": "5.01",
                "total_tax": "5.01",
                "taxes": [{"id": 1, "total": str(price)}],
                "price": price,
            }
            for place in (1, 2)
        ],
    }
    (event,) = translate("order.created", order)
    if rounding is None:
        assert isinstance(event, DocumentUnbalanced)
    else:
        assert [charge.amount.amount for charge in event.data.shop.charges] == [rounding]


@given(st.data())
def test_a_refund_is_positive_and_comes_to_its_amount(data):
    lines = data.draw(items("EUR", 500, data.draw(st.integers(1, 4))))
    refunded = [
        {
            **line,
            "quantity": -line["quantity"],
            "total": written(-Decimal(line["total"])),
            "total_tax": written(-Decimal(line["total_tax"])),
            "taxes": [{**tax, "total": written(-Decimal(tax["total"]))} for tax in line["taxes"]],
            "meta_data": [{"key": "_refunded_item_id", "value": str(line["id"] - 400)}],
        }
        for line in lines
    ]
    amount = sum((Decimal(line["total"]) + Decimal(line["total_tax"]) for line in lines), Decimal(0))
    body = {
        "order": {"id": 7, "currency": "EUR"},
        "refund": {
            "id": 9,
            "date_created_gmt": "2026-11-22T08:55:00",
            "amount": written(amount),
            "line_items": refunded,
        },
    }
    (event,) = translate("fetched/order_refund", body)
    assert isinstance(event, RefundReported)
    assert event.data.total.amount == amount
    assert event.data.order == "7"
    assert all(line.quantity > 0 for line in event.data.lines)
    assert {line.line for line in event.data.shop.lines} == {line.number for line in event.data.lines}
    assert [line.order_line for line in event.data.lines] == [str(line["id"] - 400) for line in lines]
