import json
from datetime import UTC, datetime, timedelta

import pytest

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.adobe_commerce.client import reader
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable
from lockstep.runtime import reading
from lockstep.runtime.settings import AccountSettings
from tests.unit.connectors.fake_api import FakeApi

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONNECTION = {"base_url": "https://shop.example", "token": "t0ken"}
SETTINGS = AccountSettings(secret="s", allowed_hosts=("shop.example",))
ROOT = "/rest/all/V1"


def notice(resource: str, key: str) -> ResourceNotice:
    return ResourceNotice(resource=resource, key=key, notified_at=NOW, delivery_id="d1")


@pytest.fixture
def shop(monkeypatch):
    def open_with(answers, connection=CONNECTION):
        api = FakeApi(answers)
        monkeypatch.setattr(reading, "open_pool", lambda: api)
        return api, reader("adobe_commerce.main", connection, SETTINGS)

    return open_with


@pytest.mark.parametrize(
    ("resource", "key", "path"),
    [
        ("order", "7", "orders/7"),
        ("invoice", "7", "invoices/7"),
        ("credit_memo", "7", "creditmemo/7"),
        ("shipment", "7", "shipment/7"),
        ("customer", "7", "customers/7"),
        ("product", "LAN 1/S", "products/LAN%201%2FS"),
    ],
)
def test_each_resource_has_its_place(shop, resource, key, path):
    api, found = shop({f"{ROOT}/{path}": (200, b'{"entity_id":7}')})
    assert found.fetch(notice(resource, key)) == b'{"entity_id":7}'
    assert api.sent[0]["authorization"] == "Bearer t0ken"


def test_what_is_gone_is_nothing(shop):
    _, found = shop({})
    assert found.fetch(notice("order", "7")) == b""


@pytest.mark.parametrize(("resource", "key"), [("order", "7/../8"), ("customer", "me"), ("invoice", "7?x")])
def test_a_key_that_is_no_number_is_not_put_into_an_address(shop, resource, key):
    api, found = shop({})
    with pytest.raises(ConfigurationError):
        found.fetch(notice(resource, key))
    assert api.asked == []


def test_a_store_can_be_named(shop):
    api, found = shop({}, {**CONNECTION, "store": "de"})
    found.fetch(notice("order", "7"))
    assert api.asked[0][0] == "/rest/de/V1/orders/7"


@pytest.mark.parametrize("wrong", [{"base_url": ""}, {"token": ""}, {"store": "../admin"}])
def test_what_opens_the_shop_must_be_usable(wrong):
    with pytest.raises(ConfigurationError):
        reader("adobe_commerce.main", {**CONNECTION, **wrong}, SETTINGS)


def test_a_window_is_searched_oldest_first(shop):
    api, found = shop({f"{ROOT}/creditmemos": (200, b'{"items":[],"total_count":0}')})
    assert found.page("credit_memo", NOW - timedelta(hours=1), NOW).after == ""
    assert api.asked[0][1] == {
        "searchCriteria[filter_groups][0][filters][0][field]": "updated_at",
        "searchCriteria[filter_groups][0][filters][0][value]": "2026-11-23 11:00:00",
        "searchCriteria[filter_groups][0][filters][0][condition_type]": "gteq",
        "searchCriteria[filter_groups][1][filters][0][field]": "updated_at",
        "searchCriteria[filter_groups][1][filters][0][value]": "2026-11-23 12:00:00",
        "searchCriteria[filter_groups][1][filters][0][condition_type]": "lt",
        "searchCriteria[sortOrders][0][field]": "updated_at",
        "searchCriteria[sortOrders][0][direction]": "ASC",
        "searchCriteria[pageSize]": "50",
        "searchCriteria[currentPage]": "1",
    }


def test_a_list_goes_on_from_the_last_change_seen(shop):
    orders = [{"entity_id": n, "updated_at": f"2026-11-23 09:00:{n:02d}"} for n in range(50)]
    _, found = shop({f"{ROOT}/orders": (200, json.dumps({"items": orders, "total_count": 80}).encode())})
    page = found.page("order", NOW - timedelta(hours=4), NOW)
    assert page.after == "2026-11-23 09:00:49|1"
    again = found.page("order", NOW, NOW, page.after)
    assert again.after == "2026-11-23 09:00:49|2"


def test_an_answer_that_is_no_json_is_tried_again(shop):
    _, found = shop({f"{ROOT}/orders": (200, b"<html></html>")})
    with pytest.raises(EndpointUnavailable):
        found.page("order", NOW, NOW)


def test_there_is_no_list_of_invoices(shop):
    _, found = shop({})
    with pytest.raises(ConfigurationError):
        found.page("invoice", NOW, NOW)
