"""Who may see the password."""

from typing import Any

import pytest

from lockstep.connectors.tryton.connection import TrytonConnection
from lockstep.connectors.tryton.target import TrytonTarget
from lockstep.messaging.errors import ConfigurationError

SECRET = {"base_url": "https://erp.example.com:8000", "database": "books", "user": "till", "password": "pass-phrase"}


def test_a_complete_secret_is_taken_and_the_password_stays_out_of_sight() -> None:
    connection = TrytonConnection.of(SECRET, ["erp.example.com"])

    assert connection.base_url == "https://erp.example.com:8000"
    assert "pass-phrase" not in repr(connection)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_only_loopback_may_be_spoken_to_in_clear(host: str) -> None:
    TrytonConnection.of({**SECRET, "base_url": f"http://{host}:8000"}, [host])

    with pytest.raises(ConfigurationError, match="https"):
        TrytonConnection.of({**SECRET, "base_url": "http://erp.example.com"}, ["erp.example.com"])


def test_a_host_that_nobody_allowed_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"erp\.example\.com is not allowed"):
        TrytonTarget.connect("tryton.main", SECRET, allowed_hosts=["other.example.com"])


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "https://erp.example.com/path"},
        {"base_url": "https://till:pw@erp.example.com"},
        {"base_url": "erp.example.com"},
        {"database": "../other"},
        {"database": ""},
        {"user": " "},
        {"password": None},
    ],
)
def test_a_malformed_secret_is_refused_without_repeating_it(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TrytonConnection.of({**SECRET, **changes}, ["erp.example.com"])

    assert f"`{next(iter(changes))}`" in str(caught.value)
    assert "pass-phrase" not in str(caught.value)
