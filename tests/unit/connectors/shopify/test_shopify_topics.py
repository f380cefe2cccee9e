import json

import pytest

from lockstep.canonical.customer import CustomerStatus
from lockstep.canonical.payment import DisputeStatus, GiftCardMovementKind, PaymentKind, PaymentStatus
from lockstep.canonical.product import ProductStatus
from lockstep.canonical.refund import ReturnStatus
from lockstep.canonical.shipment import ShipmentStatus
from lockstep.connectors.shopify.manifest import INBOUND
from lockstep.connectors.shopify.topics import EVENTS, IGNORED, RESOURCES, WEBHOOKS
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.topics import resources
from tests.unit.connectors.shopify.messages import event, fixture, translated


def test_every_declared_topic_is_read_or_has_its_reason():
    assert {*WEBHOOKS, *IGNORED, *EVENTS} == {*INBOUND.topics}
    assert len(WEBHOOKS) + len(IGNORED) + len(EVENTS) == len(INBOUND.topics)
    assert {*resources(INBOUND)} == {*RESOURCES}


# ---- payments ----


def payment(**more):
    return event("order_transactions/create", {**fixture("order_transactions-create--sale"), **more}, "PaymentRecorded")


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [
        ("authorization", PaymentKind.AUTHORIZATION),
        ("capture", PaymentKind.CAPTURE),
        ("void", PaymentKind.VOID),
        ("change", PaymentKind.REFUND),
        ("barter", PaymentKind.OTHER),
    ],
)
def test_kinds_of_payment(kind, becomes):
    assert payment(kind=kind).data.kind is becomes


@pytest.mark.parametrize(
    ("status", "becomes"),
    [("success", PaymentStatus.SUCCEEDED), ("error", PaymentStatus.FAILED), ("dreaming", PaymentStatus.PENDING)],
)
def test_how_far_a_payment_is_makes_it_another_event(status, becomes):
    assert payment(status=status).data.status is becomes
    assert payment(status=status).id.endswith(f"/sale/{becomes.value}")


def test_a_payment_belongs_to_the_one_that_it_takes_up():
    assert payment(kind="capture", parent_id=7).data.payment == "7"
    assert payment(parent_id=None).data.payment == payment().data.id


def test_cash_is_what_moved():
    moved = payment(amount="9.99", amount_rounding="0.01")
    assert str(moved.data.amount) == "10.00 EUR"


def test_a_gift_card_pays_and_loses_its_value():
    said = translated("order_transactions/create", fixture("order_transactions-create--by_gift_card")).events
    assert said[0].data.is_gift_card
    assert (said[1].data.kind, str(said[1].data.amount)) == (GiftCardMovementKind.REDEEMED, "-40.00 EUR")


def test_a_gift_card_that_was_refused_loses_nothing():
    refused = {**fixture("order_transactions-create--by_gift_card"), "status": "failure"}
    assert [one.type for one in translated("order_transactions/create", refused).events] == ["PaymentRecorded"]


def test_without_a_currency_the_order_is_read():
    bare = {**fixture("order_transactions-create--sale"), "currency": None}
    said = translated("order_transactions/create", bare)
    assert [(notice.resource, notice.key) for notice in said.notices] == [("order", "5500000001")]
    assert str(event("order_transactions/create", bare, currency="EUR").data.amount) == "112.27 EUR"


def test_tenders_are_the_order_s_transactions_once_more():
    (notice,) = translated("tender_transactions/create", fixture("tender_transactions-create--card")).notices
    assert (notice.resource, notice.key) == ("order", "5500000001")
    read = translated("fetched/order", fixture("fetched-order--with_transactions")).events
    direct = event("order_transactions/create", fixture("order_transactions-create--sale"))
    assert direct.id in [one.id for one in read]


# ---- returns, shipments, disputes ----


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        ("requested", ReturnStatus.REQUESTED),
        ("OPEN", ReturnStatus.APPROVED),
        ("declined", ReturnStatus.DECLINED),
        ("closed", ReturnStatus.CLOSED),
        ("canceled", ReturnStatus.CANCELLED),
        ("lost at sea", ReturnStatus.UNKNOWN),
    ],
)
def test_how_a_return_stands(status, becomes):
    message = {**fixture("returns-request--one_line"), "status": status}
    assert event("returns/update", message).data.status is becomes


def test_a_return_that_comes_back_to_a_state_is_told_from_the_first_time():
    message = fixture("returns-reopen--status")
    first, second = (
        event("returns/reopen", message, headers={"x-shopify-triggered-at": at})
        for at in ("2026-11-20T09:00:00Z", "2026-11-21T09:00:00Z")
    )
    assert first.id != second.id
    assert first.data.changed_at < second.data.changed_at


@pytest.mark.parametrize(
    ("status", "shipment", "becomes"),
    [
        ("success", None, ShipmentStatus.SHIPPED),
        ("success", "delivered", ShipmentStatus.DELIVERED),
        ("success", "attempted_delivery", ShipmentStatus.ATTEMPTED),
        ("success", "teleported", ShipmentStatus.SHIPPED),
        ("cancelled", "delivered", ShipmentStatus.CANCELLED),
        ("failure", None, ShipmentStatus.EXCEPTION),
        ("humming", None, ShipmentStatus.UNKNOWN),
    ],
)
def test_how_far_a_shipment_is(status, shipment, becomes):
    message = {**fixture("fulfillments-create--two_parcels"), "status": status, "shipment_status": shipment}
    assert event("fulfillments/update", message).data.status is becomes


def test_each_parcel_has_its_number():
    packages = event("fulfillments/create", fixture("fulfillments-create--two_parcels")).data.packages
    assert [(one.tracking_number, bool(one.tracking_url)) for one in packages] == [
        ("00340434161094", True),
        ("00340434161095", False),
    ]


def test_a_dispute_stands_under_its_order_and_moves_on():
    opened, won = (
        event(topic, fixture(name))
        for topic, name in (
            ("disputes/create", "disputes-create--chargeback"),
            ("disputes/update", "disputes-update--won"),
        )
    )
    assert (opened.data.status, won.data.status) == (DisputeStatus.OPEN, DisputeStatus.WON)
    assert opened.subject == won.subject == "order/5500000001"
    assert opened.id != won.id


# ---- catalogue ----


def test_prices_need_a_currency():
    message = fixture("products-create--two_variants")
    assert [one.type for one in translated("products/create", message).events] == ["ProductReported"]
    prices = event("products/create", message, "PriceReported", currency="EUR").data.prices
    assert [(price.item.value, str(price.amount), price.list_price and str(price.list_price)) for price in prices] == [
        ("DECK-1", "89.00 EUR", "99.00 EUR"),
        ("gid://shopify/ProductVariant/9000132", "89.00 EUR", None),
    ]


def test_each_currency_of_a_variant_is_a_price():
    variant = fixture("fetched-variant--struck_price")
    prices = event("fetched/variant", variant).data.prices
    assert [str(price.amount) for price in prices] == ["89.00 EUR", "79.00 GBP"]


def test_a_variant_of_which_no_stock_is_kept():
    variants = event("products/create", fixture("products-create--two_variants"), "ProductReported").data.variants
    assert [variant.is_stocked for variant in variants] == [True, False]
    assert variants[0].options == (("Colour", "Blue"), ("Size", "L"))


@pytest.mark.parametrize(
    ("topic", "kind", "status"),
    [
        ("products/delete", "ProductReported", ProductStatus.DELETED),
        ("customers/delete", "CustomerReported", CustomerStatus.DELETED),
    ],
)
def test_what_is_deleted(topic, kind, status):
    assert event(topic, {"id": 5}, kind).data.status is status


@pytest.mark.parametrize(
    ("more", "accepts"),
    [
        ({"email_marketing_consent": {"state": "subscribed"}, "accepts_marketing": False}, True),
        ({"email_marketing_consent": {"state": "unsubscribed"}}, False),
        ({"accepts_marketing": True}, True),
        ({}, None),
    ],
)
def test_what_a_customer_accepts(more, accepts):
    assert (
        event("customers/update", {"id": 5, "updated_at": "2026-11-16T10:00:00Z", **more}).data.accepts_marketing
        is accepts
    )


def test_an_undated_customer_is_known_by_what_it_says():
    first, again, other = ({"id": 5, "first_name": name} for name in ("A", "A", "B"))
    assert event("customers/update", first).id == event("customers/update", again).id
    assert event("customers/update", first).id != event("customers/update", other).id


@pytest.mark.parametrize(("topic", "resource"), [("orders/updated", "order"), ("products/update", "product")])
def test_a_message_that_says_nothing_has_its_thing_read(topic, resource):
    (notice,) = translated(topic, {"id": 5, "updated_at": "2026-11-16T10:00:00Z"}).notices
    assert (notice.resource, notice.key) == (resource, "5")


def test_a_product_that_was_read_is_what_it_is():
    assert event("fetched/product", {"id": 5, "status": "draft"}).data.variants == ()


@pytest.mark.parametrize("kept", ["line_items", "total_price"])
def test_an_order_with_a_part_of_what_it_needs_is_refused(kept):
    with pytest.raises(MessageMalformed):
        translated("orders/updated", {"id": 5, kept: fixture("orders-create--yen")[kept]})


def test_what_became_of_a_fulfilment_order_that_was_moved():
    said = translated("fetched/fulfillment_order", fixture("fetched-fulfillment_order--moved"))
    assert [one.data.id for one in said.events] == ["fulfillment_order/1010002"]
    assert len(said.ignored) == 1, "the one that it was moved out of is closed"


# ---- the family without X- ----


def test_a_message_that_names_a_thing_has_it_read():
    (notice,) = translated("Order", fixture("Order--named")).notices
    assert (notice.resource, notice.key) == ("order", "5500000001")
    headers = {"shopify-resource-id": "gid://shopify/Product/9", "shopify-action": "update"}
    (notice,) = translated("Product", b"{}", headers=headers).notices
    assert (notice.resource, notice.key) == ("product", "9")


def test_one_that_is_deleted_cannot_be_read():
    headers = {"shopify-resource-id": "gid://shopify/Customer/9", "shopify-action": "delete"}
    assert event("Customer", b"{}", headers=headers).data.status is CustomerStatus.DELETED


@pytest.mark.parametrize("named", [{}, {"query_variables": {"orderId": 5}}, {"query_variables": {"orderId": "../x y"}}])
def test_one_that_names_nothing_is_refused(named):
    with pytest.raises(MessageMalformed, match="orderId"):
        translated("Order", named)


# ---- samples, shapes ----


def test_samples_are_ignored_whatever_is_in_them():
    said = translated("orders/create", b"not even json", headers={"x-shopify-test": "true"})
    assert (said.events, len(said.ignored)) == ((), 1)


def test_a_resource_is_read_bare_wrapped_and_in_a_list():
    bare = fixture("orders-create--yen")
    shapes = [bare, {"order": bare}, {"orders": [bare]}, [bare]]
    assert len({event("fetched/order", json.dumps(shape).encode()).id for shape in shapes}) == 1


@pytest.mark.parametrize("body", [b"", b"7", b'"x"', b"[7]", b'{"data":{"order":null}}', b'{"data":null}'])
def test_what_is_no_resource_is_malformed(body):
    with pytest.raises(MessageMalformed):
        translated("fetched/order", body)
