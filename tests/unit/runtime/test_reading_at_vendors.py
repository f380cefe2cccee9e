"""One call to a vendor: what each answer means, how long to wait, and who sees what opens it."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import urllib3

from lockstep.canonical.notices import ResourceNotice
from lockstep.messaging.errors import (
    ConfigurationError,
    DocumentRejected,
    EndpointTimeout,
    EndpointUnavailable,
    IntegrationError,
    RateLimited,
)
from lockstep.messaging.inbound import Page
from lockstep.runtime import reading
from lockstep.runtime.memory import ManualClock
from lockstep.runtime.readers import Readers
from lockstep.runtime.reading import Reply, VendorApi, retry_after
from lockstep.runtime.secrets import Secrets
from lockstep.runtime.settings import AccountSettings

TOKEN = "a-token-of-the-shop"


class Pool:
    """Answers, or fails, as it is told."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def request(self, method: str, url: str, **options: Any) -> urllib3.HTTPResponse:
        self.asked.append((method, url, options))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body, headers = answer
        return urllib3.HTTPResponse(BytesIO(body), headers=headers, status=status)


def api(monkeypatch: pytest.MonkeyPatch, *answers: Any, **options: Any) -> tuple[VendorApi, Pool]:
    pool = Pool(*answers)
    monkeypatch.setattr(reading, "open_pool", lambda: pool)
    made = VendorApi(
        "https://one.shop.example", allowed=(".shop.example",), headers={"authorization": TOKEN}, **options
    )
    return made, pool


def test_a_read_is_one_call_without_retries_or_redirects(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor, pool = api(monkeypatch, (200, b"{}", {"X-Calls-Left": "3"}))

    reply = vendor.get("/orders", {"since": "2026-11-23T00:00:00Z", "page": 2})

    assert (reply.body, reply.headers["x-calls-left"], reply.gone) == (b"{}", "3", False)
    ((method, url, options),) = pool.asked
    assert (method, url) == ("GET", "https://one.shop.example/orders?since=2026-11-23T00%3A00%3A00Z&page=2")
    assert (options["retries"], options["redirect"]) == (False, False)
    assert options["headers"]["authorization"] == TOKEN


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_an_empty_answer(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    vendor, _ = api(monkeypatch, (status, b'{"message": "no such order"}', {}))
    reply = vendor.get("/orders/1")
    assert (reply.gone, reply.body) == (True, b"")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, ConfigurationError),
        (400, ConfigurationError),
        (401, ConfigurationError),
        (403, ConfigurationError),
        (408, EndpointTimeout),
        (422, DocumentRejected),
        (429, RateLimited),
        (500, EndpointUnavailable),
        (503, EndpointUnavailable),
        (504, EndpointTimeout),
    ],
)
def test_each_status_is_the_error_that_decides(
    monkeypatch: pytest.MonkeyPatch, status: int, kind: type[IntegrationError]
) -> None:
    own: reading.Statuses = {422: DocumentRejected, 504: EndpointTimeout}
    vendor, _ = api(monkeypatch, (status, b"secret words", {}), statuses=own)
    with pytest.raises(kind) as failed:
        vendor.get("/orders", {"token": TOKEN})
    assert type(failed.value) is kind
    assert TOKEN not in str(failed.value)
    assert "secret words" not in str(failed.value)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (urllib3.exceptions.NewConnectionError(None, "refused"), EndpointUnavailable),  # type: ignore[arg-type]
        (urllib3.exceptions.ConnectTimeoutError(), EndpointUnavailable),
        (urllib3.exceptions.ReadTimeoutError(None, "/", "late"), EndpointTimeout),  # type: ignore[arg-type]
        (urllib3.exceptions.SSLError("no trust"), ConfigurationError),
        (urllib3.exceptions.ProtocolError("cut"), EndpointUnavailable),
        (urllib3.exceptions.LocationParseError("?"), ConfigurationError),
    ],
)
def test_no_answer_is_an_error_too(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, kind: type[IntegrationError]
) -> None:
    vendor, _ = api(monkeypatch, failure)
    with pytest.raises(kind):
        vendor.get("/orders")


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "30"}, timedelta(seconds=30)),
        ({"retry-after": "1.5"}, timedelta(seconds=1.5)),
        ({"retry-after": "-1"}, timedelta(0)),
        ({"retry-after": "99999999"}, timedelta(minutes=15)),
        (
            {"retry-after": "Mon, 23 Nov 2026 20:01:00 GMT", "date": "Mon, 23 Nov 2026 20:00:00 GMT"},
            timedelta(minutes=1),
        ),
        ({"retry-after": "Mon, 23 Nov 2026 20:01:00 GMT"}, None),
        ({"retry-after": "soon", "date": "Mon, 23 Nov 2026 20:00:00 GMT"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_how_long_a_vendor_asks_to_wait(headers: dict[str, str], wait: timedelta | None) -> None:
    assert retry_after(Reply(429, b"", headers)) == wait


def test_patience_may_be_read_in_the_vendor_s_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor, _ = api(
        monkeypatch,
        (429, b"", {"X-Reset-Ms": "2500"}),
        patience=lambda reply: timedelta(milliseconds=int(reply.headers["x-reset-ms"])),
    )
    with pytest.raises(RateLimited) as limited:
        vendor.get("/orders")
    assert limited.value.retry_after == timedelta(seconds=2.5)


@pytest.mark.parametrize(
    "url", ["https://shop.example.evil", "http://one.shop.example", "https://one.shop.example:8443"]
)
def test_nothing_is_spoken_to_that_nobody_allowed(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    pool = Pool()
    monkeypatch.setattr(reading, "open_pool", lambda: pool)
    with pytest.raises(ConfigurationError):
        VendorApi(url, allowed=(".shop.example",), headers={"authorization": TOKEN})


# ---- readers ----


class Vault:
    def __init__(self) -> None:
        self.text = '{"current": "proof", "token": "1"}'

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803
        assert SecretId == "lockstep/shop.main"
        return {"SecretString": self.text}


class Shop:
    def __init__(self, connection: dict[str, str]) -> None:
        self.connection = connection

    def fetch(self, notice: ResourceNotice) -> bytes:
        if self.connection["token"] == "wrong":
            raise ConfigurationError("the shop does not let us in")
        return f"{notice.key} by {self.connection['token']}".encode()

    def page(self, resource: str, since: Any, until: Any, after: str = "") -> Page:
        raise NotImplementedError


def readers() -> tuple[Readers, Vault, ManualClock, list[dict[str, str]]]:
    vault, clock, made = Vault(), ManualClock(), []

    def make(_account: str, connection: Any, _settings: AccountSettings) -> Shop:
        made.append(dict(connection))
        return Shop(dict(connection))

    accounts = {"shop.main": AccountSettings(secret="lockstep/shop.main")}
    return Readers(make, accounts, Secrets(vault, clock)), vault, clock, made


def notice() -> ResourceNotice:
    return ResourceNotice(resource="order", key="7", notified_at=ManualClock().now(), delivery_id="msg_1")


def test_a_reader_is_made_once_and_anew_when_its_secret_changed() -> None:
    reads, vault, clock, made = readers()
    assert reads.fetch("shop.main", notice()) == b"7 by 1"
    assert reads.fetch("shop.main", notice()) == b"7 by 1"
    assert made == [{"token": "1"}], "what proves the caller is not handed on"

    vault.text = '{"current": "proof", "token": "2"}'
    clock.advance(minutes=10)
    assert reads.fetch("shop.main", notice()) == b"7 by 2"


def test_a_repaired_secret_counts_at_once() -> None:
    reads, vault, _, _ = readers()
    vault.text = '{"current": "proof", "token": "wrong"}'
    with pytest.raises(ConfigurationError):
        reads.fetch("shop.main", notice())

    vault.text = '{"current": "proof", "token": "3"}'
    assert reads.fetch("shop.main", notice()) == b"7 by 3"


def test_an_account_that_is_not_here_is_our_set_up() -> None:
    reads, *_ = readers()
    with pytest.raises(ConfigurationError, match="no account"):
        reads.fetch("shop.other", notice())


def test_a_list_is_never_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor, _ = api(monkeypatch, (404, b"", {}), (200, b"[]", {}))
    with pytest.raises(ConfigurationError, match="no such list"):
        vendor.get("/orders").listed  # noqa: B018  # looking is what raises
    assert vendor.get("/orders").listed == b"[]"
