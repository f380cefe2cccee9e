import json
from datetime import UTC, datetime

import pytest

from lockstep.canonical.events import GiftCardMoved, PaymentRecorded, PriceReported, ProductReported
from lockstep.canonical.payment import GiftCardMovementKind, PaymentKind, PaymentStatus
from lockstep.connectors.square.connector import SquareConnector
from lockstep.connectors.square.manifest import MANIFEST
from lockstep.connectors.square.translate import _TOPICS
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import UNDECLARED, Delivery

RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def translate(message, topic=""):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return SquareConnector().translate(Delivery("square.main", "d1", body, RECEIVED, topic))


def hook(kind, carried, **fields):
    envelope = {"type": kind, "event_id": "e1", "merchant_id": "M1", "created_at": "2026-11-23T15:00:00Z"}
    return envelope | {"data": {"id": "x", "object": carried}} | fields


def payment(**fields):
    return {
        "id": "p1",
        "status": "COMPLETED",
        "source_type": "CARD",
        "amount_money": {"amount": 900, "currency": "USD"},
        "updated_at": "2026-11-23T15:00:00Z",
    } | fields


def test_what_is_declared_is_what_is_translated():
    assert set(MANIFEST.inbound.topics) == set(_TOPICS)


@pytest.mark.parametrize("kind", ["location.updated", "invoice.payment_made", "terminal.refund.created", "labor.shift"])
def test_other_topics_are_ignored_whatever_they_carry(kind):
    translation = translate(hook(kind, {"refund": {"amount_money": "not as ours"}}))
    assert translation.events == ()
    assert translation.ignored == (UNDECLARED + kind,)


def test_a_test_notification_is_ignored():
    assert translate({"type": "webhooks.test_notification", "event_id": "e"}).ignored == ("a test notification",)


def test_an_order_that_is_gone_is_ignored():
    assert translate(b"", "fetched/order").ignored == ("order is no longer there",)


def test_versions_of_a_notice_are_those_of_the_order():
    carried = {"order_updated": {"order_id": "o1", "version": 7, "updated_at": "2026-11-23T15:00:00Z"}}
    (notice,) = translate(hook("order.updated", carried)).notices
    assert (notice.resource, notice.key, notice.version) == ("order", "o1", "7")


def test_an_order_is_known_by_the_envelope_where_nothing_is_carried():
    (notice,) = translate(hook("order.created", None)).notices
    assert (notice.key, notice.version) == ("x", None)


@pytest.mark.parametrize(("fields", "kind", "status"), [
    ({"status": "APPROVED"}, PaymentKind.AUTHORIZATION, PaymentStatus.SUCCEEDED),
    ({"status": "PENDING"}, PaymentKind.AUTHORIZATION, PaymentStatus.PENDING),
    ({"status": "COMPLETED"}, PaymentKind.CAPTURE, PaymentStatus.SUCCEEDED),
    ({"status": "COMPLETED", "source_type": "CASH"}, PaymentKind.SALE, PaymentStatus.SUCCEEDED),
    ({"status": "COMPLETED", "source_type": "EXTERNAL"}, PaymentKind.SALE, PaymentStatus.SUCCEEDED),
    ({"status": "CANCELED"}, PaymentKind.VOID, PaymentStatus.SUCCEEDED),
    ({"status": "FAILED"}, PaymentKind.AUTHORIZATION, PaymentStatus.FAILED),
    ({"status": "SOMETHING_NEW"}, PaymentKind.OTHER, PaymentStatus.PENDING),
])  # fmt: skip
def test_what_a_payment_s_status_means(fields, kind, status):
    (event,) = translate(hook("payment.updated", {"payment": payment(**fields)})).events
    assert isinstance(event, PaymentRecorded)
    assert (event.data.kind, event.data.status) == (kind, status)


def test_the_amount_holds_the_tip():
    tip = {"tip_money": {"amount": 100, "currency": "USD"}}
    (event,) = translate(hook("payment.updated", {"payment": payment(**tip)})).events
    assert event.data.amount.minor == 1000


def test_a_later_report_of_the_same_status_is_the_same_event():
    early, late = payment(), payment(updated_at="2026-11-24T15:00:00Z", version_token="other")
    ids = {translate(hook("payment.updated", {"payment": each})).events[0].id for each in (early, late)}
    assert ids == {"square.main/PaymentRecorded/p1/capture/succeeded"}


def test_a_cancelled_redemption_puts_the_value_back_as_a_movement_of_its_own():
    activity = {
        "id": "a1",
        "type": "REDEEM",
        "gift_card_id": "g1",
        "created_at": "2026-11-23T15:00:00Z",
        "redeem_activity_details": {"amount_money": {"amount": 500, "currency": "USD"}, "status": "PENDING"},
    }
    (taken,) = translate(hook("gift_card.activity.created", {"gift_card_activity": activity})).events
    activity["redeem_activity_details"]["status"] = "CANCELED"
    (back,) = translate(hook("gift_card.activity.updated", {"gift_card_activity": activity})).events
    assert isinstance(taken, GiftCardMoved)
    assert (taken.data.amount.minor, back.data.amount.minor) == (-500, 500)
    assert back.data.kind is GiftCardMovementKind.REFUNDED
    assert taken.id != back.id


def variation(identity, item="I1", price=100):
    money = {"price_money": {"amount": price, "currency": "USD"}, "pricing_type": "FIXED_PRICING"}
    return {
        "type": "ITEM_VARIATION",
        "id": identity,
        "version": 5,
        "updated_at": "2026-11-23T15:00:00Z",
        "item_variation_data": {"item_id": item, "name": identity, **money},
    }


def test_a_product_is_as_new_as_its_newest_variation():
    item = {"type": "ITEM", "id": "I1", "version": 2, "updated_at": "2026-11-20T15:00:00Z"}
    item["item_data"] = {"name": "Mug", "variations": [variation("V1")]}
    product, prices = translate({"objects": [item, variation("V1")]}, "fetched/catalog").events
    assert isinstance(product, ProductReported)
    assert isinstance(prices, PriceReported)
    assert (product.data.version, prices.data.version) == ("5", "5")


def test_a_variation_whose_item_is_not_there_is_a_notice_of_the_item():
    translation = translate({"objects": [variation("V1", "I9")]}, "fetched/catalog")
    assert [(notice.resource, notice.key, notice.version) for notice in translation.notices] == [
        ("catalog_object", "I9", "5")
    ]


def test_nested_numbers_that_are_texts_do_no_harm():
    (event,) = translate(
        hook("payment.updated", {"payment": payment(amount_money={"amount": "900", "currency": "USD"}, id=12)})
    ).events
    assert (event.data.amount.minor, event.data.id) == (900, "12")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b"{}", b'{"type": ["order.updated"]}'])
def test_what_is_no_message_is_refused(body):
    with pytest.raises(MessageMalformed):
        translate(body)
