import json
from datetime import UTC, datetime

import pytest

from lockstep.canonical.shipment import ShipmentStatus
from lockstep.connectors.shipengine.connector import ShipengineConnector
from lockstep.messaging.inbound import UNDECLARED, Delivery

RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
TRACKING = "https://api.shipengine.com/v1/tracking"


def translate(message):
    body = json.dumps(message).encode()
    return ShipengineConnector().translate(Delivery("shipengine.main", "d1", body, RECEIVED))


def shipment(url="", **fields):
    data = {"tracking_number": "1Z1", "status_code": "IT"} | fields
    (event,) = translate({"resource_type": "API_TRACK", "resource_url": url, "data": data}).events
    return event.data


@pytest.mark.parametrize(("status", "detail", "means"), [
    ("NY", None, ShipmentStatus.LABELLED),
    ("IT", "HUB_SCAN_IN", ShipmentStatus.IN_TRANSIT),
    ("IT", "OUT_FOR_DELIVERY", ShipmentStatus.OUT_FOR_DELIVERY),
    ("AT", "CUSTOMER_CARDED", ShipmentStatus.ATTEMPTED),
    ("IT", "ATTEMPTED_DELIVERY", ShipmentStatus.ATTEMPTED),
    ("AT", "AWAITING_COLLECTION_FROM_PICKUP_POINT", ShipmentStatus.READY_FOR_PICKUP),
    ("SP", "DELIVERED_TO_PICKUP_POINT", ShipmentStatus.READY_FOR_PICKUP),
    ("SP", "PARCEL_COLLECTED_FROM_PICKUP_POINT", ShipmentStatus.DELIVERED),
    ("EX", "RETURN_TO_SENDER", ShipmentStatus.RETURNED),
    ("EX", "PARCEL_LOST", ShipmentStatus.EXCEPTION),
    ("EX", "CANCELLED", ShipmentStatus.CANCELLED),
    ("??", None, ShipmentStatus.UNKNOWN),
])  # fmt: skip
def test_what_a_status_and_its_detail_mean(status, detail, means):
    assert shipment(status_code=status, status_detail_code=detail).status is means


@pytest.mark.parametrize("url", [f"{TRACKING}?carrier_code=ups&tracking_number=1Z1", f"{TRACKING}/ups/1Z1"])
def test_a_message_that_names_its_carrier_in_the_address_is_of_the_same_shipment(url):
    assert shipment(url).id == shipment(carrier_code="ups").id == "ups:1Z1"


def test_a_carrier_beside_the_number_is_the_carrier():
    assert shipment(f"{TRACKING}?carrier_code=ups&tracking_number=1Z1", carrier_code="fedex").id == "fedex:1Z1"


@pytest.mark.parametrize("field", ["occurred_at", "event_date"])
def test_the_newest_scan_is_when_it_changed(field):
    events = [{field: "2026-11-22T10:00:00Z"}, {field: "2026-11-23T09:30:00Z"}, {field: None}]
    assert shipment(events=events).changed_at == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def test_the_same_state_told_twice_is_one_event_and_another_scan_is_another():
    scan = {"occurred_at": "2026-11-22T10:00:00Z"}
    told, again, later = (
        shipment(events=events) for events in ([scan], [scan], [scan, {"occurred_at": "2026-11-23T10:00:00Z"}])
    )
    assert told.version == again.version != later.version


@pytest.mark.parametrize("kind", ["API_BATCH", "API_RATE", "API_CARRIER_CONNECTED"])
def test_what_is_no_tracking_is_not_for_us(kind):
    told = translate({"resource_type": kind, "resource_url": "https://api.shipengine.com/v1/batches/se-1"})
    assert told.ignored == (f"{UNDECLARED}{kind}",)
