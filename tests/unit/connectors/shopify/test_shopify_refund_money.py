"""Properties: what goes back over several days is what was sold."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.connectors.shopify.messages import (
    a_line,
    a_refund,
    a_refunded_line,
    an_order,
    bag,
    event,
    money_back,
    translated,
)


def text(minor):
    return str(Decimal(minor).scaleb(-2))


@st.composite
def refunded_orders(draw):
    """An order of one line of several units, refunded unit by unit, shipping with one of them; tax included or not."""
    included = draw(st.booleans())
    price, units = draw(st.integers(1, 10**6)), draw(st.integers(1, 5))
    off, tax = draw(st.integers(0, price * units)), draw(st.integers(0, price * units))
    shipping = draw(st.integers(0, 5000))
    line = a_line(
        1,
        text(price),
        units,
        current_quantity=0,
        fulfillable_quantity=0,
        fulfillment_status="fulfilled",
        tax_lines=[{"title": "VAT", "rate": 0.19, "price": text(tax)}],
        discount_allocations=[{"amount": text(off)}] if off else [],
    )
    net = price * units - off
    total = net + shipping + (0 if included else tax)
    days, refunds = draw(st.permutations(range(units))), []
    for place, day in enumerate(days):
        # Each unit carries its share of discount and tax; the last one what is left, as the shop does it.
        share = net // units + (net % units if place == units - 1 else 0)
        share_tax = tax // units + (tax % units if place == units - 1 else 0)
        with_shipping = shipping if place == 0 else 0
        money = share + with_shipping + (0 if included else share_tax)
        adjustments = [{"kind": "shipping_refund", "amount": text(-with_shipping), "tax_amount": "0.00"}]
        refunds.append(
            a_refund(
                id=70 + place,
                created_at=f"2026-11-{18 + day}T09:00:00-05:00",
                processed_at=f"2026-11-{18 + day}T09:00:00-05:00",
                refund_line_items=[a_refunded_line(line, 1, text(share), text(share_tax))],
                order_adjustments=adjustments if with_shipping else [],
                transactions=[money_back(text(money), id=90 + place)] if money else [],
            )
        )
    order = an_order(
        [line],
        text(total),
        taxes_included=included,
        total_tax=text(tax),
        shipping_lines=[{"id": 1, "title": "Van", "price": text(shipping), "price_set": bag(text(shipping))}],
        refunds=refunds,
        financial_status="refunded",
        current_total_price="0.00",
    )
    return order, total


@given(refunded_orders())
def test_all_refunds_together_are_the_order(made):
    order, total = made
    said = translated("orders/updated", order)
    placed, *refunds = said.events
    assert said.notices == ()
    assert placed.data.total.minor == total
    assert sum(one.data.total.minor for one in refunds) == total
    assert {one.subject for one in refunds} == {placed.subject}


@given(refunded_orders())
def test_each_refund_is_the_same_by_itself_or_is_read(made):
    order, _ = made
    inside = {one.id: one.data for one in translated("orders/updated", order).events[1:]}
    for refund in order["refunds"]:
        alone = translated("refunds/create", refund)
        if alone.notices:
            assert not refund["transactions"], "the money says how it is to be read"
            continue
        (one,) = alone.events
        found = inside[one.id]
        assert one.data.total == found.total
        assert one.data.lines == found.lines


@given(refunded_orders(), st.integers(1, 10**6))
def test_money_that_is_not_what_the_lines_say_is_a_case(made, more):
    order, _ = made
    line = order["line_items"][0]
    row = a_refunded_line(line, 1, "5.00")
    wrong = a_refund(refund_line_items=[row], transactions=[money_back(text(500 + more))])
    case = event("refunds/create", wrong)
    assert (case.type, case.data.stated.minor - case.data.due.minor) == ("DocumentUnbalanced", more)
