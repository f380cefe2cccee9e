import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.woocommerce.client import reader
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable
from lockstep.runtime import reading
from lockstep.runtime.settings import AccountSettings
from tests.unit.connectors.fake_api import FakeApi

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONNECTION = {"base_url": "https://shop.example", "consumer_key": "ck_1", "consumer_secret": "cs_1"}
SETTINGS = AccountSettings(secret="s", allowed_hosts=("shop.example",))
ROOT = "/wp-json/wc/v3"


def notice(resource: str, key: str) -> ResourceNotice:
    return ResourceNotice(resource=resource, key=key, notified_at=NOW, delivery_id="d1")


@pytest.fixture
def shop(monkeypatch):
    def open_with(answers, connection=CONNECTION):
        api = FakeApi(answers)
        monkeypatch.setattr(reading, "open_pool", lambda: api)
        return api, reader("woocommerce.main", connection, SETTINGS)

    return open_with


def test_a_refund_is_read_with_its_order_which_alone_says_the_currency(shop):
    api, found = shop(
        {
            f"{ROOT}/orders/560/refunds/590": (200, b'{"id":590,"amount":"18.00"}'),
            f"{ROOT}/orders/560": (200, b'{"id":560,"currency":"EUR"}'),
        }
    )
    body = found.fetch(notice("order_refund", "560/590"))
    assert json.loads(body) == {"order": {"id": 560, "currency": "EUR"}, "refund": {"id": 590, "amount": "18.00"}}
    assert api.asked[1][1] == {"_fields": "id,currency,payment_method"}


def test_the_key_opens_the_shop(shop):
    api, found = shop({f"{ROOT}/orders/1": (200, b"{}")})
    found.fetch(notice("order", "1"))
    assert api.sent[0]["authorization"] == "Basic " + base64.b64encode(b"ck_1:cs_1").decode()


@pytest.mark.parametrize(
    ("resource", "key", "path"),
    [
        ("order", "7", f"{ROOT}/orders/7"),
        ("product", "7", f"{ROOT}/products/7"),
        ("product_variation", "7/8", f"{ROOT}/products/7/variations/8"),
        ("coupon", "7", f"{ROOT}/coupons/7"),
        ("shipment_tracking", "7", "/wp-json/wc-shipment-tracking/v3/orders/7/shipment-trackings"),
    ],
)
def test_each_resource_has_its_place(shop, resource, key, path):
    api, found = shop({path: (200, b'{"id":7}')})
    assert found.fetch(notice(resource, key)) == b'{"id":7}'
    assert api.asked[0][0] == path


def test_what_is_gone_is_nothing(shop):
    _, found = shop({})
    assert found.fetch(notice("order", "7")) == b""
    assert found.fetch(notice("order_refund", "7/8")) == b""


@pytest.mark.parametrize("key", ["7/../../users", "", "7?x=1", "٣"])
def test_a_key_that_is_no_number_is_not_put_into_an_address(shop, key):
    api, found = shop({})
    with pytest.raises(ConfigurationError):
        found.fetch(notice("order", key or "x"))
    assert api.asked == []


def test_a_shop_below_a_path_is_read_there(shop):
    api, found = shop({"/de/wp-json/wc/v3/orders/7": (200, b"{}")}, {**CONNECTION, "root": "/de/wp-json/wc/v3/"})
    found.fetch(notice("order", "7"))
    assert api.asked[0][0] == "/de/wp-json/wc/v3/orders/7"


@pytest.mark.parametrize("missing", ["base_url", "consumer_key", "consumer_secret"])
def test_what_opens_the_shop_must_be_there(missing):
    with pytest.raises(ConfigurationError, match=missing):
        reader("woocommerce.main", {**CONNECTION, missing: ""}, SETTINGS)


def test_a_list_is_read_to_its_end_though_it_changes_meanwhile(shop):
    """A resource that changes while the list is read leaves its place: nothing behind it may be passed over."""
    start = NOW - timedelta(hours=6)
    changed = {number: start + timedelta(seconds=number) for number in range(1, 251)}

    def orders(query):
        begins = datetime.fromisoformat(query["modified_after"]).replace(tzinfo=UTC)
        ends = datetime.fromisoformat(query["modified_before"]).replace(tzinfo=UTC)
        found = sorted((when, number) for number, when in changed.items() if begins < when < ends)
        size, page = int(query["per_page"]), int(query["page"])
        part = found[(page - 1) * size : page * size]
        body = [{"id": number, "date_modified_gmt": when.strftime("%Y-%m-%dT%H:%M:%S")} for when, number in part]
        return 200, json.dumps(body).encode(), {"x-wp-totalpages": str(-(-len(found) // size))}

    _, found = shop({f"{ROOT}/orders": orders})
    seen, after = set(), ""
    for _ in range(10):
        page = found.page("order", start, NOW, after)
        seen |= {order["id"] for order in json.loads(page.body)}
        for number in range(1, 40):  # these were read already, and move to the end of a later window
            changed[number] = NOW + timedelta(seconds=number)
        after = page.after
        if not after:
            break
    assert seen == set(range(1, 251))


def test_a_page_of_one_second_goes_on_by_number(shop):
    same = json.dumps([{"id": n, "date_modified_gmt": "2026-11-23T09:00:00"} for n in range(100)]).encode()
    _, found = shop({f"{ROOT}/products": (200, same, {"x-wp-totalpages": "3"})})
    first = found.page("product", datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC), NOW)
    assert first.after == "2026-11-23T08:59:59|2"
    assert found.page("product", NOW, NOW, first.after).after == "2026-11-23T08:59:59|3"


def test_the_window_begins_with_its_first_second(shop):
    api, found = shop({f"{ROOT}/orders": (200, b"[]", {"x-wp-totalpages": "0"})})
    assert found.page("order", NOW - timedelta(hours=1), NOW).after == ""
    query = api.asked[0][1]
    assert (query["modified_after"], query["modified_before"]) == ("2026-11-23T10:59:59", "2026-11-23T12:00:00")
    assert query["dates_are_gmt"] == "true"


def test_a_list_that_is_none_is_tried_again(shop):
    _, found = shop({f"{ROOT}/orders": (200, b"<html>maintenance</html>")})
    with pytest.raises(EndpointUnavailable):
        found.page("order", NOW - timedelta(hours=1), NOW)


def test_there_is_no_list_of_customers_by_change(shop):
    _, found = shop({})
    with pytest.raises(ConfigurationError):
        found.page("customer", NOW, NOW)
