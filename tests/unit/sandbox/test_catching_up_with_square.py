"""The simulated Square's list of orders, read by the real connector: a sale of which no webhook came is found."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import urllib3

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.square.client import reader
from lockstep.connectors.square.inbound import connector
from lockstep.messaging.inbound import Delivery, Translation
from lockstep.runtime import reading
from lockstep.runtime.settings import AccountSettings
from sandbox.retailer import DOWNTOWN
from sandbox.square import SimulatedSquare

if TYPE_CHECKING:
    import pytest

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
SETTINGS = AccountSettings(secret="s", allowed_hosts=("127.0.0.1",), currency="USD")


def translated(body: bytes, resource: str) -> Translation:
    return connector(SETTINGS).translate(Delivery("square.main", "d", body, NOW, f"fetched/{resource}"))


class Line:
    """A connection to the simulated Square, without a socket."""

    def __init__(self, square: SimulatedSquare) -> None:
        self.square = square

    def request(self, method: str, url: str, **options: Any) -> urllib3.HTTPResponse:
        path = url.removeprefix("http://127.0.0.1:1")
        authorization = {name.lower(): value for name, value in options["headers"].items()}["authorization"]
        status, body = self.square.answer(method, path, authorization, options.get("body") or b"")
        return urllib3.HTTPResponse(BytesIO(json.dumps(body).encode()), status=status)


def test_a_sale_of_which_no_webhook_came_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    square = SimulatedSquare(clock=lambda: NOW)
    monkeypatch.setattr(reading, "open_pool", lambda: Line(square))
    order = square.sell({"SCARF-MERINO": 1}, DOWNTOWN)
    made = reader("square.main", {"base_url": "http://127.0.0.1:1", "token": square._token}, SETTINGS)

    found = made.page("order", NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    earlier = made.page("order", NOW - timedelta(hours=2), NOW - timedelta(hours=1))
    catalog = made.page("catalog", NOW - timedelta(hours=1), NOW)
    told = translated(found.body, "order")
    by_notice = [
        translated(made.fetch(notice), "order").events
        for notice in (
            *told.notices,
            ResourceNotice(resource="order", key=order["id"], version="4", notified_at=NOW, delivery_id="d"),
        )
    ]

    assert found.after == ""
    ids = {event.id for events in by_notice for event in events} | {event.id for event in told.events}
    assert len(ids) == 1, "by list, by notice or by webhook it is the same event"
    assert translated(earlier.body, "order").events == translated(catalog.body, "catalog").events == ()
