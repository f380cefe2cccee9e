import json
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.events import DocumentUnbalanced, OrderReported, ShipmentReported
from lockstep.canonical.order import FulfilmentState, OrderStatus, PaymentState, SalesChannel
from lockstep.canonical.shipment import ShipmentStatus
from lockstep.connectors.square.connector import SquareConnector
from lockstep.connectors.square.units import CODES
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery

RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def translate(order, zone=UTC):
    body = json.dumps({"order": order}).encode()
    return SquareConnector(zone=zone).translate(Delivery("square.main", "d1", body, RECEIVED, "fetched/order"))


def reported(order, zone=UTC):
    event = translate(order, zone).events[0]
    assert isinstance(event, OrderReported), event.data
    return event.data


def money(amount, currency="USD"):
    return {"amount": amount, "currency": currency}


def line(uid="l1", price=1000, **fields):
    return {
        "uid": uid,
        "name": "Mug",
        "quantity": "1",
        "catalog_object_id": "VRMUG",
        "base_price_money": money(price),
        "variation_total_price_money": money(price),
        "total_money": money(price),
    } | fields


def order(total=1000, lines=None, **fields):
    return {
        "id": "o1",
        "version": 3,
        "state": "COMPLETED",
        "location_id": "L1",
        "created_at": "2026-11-23T03:30:00Z",
        "updated_at": "2026-11-23T03:31:00Z",
        "line_items": [line(price=total)] if lines is None else lines,
        "total_money": money(total),
    } | fields


# ---- money ----


@st.composite
def priced_lines(draw):
    """Lines as Square prices them: amount - discounts + additive taxes = total, inclusive taxes in the amount."""
    count = draw(st.integers(0, 4))
    lines = []
    for number in range(count):
        amount = draw(st.integers(0, 100_000))
        off = draw(st.integers(0, amount))
        additive, inclusive = draw(st.integers(0, 9_000)), draw(st.integers(0, amount))
        modifier = draw(st.integers(0, amount))
        lines.append(
            {
                "uid": f"l{number}",
                "name": "Mug",
                "quantity": "1",
                "catalog_object_id": "VRMUG",
                "item_type": draw(st.sampled_from(["ITEM", "ITEM", "CUSTOM_AMOUNT", "GIFT_CARD"])),
                "base_price_money": money(amount - modifier),
                "variation_total_price_money": money(amount - modifier),
                "modifiers": [{"uid": "m", "base_price_money": money(modifier), "total_price_money": money(modifier)}],
                # Where prices hold taxes, Square leaves them out of gross sales in some countries, not in others.
                "gross_sales_money": money(amount - draw(st.sampled_from([0, inclusive]))),
                "applied_discounts": [{"uid": "d", "discount_uid": "off", "applied_money": money(off)}],
                "applied_taxes": [
                    {"uid": "t1", "tax_uid": "add", "applied_money": money(additive)},
                    {"uid": "t2", "tax_uid": "incl", "applied_money": money(inclusive)},
                ],
                "total_discount_money": money(off),
                "total_tax_money": money(additive + inclusive),
                "total_money": money(amount - off + additive),
            }
        )
    return lines


TAXES = [
    {"uid": "add", "name": "Sales tax", "percentage": "8.25", "type": "ADDITIVE"},
    {"uid": "incl", "name": "Duty", "percentage": "3", "type": "INCLUSIVE"},
]


@st.composite
def orders(draw):
    """A sale, a return, or both, with what Square would state of it."""
    sold, back = draw(priced_lines()), draw(priced_lines())
    service, service_tax = draw(st.integers(0, 5_000)), draw(st.integers(0, 500))
    tip, rounding = draw(st.integers(0, 5_000)), draw(st.integers(-4, 4))
    sale = sum(each["total_money"]["amount"] for each in sold) + service + service_tax + tip + rounding
    returned = sum(each["total_money"]["amount"] for each in back)
    made = order(sale, lines=sold) | {
        "taxes": TAXES,
        "discounts": [{"uid": "off", "name": "Ten off"}],
        "service_charges": [
            {
                "uid": "s",
                "name": "Service",
                "applied_money": money(service),
                "applied_taxes": [
                    {"uid": "st", "tax_uid": "add", "applied_money": money(service_tax if service else 0)}
                ],
            }
        ],
        "total_tip_money": money(tip),
        "rounding_adjustment": {"amount_money": money(rounding)},
    }
    if not service:
        sale -= service_tax
        made["total_money"] = money(sale)
    if back:
        for each in back:
            each["return_modifiers"] = each.pop("modifiers")
            each["gross_return_money"] = each.pop("gross_sales_money")
        made["returns"] = [
            {
                "source_order_id": "o0",
                "return_line_items": back,
                "return_taxes": TAXES,
                "return_discounts": [{"uid": "off", "name": "Ten off"}],
                "return_amounts": {"total_money": money(returned)},
            }
        ]
        made["return_amounts"] = {"total_money": money(returned)}
        made["net_amounts"] = {"total_money": money(sale - returned)}
        return made, sale - returned
    return made, sale


@given(orders())
@settings(deadline=None)
def test_an_order_comes_to_what_square_states(made):
    given_order, stated = made
    found = reported(given_order)
    assert found.shop.total.minor == stated
    assert found.shop.due == found.shop.total
    sold = [each for each in given_order["line_items"] if each["item_type"] != "GIFT_CARD"]
    assert [each.quantity for each in found.lines if each.quantity > 0] == [Decimal(1)] * len(sold)


@given(orders(), st.integers(-3, 3).filter(bool))
@settings(deadline=None)
def test_a_cent_that_is_not_explained_is_unbalanced(made, off):
    given_order, stated = made
    key = "net_amounts" if "returns" in given_order else "total_money"
    given_order[key] = {"total_money": money(stated + off)} if key == "net_amounts" else money(stated + off)
    (event,) = translate(given_order).events
    assert isinstance(event, DocumentUnbalanced)
    assert event.data.stated.minor - event.data.due.minor == off
    assert event.follows() == ("square.main/OrderReported/o1/3",)


def test_prices_that_hold_tax_are_not_read_from_gross_sales():
    taxed = line(
        price=1083, gross_sales_money=money(1000), applied_taxes=[{"tax_uid": "t", "applied_money": money(83)}]
    )
    found = reported(order(1083, [taxed], taxes=[{"uid": "t", "name": "State", "type": "INCLUSIVE"}]))
    assert found.shop.lines[0].amount.minor == 1083
    assert (found.shop.taxes[0].amount.minor, found.shop.taxes[0].included) == (83, True)


def test_gross_sales_serve_where_there_is_nothing_else():
    taxed = line(total_money=money(1083), applied_taxes=[{"tax_uid": "t", "applied_money": money(83)}])
    del taxed["variation_total_price_money"], taxed["base_price_money"]
    taxed["gross_sales_money"] = money(1000)
    found = reported(order(1083, [taxed], taxes=[{"uid": "t", "name": "State", "type": "INCLUSIVE"}]))
    assert found.shop.lines[0].amount.minor == 1083


@pytest.mark.parametrize(("total", "included"), [(1000, True), (1083, False)])
def test_a_tax_of_unknown_type_is_where_the_line_s_total_shows_it(total, included):
    taxed = line(total_money=money(total), applied_taxes=[{"tax_uid": "t", "applied_money": money(83)}])
    found = reported(order(total, [taxed], taxes=[{"uid": "t", "name": "Old", "type": "UNKNOWN_TAX"}]))
    assert found.shop.taxes[0].included is included


def test_a_gift_card_sold_is_a_liability_and_no_line():
    found = reported(order(5000, [line(price=5000, item_type="GIFT_CARD", catalog_object_id=None)]))
    assert found.lines == ()
    assert [(charge.kind, charge.amount.minor) for charge in found.shop.charges] == [(ChargeKind.GIFT_CARD, 5000)]


def test_an_apportioned_charge_counts_once():
    shared = line(price=2000, total_money=money(2100), total_service_charge_money=money(100))
    charge = {"uid": "s", "name": "Fee", "applied_money": money(100), "treatment_type": "APPORTIONED_TREATMENT"}
    found = reported(order(2100, [shared], service_charges=[charge]))
    assert found.shop.lines[0].amount.minor == 2000
    assert [each.amount.minor for each in found.shop.charges] == [100]


def test_amounts_in_two_currencies_are_refused():
    with pytest.raises(MessageMalformed, match=r"line_items\.0\..*currency is not USD"):
        translate(order(1000, [line(variation_total_price_money=money(1000, "EUR"))]))


def test_a_decimal_amount_is_refused():
    with pytest.raises(MessageMalformed, match=r"total_money\.amount"):
        translate(order() | {"total_money": {"amount": "10.00", "currency": "USD"}})


# ---- identity, places, times ----


def test_without_a_version_the_time_of_the_change_stands_for_it():
    made = order()
    del made["version"]
    (event,) = translate(made).events
    assert event.data.version == "2026-11-23T03:31:00+00:00"


def test_the_day_of_an_order_is_the_seller_s():
    assert str(reported(order(), ZoneInfo("America/New_York")).placed_at.date()) == "2026-11-22"
    assert reported(order()).placed_at == reported(order(), ZoneInfo("America/New_York")).placed_at


def test_the_fifth_decimal_of_a_quantity_is_rounded():
    assert reported(order(lines=[line(quantity="0.12345")])).lines[0].quantity == Decimal("0.1235")


@pytest.mark.parametrize(("source", "fulfillments", "channel"), [
    ("Square Point of Sale", [], SalesChannel.STORE),
    ("Square Online", [], SalesChannel.WEB),
    ("DoorDash", [], SalesChannel.MARKETPLACE),
    ("Square Invoices", [], SalesChannel.STAFF),
    ("Lantern's own app", [], SalesChannel.STORE),
    ("Lantern's own app", [{"type": "SHIPMENT", "state": "PROPOSED"}], SalesChannel.WEB),
    (None, [{"type": "PICKUP", "state": "PROPOSED"}], SalesChannel.STORE),
])  # fmt: skip
def test_channels(source, fulfillments, channel):
    assert reported(order(source={"name": source}, fulfillments=fulfillments)).channel is channel


def tender(amount, kind="CARD", status=None):
    return {"id": kind, "type": kind, "amount_money": money(amount), "card_details": {"status": status}}


@pytest.mark.parametrize(("changes", "payment"), [
    ({"state": "OPEN"}, PaymentState.UNPAID),
    ({"state": "DRAFT"}, PaymentState.UNPAID),
    ({"state": "OPEN", "tenders": [tender(400, "CASH")]}, PaymentState.PARTIALLY_PAID),
    ({"state": "OPEN", "tenders": [tender(1000, status="AUTHORIZED")]}, PaymentState.AUTHORIZED),
    ({"state": "OPEN", "tenders": [tender(1000, status="CAPTURED")]}, PaymentState.PAID),
    ({"state": "OPEN", "tenders": [tender(1000, status="FAILED")]}, PaymentState.UNPAID),
    ({"state": "COMPLETED"}, PaymentState.PAID),
    ({"state": "CANCELED"}, PaymentState.UNPAID),
    ({"state": "CANCELED", "tenders": [tender(1000, status="VOIDED")]}, PaymentState.VOIDED),
    ({"tenders": [tender(1000)], "refunds": [{"status": "APPROVED", "amount_money": money(1000)}]},
     PaymentState.REFUNDED),
    ({"tenders": [tender(1000)], "refunds": [{"status": "REJECTED", "amount_money": money(1000)}]}, PaymentState.PAID),
])  # fmt: skip
def test_how_far_it_is_paid(changes, payment):
    assert reported(order(**changes)).payment is payment


def test_a_refund_of_a_sale_is_no_tender_of_the_sale():
    found = reported(order(tenders=[tender(1000)], refunds=[{"status": "APPROVED", "amount_money": money(400)}]))
    assert [each.amount.minor for each in found.tenders] == [1000]


@pytest.mark.parametrize(("fulfillments", "state", "fulfilled"), [
    ([], FulfilmentState.FULFILLED, None),
    ([{"state": "PROPOSED"}], FulfilmentState.UNFULFILLED, 0),
    ([{"state": "COMPLETED"}], FulfilmentState.FULFILLED, 1),
    ([{"state": "COMPLETED", "line_item_application": "ENTRY_LIST", "entries": [
        {"line_item_uid": "l1", "quantity": "0.5"}]}, {"state": "RESERVED"}],
     FulfilmentState.PARTIALLY_FULFILLED, Decimal("0.5")),
    ([{"state": "CANCELED"}], FulfilmentState.UNFULFILLED, 0),
])  # fmt: skip
def test_how_far_it_is_handed_over(fulfillments, state, fulfilled):
    found = reported(order(fulfillments=fulfillments))
    assert found.fulfilment is state
    assert found.lines[0].fulfilled == fulfilled


def test_a_word_that_is_new_is_an_open_order():
    assert reported(order(state="PARKED")).status is OrderStatus.OPEN


@pytest.mark.parametrize(("unit", "code"), [
    (None, "EA"),
    ({"measurement_unit": {"weight_unit": "METRIC_KILOGRAM"}}, "KGM"),
    ({"measurement_unit": {"generic_unit": "UNIT"}}, "EA"),
    ({"measurement_unit": {"custom_unit": {"name": "Bunch"}}}, "ZZ"),
    ({"measurement_unit": {"weight_unit": "LUNAR_STONE"}}, "ZZ"),
    ({}, "EA"),
])  # fmt: skip
def test_units(unit, code):
    assert reported(order(lines=[line(quantity_unit=unit)])).lines[0].unit == code


def test_unit_codes_are_codes():
    assert all(len(code) in (2, 3) and code.isupper() for code in CODES.values())


def test_a_tax_that_is_not_shared_out_goes_by_the_only_name_there_is():
    taxed = line(total_money=money(1083), total_tax_money=money(83))
    tax = {"uid": "t", "name": "State", "percentage": "8.25", "type": "ADDITIVE"}
    found = reported(order(1083, [taxed], taxes=[tax]))
    assert [(each.code, each.rate, each.amount.minor, each.line) for each in found.shop.taxes] == [
        ("State", Decimal("8.25"), 83, 1)
    ]


@pytest.mark.parametrize(("kind", "state", "status"), [
    ("SHIPMENT", "PROPOSED", ShipmentStatus.PENDING),
    ("SHIPMENT", "PREPARED", ShipmentStatus.PACKED),
    ("SHIPMENT", "COMPLETED", ShipmentStatus.SHIPPED),
    ("PICKUP", "PREPARED", ShipmentStatus.READY_FOR_PICKUP),
    ("PICKUP", "COMPLETED", ShipmentStatus.DELIVERED),
    ("DELIVERY", "COMPLETED", ShipmentStatus.DELIVERED),
    ("SHIPMENT", "FAILED", ShipmentStatus.EXCEPTION),
    ("ROCKET", "LAUNCHED", ShipmentStatus.UNKNOWN),
])  # fmt: skip
def test_a_fulfilment_is_a_shipment(kind, state, status):
    told, shipment = translate(order(fulfillments=[{"uid": "f1", "type": kind, "state": state}])).events
    assert isinstance(shipment, ShipmentReported)
    assert (shipment.data.id, shipment.data.version, shipment.data.status) == ("o1/f1", told.data.version, status)
    assert [(each.order_line, each.quantity) for each in shipment.data.lines] == [("l1", 1)]


def test_a_shipment_holds_its_entries_and_its_parcel():
    details = {"carrier": "UPS", "tracking_number": "1Z1", "shipped_at": "2026-11-24T09:00:00Z"}
    entries = [{"uid": "e1", "line_item_uid": "l1", "quantity": "2"}, {"line_item_uid": "gone", "quantity": "1"}]
    part = {"type": "SHIPMENT", "state": "COMPLETED", "line_item_application": "ENTRY_LIST", "entries": entries}
    made = order(3000, [line(quantity="3", price=3000)], fulfillments=[part | {"shipment_details": details}])
    shipment = translate(made).events[1].data
    assert [(each.key, each.item and each.item.value, each.quantity) for each in shipment.lines] == [
        ("e1", "VRMUG", 2),
        ("2", None, 1),
    ]
    assert [(each.tracking_number, each.carrier) for each in shipment.packages] == [("1Z1", "UPS")]


def test_an_order_without_the_envelope_of_an_answer_is_read_too():
    body = json.dumps(order()).encode()
    (event,) = SquareConnector().translate(Delivery("square.main", "d1", body, RECEIVED, "fetched/order")).events
    assert event.id == "square.main/OrderReported/o1/3"


def returning(item_type="ITEM", **fields):
    """A return as tills make it: no version, a total of nothing, and one sum for all that comes back."""
    back = {
        "uid": "r1",
        "source_line_item_uid": "l1",
        "name": "Mug",
        "quantity": "1",
        "item_type": item_type,
        "base_price_money": money(5900),
        "variation_total_price_money": money(5900),
        "gross_return_money": money(5900),
        "applied_taxes": [{"uid": "t", "tax_uid": "t", "applied_money": money(460)}],
        "total_tax_money": money(460),
        "total_discount_money": money(0),
        "total_money": money(6360),
    } | fields
    taxes = [{"uid": "t", "catalog_object_id": "TX1", "name": "City", "type": "ADDITIVE", "percentage": "7.8"}]
    made = order(0, []) | {"total_tip_money": money(0), "total_discount_money": money(0)}
    del made["version"]
    return made | {
        "returns": [{"source_order_id": "o0", "return_line_items": [back], "return_taxes": taxes}],
        "return_amounts": {"total_money": money(6360), "tax_money": money(460)},
        "refunds": [{"id": "rf", "tender_id": "gone", "amount_money": money(6360), "status": "APPROVED"}],
    }


@pytest.mark.parametrize("net", [{}, {"net_amounts": {"total_money": money(-6360)}}, {"total_money": None}])
def test_a_return_by_a_till_goes_to_the_customer(net):
    found = reported(returning(catalog_object_id="VRMUG") | net)
    assert found.total.minor == -6360
    assert [(each.quantity, each.item.value) for each in found.lines] == [(-1, "VRMUG")]
    assert [(each.code, each.amount.minor) for each in found.shop.taxes] == [("TX1", -460)]
    assert [(each.tender, each.amount.minor) for each in found.tenders] == [("REFUND", -6360)]
    assert (found.original, found.payment, found.fulfilment) == ("o0", PaymentState.REFUNDED, FulfilmentState.RETURNED)


def test_a_refunded_amount_is_a_line_without_an_article():
    (back,) = reported(returning("CUSTOM_AMOUNT")).lines
    assert (back.item, back.is_stocked, back.quantity) == (None, False, -1)
