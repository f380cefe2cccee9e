from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from lockstep.connectors.shopify.transport import HttpSend, NoAnswer, NotSent, TimedOut

CONNECTION = urllib3.connection.HTTPConnection("shop.invalid")
POOL = urllib3.HTTPConnectionPool("shop.invalid")


class Pool:
    """Stands in for the connection pool; keeps how it was made and called."""

    result: HTTPError | urllib3.HTTPResponse
    calls: list[dict[str, Any]]

    def __init__(self, **_: Any) -> None:
        pass

    def request(self, method: str, url: str, **how: Any) -> urllib3.HTTPResponse:
        type(self).calls.append({"method": method, "url": url, **how})
        if isinstance(self.result, HTTPError):
            raise self.result
        return self.result


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> type[Pool]:
    monkeypatch.setattr(urllib3, "PoolManager", Pool)
    Pool.calls = []
    return Pool


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NewConnectionError(CONNECTION, "refused"), NotSent),
        (NameResolutionError("shop.invalid", CONNECTION, OSError()), NotSent),
        (ConnectTimeoutError(CONNECTION, "late"), NotSent),
        (ReadTimeoutError(POOL, "/", "late"), TimedOut),
        (ProtocolError("broken"), NoAnswer),
        (SSLError("broken"), NoAnswer),
    ],
)
def test_only_a_connection_that_never_was_is_sure_not_to_have_sent(
    pool: type[Pool], error: HTTPError, kind: type[Exception]
) -> None:
    pool.result = error
    with pytest.raises(kind) as caught:
        HttpSend(timedelta(seconds=20), connections=1)("https://shop.invalid/", b"{}", {"X-Shopify-Access-Token": "t"})
    assert type(caught.value) is kind


def test_a_call_is_sent_once_within_its_time_and_follows_no_redirect(pool: type[Pool]) -> None:
    pool.result = urllib3.HTTPResponse(body=b"moved", status=302, headers={"Location": "https://elsewhere.invalid"})
    response = HttpSend(timedelta(seconds=20), connections=1)("https://shop.invalid/", b"{}", {})
    assert (response.status, response.body, response.headers["location"]) == (
        302,
        b"moved",
        "https://elsewhere.invalid",
    )
    (call,) = pool.calls
    assert call["retries"] is False
    assert call["redirect"] is False
    assert call["timeout"].total == 20
