import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.bigcommerce.client import reader
from lockstep.messaging.errors import ConfigurationError, RateLimited
from lockstep.runtime import reading
from lockstep.runtime.settings import AccountSettings
from tests.unit.connectors.fake_api import FakeApi

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONNECTION = {"api_path": "https://api.bigcommerce.com/stores/ab12/v3/", "token": "t0ken"}
SETTINGS = AccountSettings(secret="s")
V2, V3 = "/stores/ab12/v2", "/stores/ab12/v3"


def notice(resource: str, key: str, version: str | None = "h1") -> ResourceNotice:
    return ResourceNotice(resource=resource, key=key, version=version, notified_at=NOW, delivery_id="d1")


@pytest.fixture
def store(monkeypatch):
    def open_with(answers):
        api = FakeApi(answers)
        monkeypatch.setattr(reading, "open_pool", lambda: api)
        return api, reader("bigcommerce.main", CONNECTION, SETTINGS)

    return open_with


def lines(count: int):
    """A list of V2 in pages: 204 without a body where there is nothing (more)."""

    def answer(query):
        size, page = int(query["limit"]), int(query["page"])
        part = [{"id": number} for number in range(1, count + 1)][(page - 1) * size : page * size]
        return (200, json.dumps(part).encode()) if part else (204, b"")

    return answer


def test_an_order_is_composed_of_its_parts_with_all_pages(store):
    api, found = store(
        {
            f"{V2}/orders/250": (200, b'{"id":250}'),
            f"{V2}/orders/250/products": lines(120),
            f"{V2}/orders/250/taxes": lines(1),
            f"{V2}/orders/250/coupons": lines(0),
        }
    )
    whole = json.loads(found.fetch(notice("order", "250")))
    assert whole["order"] == {"id": 250}
    assert [product["id"] for product in whole["products"]] == list(range(1, 121))
    assert whole["taxes"] == [{"id": 1}]
    assert whole["coupons"] == []
    assert api.asked[0][1] == {"include": "fees"}
    assert all(query["details"] == "true" for path, query in api.asked if path.endswith("/taxes"))
    assert {headers["x-auth-token"] for headers in api.sent} == {"t0ken"}


def test_a_refund_is_read_with_its_order(store):
    _, found = store(
        {
            f"{V3}/orders/payment_actions/refunds/3": (200, b'{"data":{"id":3},"meta":{}}'),
            f"{V2}/orders/250": (200, b'{"id":250}'),
            f"{V2}/orders/250/products": lines(1),
        }
    )
    whole = json.loads(found.fetch(notice("order_refund", "250/3")))
    assert whole == {"refund": {"id": 3}, "order": {"id": 250}, "products": [{"id": 1}]}


@pytest.mark.parametrize(
    ("resource", "key", "path"),
    [
        ("product", "205", f"{V3}/catalog/products/205"),
        ("shipment", "251/12", f"{V2}/orders/251/shipments/12"),
        ("order_transactions", "250", f"{V3}/orders/250/transactions"),
        ("customer", "32", f"{V3}/customers"),
    ],
)
def test_each_resource_has_its_place(store, resource, key, path):
    api, found = store({path: (200, b'{"data":[{"id":1}]}')})
    assert found.fetch(notice(resource, key)) == b'{"data":[{"id":1}]}'
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    "resource", ["order", "order_refund", "order_transactions", "product", "inventory", "shipment", "customer"]
)
def test_what_is_gone_is_nothing(store, resource):
    _, found = store({})
    assert found.fetch(notice(resource, "250/3")) == b""


def test_a_customer_that_is_not_in_the_list_is_gone(store):
    _, found = store({f"{V3}/customers": (200, b'{"data":[],"meta":{}}')})
    assert found.fetch(notice("customer", "32")) == b""


@pytest.mark.parametrize(("key", "query"), [("205", {"product_id:in": "205"}), ("205/901", {"variant_id:in": "901"})])
def test_levels_are_true_of_when_the_store_answered(store, key, query):
    date = format_datetime(datetime(2026, 11, 23, 11, 59, 30, tzinfo=UTC), usegmt=True)
    api, found = store({f"{V3}/inventory/items": (200, b'{"data":[{"identity":{}}]}', {"date": date})})
    assert json.loads(found.fetch(notice("inventory", key))) == {
        "data": [{"identity": {}}],
        "read_at": "2026-11-23T11:59:30+00:00",
        "notice": f"{key}/h1",
    }
    assert api.asked[0][1] == query


def test_levels_without_a_date_are_true_of_the_notice(store):
    _, found = store({f"{V3}/inventory/items": (200, b'{"data":[]}')})
    read = json.loads(found.fetch(notice("inventory", "205", None)))
    assert read["read_at"] == "2026-11-23T12:00:00+00:00"
    assert read["notice"] == "205/d1"


def test_a_limit_says_how_long_to_wait(store):
    _, found = store({f"{V3}/catalog/products/5": (429, b"", {"x-rate-limit-time-reset-ms": "15000"})})
    with pytest.raises(RateLimited) as limited:
        found.fetch(notice("product", "5"))
    assert limited.value.retry_after == timedelta(seconds=15)


@pytest.mark.parametrize("said", ["", "soon", "-5", "9" * 40])
def test_a_limit_that_does_not_say_sensibly_says_nothing(store, said):
    _, found = store({f"{V3}/catalog/products/5": (429, b"", {"x-rate-limit-time-reset-ms": said})})
    with pytest.raises(RateLimited) as limited:
        found.fetch(notice("product", "5"))
    assert limited.value.retry_after is None


@pytest.mark.parametrize("key", ["5/../6", "x", "5?a=1"])
def test_a_key_that_is_no_number_is_not_put_into_an_address(store, key):
    api, found = store({})
    with pytest.raises(ConfigurationError):
        found.fetch(notice("order", key))
    assert api.asked == []


@pytest.mark.parametrize(
    "api_path",
    [
        "",
        "https://api.bigcommerce.com",
        "https://api.bigcommerce.com/stores/a/../b",
        "https://evil.example/stores/ab12",
    ],
)
def test_the_token_goes_to_no_other_place(api_path):
    with pytest.raises(ConfigurationError):
        reader("bigcommerce.main", {"api_path": api_path, "token": "t0ken"}, SETTINGS)


def test_a_list_goes_on_from_the_last_change_seen(store):
    orders = [
        {"id": n, "date_modified": format_datetime(datetime(2026, 11, 23, 9, 0, n, tzinfo=UTC))} for n in range(50)
    ]
    api, found = store({f"{V2}/orders": (200, json.dumps(orders).encode())})
    page = found.page("order", NOW - timedelta(hours=4), NOW)
    assert page.after == "2026-11-23T09:00:49+00:00|1"
    found.page("order", NOW, NOW, page.after)
    assert api.asked[1][1]["min_date_modified"] == "2026-11-23T09:00:49+00:00"


def test_a_list_of_one_second_goes_on_by_number(store):
    same = [{"id": n, "date_modified": "2026-11-23T08:00:00+00:00"} for n in range(50)]
    _, found = store({f"{V3}/catalog/products": (200, json.dumps({"data": same}).encode())})
    page = found.page("product", datetime(2026, 11, 23, 8, tzinfo=UTC), NOW)
    assert page.after == "2026-11-23T08:00:00+00:00|2"


def test_the_last_page_is_the_last(store):
    _, found = store({f"{V2}/orders": (204, b""), f"{V3}/customers": (200, b'{"data":[{"id":1}]}')})
    assert found.page("order", NOW, NOW) == found.page("order", NOW, NOW)
    assert found.page("order", NOW, NOW).body == b"[]"
    assert found.page("customer", NOW, NOW).after == ""
    with pytest.raises(ConfigurationError):
        found.page("shipment", NOW, NOW)
