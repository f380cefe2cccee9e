"""Reading at a vendor: one call that changes nothing, and what its answer means. The base of each `client.py`.

A vendor's statuses are one table, from status to the error tree; what it does not name is decided here. A resource that
is gone is no error: it is an empty answer. Nothing is retried and no redirect is followed: the core decides what next.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

import urllib3
from pydantic_core import from_json

from lockstep.messaging.errors import (
    ConfigurationError,
    EndpointTimeout,
    EndpointUnavailable,
    IntegrationError,
    RateLimited,
)
from lockstep.runtime.hosts import checked_base_url

Statuses = Mapping[int, type[IntegrationError]]
"""What a status means, where it does not mean what `COMMON` says."""

COMMON: Final[Statuses] = {
    401: ConfigurationError,
    403: ConfigurationError,
    408: EndpointTimeout,
    425: EndpointUnavailable,
    429: RateLimited,
}
"""What statuses mean everywhere. Other 5xx are `EndpointUnavailable`, other 3xx and 4xx `ConfigurationError`: a call
that reads is refused for our set-up, never for what a document says."""
GONE: Final = frozenset({404, 410})
"""The resource is not there, or no more."""

_SUCCESS: Final = range(200, 300)
_FIRST_SERVER_ERROR: Final = 500
_CONNECT_TIMEOUT: Final = 3.0
_LONGEST_WAIT: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a vendor answered."""

    status: int
    body: bytes
    """Empty where the resource is gone."""
    headers: Mapping[str, str]
    """Names in lower case."""

    @property
    def gone(self) -> bool:
        """Whether the resource is not there."""
        return self.status in GONE

    @property
    def listed(self) -> bytes:
        """The body of a list. A resource may be gone, a list never is: then it is asked for at the wrong place, and
        nothing would ever be found.

        Raises:
            ConfigurationError: It is not there.
        """
        if self.gone:
            raise ConfigurationError(f"there is no such list at the vendor: it answered {self.status}")
        return self.body


def open_pool() -> urllib3.PoolManager:
    """The connections of one process to one vendor. The contract kit puts a vendor of its own in this place."""
    return urllib3.PoolManager(maxsize=4)


def token_of(connection: Mapping[str, str]) -> str:
    """The token that opens an account: `token` in its secret.

    Raises:
        ConfigurationError: There is none, or one that no header can hold.
    """
    token = connection.get("token", "").strip()
    if not token or not token.isprintable():
        raise ConfigurationError("the account's secret has no usable `token`")
    return token


def answer_of(body: bytes) -> dict[str, Any]:
    """The JSON object that an answer holds.

    Raises:
        EndpointUnavailable: It holds none: something before the vendor's API answered.
    """
    try:
        answer = from_json(body)
    except ValueError as error:
        raise EndpointUnavailable("the answer is not the JSON of the vendor's API") from error
    if not isinstance(answer, dict):
        raise EndpointUnavailable("the answer is not the JSON of the vendor's API")
    return answer


def retry_after(reply: Reply) -> timedelta | None:
    """How long `Retry-After` asks to wait: seconds, or a date after the answer's own `Date` (RFC 9110, 10.2.3)."""
    said = reply.headers.get("retry-after", "").strip()
    try:
        wait = timedelta(seconds=float(said))
    except (ValueError, OverflowError):
        try:
            wait = parsedate_to_datetime(said) - parsedate_to_datetime(reply.headers["date"])
        except (KeyError, TypeError, ValueError):
            return None
    return min(max(wait, timedelta(0)), _LONGEST_WAIT)


class VendorApi:
    """One account's API, for reading."""

    def __init__(
        self,
        base_url: str,
        *,
        allowed: Iterable[str],
        headers: Mapping[str, str],
        statuses: Statuses | None = None,
        patience: Callable[[Reply], timedelta | None] = retry_after,
        timeout: timedelta = timedelta(seconds=10),
        any_port: bool = False,
    ) -> None:
        """Check where it is; no call is made.

        Args:
            base_url: Scheme and host. Paths are given with each call.
            allowed: Hosts it may have: the manifest's, and those of the account's settings.
            headers: Of every call; what opens the account is among them.
            statuses: What the vendor's statuses mean, where it differs from `COMMON`.
            patience: How long the vendor asks to wait, read from a 429.
            timeout: For one call, from connecting to the last byte.
            any_port: Whether TLS may be spoken on another port than its standard one.

        Raises:
            ConfigurationError: The host is not allowed, or would be spoken to in clear.
        """
        self._base_url = checked_base_url(base_url, allowed=allowed, any_port=any_port)
        self._headers = {"accept": "application/json", "user-agent": "lockstep", **headers}
        self._statuses = {**COMMON, **(statuses or {})}
        self._patience = patience
        self._timeout = urllib3.Timeout(connect=_CONNECT_TIMEOUT, total=timeout.total_seconds())
        self._pool: urllib3.PoolManager | None = None

    def get(self, path: str, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Read a path, which begins with a slash, with query parameters.

        Raises:
            RateLimited: The vendor asks for patience, and perhaps says how much.
            TransientEndpointError: Try later.
            ConfigurationError: It will not work until a person changes something.
            IntegrationError: As the vendor's table has it.
        """
        return self.call("GET", path + (f"?{urlencode(query)}" if query else ""), headers=headers)

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One call that changes nothing, as a search by POST.

        Raises:
            IntegrationError: As for `get`.
        """
        self._pool = self._pool or open_pool()
        try:
            answer = self._pool.request(
                method,
                self._base_url + path,
                body=body,
                headers={**self._headers, **(headers or {})},
                timeout=self._timeout,
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.SSLError as error:
            raise ConfigurationError(f"no safe connection to {self._base_url}: {type(error).__name__}") from error
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise EndpointUnavailable(f"{self._base_url} cannot be reached: {type(error).__name__}") from error
        except urllib3.exceptions.TimeoutError as error:
            raise EndpointTimeout(f"no answer from {self._base_url} within {self._timeout.total:g} s") from error
        except urllib3.exceptions.LocationValueError as error:
            raise ConfigurationError(f"{self._base_url} is no address to call") from error
        except urllib3.exceptions.HTTPError as error:
            raise EndpointUnavailable(f"{self._base_url} broke off: {type(error).__name__}") from error
        headers_given = {name.lower(): value for name, value in answer.headers.items()}
        return self._checked(Reply(answer.status, answer.data, headers_given), path.partition("?")[0])

    def _checked(self, reply: Reply, path: str) -> Reply:
        """The reply, or the error that its status means. Neither query nor body is told: they may hold anything."""
        if reply.status in _SUCCESS:
            return reply
        if reply.gone and reply.status not in self._statuses:
            return Reply(reply.status, b"", reply.headers)
        fallback = EndpointUnavailable if reply.status >= _FIRST_SERVER_ERROR else ConfigurationError
        kind = self._statuses.get(reply.status, fallback)
        message = f"{self._base_url} answered {reply.status} for {path}"
        if issubclass(kind, RateLimited):
            raise kind(message, self._patience(reply))
        raise kind(message)
