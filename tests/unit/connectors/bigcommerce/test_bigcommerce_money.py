"""Orders as BigCommerce would write them, of whatever products: what the store states is what the order comes to."""

import json
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from lockstep.canonical.events import DocumentUnbalanced, OrderReported, RefundReported
from lockstep.canonical.money import EXPONENTS
from lockstep.connectors.bigcommerce.connector import BigcommerceConnector
from lockstep.messaging.inbound import Delivery

RECEIVED = datetime(2026, 11, 23, tzinfo=UTC)
NOTHING = Decimal(0)


def translate(resource: str, body) -> list:
    delivery = Delivery("bigcommerce.main", "d1", json.dumps(body).encode(), RECEIVED, f"fetched/{resource}")
    return list(BigcommerceConnector(currency="USD").translate(delivery).events)


def to_unit(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), rounding=ROUND_HALF_UP)


def written(amount: Decimal) -> str:
    return f"{amount:.4f}"


@st.composite
def wholes(draw) -> dict:
    """Prices with or without tax, one of which is exact; discounts of the order; shipping."""
    currency = draw(st.sampled_from(["USD", "JPY", "KWD"]))
    included = draw(st.booleans())
    rate = draw(st.sampled_from([NOTHING, Decimal("0.0825"), Decimal("0.2")]))
    products, exact = [], NOTHING
    for number in range(1, draw(st.integers(1, 6)) + 1):
        price = Decimal(draw(st.integers(1, 90_000))).scaleb(-EXPONENTS[currency])
        exact += price
        ex, inc = (price / (1 + rate), price) if included else (price, price * (1 + rate))
        products.append(
            {
                "id": number,
                "product_id": number,
                "quantity": draw(st.integers(1, 4)),
                "type": draw(st.sampled_from(["physical", "digital", "giftcertificate"])),
                "total_ex_tax": written(ex),
                "total_inc_tax": written(inc),
                "total_tax": written(inc - ex),
            }
        )
    off = to_unit(exact * draw(st.sampled_from([NOTHING, Decimal("0.1"), Decimal("0.5")])), currency)
    rest = exact - off
    tax = to_unit(rest * rate / (1 + rate) if included else rest * rate, currency)
    total = rest if included else rest + tax
    order = {
        "id": 1,
        "status_id": 11,
        "date_created": "Fri, 20 Nov 2026 09:15:30 +0000",
        "date_modified": "Fri, 20 Nov 2026 09:16:02 +0000",
        "default_currency_code": currency,
        "is_tax_inclusive_pricing": included,
        "payment_status": "captured",
        "payment_method": "Card",
        "coupon_discount": written(off),
        "total_tax": written(tax),
        "total_inc_tax": written(total),
    }
    return {"order": order, "products": products, "taxes": [], "coupons": []}


@given(wholes())
def test_an_order_comes_to_what_the_store_states(whole):
    (event,) = translate("order", whole)
    assert isinstance(event, OrderReported), event.data
    assert event.data.total.amount == Decimal(whole["order"]["total_inc_tax"])
    assert sum((tender.amount.amount for tender in event.data.tenders), NOTHING) == event.data.total.amount


@given(wholes())
def test_its_tax_is_what_the_store_states(whole):
    (event,) = translate("order", whole)
    assert event.data.shop.tax.amount == Decimal(whole["order"]["total_tax"])


@given(wholes(), st.booleans())
def test_a_fee_counts_where_the_total_holds_it(whole, held):
    order = whole["order"]
    order["fees"] = [{"id": 3, "display_name_merchant": "Crate", "cost_ex_tax": "7.0000", "cost_inc_tax": "7.0000"}]
    if held:
        order["total_inc_tax"] = written(Decimal(order["total_inc_tax"]) + 7)
    (event,) = translate("order", whole)
    assert isinstance(event, OrderReported), event.data
    assert ["Crate" in (charge.code or "") for charge in event.data.shop.charges].count(True) == held
    assert event.data.total.amount == Decimal(order["total_inc_tax"])


@given(wholes(), st.integers(1, 300))
def test_stored_value_is_a_tender_or_left_out_of_the_total(whole, minor):
    order = whole["order"]
    total = Decimal(order["total_inc_tax"])
    value = min(Decimal(minor).scaleb(-EXPONENTS[order["default_currency_code"]]), total)
    if not value:
        return
    order["gift_certificate_amount"] = written(value)
    (held,) = translate("order", whole)
    assert [tender.amount.amount for tender in held.data.tenders if tender.is_gift_card] == [value]
    order["total_inc_tax"] = written(total - value)
    (left_out,) = translate("order", whole)
    assert isinstance(left_out, OrderReported)
    assert left_out.data.total.amount == total - value
    assert not [tender for tender in left_out.data.tenders if tender.is_gift_card]


@given(wholes())
def test_a_total_that_is_off_is_never_mended(whole):
    order = whole["order"]
    order["total_inc_tax"] = written(Decimal(order["total_inc_tax"]) * 3 + 1000)
    (event,) = translate("order", whole)
    assert isinstance(event, DocumentUnbalanced)
    assert event.data.stated.amount == Decimal(order["total_inc_tax"])


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 50_000)), min_size=1, max_size=5), st.booleans())
def test_a_refund_comes_to_its_total_whether_its_items_are_priced_or_not(bought, priced):
    products = [
        {
            "id": number,
            "product_id": number,
            "sku": f"S{number}",
            "quantity": quantity,
            "total_ex_tax": written(Decimal(cents * quantity) / 100),
            "total_inc_tax": written(Decimal(cents * quantity) / 100),
        }
        for number, (quantity, cents) in enumerate(bought, 1)
    ]
    total = sum((Decimal(cents) for _, cents in bought), NOTHING) / 100 - (0 if priced else Decimal("0.01"))
    refund = {
        "id": 3,
        "order_id": 1,
        "created": "2026-11-22T08:55:00+00:00",
        "total_amount": float(total),
        "total_tax": 0,
        "items": [{"item_type": "PRODUCT", "item_id": product["id"], "quantity": 1} for product in products],
    }
    order = {"id": 1, "default_currency_code": "USD"}
    (event,) = translate("order_refund", {"refund": refund, "order": order, "products": products})
    assert isinstance(event, RefundReported)
    assert event.data.total.amount == total
    assert len(event.data.lines) == len(bought)
    assert [charge.code for charge in event.data.shop.charges] == ([] if priced or not total else ["unallocated"])
