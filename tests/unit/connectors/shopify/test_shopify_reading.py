import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.shopify.client import reader
from lockstep.connectors.shopify.manifest import INBOUND
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable, RateLimited
from lockstep.runtime import reading
from lockstep.runtime.settings import AccountSettings
from tests.unit.connectors.shopify.messages import NOW, event, fixture, translated

SHOP = "https://lantern.myshopify.com"
SINCE, UNTIL = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, 6, 30, tzinfo=UTC)


class Shop:
    """Answers by path, and remembers what was asked."""

    def __init__(self, answers, headers=None):
        self.answers, self.headers, self.asked = answers, headers or {}, []

    def request(self, method, url, *, body=None, headers=None, **_):
        self.asked.append((method, urlsplit(url), body, headers))
        path = urlsplit(url).path.removeprefix("/admin/api/2026-10")
        status, content = (200, self.answers[path]) if path in self.answers else (404, {})
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        return urllib3.HTTPResponse(BytesIO(data), headers=self.headers, status=status, preload_content=True)


@pytest.fixture
def shop(monkeypatch):
    def opened(answers, headers=None):
        made = Shop(answers, headers)
        monkeypatch.setattr(reading, "open_pool", lambda: made)
        return made

    return opened


def the_reader(**more):
    return reader("shopify.main", {"base_url": SHOP, "token": "shpat_x", **more}, AccountSettings(secret="s"))


def fetched(resource, key):
    return the_reader().fetch(ResourceNotice(resource=resource, key=key, notified_at=NOW, delivery_id="d"))


def test_an_order_is_read_with_its_transactions(shop):
    order, paid = fixture("orders-create--tax_included"), fixture("order_transactions-create--sale")
    shop(
        {"/orders/5500000001.json": {"order": order}, "/orders/5500000001/transactions.json": {"transactions": [paid]}}
    )
    said = translated("fetched/order", fetched("order", "5500000001")).events
    assert [one.id for one in said] == [
        event("orders/create", order).id,
        event("order_transactions/create", paid).id,
    ]


def test_a_refund_is_read_with_what_its_order_says(shop):
    refund = fixture("refunds-create--tax_to_be_read")
    (notice,) = translated("refunds/create", refund).notices
    order = {"id": 5500000014, "currency": "EUR", "taxes_included": True}
    shop({"/orders/5500000014/refunds/7700015.json": {"refund": refund}, "/orders/5500000014.json": {"order": order}})
    assert str(event("fetched/refund", fetched("refund", notice.key)).data.total) == "40.00 EUR"


def test_a_return_is_asked_of_the_graph(shop):
    answer = fixture("fetched-return--now")
    asked = shop({"/graphql.json": answer})
    said = event("fetched/return", fetched("return", "2200001")).data
    assert (said.order, [line.order_line for line in said.lines]) == ("5500000018", ["14000001", None])
    method, _, body, _ = asked.asked[0]
    assert (method, json.loads(body)["variables"]) == ("POST", {"id": "gid://shopify/Return/2200001"})


@pytest.mark.parametrize("resource", INBOUND.reads)
def test_every_resource_that_is_declared_can_be_read_and_be_gone(shop, resource):
    asked = shop({"/graphql.json": {"data": {"return": None}}})
    assert fetched(resource, "1/2") == b""
    method, url, _, headers = asked.asked[0]
    assert url.netloc == "lantern.myshopify.com"
    assert headers["x-shopify-access-token"] == "shpat_x"
    assert (method == "POST") == (resource == "return")


@pytest.mark.parametrize("resource", INBOUND.pages)
def test_every_list_that_is_declared_can_be_read(shop, resource):
    path = {
        "order": "/orders.json",
        "product": "/products.json",
        "customer": "/customers.json",
        "gift_card": "/gift_cards/search.json",
        "payout": "/shopify_payments/payouts.json",
    }[resource]
    asked = shop({path: {}})
    assert the_reader().page(resource, SINCE, UNTIL).after == ""
    query = parse_qs(asked.asked[0][1].query)
    window = ("date_min", "date_max") if resource == "payout" else ("updated_at_min", "updated_at_max")
    assert query[window[0]][0].startswith("2026-11-20")
    assert query[window[1]][0].startswith("2026-11-21")


def test_a_list_goes_on_with_its_cursor_and_nothing_else(shop):
    link = '<https://lantern.myshopify.com/admin/api/2026-10/orders.json?limit=50&page_info=abc>; rel="next"'
    before = '<https://lantern.myshopify.com/admin/api/2026-10/orders.json?page_info=zzz>; rel="previous", '
    asked = shop({"/orders.json": {"orders": []}}, {"Link": before + link})
    first = the_reader().page("order", SINCE, UNTIL)
    assert first.after == "abc"
    the_reader().page("order", SINCE, UNTIL, first.after)
    assert parse_qs(asked.asked[1][1].query) == {"limit": ["50"], "page_info": ["abc"]}


def test_the_graph_s_patience_is_understood(shop):
    shop(
        {
            "/graphql.json": {
                "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
                "extensions": {
                    "cost": {
                        "requestedQueryCost": 60,
                        "throttleStatus": {"currentlyAvailable": 10, "restoreRate": 50},
                    }
                },
            }
        }
    )
    with pytest.raises(RateLimited) as refused:
        fetched("return", "1")
    assert refused.value.retry_after == timedelta(seconds=1)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", {"order": None}, {}])
def test_an_answer_that_is_none_is_tried_again_later(shop, answer):
    shop({"/orders/1.json": answer})
    with pytest.raises(EndpointUnavailable):
        fetched("order", "1")


@pytest.mark.parametrize(
    "connection", [{"token": ""}, {"token": "a\nb"}, {"base_url": "https://evil.example"}, {"base_url": ""}]
)
def test_an_account_that_is_not_complete_is_our_own_fault(connection):
    with pytest.raises(ConfigurationError):
        the_reader(**connection)


def test_what_is_not_declared_is_not_read(shop):
    shop({})
    with pytest.raises(ConfigurationError):
        fetched("theme", "1")
    with pytest.raises(ConfigurationError):
        the_reader().page("theme", SINCE, UNTIL)


def test_a_key_cannot_lead_elsewhere(shop):
    asked = shop({})
    fetched("product", "../../shop?x=1#")
    assert asked.asked[0][1].path.startswith("/admin/api/2026-10/products/")
    assert asked.asked[0][1].query == ""
