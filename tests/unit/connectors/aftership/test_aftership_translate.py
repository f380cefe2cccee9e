import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from lockstep.canonical.shipment import ShipmentStatus
from lockstep.connectors.aftership.connector import AftershipConnector
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery

RECEIVED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def shipment(event="tracking_update", ts=None, zone=UTC, **fields):
    tracking = {"id": "t1", "tracking_number": "940", "tag": "InTransit", "updated_at": "2026-11-23T09:00:00+00:00"}
    body = json.dumps({"event": event, "ts": ts, "msg": tracking | fields}).encode()
    (told,) = AftershipConnector(zone=zone).translate(Delivery("aftership.main", "d1", body, RECEIVED)).events
    return told.data


@pytest.mark.parametrize(("tag", "subtag", "means"), [
    ("InfoReceived", "InfoReceived_001", ShipmentStatus.LABELLED),
    ("AttemptFail", "AttemptFail_002", ShipmentStatus.ATTEMPTED),
    ("AvailableForPickup", "AvailableForPickup_001", ShipmentStatus.READY_FOR_PICKUP),
    ("Exception", "Exception_011", ShipmentStatus.RETURNED),
    ("Exception", "Exception_013", ShipmentStatus.EXCEPTION),
    ("SomethingNew", None, ShipmentStatus.UNKNOWN),
])  # fmt: skip
def test_what_a_tag_and_its_subtag_mean(tag, subtag, means):
    assert shipment(tag=tag, subtag=subtag).status is means


def test_a_tracking_without_a_time_has_that_of_its_event():
    assert shipment(updated_at=None, ts=1795446000).changed_at == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    assert shipment(updated_at=None, last_updated_at="2026-11-22T08:00:00Z", ts=1795446000).changed_at.day == 22


@pytest.mark.parametrize("ts", [None, "soon", -5, 10**15])
def test_what_says_no_time_at_all_is_refused(ts):
    with pytest.raises(MessageMalformed, match=r"msg\.updated_at is missing"):
        shipment(updated_at=None, ts=ts)


@pytest.mark.parametrize("estimate", [
    {"type": "specific", "datetime": "2026-11-27T12:00:00", "datetime_max": ""},
    {"type": "range", "datetime": "", "datetime_min": "2026-11-25T12:00:00", "datetime_max": "2026-11-27T12:00:00"},
])  # fmt: skip
def test_an_estimate_between_two_times_is_the_later(estimate):
    told = shipment("edd_revise", latest_estimated_delivery=estimate, expected_delivery="2026-11-30")
    assert told.estimated_at == datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_times_of_carriers_are_of_the_account_s_zone():
    told = shipment(zone=ZoneInfo("Europe/Berlin"), shipment_delivery_date="2026-11-23T09:00:00")
    assert told.delivered_at == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_an_estimate_that_is_put_off_is_another_version_of_the_same_state():
    told, again, later = (
        shipment("edd_revise", expected_delivery=day) for day in ("2026-11-27", "2026-11-27", "2026-11-28")
    )
    assert told.version == again.version != later.version
