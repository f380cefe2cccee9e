"""What an answer of the Admin API means: its data, or the failure it stands for.

One table for the status, one for the codes of GraphQL errors (API documentation: response status codes, GraphQL error
codes). Failures inside `userErrors` belong to the operation and are not looked at here.
"""

import json
from datetime import timedelta
from typing import Any, Final

from lockstep.connectors.shopify.transport import Response
from lockstep.messaging.errors import (
    ConfigurationError,
    EndpointUnavailable,
    IntegrationError,
    OutcomeUnknown,
    RateLimited,
)

_OK: Final = 200
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500

STATUSES: Final[dict[int, tuple[type[IntegrationError], str]]] = {
    301: (ConfigurationError, "the shop has moved to another address"),
    302: (ConfigurationError, "the shop has moved to another address"),
    303: (ConfigurationError, "the shop has moved to another address"),
    307: (ConfigurationError, "the shop has moved to another address"),
    308: (ConfigurationError, "the shop has moved to another address"),
    401: (ConfigurationError, "the access token is not accepted"),
    402: (ConfigurationError, "the shop is frozen for an unpaid bill"),
    403: (ConfigurationError, "access is forbidden"),
    404: (ConfigurationError, "there is no such shop or API version"),
    423: (ConfigurationError, "the shop is locked"),
    430: (EndpointUnavailable, "the vendor's protection turned the call away"),
}
"""Statuses below 500 that say what to do next. Nothing was done in any of these cases."""

ERROR_CODES: Final[dict[str, tuple[type[IntegrationError], str]]] = {
    "ACCESS_DENIED": (ConfigurationError, "the access token lacks a scope"),
    "SHOP_INACTIVE": (ConfigurationError, "the shop is not active"),
}
"""Codes of GraphQL errors that stand for one failure; THROTTLED and the internal ones depend on the call."""

_INTERNAL: Final = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})


class UnexpectedAnswer(Exception):
    """The vendor says that our request is wrong, or answers in a form we do not know: a defect, not an outage."""


def data_of(response: Response, *, changes_something: bool) -> dict[str, Any]:
    """The `data` of an answer.

    Args:
        response: What came back.
        changes_something: Whether the call was a mutation, so that a failure inside the shop leaves its effect open.

    Raises:
        ConfigurationError: The shop, the token or its scopes are not as we were told.
        RateLimited: With the time to wait, where the answer says enough to work it out.
        EndpointUnavailable: The shop failed; nothing was to be changed.
        OutcomeUnknown: The shop failed; it may have changed something.
        UnexpectedAnswer: See there.
    """
    failed: type[IntegrationError] = OutcomeUnknown if changes_something else EndpointUnavailable
    if response.status == _TOO_MANY_REQUESTS:
        said = _header_wait(response)
        raise RateLimited("the shop answered 429", _bucket_wait(_json(response) or {}) if said is None else said)
    if response.status >= _SERVER_ERROR:
        raise failed(f"the shop answered {response.status}")
    if response.status in STATUSES:
        error, meaning = STATUSES[response.status]
        raise error(f"{meaning} ({response.status})")
    if response.status != _OK:
        raise UnexpectedAnswer(f"the shop answered {response.status}")

    body = _json(response)
    if body is None:
        raise failed("the shop answered with something that is not its API's JSON")
    if errors := body.get("errors"):
        raise _failure(errors, body, failed)
    data = body.get("data")
    if not isinstance(data, dict):
        raise UnexpectedAnswer("the answer has neither data nor errors")
    return data


def _failure(errors: Any, body: dict[str, Any], failed: type[IntegrationError]) -> Exception:
    entries = [entry for entry in errors if isinstance(entry, dict)] if isinstance(errors, list) else []
    codes = [str((entry.get("extensions") or {}).get("code", "")) for entry in entries]
    if "THROTTLED" in codes:
        return RateLimited("the shop's call budget is used up", _bucket_wait(body))
    for code in codes:
        if code in ERROR_CODES:
            error, meaning = ERROR_CODES[code]
            return error(f"{meaning} ({code})")
    if _INTERNAL.intersection(codes):
        return failed("the shop failed while it worked on the call")
    said = "; ".join(str(entry.get("message", "")) for entry in entries) or str(errors)
    return UnexpectedAnswer(f"the shop does not take the request: {said[:500]}")


def _json(response: Response) -> dict[str, Any] | None:
    try:
        body = json.loads(response.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _header_wait(response: Response) -> timedelta | None:
    try:
        return timedelta(seconds=max(0.0, float(response.headers["retry-after"])))
    except (KeyError, ValueError, OverflowError):
        return None


def _bucket_wait(body: dict[str, Any]) -> timedelta | None:
    """Time until the leaky bucket holds what the refused call would cost (API documentation: rate limits)."""
    try:
        cost = body["extensions"]["cost"]
        status = cost["throttleStatus"]
        missing = float(cost["requestedQueryCost"]) - float(status["currentlyAvailable"])
        return timedelta(seconds=max(0.0, missing) / float(status["restoreRate"]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
