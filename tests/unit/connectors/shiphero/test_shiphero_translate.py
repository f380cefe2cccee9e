import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from lockstep.canonical.shipment import ShipmentStatus
from lockstep.connectors.shiphero.connector import ShipheroConnector
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import UNDECLARED, Delivery

RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def translate(**message):
    body = json.dumps(message).encode()
    return ShipheroConnector().translate(Delivery("shiphero.main", "d1", body, RECEIVED))


def only(**message):
    (event,) = translate(**message).events
    return event.data


def change(**fields):
    return {
        "webhook_type": "Inventory Change",
        "sku": "MUG",
        "warehouse_id": 76733,
        "quantity": 10,
        "old_quantity": 12,
        "location_name": "A-01",
        "timestamp": "2026-11-23 13:19:30",
        "source": "manual",
    } | fields


def fulfillment(**fields):
    return {
        "shipment_id": 95544424,
        "warehouse_id": 76733,
        "partner_order_id": "1042",
        "line_items": [{"id": "l1", "sku": "MUG", "quantity": 2}],
        "created_at": "2026-11-23 10:00:00",
    } | fields


def test_what_moved_is_the_difference_of_the_bin():
    adjusted = only(**change())
    assert [movement.delta for movement in adjusted.movements] == [Decimal(-2)]
    assert only(**change(old_quantity=0)).movements[0].delta == 10


def test_a_change_that_does_not_say_what_was_there_before_is_left_to_the_list():
    told = translate(**change(old_quantity=None, previous_on_hand=110))
    assert told.events == ()
    assert told.ignored


def test_a_change_of_nothing_is_none():
    assert translate(**change(old_quantity=10)).ignored == ("a change that changes nothing",)


@pytest.mark.parametrize("message", [
    {"webhook_type": "Shipment Update", "fulfillment": fulfillment()},
    {"webhook_type": "SHIPMENT_UPDATE", "fulfillment": fulfillment()},
    {"test": "0", "fulfillment": fulfillment(webhook_type="Shipment Update")},
])  # fmt: skip
def test_a_shipment_is_known_wherever_the_message_says_what_it_is(message):
    shipped = only(**message)
    assert (shipped.status, shipped.order, shipped.location) == (ShipmentStatus.SHIPPED, "1042", "76733")
    assert shipped.lines[0].quantity == 2


def test_stock_is_known_by_its_figures_too():
    figure = {"webhook_type": "INVENTORY_UPDATE", "sku": "MUG", "inventory": "22", "on_hand": "25"}
    there = {"warehouse_id": 76733, "on_hand": "20"}
    (counted,) = only(inventory=[figure | {"updated_warehouse": there}]).counts
    assert counted.on_hand == 20
    assert translate(inventory=[figure]).ignored == ("a figure that does not say what is on hand in which warehouse",)


def test_a_message_that_says_nowhere_what_it_is_is_refused():
    with pytest.raises(MessageMalformed, match="webhook_type is missing"):
        translate(inventory=[], fulfillment={})


@pytest.mark.parametrize("kind", ["Order Canceled", "PO Update", "Tote Complete"])
def test_other_kinds_are_not_for_us(kind):
    assert translate(webhook_type=kind, order_id=5).ignored == (f"{UNDECLARED}{kind}",)


def test_an_order_is_packed_with_a_tote_or_without():
    packed = {"webhook_type": "Order Packed Out", "order_id": 5678, "order_number": "1042"}
    items = [{"line_item_id": 1, "sku": "MUG"}, {"line_item_id": 1, "sku": "MUG"}]
    out_of_a_tote = only(**packed, tote_id=7, items=items)
    assert (out_of_a_tote.id, out_of_a_tote.lines[0].quantity) == ("tote-7-5678", 2)
    without = only(**packed)
    assert (without.id, without.status, without.reference) == ("packed-5678", ShipmentStatus.PACKED, "1042")


def test_a_test_message_is_no_shipment():
    assert translate(test="1", webhook_type="Shipment Update", fulfillment=fulfillment()).ignored == ("a test message",)


def test_each_parcel_is_told_once():
    packages = [
        {"tracking_number": "T1", "shipping_label": {"carrier": "UPS"}},
        {"shipping_label": {"tracking_number": "T2"}},
    ]
    told = only(
        webhook_type="Shipment Update",
        fulfillment=fulfillment(tracking_number="T1", shipping_carrier="DHL"),
        packages=packages,
    )
    assert [(each.tracking_number, each.carrier) for each in told.packages] == [("T1", "UPS"), ("T2", "DHL")]
