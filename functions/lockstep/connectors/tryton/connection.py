"""Where one ERP is, and who we are there."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, SecretStr, StringConstraints, ValidationError

from lockstep.connectors.tryton.manifest import OUTBOUND
from lockstep.messaging.errors import ConfigurationError
from lockstep.runtime.hosts import checked_base_url

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class TrytonConnection(BaseModel):
    """One database of one server, as one user."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    base_url: Annotated[_Text, StringConstraints(pattern=r"^https?://[^/?#@\s]+$")]
    """Scheme, host and port alone."""
    database: Annotated[_Text, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")]
    user: _Text
    password: SecretStr

    @classmethod
    def of(cls, secret: Mapping[str, Any], allowed_hosts: Iterable[str]) -> Self:
        """From an account's secret.

        Args:
            secret: `base_url`, `database`, `user` and `password`.
            allowed_hosts: The hosts this account may name. A loopback host, and only such a one, may be spoken to
                without TLS.

        Raises:
            ConfigurationError: Something is missing or malformed, or the password would go to a host that nobody
                allowed, or over the network in clear.
        """
        try:
            connection = cls.model_validate(secret)
        except ValidationError as error:
            wrong = ", ".join(f"`{'.'.join(map(str, e['loc']))}`: {e['msg']}" for e in error.errors())
            raise ConfigurationError(f"the ERP's secret is wrong: {wrong}") from None
        checked_base_url(connection.base_url, allowed=(*OUTBOUND.allowed_hosts, *allowed_hosts), any_port=True)
        return connection
