import json
from datetime import UTC, datetime

import pytest

from lockstep.canonical.shipment import ShipmentStatus
from lockstep.connectors.easypost.connector import EasypostConnector
from lockstep.messaging.inbound import UNDECLARED, Delivery

RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def translate(description="tracker.updated", **tracker):
    result = {"id": "trk_1", "tracking_code": "940", "status": "in_transit", "updated_at": "2026-11-23T09:00:00Z"}
    body = json.dumps({"id": "evt_1", "description": description, "result": result | tracker}).encode()
    return EasypostConnector().translate(Delivery("easypost.main", "d1", body, RECEIVED))


def shipment(**tracker):
    (event,) = translate(**tracker).events
    return event.data


@pytest.mark.parametrize(("status", "means"), [
    ("pre_transit", ShipmentStatus.LABELLED),
    ("available_for_pickup", ShipmentStatus.READY_FOR_PICKUP),
    ("return_to_sender", ShipmentStatus.RETURNED),
    ("failure", ShipmentStatus.EXCEPTION),
    ("cancelled", ShipmentStatus.CANCELLED),
    ("unknown", ShipmentStatus.UNKNOWN),
    ("beamed_up", ShipmentStatus.UNKNOWN),
])  # fmt: skip
def test_what_a_status_means(status, means):
    assert shipment(status=status).status is means


def test_it_left_with_its_first_scan_and_arrived_with_its_last():
    scans = [
        ("pre_transit", "2026-11-19T08:00:00Z"),
        ("in_transit", "2026-11-20T09:00:00Z"),
        ("failure", "2026-11-21T09:00:00Z"),
        ("delivered", "2026-11-22T09:00:00Z"),
        ("delivered", None),
    ]
    told = shipment(status="delivered", tracking_details=[{"status": what, "datetime": at} for what, at in scans])
    assert told.shipped_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert told.delivered_at == datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_a_parcel_that_nobody_scanned_has_neither():
    told = shipment(
        status="pre_transit", tracking_details=[{"status": "pre_transit", "datetime": "2026-11-19T08:00:00Z"}]
    )
    assert (told.shipped_at, told.delivered_at) == (None, None)


def test_a_new_tracker_and_its_first_update_are_one_event():
    told, again = translate("tracker.created").events[0], translate("tracker.updated").events[0]
    assert told.id == again.id


@pytest.mark.parametrize("description", ["batch.updated", "refund.successful", "scan_form.created"])
def test_what_is_no_tracker_is_not_for_us(description):
    assert translate(description).ignored == (f"{UNDECLARED}{description}",)
