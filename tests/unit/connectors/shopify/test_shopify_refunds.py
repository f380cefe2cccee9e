import pytest

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.refund import RefundStatus, Restock
from lockstep.messaging.errors import MessageMalformed
from tests.unit.connectors.shopify.messages import (
    a_line,
    a_refund,
    a_refunded_line,
    an_order,
    bag,
    event,
    fixture,
    money_back,
    translated,
)

TAXED = a_line(1, "11.90", 3, tax_lines=[{"title": "VAT", "price": "5.70", "rate": 0.19}])


def refund(message):
    return event("refunds/create", message, "RefundReported").data


def test_a_refund_in_its_order_is_the_same_event_as_by_itself():
    order = fixture("orders-updated--refunded_on_two_days")
    inside = [one for one in translated("orders/updated", order).events if one.type == "RefundReported"]
    alone = [event("refunds/create", one) for one in order["refunds"]]
    assert [one.id for one in inside] == [one.id for one in alone]
    assert [one.data for one in inside] == [one.data for one in alone]


def test_refunds_of_several_days_are_events_of_their_own():
    order = fixture("orders-updated--refunded_on_two_days")
    reported = translated("orders/updated", order).events
    assert [str(one.data.total) for one in reported] == ["36.20 USD", "10.40 USD", "15.40 USD"]
    assert [one.data.refunded_at.date().isoformat() for one in reported[1:]] == ["2026-11-18", "2026-11-20"]


@pytest.mark.parametrize(("money", "included"), [("11.90", True), ("13.80", False)])
def test_the_money_says_whether_prices_hold_the_tax(money, included):
    line = a_refunded_line(TAXED, 1, "11.90", "1.90")
    said = refund(a_refund(refund_line_items=[line], transactions=[money_back(money)]))
    assert ([tax.included for tax in said.shop.taxes], str(said.total.amount)) == ([included], money)


def test_where_no_money_says_it_the_refund_is_read():
    message = a_refund(refund_line_items=[a_refunded_line(TAXED, 1, "11.90", "1.90", restock="cancel")])
    said = translated("refunds/create", message)
    assert said.events == ()
    assert [(notice.resource, notice.key) for notice in said.notices] == [("refund", "5001/71")]
    read = event("fetched/refund", {"refund": {**message, "taxes_included": True, "currency": "EUR"}}).data
    assert str(read.total) == "11.90 EUR"


def test_inside_its_order_the_order_says_it():
    line = {**TAXED, "current_quantity": 2, "fulfillable_quantity": 2}
    part = a_refund(refund_line_items=[a_refunded_line(line, 1, "11.90", "1.90", restock="cancel")])
    order = an_order([line], "35.70", taxes_included=True, refunds=[part])
    assert str(event("orders/updated", order, "RefundReported").data.total) == "11.90 EUR"


def test_one_that_does_not_add_up_in_its_order_is_read_and_by_itself_is_a_case():
    wrong = a_refund(refund_line_items=[a_refunded_line(a_line(), 1, "10.00")], transactions=[money_back("12.00")])
    inside = translated("orders/updated", an_order([a_line()], "10.00", refunds=[wrong]))
    assert [one.type for one in inside.events] == ["OrderReported"]
    assert [notice.key for notice in inside.notices] == ["5001/71"]
    case = event("refunds/create", wrong)
    assert (case.type, str(case.data.due), str(case.data.stated)) == ("DocumentUnbalanced", "10.00 EUR", "12.00 EUR")


def test_the_tax_is_shared_out_to_the_minor_unit():
    taxes = [{"title": name, "price": price, "rate": 0.05} for name, price in (("A", "0.50"), ("B", "0.50"))]
    line = a_refunded_line(a_line(tax_lines=taxes), 1, "10.00", "0.99")
    said = refund(a_refund(refund_line_items=[line], transactions=[money_back("10.99")]))
    assert [(tax.code, str(tax.amount.amount)) for tax in said.shop.taxes] == [("A", "0.50"), ("B", "0.49")]


def test_what_is_kept_back_is_a_discount_and_what_is_given_on_top_a_charge():
    line = a_refunded_line(a_line(), 1, "10.00")
    kept = {"kind": "refund_discrepancy", "amount": "3.00", "tax_amount": "0.00"}
    said = refund(a_refund(refund_line_items=[line], order_adjustments=[kept], transactions=[money_back("7.00")]))
    assert [str(discount.amount) for discount in said.shop.discounts] == ["3.00 EUR"]
    given = {"kind": "refund_discrepancy", "amount": "-5.00", "tax_amount": "0.00"}
    said = refund(a_refund(order_adjustments=[given], transactions=[money_back("5.00")]))
    assert [(c.kind, str(c.amount)) for c in said.shop.charges] == [(ChargeKind.FEE, "5.00 EUR")]


@pytest.mark.parametrize("money", ["14.90", "15.38", "16.80", "17.28"])
def test_tax_in_lines_and_tax_in_shipping_are_read_apart(money):
    message = a_refund(
        refund_line_items=[a_refunded_line(TAXED, 1, "11.90", "1.90")],
        order_adjustments=[{"kind": "shipping_refund", "amount": "-3.00", "tax_amount": "-0.48"}],
        transactions=[money_back(money)],
    )
    assert str(refund(message).total.amount) == money


def test_the_tax_of_shipping_is_named_where_it_can_be():
    message = a_refund(
        refund_line_items=[a_refunded_line(TAXED, 1, "11.90", "1.90")],
        order_adjustments=[{"kind": "shipping_refund", "amount": "-3.00", "tax_amount": "-0.48"}],
        transactions=[money_back("17.28")],
    )
    assert {(tax.code, str(tax.rate)) for tax in refund(message).shop.taxes} == {("VAT", "19")}
    other = {**TAXED, "id": 2, "tax_lines": [{"title": "Reduced", "price": "1.00", "rate": 0.07}]}
    message["refund_line_items"].append(a_refunded_line(other, 1, "10.00", "0.70"))
    message["transactions"] = [money_back("27.98")]
    assert [tax.code for tax in refund(message).shop.taxes] == ["VAT", "Reduced", "tax"]


def test_shipping_lines_are_all_that_the_newest_version_says_of_shipping():
    row = {"subtotal_amount_set": bag("3.00"), "tax_amount_set": bag("0.48")}
    said = refund(a_refund(refund_shipping_lines=[row], transactions=[money_back("3.48")]))
    assert [(c.kind, str(c.amount)) for c in said.shop.charges] == [(ChargeKind.SHIPPING, "3.00 EUR")]
    assert str(said.shop.tax) == "0.48 EUR"


@pytest.mark.parametrize(
    ("restock", "becomes"),
    [
        ("return", Restock.RETURNED),
        ("cancel", Restock.CANCELLED),
        ("no_restock", Restock.NONE),
        ("legacy_restock", Restock.UNKNOWN),
        ("melted", Restock.UNKNOWN),
        (None, Restock.UNKNOWN),
    ],
)
def test_what_becomes_of_the_goods(restock, becomes):
    line = a_refunded_line(a_line(), 1, "10.00", restock=restock, location_id=6001)
    (back,) = refund(a_refund(refund_line_items=[line], transactions=[money_back("10.00")])).lines
    assert (back.restock, back.location, back.order_line) == (becomes, "gid://shopify/Location/6001", "1")


@pytest.mark.parametrize(
    ("states", "status", "total"),
    [
        (["success"], RefundStatus.SUCCEEDED, "10.00"),
        (["pending"], RefundStatus.PENDING, "10.00"),
        (["failure"], RefundStatus.FAILED, "10.00"),
        (["failure", "success"], RefundStatus.SUCCEEDED, "10.00"),
    ],
)
def test_how_far_the_money_is(states, status, total):
    moved = [money_back("10.00", status=state) for state in states]
    said = refund(a_refund(refund_line_items=[a_refunded_line(a_line(), 1, "10.00")], transactions=moved))
    assert (said.status, str(said.total.amount)) == (status, total)
    assert said.version.startswith(status.value)


def test_the_same_refund_further_on_is_another_snapshot():
    line = a_refunded_line(a_line(), 1, "10.00")
    pending, done = (
        event("refunds/create", a_refund(refund_line_items=[line], transactions=[money_back("10.00", status=state)]))
        for state in ("pending", "success")
    )
    assert pending.id != done.id
    assert pending.subject == done.subject


def test_the_customer_s_currency_has_to_add_up_too():
    line = a_line(price="20.68", price_set=bag("20.68", "EUR", "18.00", "GBP"))
    row = a_refunded_line(line, 1, "20.68")
    row["subtotal_set"] = bag("20.68", "EUR", "18.00", "GBP")
    row["total_tax_set"] = bag("0.00", "EUR", "0.00", "GBP")
    good = refund(a_refund(refund_line_items=[row], transactions=[money_back("18.00", currency="GBP")]))
    assert (str(good.total), str(good.presentment.total)) == ("20.68 EUR", "18.00 GBP")
    case = event(
        "refunds/create", a_refund(refund_line_items=[row], transactions=[money_back("17.00", currency="GBP")])
    )
    assert (case.type, str(case.data.due), str(case.data.stated)) == ("DocumentUnbalanced", "18.00 GBP", "17.00 GBP")


def test_a_return_may_be_worth_more_than_its_money():
    """The rest pays for what was taken in exchange, which is a new line of the order."""
    row = a_refunded_line(a_line(price="100.00"), 1, "100.00")
    said = refund(a_refund(refund_line_items=[row], transactions=[money_back("40.00")], **{"return": {"id": 5}}))
    assert str(said.total) == "100.00 EUR"
    assert [(t.tender, str(t.amount)) for t in said.tenders] == [
        ("card", "40.00 EUR"),
        ("return_balance", "60.00 EUR"),
    ]


@pytest.mark.parametrize(("money", "of_return"), [("40.00", None), ("140.00", {"id": 5})])
def test_no_other_refund_may_and_none_less(money, of_return):
    row = a_refunded_line(a_line(price="100.00"), 1, "100.00")
    message = a_refund(refund_line_items=[row], transactions=[money_back(money)], **{"return": of_return})
    assert event("refunds/create", message).type == "DocumentUnbalanced"


def test_a_dearer_exchange_gives_no_money_back():
    row = a_refunded_line(a_line(price="100.00"), 1, "100.00")
    said = refund(a_refund(refund_line_items=[row], **{"return": {"id": 5}}))
    assert (str(said.total), said.tenders) == ("100.00 EUR", ())


def test_floats_are_taken_as_they_are_written():
    line = a_refunded_line(a_line(), 1, "195.66")
    line |= {"subtotal": 195.66, "subtotal_set": None, "total_tax": 3.98, "total_tax_set": None}
    said = refund(a_refund(refund_line_items=[line], transactions=[money_back("199.64")]))
    assert str(said.total) == "199.64 EUR"


def test_where_no_currency_is_said_the_refund_is_read():
    assert translated("refunds/create", a_refund()).notices[0].key == "5001/71"


@pytest.mark.parametrize("name", ["id", "order_id"])
def test_without_identity_it_is_refused(name):
    with pytest.raises(MessageMalformed, match=name):
        translated("refunds/create", {**a_refund(transactions=[money_back("1.00")]), name: None})
