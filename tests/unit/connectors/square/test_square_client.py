import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.square.client import reader
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable, RateLimited
from lockstep.runtime import reading
from lockstep.runtime.settings import AccountSettings

SINCE, UNTIL = datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC)


@dataclass
class Square:
    """Square's API in memory: a list of answers for each path, in turn."""

    answers: dict
    calls: list = field(default_factory=list)

    def request(self, method, url, *, body=None, headers=None, **_):
        parts = urlsplit(url)
        asked = json.loads(body) if body else {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.calls.append((method, parts.path, asked, headers))
        answer = self.answers[parts.path].pop(0)
        status, said = answer if isinstance(answer, tuple) else (200, answer)
        return urllib3.HTTPResponse(BytesIO(json.dumps(said).encode()), status=status, preload_content=True)


def made(monkeypatch, answers, **connection):
    square = Square(answers)
    monkeypatch.setattr(reading, "open_pool", lambda: square)
    return square, reader("square.main", {"token": "EAAA1"} | connection, AccountSettings(secret="s"))


def notice(resource, key="o1"):
    return ResourceNotice(resource=resource, key=key, notified_at=SINCE, delivery_id="d")


def test_an_order_is_read_with_the_token_and_the_version(monkeypatch):
    square, read = made(monkeypatch, {"/v2/orders/o%2F1": [{"order": {"id": "o/1"}}]})
    assert json.loads(read.fetch(notice("order", "o/1"))) == {"order": {"id": "o/1"}}
    headers = square.calls[0][3]
    assert headers["authorization"] == "Bearer EAAA1"
    assert headers["square-version"] == "2025-08-20"


def test_what_is_gone_is_empty(monkeypatch):
    _, read = made(monkeypatch, {"/v2/orders/o1": [(404, {"errors": [{"code": "NOT_FOUND"}]})]})
    assert read.fetch(notice("order")) == b""


def test_the_catalogue_is_read_whole_from_before_the_change(monkeypatch):
    pages = [{"objects": [{"id": "a"}], "cursor": "c1"}, {"objects": [{"id": "b"}], "related_objects": [{"id": "r"}]}]
    square, read = made(monkeypatch, {"/v2/catalog/search": pages})
    found = json.loads(read.fetch(notice("catalog")))
    assert [each["id"] for each in found["objects"]] == ["a", "b"]
    assert found["related_objects"] == [{"id": "r"}]
    assert [call[2].get("cursor") for call in square.calls] == [None, "c1"]
    assert {call[2]["begin_time"] for call in square.calls} == {"2026-11-23T09:50:00Z"}


def test_orders_are_searched_in_ten_locations_at_once(monkeypatch):
    locations = [{"id": f"L{number:02}"} for number in range(12)]
    pages = [{"orders": [], "cursor": "c1"}, {"orders": []}, {"orders": []}]
    square, read = made(monkeypatch, {"/v2/locations": [{"locations": locations}], "/v2/orders/search": pages})
    after, asked = "", []
    while True:
        page = read.page("order", SINCE, UNTIL, after)
        asked.append(page.after)
        if not page.after:
            break
        after = page.after
    searches = [call[2] for call in square.calls if call[1] == "/v2/orders/search"]
    assert asked == ["L00|c1", "L10|", ""]
    assert [search["location_ids"] for search in searches] == [
        [f"L{number:02}" for number in range(10)],
        [f"L{number:02}" for number in range(10)],
        ["L10", "L11"],
    ]
    assert [search.get("cursor") for search in searches] == [None, "c1", None]
    window = searches[0]["query"]["filter"]["date_time_filter"]["updated_at"]
    assert window == {"start_at": "2026-11-23T10:00:00Z", "end_at": "2026-11-23T11:00:00Z"}
    assert searches[0]["query"]["sort"] == {"sort_field": "UPDATED_AT", "sort_order": "ASC"}


@pytest.mark.parametrize(("resource", "path", "begins"), [
    ("payment", "/v2/payments", "updated_at_begin_time"),
    ("refund", "/v2/refunds", "updated_at_begin_time"),
    ("payout", "/v2/payouts", "begin_time"),
])  # fmt: skip
def test_payments_are_listed_location_by_location(monkeypatch, resource, path, begins):
    square, read = made(monkeypatch, {path: [{}, {}]}, location_ids="LB, LA")
    first = read.page(resource, SINCE, UNTIL)
    second = read.page(resource, SINCE, UNTIL, first.after)
    assert (first.after, second.after) == ("LB|", "")
    assert [call[2]["location_id"] for call in square.calls] == ["LA", "LB"]
    assert {call[2][begins] for call in square.calls} == {"2026-11-23T10:00:00Z"}


def test_counts_are_listed_since_a_moment(monkeypatch):
    path = "/v2/inventory/counts/batch-retrieve"
    square, read = made(monkeypatch, {path: [{"counts": [], "cursor": "c"}]})
    assert read.page("inventory", SINCE, UNTIL).after == "c"
    assert square.calls[0][2]["states"] == ["IN_STOCK"]


def test_a_seller_without_a_location_is_our_mistake(monkeypatch):
    _, read = made(monkeypatch, {"/v2/locations": [{}]})
    with pytest.raises(ConfigurationError):
        read.page("order", SINCE, UNTIL)


@pytest.mark.parametrize(
    ("status", "error"), [(401, ConfigurationError), (429, RateLimited), (503, EndpointUnavailable)]
)
def test_statuses(monkeypatch, status, error):
    _, read = made(monkeypatch, {"/v2/orders/o1": [(status, {"errors": []})]})
    with pytest.raises(error):
        read.fetch(notice("order"))


@pytest.mark.parametrize("token", ["", " ", "a\nb"])
def test_without_a_token_nothing_is_called(token):
    with pytest.raises(ConfigurationError):
        reader("square.main", {"token": token}, AccountSettings(secret="s"))


@pytest.mark.parametrize("address", ["https://evil.example", "http://connect.squareup.com"])
def test_the_token_goes_to_no_other_host(address):
    with pytest.raises(ConfigurationError):
        reader("square.main", {"token": "t", "base_url": address}, AccountSettings(secret="s"))


def test_what_is_not_declared_is_not_read(monkeypatch):
    _, read = made(monkeypatch, {})
    with pytest.raises(ConfigurationError):
        read.fetch(notice("moon"))
    with pytest.raises(ConfigurationError):
        read.page("moon", SINCE, UNTIL)
