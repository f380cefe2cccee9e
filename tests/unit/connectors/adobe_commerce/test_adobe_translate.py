import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import lockstep.connectors.adobe_commerce
from lockstep.connectors.adobe_commerce.connector import AdobeCommerceConnector
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import UNDECLARED, Delivery

FIXTURES = Path(lockstep.connectors.adobe_commerce.__file__).parent / "fixtures"
RECEIVED = datetime(2026, 11, 23, tzinfo=UTC)


def fixture(name: str):
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def translate(body, topic: str = "", currency: str | None = "EUR"):
    delivery = Delivery("adobe_commerce.main", "d1", json.dumps(body).encode(), RECEIVED, topic)
    return AdobeCommerceConnector(currency=currency).translate(delivery)


def test_an_event_and_what_is_read_are_the_same_snapshot():
    """One writes "80.0000", the other 80."""
    event = translate(fixture("observer-sales_order_save_after")).events[0]
    read = translate(fixture("fetched-order--tax_and_discount"), "fetched/order").events[0]
    assert event.id == read.id
    assert event.data == read.data


@pytest.mark.parametrize(
    "change",
    [
        {"status": "packed"},
        {"base_total_paid": "10.0000"},
        {"base_total_refunded": 5},
        {"updated_at": "2026-11-20 09:16:03"},
    ],
)
def test_what_becomes_of_an_order_is_another_snapshot_though_its_time_may_not_change(change):
    order = fixture("fetched-order--tax_and_discount")
    assert (
        translate(order, "fetched/order").events[0].id != translate({**order, **change}, "fetched/order").events[0].id
    )


def test_shipping_a_line_is_another_snapshot():
    order = fixture("fetched-order--tax_and_discount")
    before = translate(order, "fetched/order").events[0]
    order["items"][0]["qty_shipped"] = 1
    after = translate(order, "fetched/order").events[0]
    assert before.id != after.id
    assert (before.data.fulfilment.value, after.data.fulfilment.value) == ("unfulfilled", "partially fulfilled")


@pytest.mark.parametrize("missing", ["items", "base_grand_total", "base_currency_code", "updated_at", "state"])
def test_an_order_of_which_a_subscription_leaves_out_something_is_read(missing):
    body = fixture("observer-sales_order_save_after")
    del body["data"]["value"][missing]
    translation = translate(body)
    assert translation.events == ()
    assert [(notice.resource, notice.key) for notice in translation.notices] == [("order", "31")]


@pytest.mark.parametrize(
    "name",
    [
        "com.adobe.commerce.observer.customer_save_after",
        "observer.customer_save_after",
        "com.adobe.commerce.lantern_prod.observer.customer_save_after",
    ],
)
def test_an_event_is_known_whatever_stands_before_its_name(name):
    body = {**fixture("observer-customer_save_after"), "type": name}
    assert [event.type for event in translate(body).events] == ["CustomerReported"]


@pytest.mark.parametrize("name", ["com.adobe.commerce.observer.cms_page_save_after", "aem.sites.page.modified"])
def test_other_events_are_ignored(name):
    ignored = translate({**fixture("observer-customer_save_after"), "type": name}).ignored
    assert len(ignored) == 1
    assert ignored[0].startswith(UNDECLARED)


@pytest.mark.parametrize("body", [{}, {"event": {}}, {"data": {"cart": {}}}, {"event": {"data": {"value": {}}}}])
def test_what_names_nothing_is_ignored(body):
    assert translate(body).ignored == (f"{UNDECLARED}none",)


def test_a_webhook_that_asks_before_saving_says_nothing_that_happened():
    translation = translate({"product": {"name": "string", "sku": "string"}})
    assert translation.events == ()
    assert "nothing has happened" in translation.ignored[0]


def test_a_webhook_about_a_saved_order_is_an_order():
    order = fixture("fetched-order--tax_and_discount")
    assert translate({"order": order}).events[0].data == translate(order, "fetched/order").events[0].data


@pytest.mark.parametrize(("state", "status"), [(1, "pending"), ("2", "succeeded"), (3, "failed"), (None, "succeeded")])
def test_a_cancelled_credit_memo_gives_nothing_back(state, status):
    memo = {**fixture("fetched-credit_memo--one_line"), "state": state}
    assert translate(memo, "fetched/credit_memo").events[0].data.status.value == status


@pytest.mark.parametrize(
    ("figures", "state"),
    [
        ({}, "unpaid"),
        ({"base_total_paid": 50}, "partially paid"),
        ({"base_total_paid": 113.05}, "paid"),
        ({"base_total_paid": 113.05, "base_total_refunded": 13.05}, "partially refunded"),
        ({"base_total_paid": 113.05, "base_total_refunded": "113.0500"}, "refunded"),
        ({"payment": {"method": "m", "base_amount_authorized": 113.05}}, "authorized"),
        ({"payment": {"method": "m", "base_amount_authorized": 113.05}, "state": "canceled"}, "voided"),
    ],
)
def test_how_far_an_order_is_paid(figures, state):
    order = {**fixture("fetched-order--tax_and_discount"), "base_total_paid": None, **figures}
    assert translate(order, "fetched/order").events[0].data.payment.value == state


def test_a_tracking_number_makes_another_snapshot_of_a_shipment():
    shipment = fixture("fetched-shipment--one_parcel")
    with_none = {**shipment, "tracks": []}
    ids = {translate(body, "fetched/shipment").events[0].id for body in (shipment, with_none)}
    assert len(ids) == 2


def test_the_gift_card_of_an_order_is_never_named_by_its_code():
    order = fixture("fetched-order--stored_value_and_wrapping")
    order["extension_attributes"]["gift_cards"] = [{"id": 1, "code": "HIDDEN", "amount": 25, "base_amount": 25}]
    assert "HIDDEN" not in translate(order, "fetched/order").events[0].model_dump_json()


def test_an_order_of_a_list_that_cannot_be_read_holds_up_no_other():
    page = fixture("fetched-order--page")
    del page["items"][0]["base_currency_code"]
    translation = translate(page, "fetched/order")
    assert [event.data.id for event in translation.events] == ["42"]
    assert [(notice.resource, notice.key) for notice in translation.notices] == [("order", "41")]


def test_a_special_price_is_the_same_in_an_event_and_in_rest():
    event = fixture("observer-catalog_product_save_after")
    event["data"]["value"] |= {"special_price": "29.900000", "special_from_date": "2026-11-15 00:00:00"}
    rest = {
        **fixture("fetched-product--simple"),
        "custom_attributes": [
            {"attribute_code": "special_price", "value": "29.900000"},
            {"attribute_code": "special_from_date", "value": "2026-11-15 00:00:00"},
        ],
    }
    prices = [
        translation.events[1].data.prices for translation in (translate(event), translate(rest, "fetched/product"))
    ]
    assert prices[0] == prices[1]
    assert [str(price.amount.amount) for price in prices[0]] == ["39.90", "29.90"]
    assert prices[0][1].valid_from == datetime(2026, 11, 15, tzinfo=UTC)


def test_what_does_not_come_back_is_worth_nothing():
    """The child of a configurable product, and a bundle whose parts have the prices."""
    refund = translate(fixture("fetched-credit_memo--configurable_and_bundle"), "fetched/credit_memo").events[0].data
    assert [line.item.value for line in refund.lines] == ["HOOD-M", "BALL", "BRICK"]
    assert {line.line for line in refund.shop.lines} == {line.number for line in refund.lines}


def test_the_first_event_of_a_batch_that_cannot_be_read_is_named():
    batch = fixture("observer-sales_order_save_after--batch")
    del batch[1]["data"]["value"]["entity_id"]
    with pytest.raises(MessageMalformed, match=r"^1\.data\.value\.entity_id is missing$"):
        translate(batch)
