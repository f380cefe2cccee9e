"""Where secrets may go."""

import pytest

from lockstep.messaging.errors import ConfigurationError
from lockstep.runtime.hosts import checked_base_url

ALLOWED = (".shops.example", "erp.example", "127.0.0.1")


@pytest.mark.parametrize(
    "url",
    ["https://lantern.shops.example", "https://erp.example/", "http://127.0.0.1:8000", "https://ERP.example:443"],
)
def test_what_is_allowed_is_spoken_to(url: str) -> None:
    assert checked_base_url(url, allowed=ALLOWED) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://shops.example", "not allowed"),
        ("https://evilshops.example", "not allowed"),
        ("https://erp.example.evil.test", "not allowed"),
        ("https://erp.example@evil.test", "scheme and host alone"),
        ("https://erp.example/path", "scheme and host alone"),
        ("https://erp.example?x=1", "scheme and host alone"),
        ("http://erp.example", "over https"),
        ("ftp://127.0.0.1", "http or https"),
        ("https://erp.example:8443", "standard port"),
        ("https://[broken", "not a URL"),
        ("erp.example", "scheme and host alone"),
    ],
)
def test_nothing_else_is(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        checked_base_url(url, allowed=ALLOWED)


def test_another_port_where_that_is_usual() -> None:
    assert checked_base_url("https://erp.example:8443", allowed=ALLOWED, any_port=True) == "https://erp.example:8443"
