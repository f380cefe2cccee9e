import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import lockstep.connectors.bigcommerce
from lockstep.connectors.bigcommerce.connector import BigcommerceConnector
from lockstep.messaging.errors import ConfigurationError, MessageMalformed, SignatureInvalid
from lockstep.messaging.inbound import UNDECLARED, Delivery, Request

FIXTURES = Path(lockstep.connectors.bigcommerce.__file__).parent / "fixtures"
RECEIVED = datetime(2026, 11, 23, tzinfo=UTC)


def fixture(name: str):
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def translate(topic: str, body, currency: str | None = "USD"):
    delivery = Delivery("bigcommerce.main", "d1", json.dumps(body).encode(), RECEIVED, topic)
    return BigcommerceConnector(currency=currency).translate(delivery)


def test_the_delivery_is_named_by_scope_hash_and_time():
    """The vendor's hash is of `data`, which is the same in every message of one order: created, updated, updated."""
    body = {"scope": "store/order/created", "hash": "00ff", "data": {}, "created_at": 1561479335}
    connector = BigcommerceConnector()

    def name(said: dict) -> str:
        return connector.verify(Request({"x-lockstep-secret": "s"}, json.dumps(said).encode()), ("s",), RECEIVED)

    assert name(body) == name({**body, "producer": "stores/abc"})
    assert name(body) != name({**body, "created_at": 1561479336})
    assert name(body) != name({**body, "scope": "store/order/updated"})
    assert len(name({"no": "hash"})) == 64


def test_an_order_that_changes_again_is_read_again():
    body = {"scope": "store/order/updated", "hash": "00ff", "data": {"type": "order", "id": 250}, "created_at": 1}
    (first,), (second,) = (translate("", {**body, "created_at": at}).notices for at in (1561479335, 1561479336))
    assert first.version != second.version


@pytest.mark.parametrize("header", [None, "", "S", "s ", "another"])
def test_who_does_not_know_the_secret_is_refused(header):
    headers = {} if header is None else {"x-lockstep-secret": header}
    with pytest.raises(SignatureInvalid):
        BigcommerceConnector().verify(Request(headers, b"{}"), ("s",), RECEIVED)


@pytest.mark.parametrize("secrets", [(), ("",), ("s", "")])
def test_an_empty_secret_opens_nothing(secrets):
    with pytest.raises(ConfigurationError):
        BigcommerceConnector().verify(Request({"x-lockstep-secret": ""}, b"{}"), secrets, RECEIVED)


@pytest.mark.parametrize("scope", ["store/cart/created", "store/order/message/created", "", None])
def test_other_scopes_are_ignored(scope):
    ignored = translate("", {"scope": scope, "data": {"id": 1}}).ignored
    assert len(ignored) == 1
    assert ignored[0].startswith(UNDECLARED)


def test_a_plain_order_is_not_taken_for_the_whole_one():
    whole = fixture("fetched-order--tax_added")
    ids = {translate("fetched/order", body).events[0].id for body in (whole, whole["order"])}
    assert len(ids) == 2


def test_a_list_of_orders_is_read_one_by_one():
    translation = translate("fetched/order", [{**fixture("fetched-order--plain"), "total_inc_tax": ""}])
    assert translation.events == ()
    assert [(notice.resource, notice.key) for notice in translation.notices] == [("order", "258")]


def test_the_order_is_in_the_currency_that_the_shopper_pays_in():
    body = fixture("fetched-order--tax_added")
    body["order"] |= {"default_currency_code": "CAD", "currency_code": "EUR", "store_default_currency_code": "USD"}
    data = translate("fetched/order", body).events[0].data
    assert data.total.currency == "CAD"
    assert data.presentment is None


def test_the_same_levels_later_are_another_report():
    """Five, four, five: the third must not be taken for the first, come again."""
    levels = fixture("fetched-inventory--levels")
    first, third = (
        translate("fetched/inventory", {**levels, "notice": notice}).events[0].id for notice in ("205/a", "205/c")
    )
    assert first != third


@pytest.mark.parametrize(
    ("payments", "status"),
    [([], "succeeded"), ([True], "failed"), ([False], "succeeded"), ([True, False], "pending")],
)
def test_a_declined_payment_is_no_money_back(payments, status):
    body = fixture("fetched-order_refund--priced")
    body["refund"]["payments"] = [{"provider_id": "p", "amount": 1, "is_declined": declined} for declined in payments]
    assert translate("fetched/order_refund", body).events[0].data.status.value == status


def test_a_shipment_that_gets_a_tracking_number_is_another_snapshot():
    body = fixture("fetched-shipment--one_parcel")
    ids = {
        translate("fetched/shipment", {**body, "tracking_number": number}).events[0].id for number in ("", "1Z", "1Z")
    }
    assert len(ids) == 2


def test_prices_are_told_where_the_account_names_a_currency():
    body = fixture("fetched-product--two_variants")
    assert [event.type for event in translate("fetched/product", body).events] == ["ProductReported", "PriceReported"]
    without = translate("fetched/product", body, currency=None)
    assert [event.type for event in without.events] == ["ProductReported"]
    assert without.ignored == ("price: the account names no currency",)


def test_a_product_of_a_refund_that_cannot_be_read_is_named():
    body = fixture("fetched-order_refund--priced")
    del body["products"][0]["quantity"]
    with pytest.raises(MessageMalformed, match=r"products\.0\.quantity"):
        translate("fetched/order_refund", body)
