import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.stripe.client import reader
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable, RateLimited
from lockstep.runtime import reading
from lockstep.runtime.settings import AccountSettings

SINCE, UNTIL = datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC)


@dataclass
class Stripe:
    """Stripe's API in memory: a list of answers for each path, in turn."""

    answers: dict
    calls: list = field(default_factory=list)

    def request(self, method, url, *, headers=None, **_):
        parts = urlsplit(url)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.calls.append((method, parts.path, asked, headers))
        answer = self.answers[parts.path].pop(0)
        status, said = answer if isinstance(answer, tuple) else (200, answer)
        return urllib3.HTTPResponse(BytesIO(json.dumps(said).encode()), status=status, preload_content=True)


def made(monkeypatch, answers):
    stripe = Stripe(answers)
    monkeypatch.setattr(reading, "open_pool", lambda: stripe)
    return stripe, reader("stripe.main", {"token": "rk_live_1"}, AccountSettings(secret="s"))


def notice(resource, key):
    return ResourceNotice(resource=resource, key=key, notified_at=SINCE, delivery_id="d")


def test_a_charge_is_read_with_its_payment_intent_and_fees(monkeypatch):
    stripe, read = made(monkeypatch, {"/v1/charges/ch_1": [{"object": "charge"}]})
    assert json.loads(read.fetch(notice("charge", "ch_1"))) == {"object": "charge"}
    _, _, asked, headers = stripe.calls[0]
    assert asked == {"expand[0]": "payment_intent", "expand[1]": "balance_transaction"}
    assert headers["authorization"] == "Bearer rk_live_1"
    assert "stripe-account" not in headers


def test_what_is_a_connected_account_s_is_read_as_that_account(monkeypatch):
    stripe, read = made(monkeypatch, {"/v1/customers/cus_1": [{"object": "customer"}]})
    read.fetch(notice("customer", "acct_1/cus_1"))
    assert stripe.calls[0][3]["stripe-account"] == "acct_1"


def test_all_refunds_of_a_charge_are_read(monkeypatch):
    pages = [{"data": [{"id": "re_2"}], "has_more": True}, {"data": [{"id": "re_1"}], "has_more": False}]
    stripe, read = made(monkeypatch, {"/v1/refunds": pages})
    found = json.loads(read.fetch(notice("refunds_of_charge", "ch_1")))
    assert [each["id"] for each in found["data"]] == ["re_2", "re_1"]
    assert [call[2].get("starting_after") for call in stripe.calls] == [None, "re_2"]
    assert {call[2]["charge"] for call in stripe.calls} == {"ch_1"}


def test_a_payout_is_read_with_its_movements(monkeypatch):
    answers = {"/v1/payouts/po_1": [{"id": "po_1"}], "/v1/balance_transactions": [{"data": [{"id": "txn_1"}]}]}
    stripe, read = made(monkeypatch, answers)
    found = json.loads(read.fetch(notice("payout", "po_1")))
    assert found == {"payout": {"id": "po_1"}, "balance_transactions": [{"id": "txn_1"}]}
    assert stripe.calls[1][2]["payout"] == "po_1"


def test_what_is_gone_is_empty(monkeypatch):
    missing = (404, {"error": {"code": "resource_missing"}})
    _, read = made(monkeypatch, {"/v1/payouts/po_1": [missing], "/v1/refunds": [missing]})
    assert read.fetch(notice("payout", "po_1")) == b""
    assert read.fetch(notice("refunds_of_charge", "ch_1")) == b""


@dataclass
class Made:
    """A list of what was made at these seconds, as Stripe answers: newest first, a hundred at once."""

    seconds: list
    calls: int = 0

    def request(self, method, url, **_):
        self.calls += 1
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        first, last = int(asked["created[gte]"]), int(asked["created[lt]"])
        found = [
            {"id": f"evt_{place:06}", "created": second}
            for place, second in enumerate(self.seconds)
            if first <= second < last
        ][::-1]
        if "starting_after" in asked:
            found = [each for each in found if each["id"] < asked["starting_after"]]
        body = {"object": "list", "data": found[:100], "has_more": len(found) > 100}
        return urllib3.HTTPResponse(BytesIO(json.dumps(body).encode()), status=200, preload_content=True)


def all_pages(read):
    after, found = "", []
    while True:
        page = read.page("event", SINCE, UNTIL, after)
        found.append([each["id"] for each in json.loads(page.body)["data"]][::-1])
        after = page.after
        if not after:
            return found


@given(st.lists(st.integers(int(SINCE.timestamp()), int(UNTIL.timestamp()) - 1), max_size=30), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_a_list_is_read_oldest_first_and_whole(seconds, times):
    made_at = sorted(seconds * times)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "open_pool", lambda: Made(made_at))
        pages = all_pages(reader("stripe.main", {"token": "rk_live_1"}, AccountSettings(secret="s")))
    assert [each for page in pages for each in page] == [f"evt_{place:06}" for place in range(len(made_at))]


def test_slices_of_a_long_list_cost_few_calls(monkeypatch):
    made_at = Made([int(SINCE.timestamp()) + second for second in range(3600) for _ in range(3)])
    monkeypatch.setattr(reading, "open_pool", lambda: made_at)
    pages = all_pages(reader("stripe.main", {"token": "rk_live_1"}, AccountSettings(secret="s")))
    assert sum(map(len, pages)) == 10_800
    assert made_at.calls < 3 * len(pages)


@pytest.mark.parametrize(("status", "error"), [
    (401, ConfigurationError),
    (403, ConfigurationError),
    (409, EndpointUnavailable),
    (424, EndpointUnavailable),
    (429, RateLimited),
    (500, EndpointUnavailable),
])  # fmt: skip
def test_statuses(monkeypatch, status, error):
    _, read = made(monkeypatch, {"/v1/refunds/re_1": [(status, {"error": {}})]})
    with pytest.raises(error):
        read.fetch(notice("refund", "re_1"))


def test_an_answer_that_is_no_json_is_an_outage(monkeypatch):
    _, read = made(monkeypatch, {"/v1/events": [["no", "object"]]})
    with pytest.raises(EndpointUnavailable):
        read.page("event", SINCE, UNTIL)


@pytest.mark.parametrize(
    "address", ["https://evil.example", "http://api.stripe.com", "https://api.stripe.com.evil.example"]
)
def test_the_key_goes_to_no_other_host(address):
    with pytest.raises(ConfigurationError):
        reader("stripe.main", {"token": "rk_1", "base_url": address}, AccountSettings(secret="s"))


def test_without_a_token_nothing_is_called():
    with pytest.raises(ConfigurationError):
        reader("stripe.main", {}, AccountSettings(secret="s"))


def test_what_is_not_declared_is_not_read(monkeypatch):
    _, read = made(monkeypatch, {})
    with pytest.raises(ConfigurationError):
        read.page("moon", SINCE, UNTIL)
