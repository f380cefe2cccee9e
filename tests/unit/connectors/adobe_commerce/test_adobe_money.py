"""Orders as Commerce would write them, of whatever items: what the shop states is what the order comes to."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from lockstep.canonical.events import DocumentUnbalanced, OrderReported, RefundReported
from lockstep.canonical.money import EXPONENTS
from lockstep.connectors.adobe_commerce.connector import AdobeCommerceConnector
from lockstep.messaging.inbound import Delivery

RECEIVED = datetime(2026, 11, 23, tzinfo=UTC)
NOTHING = Decimal(0)
IRREGULAR = {"shipping_discount_tax_compensation_amount": "base_shipping_discount_tax_compensation_amnt"}


def translate(resource: str, body) -> list:
    delivery = Delivery("adobe_commerce.main", "d1", json.dumps(body).encode(), RECEIVED, f"fetched/{resource}")
    return list(AdobeCommerceConnector(currency="EUR").translate(delivery).events)


def to_unit(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Currencies:
    """Of a shop and of its customer. Every figure is converted and rounded by itself; sums are of what was rounded."""

    shop: str
    seen: str
    rate: Decimal

    def figures(self, **amounts: Decimal) -> dict[str, str]:
        """As in events: text with four decimals."""
        made = {}
        for name, amount in amounts.items():
            made[IRREGULAR.get(name, f"base_{name}")] = f"{amount:.4f}"
            made[name] = f"{to_unit(amount * self.rate, self.seen):.4f}"
        return made


def summed(objects: list[dict], name: str) -> dict[str, Decimal]:
    return {prefix: sum((Decimal(o[prefix + name]) for o in objects), NOTHING) for prefix in ("base_", "")}


@st.composite
def lines(draw, money: Currencies, number: int, tax_rate: Decimal, *, with_tax: bool) -> list[dict]:
    """One thing that is bought; with its part, where it has one."""
    row = Decimal(draw(st.integers(1, 50_000))).scaleb(-EXPONENTS[money.shop])
    off = to_unit(row * draw(st.sampled_from([NOTHING, Decimal("0.1"), Decimal("0.5")])), money.shop)
    hidden = to_unit(off * tax_rate / (1 + tax_rate), money.shop) if with_tax else NOTHING
    tax = to_unit((row - off + hidden) * tax_rate, money.shop)
    kind = draw(st.sampled_from(["simple", "configurable", "bundle", "virtual"]))
    whole = {
        "item_id": number,
        "order_item_id": number,
        "sku": f"S{number}",
        "product_type": kind,
        "qty_ordered": "2.0000",
        "qty": 2,
        **money.figures(row_total=row, discount_amount=off, tax_amount=tax, discount_tax_compensation_amount=hidden),
    }
    if kind not in ("configurable", "bundle"):
        return [whole]
    nothing = money.figures(row_total=NOTHING, tax_amount=NOTHING, discount_amount=NOTHING)
    part = {
        "item_id": number + 1,
        "parent_item_id": number,
        "sku": f"S{number + 1}",
        "qty_ordered": 2,
        **nothing,
    }
    return [whole, part]


@st.composite
def documents(draw, *, refund: bool = False) -> dict:
    shop = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    seen = draw(st.sampled_from([shop, "USD"]))
    rate = Decimal(1) if seen == shop else Decimal(draw(st.sampled_from(["1.1", "0.0067", "3.3333"])))
    money = Currencies(shop, seen, rate)
    tax_rate = draw(st.sampled_from([NOTHING, Decimal("0.19"), Decimal("0.0825")]))
    with_tax = draw(st.booleans())
    bought = [
        draw(lines(money, 100 + place * 10, tax_rate, with_tax=with_tax)) for place in range(draw(st.integers(1, 5)))
    ]
    items = [item for things in bought for item in (things[:1] if refund else things)]
    wholes = [dict(things[0]) for things in bought]
    for whole, *parts in () if refund else bought:
        # The price of a bundle stands on the whole, on its parts too, or on them alone.
        where = draw(st.sampled_from(["whole", "both", "parts"])) if whole["product_type"] == "bundle" else "whole"
        for name in ("base_row_total", "row_total") if where != "whole" else ():
            parts[0][name] = whole[name]
            whole[name] = whole[name] if where == "both" else None
    shipping = Decimal(draw(st.integers(0, 900))).scaleb(-EXPONENTS[shop])
    document = {
        "entity_id": 1,
        "order_id": 9,
        "state": 2 if refund else "processing",
        "created_at": "2026-11-20 09:15:30",
        "updated_at": "2026-11-20 09:16:02",
        "base_currency_code": shop,
        "order_currency_code": seen,
        "items": items,
        **money.figures(shipping_amount=shipping, shipping_tax_amount=to_unit(shipping * tax_rate, shop)),
    }
    for prefix in ("base_", ""):
        sums = {
            name: summed(wholes, name)[prefix]
            for name in ("row_total", "discount_amount", "tax_amount", "discount_tax_compensation_amount")
        }
        tax = sums["tax_amount"] + Decimal(document[f"{prefix}shipping_tax_amount"])
        total = (
            sums["row_total"]
            - sums["discount_amount"]
            + sums["discount_tax_compensation_amount"]
            + tax
            + Decimal(document[f"{prefix}shipping_amount"])
        )
        for name, amount in (
            ("subtotal", sums["row_total"]),
            ("discount_amount", -sums["discount_amount"]),
            ("discount_tax_compensation_amount", sums["discount_tax_compensation_amount"]),
            ("tax_amount", tax),
            ("grand_total", total),
        ):
            document[f"{prefix}{name}"] = f"{amount:.4f}"
    return document


@given(documents())
def test_an_order_comes_to_what_the_shop_states_in_both_currencies(order):
    (event,) = translate("order", order)
    assert isinstance(event, OrderReported), event.data
    assert event.data.shop.total.amount == Decimal(order["base_grand_total"])
    assert event.data.shop.tax.amount == Decimal(order["base_tax_amount"])
    if order["order_currency_code"] == order["base_currency_code"]:
        assert event.data.presentment is None
    else:
        assert event.data.presentment.total.amount == Decimal(order["grand_total"])
        assert event.data.presentment.currency == order["order_currency_code"]


@given(documents())
def test_goods_are_counted_once(order):
    """The part of a configurable product or a bundle is what leaves the shelf, its whole is not."""
    (event,) = translate("order", order)
    parents = {str(item["parent_item_id"]) for item in order["items"] if "parent_item_id" in item}
    for line in event.data.lines:
        if line.key in parents:
            assert not line.is_stocked
        if line.part_of:
            assert line.is_stocked


@given(documents(refund=True))
def test_a_credit_memo_comes_to_what_the_shop_states(memo):
    (event,) = translate("credit_memo", memo)
    assert isinstance(event, RefundReported), event.data
    assert event.data.total.amount == Decimal(memo["base_grand_total"])
    assert event.data.order == "9"
    assert {line.line for line in event.data.shop.lines} == {line.number for line in event.data.lines}


@given(documents(), st.sampled_from(["base_grand_total", "grand_total"]))
def test_a_total_that_is_off_is_never_mended(order, name):
    order[name] = f"{Decimal(order[name]) * 3 + 1000:.4f}"
    (event,) = translate("order", order)
    if name == "grand_total" and order["order_currency_code"] == order["base_currency_code"]:
        assert isinstance(event, OrderReported)  # the figures of the shop are what counts
    else:
        assert isinstance(event, DocumentUnbalanced)
        assert event.data.stated.amount == Decimal(order[name])
