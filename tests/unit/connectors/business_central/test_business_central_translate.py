import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from lockstep.canonical.customer import CustomerStatus
from lockstep.canonical.events import DocumentUnbalanced, OrderReported
from lockstep.connectors.business_central.connector import BusinessCentralConnector
from lockstep.messaging.inbound import Delivery

RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
COMPANY = "b18aed47-c385-49d2-b954-dbdf8ad71780"
RECORD = "26814998-936a-401c-81c1-0e848a64971d"
ONLINE = "https://api.businesscentral.dynamics.com/v2.0/tenant/Production/"


def translate(message, topic="", currency="USD"):
    body = json.dumps(message).encode()
    return BusinessCentralConnector(currency=currency).translate(
        Delivery("business_central.main", "d1", body, RECEIVED, topic)
    )


def noticed(resource, kind="updated"):
    change = {"resource": resource, "changeType": kind, "lastModifiedDateTime": "2026-11-23T12:54:20.467Z"}
    return translate({"value": [change]})


def customer(currency="USD", **fields):
    found = {"id": RECORD, "number": "10000", "displayName": "Lantern", "lastModifiedDateTime": "2026-11-23T12:00:00Z"}
    (event,) = translate(found | fields, "fetched/customer", currency).events
    return event.data


def line(**fields):
    return {
        "id": "1e8cb9c0-44e3-ea11-bb43-000d3a2feca1",
        "lineType": "Item",
        "lineObjectNumber": "1996-S",
        "quantity": 12,
        "amountExcludingTax": 16767.6,
        "taxCode": "FURNITURE",
        "taxPercent": 6.00002,
        "invoiceDiscountAllocation": 0,
        "netTaxAmount": 1006.06,
    } | fields


def order(*lines, total=17773.66, **fields):
    return {
        "id": RECORD,
        "number": "101005",
        "orderDate": "2026-11-22",
        "currencyCode": "",
        "totalAmountIncludingTax": total,
        "status": "Open",
        "lastModifiedDateTime": "2026-11-23T17:49:38.5Z",
        "salesOrderLines": list(lines),
    } | fields


@pytest.mark.parametrize("before", ["", "/", ONLINE])
@pytest.mark.parametrize("version", ["v2.0", "v1.0", "beta"])
def test_a_record_is_noticed_however_its_address_is_written(before, version):
    (notice,) = noticed(f"{before}api/{version}/companies({COMPANY})/items({RECORD})").notices
    assert (notice.resource, notice.key) == ("item", f"{COMPANY}/{RECORD}")


@pytest.mark.parametrize("before", ["/", ONLINE])
def test_many_changes_at_once_are_listed_from_where_they_begin(before):
    asked = "$filter=lastDateTimeModified%20gt%202026-11-23T11:00:00Z"
    (notice,) = noticed(f"{before}api/v2.0/companies({COMPANY})/customers?{asked}", "collection").notices
    assert (notice.resource, notice.key) == ("customers", f"{COMPANY}/2026-11-23T11:00:00Z")


@pytest.mark.parametrize(("resource", "kind"), [
    (f"api/v2.0/companies({COMPANY})/items({RECORD})", "deleted"),
    (f"api/v2.0/companies({COMPANY})/vendors({RECORD})", "updated"),
    (f"{ONLINE}api/publisher/group/v1.0/companies({COMPANY})/items({RECORD})", "updated"),
    (f"https://elsewhere.example/?api/v2.0/companies({COMPANY})/items({RECORD})", "updated"),
])  # fmt: skip
def test_what_cannot_be_read_is_not_noticed(resource, kind):
    told = noticed(resource, kind)
    assert told.ignored
    assert not told.notices


@pytest.mark.parametrize(("currency", "liable", "exempt"), [
    ("USD", False, True),
    ("USD", True, False),
    ("USD", None, False),
    ("EUR", False, False),
])  # fmt: skip
def test_only_where_there_is_sales_tax_is_somebody_exempt_from_it(currency, liable, exempt):
    assert customer(currency, taxLiable=liable).is_tax_exempt is exempt


@pytest.mark.parametrize(("blocked", "status"), [
    (" ", CustomerStatus.ACTIVE),
    ("_x0020_", CustomerStatus.ACTIVE),
    ("Ship", CustomerStatus.ACTIVE),
    ("All", CustomerStatus.INACTIVE),
])  # fmt: skip
def test_who_is_blocked(blocked, status):
    assert customer(blocked=blocked).status is status


def test_an_order_is_its_lines_with_their_tax():
    (told,) = translate(order(line(), line(lineType="Comment", quantity=0)), "fetched/salesOrder").events
    assert isinstance(told, OrderReported)
    assert told.data.shop.total.amount == Decimal("17773.66")
    assert [each.item.value for each in told.data.lines] == ["1996-S"]


def test_the_order_s_discount_comes_off_before_tax():
    off = line(invoiceDiscountAllocation=1676.76, netTaxAmount=905.45)
    (told,) = translate(order(off, total=15996.29), "fetched/salesOrder").events
    assert isinstance(told, OrderReported)
    (discount,) = told.data.shop.discounts
    assert discount.amount.amount == Decimal("1676.76")


def test_an_order_that_is_not_its_lines_is_a_case():
    (told,) = translate(order(line(), total=17773.67), "fetched/salesOrder").events
    assert isinstance(told, DocumentUnbalanced)


def test_a_price_finer_than_the_currency_is_told_as_none():
    item = {"id": RECORD, "number": "1896-S", "unitPrice": 0.125, "lastModifiedDateTime": "2026-11-23T00:24:19.347Z"}
    told = translate(item, "fetched/item")
    assert [event.type for event in told.events] == ["ProductReported"]
    assert told.ignored == ("a price that is finer than the currency, or below zero",)


def test_an_order_of_ours_that_comes_back_is_ignored():
    told = translate(order(line(), externalDocumentNumber="shopify.main/1042"), "fetched/salesOrder")
    assert told.ignored == ("our own document, coming back",)
