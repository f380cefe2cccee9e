"""Carries one request to the shop: the port the client speaks to, and its HTTP adapter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import urllib3


class NotSent(Exception):
    """No connection came about: the shop has not seen the request."""


class NoAnswer(Exception):
    """The request may have reached the shop; its answer did not reach us."""


class TimedOut(NoAnswer):
    """The answer took longer than the request was given."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, whatever its status."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """Names in lower case."""


class Send(Protocol):
    """Posts one request, once."""

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """Answer with what came back; follow no redirect, retry nothing.

        Raises:
            NotSent, TimedOut, NoAnswer: Nothing came back.
        """
        ...


class HttpSend:
    """Sends over HTTP, on connections kept open between calls."""

    def __init__(self, timeout: timedelta, *, connections: int) -> None:
        """Args:
        timeout: For connecting and answering together.
        connections: Most connections kept open.
        """
        seconds = timeout.total_seconds()
        self._timeout = urllib3.Timeout(total=seconds, connect=min(5.0, seconds))
        self._connections = connections
        self._pool: urllib3.PoolManager | None = None

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """See `Send`."""
        if self._pool is None:
            self._pool = urllib3.PoolManager(maxsize=self._connections, block=True)
        try:
            answer = self._pool.request(
                "POST", url, body=body, headers=headers, timeout=self._timeout, retries=False, redirect=False
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise NotSent(type(error).__name__) from error
        except urllib3.exceptions.TimeoutError as error:
            raise TimedOut(type(error).__name__) from error
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer(type(error).__name__) from error
        return Response(
            status=answer.status,
            body=answer.data,
            headers={name.lower(): value for name, value in answer.headers.items()},
        )
