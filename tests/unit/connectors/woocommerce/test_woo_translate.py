import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import lockstep.connectors.woocommerce
from lockstep.connectors.woocommerce.connector import WoocommerceConnector
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery

FIXTURES = Path(lockstep.connectors.woocommerce.__file__).parent / "fixtures"
RECEIVED = datetime(2026, 11, 23, tzinfo=UTC)


def fixture(name: str):
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def translate(topic: str, body, connector: WoocommerceConnector | None = None, delivery_id: str = "d1"):
    delivery = Delivery("woocommerce.main", delivery_id, json.dumps(body).encode(), RECEIVED, topic)
    return (connector or WoocommerceConnector(currency="EUR")).translate(delivery)


def order(name: str = "order.updated--refunds", **changed):
    return {**fixture(name), **changed}


def test_a_snapshot_is_the_same_under_every_topic_and_when_it_is_read():
    topics = ("order.created", "order.updated", "order.restored", "fetched/order")
    ids = {translate(topic, order(), delivery_id=topic).events[0].id for topic in topics}
    assert len(ids) == 1


def test_a_change_of_status_within_a_second_is_another_snapshot():
    pending, paid = (
        translate("order.updated", order(status=status)).events[0].id for status in ("pending", "processing")
    )
    assert pending != paid


def test_refunds_over_several_days_are_each_read_once():
    first = order(refunds=[{"id": 4799, "total": "-5.00"}], date_modified_gmt="2026-11-21T09:00:00")
    later = order()
    seen = [
        {(notice.key, notice.version) for notice in translate("order.updated", body, delivery_id=str(place)).notices}
        for place, body in enumerate((first, later))
    ]
    assert seen == [{("4721/4799", "4799")}, {("4721/4799", "4799"), ("4721/4801", "4801")}]


@pytest.mark.parametrize(
    ("refunds", "state"),
    [
        ([], "paid"),
        ([{"id": 1, "total": "-59.99"}], "partially refunded"),
        ([{"id": 1, "total": "-60.00"}], "refunded"),
    ],
)
def test_how_far_it_is_refunded_follows_from_the_refunds(refunds, state):
    assert translate("order.updated", order(refunds=refunds)).events[0].data.payment.value == state


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pending", "open"),
        ("completed", "completed"),
        ("cancelled", "cancelled"),
        ("trash", "cancelled"),
        ("checkout-draft", "draft"),
        ("packed-by-an-extension", "open"),
        ("", "open"),
    ],
)
def test_a_status_says_whether_the_order_stands(status, expected):
    assert translate("order.updated", order(status=status)).events[0].data.status.value == expected


def test_what_php_writes_for_nothing_is_nothing():
    body = order(coupon_lines=False, fee_lines={}, shipping_lines=None, tax_lines="", customer_id="", refunds=[])
    event = translate("order.updated", body).events[0]
    assert event.data.customer is None
    assert event.data.shop.total.amount == 60


def test_a_list_with_holes_comes_as_an_object():
    body = order()
    body["line_items"] = {"3": body["line_items"][0]}
    assert translate("order.updated", body).events == translate("order.updated", order()).events


def test_an_amount_without_a_quantity_is_a_charge():
    body = order()
    body["line_items"][0]["quantity"] = 0
    data = translate("order.updated", body).events[0].data
    assert data.lines == ()
    assert [(charge.kind.value, charge.amount.amount) for charge in data.shop.charges] == [("fee", 60)]


def test_local_times_are_the_sites():
    body = order(date_modified_gmt="", date_created_gmt=None)
    connector = WoocommerceConnector(zone=ZoneInfo("Europe/Berlin"))
    assert translate("order.updated", body, connector).events[0].data.changed_at == datetime(
        2026, 11, 22, 9, tzinfo=UTC
    )


def test_a_refund_names_no_currency_so_somebody_must():
    alone = fixture("fetched-order_refund--alone_amount_only")
    assert translate("fetched/order_refund", alone).events[0].data.total.currency == "EUR"
    with pytest.raises(MessageMalformed, match="currency"):
        translate("fetched/order_refund", alone, WoocommerceConnector())


def test_a_gift_card_is_known_by_its_id_and_never_by_its_code():
    events = translate("order.updated", fixture("order.updated--gift_cards_used")).events
    assert "HIDDEN" not in events[0].model_dump_json()


def test_a_resource_of_a_page_that_cannot_be_read_holds_up_no_other():
    page = fixture("fetched-order--page")
    del page[1]["line_items"][0]["quantity"]
    translation = translate("fetched/order", page)
    assert [event.data.id for event in translation.events] == ["4732"]
    assert [(notice.resource, notice.key) for notice in translation.notices] == [("order", "4733")]


def test_one_that_does_not_say_which_it_is_is_named():
    page = fixture("fetched-order--page")
    del page[1]["id"]
    with pytest.raises(MessageMalformed, match=r"^1\.id is missing$"):
        translate("fetched/order", page)


def test_a_value_is_never_told():
    with pytest.raises(MessageMalformed) as refused:
        translate("order.updated", order(total="Ines Falkenried"))
    assert "Ines" not in str(refused.value)
