"""Where one shop is and what opens it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from lockstep.connectors.shopify.manifest import OUTBOUND
from lockstep.messaging.errors import ConfigurationError
from lockstep.runtime.hosts import checked_base_url


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
        base_url = checked_base_url(base_url, allowed=(*OUTBOUND.allowed_hosts, *allowed_hosts))
        return cls(endpoint=f"{base_url}/admin/api/{OUTBOUND.api_version}/graphql.json", token=token)


def _text(secret: Mapping[str, Any], name: str) -> str:
    value = secret.get(name)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ConfigurationError(f"the shop's secret has no usable `{name}`")
    return value.strip()
