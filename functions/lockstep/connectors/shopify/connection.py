"""Where one shop is and what opens it."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from lockstep.connectors.shopify.manifest import OUTBOUND
from lockstep.messaging.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Connection:
    """One shop's Admin API."""

    endpoint: str
    """The GraphQL endpoint of the manifest's API version."""
    token: str = field(repr=False)

    @classmethod
    def of(cls, secret: Mapping[str, Any], allowed_hosts: Iterable[str] = ()) -> Self:
        """From an account's secret.

        Args:
            secret: `base_url`, as in `https://lantern.myshopify.com`, and `token`, an Admin API access token.
            allowed_hosts: Hosts that this account may name beyond the manifest's. A loopback host named here, and only
                such a one, may be spoken to without TLS.

        Raises:
            ConfigurationError: Something is missing or malformed, or the token would go to a host that nobody allowed.
        """
        base_url, token = (_text(secret, name) for name in ("base_url", "token"))
        _hold_allowed(base_url, OUTBOUND.allowed_hosts, tuple(allowed_hosts))
        return cls(endpoint=f"{base_url.rstrip('/')}/admin/api/{OUTBOUND.api_version}/graphql.json", token=token)


def _text(secret: Mapping[str, Any], name: str) -> str:
    value = secret.get(name)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ConfigurationError(f"the shop's secret has no usable `{name}`")
    return value.strip()


def _hold_allowed(base_url: str, vendor: tuple[str, ...], extra: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(base_url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise ConfigurationError("the shop's base_url is not a URL") from error
    if not host or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigurationError("the shop's base_url must be scheme and host alone")
    if not any(_matches(host, allowed) for allowed in (*vendor, *extra)):
        raise ConfigurationError(f"host {host} is not allowed for a shop")
    if _is_loopback(host):
        if parts.scheme not in ("http", "https"):
            raise ConfigurationError("the shop's base_url must be http or https")
    elif parts.scheme != "https" or port not in (None, 443):
        raise ConfigurationError(f"host {host} must be spoken to over https, on its standard port")


def _matches(host: str, allowed: str) -> bool:
    allowed = allowed.lower()
    return host.endswith(allowed) and host != allowed if allowed.startswith(".") else host == allowed


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
