"""Whatever a signed sender writes: a translation, or a malformed message; never another error."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lockstep.connectors.poslog
from lockstep.canonical.events import TransactionClosed, parse_event
from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, Translation

FIXTURES = Path(lockstep.connectors.poslog.__file__).parent / "fixtures"
DOCUMENTS = st.sampled_from([path.read_text(encoding="utf-8") for path in sorted(FIXTURES.rglob("*.xml"))])
ODD = st.sampled_from(
    [
        "", "0", "-0", "-1", "1e9", "NaN", "Infinity", "9999999999999", "0.000000000001", "999999999999.999999999999",
        "1,5", "\uff11", "true", "2026-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "XXX", "XAF", "KWD",
        "a/b", "\u2028", "\U0001f9fe", "x" * 2000, "Void", "&amp;", "<Amount>1</Amount>", "Refund",
    ]
)  # fmt: skip
RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def check(body):
    try:
        translation = PoslogConnector(default_currency="EUR").translate(
            Delivery("poslog.main", "msg_1", body, RECEIVED)
        )
    except MessageMalformed:
        return
    assert isinstance(translation, Translation)
    for event in translation.events:
        assert parse_event(event.model_dump_json()) == event
        if isinstance(event, TransactionClosed):
            assert event.data.total == event.data.paid


@st.composite
def rewritten(draw):
    """A document in which some texts and attributes say something odd, and some elements are gone or doubled."""
    text = draw(DOCUMENTS)
    for _ in range(draw(st.integers(min_value=1, max_value=6))):
        places = [
            match.span(1)
            for match in re.finditer(r'>([^<>]*)</|="([^"]*)"' if draw(st.booleans()) else r">([^<>]+)</", text)
            if match.span(1) != (-1, -1)
        ]
        if not places:
            break
        start, end = draw(st.sampled_from(places))
        text = text[:start] + draw(ODD) + text[end:]
    elements = [match.span() for match in re.finditer(r"<(\w+)[^<>]*>[^<>]*</\1>", text)]
    if elements and draw(st.booleans()):
        start, end = draw(st.sampled_from(elements))
        text = text[:start] + text[start:end] * draw(st.sampled_from([0, 2, 3])) + text[end:]
    return text


@settings(max_examples=400, deadline=None)
@given(rewritten())
def test_odd_values_in_real_shapes(text):
    check(text.encode("utf-8"))


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, st.data())
def test_damaged_bytes(text, data):
    body = bytearray(text.encode("utf-8"))
    for _ in range(data.draw(st.integers(min_value=1, max_value=4))):
        start = data.draw(st.integers(min_value=0, max_value=len(body)))
        length = data.draw(st.integers(min_value=0, max_value=40))
        body[start : start + length] = data.draw(st.binary(max_size=8))
    check(bytes(body))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(body):
    check(body)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Sale", "Return"]),
            st.decimals(min_value=0, max_value=10**6, places=3),
            st.decimals(min_value=Decimal("0.001"), max_value=999, places=3),
            st.none() | st.decimals(min_value=0, max_value=30, places=2),
            st.none() | st.decimals(min_value=0, max_value=100, places=2),
        ),
        max_size=5,
    ),
    st.decimals(min_value=-(10**6), max_value=10**6, places=2),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_no_amount_is_ever_made_to_fit(lines, paid, currency):
    items = "".join(
        f"<LineItem><{tag}><ItemID>S</ItemID><ExtendedAmount>{amount}</ExtendedAmount><Quantity>{quantity}</Quantity>"
        + ("" if discount is None else f"<ExtendedDiscountAmount>{discount}</ExtendedDiscountAmount>")
        + ("" if rate is None else f'<Tax TaxType="VAT"><Percent>{rate}</Percent></Tax>')
        + f"</{tag}></LineItem>"
        for tag, amount, quantity, discount, rate in lines
    )
    body = (
        "<POSLog><Transaction><RetailStoreID>101</RetailStoreID><WorkstationID>1</WorkstationID>"
        f"<SequenceNumber>1</SequenceNumber><CurrencyCode>{currency}</CurrencyCode><RetailTransaction>{items}"
        f'<LineItem><Tender TenderType="Cash" TypeCode="Sale"><Amount>{paid}</Amount></Tender></LineItem>'
        "</RetailTransaction><EndDateTime>2026-11-23T15:00:00Z</EndDateTime></Transaction></POSLog>"
    )
    check(body.encode())


@pytest.mark.parametrize("elements", [60, 199_999])
def test_size_alone_is_no_error(elements):
    check(b"<POSLog>" + b"<a/>" * elements + b"</POSLog>")
