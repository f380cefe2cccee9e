"""Where a target account may be: secrets go to hosts that somebody allowed, and never over the network in clear."""

import ipaddress
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from lockstep.messaging.errors import ConfigurationError

_HTTPS_PORT: Final = 443


def checked_base_url(base_url: str, *, allowed: Iterable[str], any_port: bool = False) -> str:
    """An account's base URL without a slash at its end, if it may be spoken to.

    Args:
        base_url: Scheme and host, with a port where one is needed.
        allowed: Hosts it may have; a leading dot allows subdomains, and those alone.
        any_port: Whether TLS may be spoken on another port than its standard one.

    Raises:
        ConfigurationError: It is no such URL, its host is not allowed, or it is neither TLS nor loopback.
    """
    try:
        parts = urlsplit(base_url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise ConfigurationError("base_url is not a URL") from error
    if not host or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigurationError("base_url must be scheme and host alone")
    if not any(_matches(host, pattern.lower()) for pattern in allowed):
        raise ConfigurationError(f"host {host} is not allowed for this account")
    if _is_loopback(host):
        if parts.scheme not in ("http", "https"):
            raise ConfigurationError("base_url must be http or https")
    elif parts.scheme != "https":
        raise ConfigurationError(f"host {host} must be spoken to over https")
    elif not any_port and port not in (None, _HTTPS_PORT):
        raise ConfigurationError(f"host {host} must be spoken to over https, on its standard port")
    return base_url.rstrip("/")


def _matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern) and host != pattern if pattern.startswith(".") else host == pattern


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
