from decimal import Decimal

import pytest

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.order import FulfilmentState, OrderStatus, PaymentState, SalesChannel
from lockstep.connectors.shopify.models.base import MoneyBag
from lockstep.connectors.shopify.reports.parts import Side
from lockstep.messaging.errors import MessageMalformed
from tests.unit.connectors.shopify.messages import (
    a_line,
    a_refund,
    a_refunded_line,
    an_order,
    bag,
    event,
    fixture,
    translated,
)


def order(message, topic="orders/create"):
    return event(topic, message, "OrderReported").data


def charges(amounts):
    return {charge.kind: str(charge.amount.amount) for charge in amounts.charges}


# ---- the snapshot ----


@pytest.mark.parametrize(
    "topic", ["orders/create", "orders/paid", "orders/updated", "orders/fulfilled", "fetched/order"]
)
def test_the_same_snapshot_under_another_topic_is_the_same_event(topic):
    message = fixture("orders-create--tax_included")
    assert event(topic, message).id == event("orders/cancelled", message).id


def test_two_states_within_one_second_are_two_events():
    """The shop's clock counts seconds; an order is made and paid within one."""
    before, after = (an_order([a_line()], "10.00", financial_status=state) for state in ("pending", "paid"))
    assert event("orders/create", before).id != event("orders/paid", after).id


def test_another_way_to_write_the_same_time_is_the_same_event():
    here = an_order([a_line()], "10.00", updated_at="2026-11-16T23:30:01-05:00")
    there = an_order([a_line()], "10.00", updated_at="2026-11-17T04:30:01Z")
    assert event("orders/create", here).id == event("fetched/order", there).id


def test_its_day_is_the_shop_s_day():
    assert order(an_order([a_line()], "10.00")).placed_at.date().isoformat() == "2026-11-16"


@pytest.mark.parametrize(
    ("source", "channel"),
    [
        ("web", SalesChannel.WEB),
        ("pos", SalesChannel.STORE),
        ("shopify_draft_order", SalesChannel.STAFF),
        ("amazon", SalesChannel.MARKETPLACE),
        ("3890849", SalesChannel.OTHER),
        (None, SalesChannel.OTHER),
    ],
)
def test_its_channel(source, channel):
    assert order(an_order([a_line()], "10.00", source_name=source)).channel is channel


def test_a_till_names_its_store_and_itself():
    placed = order(an_order([a_line()], "10.00", source_name="pos", location_id=6002, device_id=31))
    assert (placed.location, placed.workstation) == ("gid://shopify/Location/6002", "31")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, OrderStatus.OPEN),
        ({"closed_at": "2026-11-18T00:00:00Z"}, OrderStatus.COMPLETED),
        ({"closed_at": "2026-11-18T00:00:00Z", "cancelled_at": "2026-11-18T00:00:00Z"}, OrderStatus.CANCELLED),
    ],
)
def test_its_status(more, status):
    assert order(an_order([a_line()], "10.00", **more)).status is status


def test_words_that_are_new_are_unknown_and_no_error():
    placed = order(an_order([a_line()], "10.00", financial_status="layaway", fulfillment_status="beamed"))
    assert (placed.payment, placed.fulfilment) == (PaymentState.UNKNOWN, FulfilmentState.UNKNOWN)


def test_a_line_without_sku_is_its_variant_and_a_custom_line_is_nothing():
    plain, custom = a_line(1, sku="  "), a_line(2, sku=None, variant_id=None, product_id=None, name="Gift wrap")
    lines = order(an_order([plain, custom], "20.00")).lines
    assert lines[0].item.value == "gid://shopify/ProductVariant/101"
    assert (lines[1].item, lines[1].description, lines[1].is_stocked) == (None, "Gift wrap", False)


# ---- what claims stock ----


def claims(message):
    return {line.key: (line.quantity, line.fulfilled) for line in order(message).lines if line.is_stocked}


def test_units_taken_out_claim_nothing_and_stay_in_the_total():
    placed = order(fixture("orders-updated--edited"), "orders/updated")
    stocked = {line.key: line.quantity for line in placed.lines if line.is_stocked}
    assert stocked == {"14000111": 2, "14000112": 1}
    assert str(placed.total) == "201.00 EUR"
    assert sum(line.amount.amount for line in placed.shop.lines) == Decimal("195.00")


def test_what_was_handed_over_and_came_back_is_still_handed_over():
    """Its refund brings it back; here it would come back twice."""
    line = a_line(quantity=2, current_quantity=1, fulfillable_quantity=0, fulfillment_status="fulfilled")
    refund = a_refund(refund_line_items=[a_refunded_line(line, 1, "10.00")])
    shipped = [{"status": "success", "line_items": [{"id": 1, "quantity": 2}]}]
    assert claims(an_order([line], "20.00", refunds=[refund], fulfillments=shipped)) == {"1": (2, 2)}


def test_one_came_back_and_one_is_still_to_go():
    line = a_line(quantity=3, current_quantity=2, fulfillable_quantity=1, fulfillment_status="partial")
    refund = a_refund(refund_line_items=[a_refunded_line(line, 1, "10.00", restock="return")])
    shipped = [{"status": "success", "line_items": [{"id": 1, "quantity": 2}]}]
    assert claims(an_order([line], "30.00", refunds=[refund], fulfillments=shipped)) == {"1": (3, 2)}


def test_where_a_refund_does_not_say_what_came_back_the_shop_says_what_is_to_go():
    line = a_line(quantity=3, current_quantity=2, fulfillable_quantity=1, fulfillment_status="partial")
    refund = a_refund(refund_line_items=[a_refunded_line(line, 1, "10.00", restock="no_restock")])
    shipped = [{"status": "success", "line_items": [{"id": 1, "quantity": 2}]}]
    assert claims(an_order([line], "30.00", refunds=[refund], fulfillments=shipped)) == {"1": (3, 2)}


def test_fulfilments_that_did_not_come_about_hand_nothing_over():
    failed = [{"status": status, "line_items": [{"id": 1, "quantity": 1}]} for status in ("cancelled", "failure", None)]
    assert claims(an_order([a_line()], "10.00", fulfillments=failed)) == {"1": (1, 0)}


# ---- money ----


def test_what_is_no_goods_is_never_a_line():
    placed = order(fixture("orders-create--gift_card_custom_line_tip"))
    assert charges(placed.shop) == {ChargeKind.GIFT_CARD: "50.00", ChargeKind.TIP: "3.00"}
    assert [str(line.amount.amount) for line in placed.shop.lines] == ["7.00"]
    assert len(placed.lines) == 1


def test_a_tip_counts_once_whether_it_is_a_line_or_not():
    marked = a_line(2, "3.00", sku=None, variant_id=None, product_id=None, tip={"payment_gateway": "x"})
    unmarked = {**marked, "tip": None}
    for lines, total in (([a_line(), marked], "13.00"), ([a_line(), unmarked], "13.00"), ([a_line()], "13.00")):
        assert charges(order(an_order(lines, total, total_tip_received="3.00")).shop) == {ChargeKind.TIP: "3.00"}


def test_duties_that_prices_hold_are_no_charge():
    more = {"original_total_duties_set": bag("4.00"), "duties_included": True}
    assert charges(order(an_order([a_line()], "10.00", **more)).shop) == {}
    more["duties_included"] = False
    assert charges(order(an_order([a_line()], "14.00", **more)).shop) == {ChargeKind.DUTY: "4.00"}


def test_shipping_that_was_taken_out_is_in_the_total_or_not():
    removed = {"id": 1, "title": "Van", "price": "6.00", "is_removed": True}
    assert charges(order(an_order([a_line()], "16.00", shipping_lines=[removed])).shop) == {ChargeKind.SHIPPING: "6.00"}
    assert charges(order(an_order([a_line()], "10.00", shipping_lines=[removed])).shop) == {}


def test_taxes_of_the_order_stand_in_where_lines_say_nothing():
    taxes = [{"title": "State Tax", "price": "0.80", "rate": 0.08}]
    placed = order(an_order([a_line()], "10.80", tax_lines=taxes, total_tax="0.80"))
    assert [(tax.code, str(tax.rate), tax.line, tax.included) for tax in placed.shop.taxes] == [
        ("State Tax", "8", None, False)
    ]


def test_included_taxes_do_not_change_the_total_and_are_the_stated_ones():
    line = a_line(tax_lines=[{"title": "VAT", "price": "1.59", "rate": 0.19}])
    placed = order(
        an_order(
            [line],
            "10.00",
            taxes_included=True,
            total_tax="1.60",
            tax_lines=[{"title": "VAT", "price": "1.60", "rate": 0.19}],
        )
    )
    assert str(placed.shop.tax) == "1.60 EUR"


def test_a_part_finer_than_the_minor_unit_is_rounded_where_the_total_shows_it():
    line = a_line(tax_lines=[{"title": "VAT", "price": "0.805", "rate": 0.08}])
    assert str(order(an_order([line], "10.81")).shop.tax) == "0.81 EUR"
    assert event("orders/create", an_order([line], "10.80")).type == "DocumentUnbalanced"


@pytest.mark.parametrize("total", ["10.000000000000002", "9.999999999999998", 10.0])
def test_the_noise_of_binary_fractions_is_none(total):
    assert str(order(an_order([a_line()], total)).total) == "10.00 EUR"


@pytest.mark.parametrize("total", ["10.01", "9.99", "10.005"])
def test_a_total_that_is_not_what_the_parts_add_up_to_is_a_case(total):
    case = event("orders/create", an_order([a_line()], total))
    assert (case.type, str(case.data.due)) == ("DocumentUnbalanced", "10.00 EUR")
    assert case.data.id == case.data.order == "5001"


def test_an_order_without_lines_is_one():
    assert str(order(an_order([], "0.00")).total) == "0.00 EUR"


def test_yen_have_no_decimals_however_they_are_written():
    for total in ("1200", "1200.0", "1200.00", 1200):
        placed = order(an_order([a_line(price="1200.00", price_set=None)], total, currency="JPY"))
        assert str(placed.total) == "1200 JPY"


def test_both_currencies_where_both_are_given():
    placed = order(fixture("orders-create--customer_s_currency"))
    assert (str(placed.shop.total), str(placed.presentment.total)) == ("85.24 EUR", "74.20 GBP")


def test_a_customer_s_currency_that_does_not_add_up_is_left_out_and_told():
    message = fixture("orders-create--customer_s_currency")
    message["total_price_set"]["presentment_money"]["amount"] = "74.21"
    said = translated("orders/create", message)
    assert said.events[0].data.presentment is None
    assert len(said.ignored) == 1
    assert "74.20 GBP" in said.ignored[0]


def test_an_amount_in_one_currency_is_none_in_the_other():
    seen = Side("GBP", is_presentment=True)
    assert seen.of(None, Decimal(5)) is None
    assert seen.of(MoneyBag.model_validate({"shop_money": {"amount": "5", "currency_code": "EUR"}}), Decimal(5)) is None


def test_the_tender_is_said_where_it_is_sure():
    sure = an_order([a_line()], "10.00", financial_status="paid", payment_gateway_names=["gift_card"])
    assert [(t.tender, str(t.amount), t.is_gift_card) for t in order(sure).tenders] == [
        ("gift_card", "10.00 EUR", True)
    ]
    for more in (
        {"payment_gateway_names": ["gift_card", "card"]},
        {"financial_status": "partially_paid"},
        {"current_total_price": "0.00"},
        {"payment_gateway_names": [""]},
    ):
        assert order({**sure, **more}).tenders == ()


# ---- lenient, strict ----


def test_test_orders_are_ignored_before_anything_else_is_asked_of_them():
    said = translated("orders/create", an_order([], "1.00", test=True))
    assert (said.events, said.ignored) == ((), ("test order",))


def test_a_development_shop_has_nothing_but_tests():
    bought = an_order([a_line()], "10.00", test=True)
    assert translated("orders/create", bought, takes_tests=True) == translated(
        "orders/create", {**bought, "test": False}
    )


def test_null_is_nothing():
    line = a_line(tax_lines=None, discount_allocations=None, duties=None, price_set=None, current_quantity=None)
    empty = dict.fromkeys(
        ("shipping_lines", "refunds", "fulfillments", "customer", "tax_lines", "discount_applications", "test")
    )
    assert str(order(an_order([line], "10.00", **empty)).total) == "10.00 EUR"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": None}, "id"),
        ({"currency": None}, "currency"),
        ({"currency": "XXX"}, "currency"),
        ({"total_price": None}, "total_price"),
        ({"total_price": "1e40"}, "total_price"),
        ({"line_items": "none"}, "line_items"),
        ({"updated_at": "yesterday"}, "updated_at"),
    ],
)
def test_what_money_and_identity_need_is_refused_by_name(change, named):
    with pytest.raises(MessageMalformed, match=named):
        translated("orders/create", {**an_order([a_line(price_set=None)], "10.00"), **change})


def test_where_the_currency_is_left_out_the_amounts_say_it():
    message = an_order([a_line()], "10.00", currency=None)
    assert str(order(message).total) == "10.00 EUR"


def test_the_errors_tell_no_values():
    message = an_order([a_line()], "10.00", customer={"id": {"email": "mira@example.com"}})
    with pytest.raises(MessageMalformed) as refused:
        translated("orders/create", message)
    assert "mira" not in str(refused.value)


# ---- drafts ----


def test_a_draft_promises_nothing_and_has_a_number_of_its_own():
    draft = event("draft_orders/create", fixture("draft_orders-create--tax_of_the_whole")).data
    assert (draft.id, draft.status, str(draft.total)) == ("draft_order/990001", OrderStatus.DRAFT, "441.84 EUR")
