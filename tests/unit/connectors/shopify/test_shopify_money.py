"""Properties: an order built of any parts comes to the total that was built with it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.connectors.shopify.messages import a_line, an_order, bag, event, translated

EXPONENT = {"EUR": 2, "JPY": 0, "KWD": 3}


@st.composite
def orders(draw):
    """An order and its total, in minor units."""
    currency = draw(st.sampled_from(sorted(EXPONENT)))
    included = draw(st.booleans())

    def text(minor):
        return str(Decimal(minor).scaleb(-EXPONENT[currency]))

    def taxes(most):
        found = draw(st.lists(st.integers(1, max(1, most)), max_size=3))
        return found, [
            {"title": f"T{at}", "rate": 0.05, "price": text(minor), "price_set": bag(text(minor), currency)}
            for at, minor in enumerate(found)
        ]

    total, tax, discounts, lines = 0, 0, 0, []
    for number in range(1, draw(st.integers(0, 5)) + 1):
        price, quantity = draw(st.integers(0, 10**6)), draw(st.integers(1, 9))
        off = draw(st.integers(0, price * quantity))
        allocations = [a for a in (off // 2, off - off // 2) if a]
        found, tax_lines = taxes(price)
        if price * quantity == 0:
            found, tax_lines, allocations, off = [], [], [], 0
        kind = draw(st.sampled_from(["goods", "goods", "gift card", "custom", "tip"]))
        more = {"gift card": {"gift_card": True}, "tip": {"tip": {"payment_gateway": "x"}}}.get(kind, {})
        if kind == "custom":
            more = {"sku": None, "variant_id": None, "product_id": None}
        taken_out = draw(st.integers(0, quantity))
        lines.append(
            a_line(
                number,
                text(price),
                quantity,
                price_set=bag(text(price), currency),
                current_quantity=quantity - taken_out,
                fulfillable_quantity=quantity - taken_out,
                tax_lines=tax_lines,
                discount_allocations=[{"amount": text(a), "discount_application_index": 0} for a in allocations],
                **more,
            )
        )
        total += price * quantity - off + (0 if included else sum(found))
        tax += sum(found)
        discounts += off
    shipping = []
    for place in range(draw(st.integers(0, 2))):
        price = draw(st.integers(1, 10**5))
        off = draw(st.integers(0, price))
        found, tax_lines = taxes(price)
        shipping.append(
            {
                "id": place,
                "title": "Van",
                "price": text(price),
                "price_set": bag(text(price), currency),
                "tax_lines": tax_lines,
                "discount_allocations": [{"amount": text(off)}] if off else [],
            }
        )
        total += price - off + (0 if included else sum(found))
        tax += sum(found)
    duties, fees = draw(st.integers(0, 10**4)), draw(st.integers(0, 10**4))
    total += duties + fees
    message = an_order(
        lines,
        text(total),
        currency=currency,
        total_price_set=bag(text(total), currency),
        taxes_included=included,
        total_tax=text(tax),
        shipping_lines=shipping,
        discount_applications=[{"type": "automatic", "title": "Any"}],
        original_total_duties_set=bag(text(duties), currency) if duties else None,
        original_total_additional_fees_set=bag(text(fees), currency) if fees else None,
    )
    return message, currency, total, tax


@given(orders())
def test_the_total_is_the_shop_s_to_the_minor_unit(made):
    message, currency, total, tax = made
    placed = event("orders/create", message, "OrderReported").data
    assert (placed.total.minor, placed.total.currency) == (total, currency)
    assert placed.shop.due == placed.total
    assert placed.shop.tax.minor == tax


@given(orders(), st.integers(1, 10**7))
def test_no_other_total_is_taken(made, more):
    """Unless tax, duties or the like happen to make the difference, which is then an own reading of the message."""
    message, currency, total, tax = made
    wrong = str(Decimal(total + more).scaleb(-EXPONENT[currency]))
    message |= {"total_price": wrong, "total_price_set": bag(wrong, currency)}
    said = translated("orders/create", message).events[0]
    assert said.type == "DocumentUnbalanced"
    assert (said.data.due.minor, said.data.stated.minor) == (total, total + more)
    del tax


@given(orders())
def test_units_are_neither_lost_nor_doubled(made):
    message, *_ = made
    placed = event("orders/create", message, "OrderReported").data
    for line in message["line_items"]:
        if line.get("gift_card") or line.get("tip"):
            continue
        parts = [part for part in placed.lines if part.key.partition("/")[0] == str(line["id"])]
        assert sum(part.quantity for part in parts) == line["quantity"]
        stocked = [part for part in parts if part.is_stocked]
        open_units = sum(part.quantity - (part.fulfilled or 0) for part in stocked)
        assert open_units == (line["fulfillable_quantity"] if line["sku"] else 0)
