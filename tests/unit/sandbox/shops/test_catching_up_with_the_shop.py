"""The simulated shop's list of orders, read by the real connector: what webhooks missed is found, what they brought is
known.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import urllib3

from lockstep.connectors.shopify.client import reader
from lockstep.connectors.shopify.inbound import connector
from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.inbound import Delivery
from lockstep.runtime import reading
from lockstep.runtime.settings import AccountSettings
from sandbox.retailer import DOWNTOWN, RETAILER
from sandbox.shops.catalog import catalog_of
from sandbox.shops.messages import Request
from sandbox.shops.shopify import Simulator
from tests.unit.sandbox.shops.conftest import TOKEN

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
SETTINGS = AccountSettings(secret="s", allowed_hosts=("127.0.0.1",), currency="USD")


class Line:
    """A connection to the simulated shop, without a socket."""

    def __init__(self, shop: Simulator) -> None:
        self.shop = shop

    def request(self, method: str, url: str, **options: Any) -> urllib3.HTTPResponse:
        path = url.removeprefix("http://127.0.0.1:1")
        headers = {name.lower(): value for name, value in options["headers"].items()}
        answer = self.shop.handle(Request(method, path, headers, options.get("body") or b""))
        return urllib3.HTTPResponse(BytesIO(answer.body), headers=dict(answer.headers), status=answer.status)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Simulator:
    shop = Simulator(catalog_of(RETAILER), TOKEN, clock=lambda: NOW)
    monkeypatch.setattr(reading, "open_pool", lambda: Line(shop))
    return shop


def read(token: str = TOKEN) -> Any:
    made = reader("shopify.main", {"base_url": "http://127.0.0.1:1", "token": token}, SETTINGS)
    return made.page("order", NOW - timedelta(hours=1), NOW + timedelta(hours=1))


def ids(body: bytes, topic: str) -> list[str]:
    delivery = Delivery("shopify.main", "msg_1", body, NOW, topic)
    return [event.id for event in connector(SETTINGS).translate(delivery).events]


def test_what_a_webhook_missed_is_in_the_list_and_what_one_brought_is_the_same_event(shop: Simulator) -> None:
    brought = shop.orders.place([("SCARF-MERINO", 2)], DOWNTOWN)
    missed = shop.orders.place([("TEA-SMOKED-100", 1)], DOWNTOWN)

    page = read()

    listed = ids(page.body, "fetched/order")
    assert page.after == ""
    assert set(ids(json.dumps(brought).encode(), "orders/create")) < set(listed)
    assert set(ids(json.dumps(missed).encode(), "orders/create")) < set(listed)


def test_only_what_changed_in_the_window_is_listed(shop: Simulator) -> None:
    shop.orders.place([("SCARF-MERINO", 1)], DOWNTOWN)
    assert len(shop.orders.changed(NOW, NOW + timedelta(seconds=1))) == 1
    assert shop.orders.changed(NOW - timedelta(hours=1), NOW) == []


def test_nobody_reads_without_the_token(shop: Simulator) -> None:
    shop.orders.place([("SCARF-MERINO", 1)], DOWNTOWN)
    with pytest.raises(ConfigurationError):
        read("another token")
