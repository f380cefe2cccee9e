"""What is read at Lightspeed comes in an envelope, and is the same without one."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import lockstep.connectors.lightspeed_x
from lockstep.connectors.lightspeed_x.connector import LightspeedConnector
from lockstep.messaging.inbound import Delivery

FIXTURES = Path(lockstep.connectors.lightspeed_x.__file__).parent / "fixtures"
RECEIVED = datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.mark.parametrize("resource", ["sale", "product", "customer"])
def test_an_object_without_its_envelope_is_read_too(resource: str) -> None:
    listed = json.loads((FIXTURES / f"fetched-{resource}.json").read_text())["data"]
    one = listed[0] if isinstance(listed, list) else listed

    def said(body: object) -> list[str]:
        delivery = Delivery("lightspeed_x.main", "d1", json.dumps(body).encode(), RECEIVED, f"fetched/{resource}")
        return [event.id for event in LightspeedConnector(currency="EUR", zone=UTC).translate(delivery).events]

    assert said(one)
    assert said(one) == said({"data": one}) == said({"data": [one]})
