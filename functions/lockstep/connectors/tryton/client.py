"""Speaks JSON-RPC with Tryton over one session.

Nothing is sent twice here, save a call that was refused because the session had ended: the core retries.
"""

import base64
import html
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import urllib3

from lockstep.connectors.tryton import dispositions, wire
from lockstep.connectors.tryton.connection import TrytonConnection
from lockstep.messaging.errors import (
    ConfigurationError,
    EndpointTimeout,
    EndpointUnavailable,
    IntegrationError,
    OutcomeUnknown,
)

_OK: Final = 200
_UNAUTHORIZED: Final = 401
_CONNECT_TIMEOUT: Final = 3.0
_WORDS: Final = 400


class TrytonClient:
    """One database of one Tryton server, as one user."""

    def __init__(
        self,
        connection: TrytonConnection,
        *,
        timeout: timedelta = timedelta(seconds=30),
        http: urllib3.PoolManager | None = None,
    ) -> None:
        """No call is made yet.

        Args:
            connection: Where, and who.
            timeout: Longest wait for the answer to one call.
            http: Connection pool to use.
        """
        self._connection = connection
        self._url = f"{connection.base_url}/{connection.database}/rpc/"
        self._timeout = urllib3.Timeout(connect=_CONNECT_TIMEOUT, total=timeout.total_seconds())
        self._http = http or urllib3.PoolManager()
        self._session: str | None = None
        self._context: dict[str, Any] | None = None

    @property
    def context(self) -> dict[str, Any]:
        """The user's own context: company, language and so on. Read once.

        Raises:
            IntegrationError: As `read` does.
        """
        if self._context is None:
            self._context = self._signed_in("model.res.user.get_preferences", [True, {}], changes=False)
        return self._context

    def read(self, method: str, *arguments: object, **context: object) -> Any:
        """Call a method that changes nothing; the arguments without the user's context, to which `context` is added.

        Raises:
            TransientEndpointError: Try later.
            ConfigurationError: Nothing will work until a person changes something: also when the ERP refuses to read.
        """
        return self._signed_in(method, [*arguments, {**self.context, **context}], changes=False)

    def change(self, method: str, *arguments: object) -> Any:
        """Call a method that changes something; the arguments without the user's context.

        The call is one transaction: it was carried out whole, or, when anything but `OutcomeUnknown` is raised, not.

        Raises:
            OutcomeUnknown: It was sent and no answer came.
            DocumentRejected: The ERP refuses what was asked, or failed on it.
            ConcurrentUpdate: Somebody else changed it meanwhile.
            TransientEndpointError, ConfigurationError: As `read`.
        """
        return self._signed_in(method, [*arguments, self.context], changes=True)

    def _signed_in(self, method: str, params: Sequence[object], *, changes: bool) -> Any:
        self._session = self._session or self._sign_in()
        response = self._send(method, params, changes=changes, session=self._session)
        if response.status == _UNAUTHORIZED:  # it had ended, and nothing was done
            self._session = self._sign_in()
            response = self._send(method, params, changes=changes, session=self._session)
        return self._result(response, changes=changes)

    def _sign_in(self) -> str:
        user, password = self._connection.user, self._connection.password.get_secret_value()
        response = self._send("common.db.login", [user, {"password": password}], changes=False)
        if response.status == _UNAUTHORIZED:
            raise ConfigurationError(f"the ERP does not let user {user!r} in")
        user_id, key, *_ = self._result(response, changes=False)
        return base64.b64encode(f"{user}:{user_id}:{key}".encode()).decode()

    def _send(
        self, method: str, params: Sequence[object], *, changes: bool, session: str | None = None
    ) -> urllib3.BaseHTTPResponse:
        headers = {
            "Content-Type": "application/json",
            # Tryton marks every long answer as compressed, and compresses it only for those who say they can.
            "Accept-Encoding": "gzip",
            **({"Authorization": f"Session {session}"} if session else {}),
        }
        try:
            return self._http.request(
                "POST",
                self._url,
                body=wire.dumps({"id": 0, "method": method, "params": params}),
                headers=headers,
                timeout=self._timeout,
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.LocationValueError as error:
            raise ConfigurationError(f"the ERP's address is wrong: {error}") from error
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise EndpointUnavailable(f"the ERP cannot be reached: {type(error).__name__}") from error
        except urllib3.exceptions.SSLError as error:
            raise ConfigurationError(f"no safe connection to the ERP: {error}") from error
        except urllib3.exceptions.TimeoutError as error:
            kind = OutcomeUnknown if changes else EndpointTimeout
            raise kind(f"no answer from the ERP within {self._timeout.total:g} s") from error
        except urllib3.exceptions.HTTPError as error:
            raise _cut_off(error, changes=changes) from error

    @staticmethod
    def _result(response: urllib3.BaseHTTPResponse, *, changes: bool) -> Any:
        if response.status != _OK:
            raise dispositions.of_status(
                response.status,
                _plain(response.data.decode(errors="replace")),
                changes=changes,
                retry_after=_retry_after(response.headers.get("Retry-After")),
            )
        try:
            body = wire.loads(response.data)
        except ValueError as error:
            raise _cut_off(error, changes=changes) from error
        if failure := body.get("error"):
            name, *rest = failure
            raise dispositions.of_named(str(name)[:_WORDS], _words(rest), changes=changes)
        return body["result"]


def _cut_off(error: Exception, *, changes: bool) -> IntegrationError:
    kind = OutcomeUnknown if changes else EndpointUnavailable
    return kind(f"the ERP's answer was cut off: {type(error).__name__}")


def _plain(body: str) -> str:
    """The words of an error page, without their markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())[:_WORDS]


def _retry_after(value: str | None) -> timedelta | None:
    return timedelta(seconds=int(value)) if value and value.isdecimal() else None


def _words(parts: Sequence[Any]) -> str:
    """Tryton's words: `[message, description, domain]` of an error, `[name, message, description]` of a warning."""
    said = parts[0] if parts and isinstance(parts[0], list) else parts
    return " ".join(part.strip() for part in said if isinstance(part, str) and part.strip())[:_WORDS]
