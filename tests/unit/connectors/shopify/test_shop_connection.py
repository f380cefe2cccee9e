from __future__ import annotations

import pytest

from lockstep.connectors.shopify.connection import Connection
from lockstep.messaging.errors import ConfigurationError

TOKEN = "shpat_secret"


def of(base_url: object, *hosts: str) -> Connection:
    return Connection.of({"base_url": base_url, "token": TOKEN}, hosts)


def test_the_endpoint_carries_the_api_version() -> None:
    expected = "https://lantern.myshopify.com/admin/api/2026-10/graphql.json"
    assert of("https://lantern.myshopify.com").endpoint == expected
    assert of("https://lantern.myshopify.com/").endpoint == expected


@pytest.mark.parametrize(
    "base_url",
    [
        "https://lantern.example.com",
        "https://myshopify.com",
        "https://.myshopify.com",
        "https://evilmyshopify.com",
        "https://lantern.myshopify.com.example.com",
        "https://lantern.myshopify.com@example.com",
        "https://user:password@lantern.myshopify.com",
        "https://example.com#.myshopify.com",
        "https://lantern.myshopify.com/admin",
        "https://lantern.myshopify.com?x=1",
        "https://lantern.myshopify.com:8443",
        "http://lantern.myshopify.com",
        "http://127.0.0.1:8123",
        "ftp://lantern.myshopify.com",
        "https://[lantern",
        "lantern.myshopify.com",
        "",
        None,
    ],
)
def test_the_token_goes_nowhere_else(base_url: object) -> None:
    with pytest.raises(ConfigurationError):
        of(base_url)


def test_a_loopback_host_must_be_named() -> None:
    assert of("http://127.0.0.1:8123", "127.0.0.1").endpoint.startswith("http://127.0.0.1:8123/admin/")
    with pytest.raises(ConfigurationError):
        of("http://127.0.0.1:8123", "localhost")


def test_a_host_named_by_the_account_still_needs_tls() -> None:
    assert of("https://shop.example.com", "shop.example.com")
    with pytest.raises(ConfigurationError, match="https"):
        of("http://shop.example.com", "shop.example.com")


@pytest.mark.parametrize("token", [None, "", "  ", 5, "line\nbreak"])
def test_a_token_is_needed(token: object) -> None:
    with pytest.raises(ConfigurationError, match="token"):
        Connection.of({"base_url": "https://lantern.myshopify.com", "token": token})


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in repr(of("https://lantern.myshopify.com"))
