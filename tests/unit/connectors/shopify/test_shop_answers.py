from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lockstep.connectors.shopify.answers import STATUSES, UnexpectedAnswer, data_of
from lockstep.connectors.shopify.client import AdminClient
from lockstep.connectors.shopify.connection import Connection
from lockstep.connectors.shopify.transport import NoAnswer, NotSent, Response, TimedOut
from lockstep.messaging.errors import (
    ConfigurationError,
    EndpointTimeout,
    EndpointUnavailable,
    OutcomeUnknown,
    RateLimited,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def answer(value: Any, status: int = 200, **headers: str) -> Response:
    return Response(
        status, json.dumps(value).encode(), {name.replace("_", "-"): text for name, text in headers.items()}
    )


def graphql_error(code: str | None, **extensions: Any) -> Response:
    extension = {} if code is None else {"extensions": {"code": code}}
    return answer({"errors": [{"message": "Something", **extension}], "extensions": extensions})


def failure(response: Response, *, changes_something: bool) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        data_of(response, changes_something=changes_something)
    return caught.value


def test_data_is_handed_over() -> None:
    assert data_of(answer({"data": {"nodes": []}}), changes_something=False) == {"nodes": []}


@pytest.mark.parametrize("status", STATUSES)
def test_each_listed_status_has_its_meaning_for_reads_and_changes_alike(status: int) -> None:
    for changes_something in (False, True):
        assert type(failure(answer({}, status), changes_something=changes_something)) is STATUSES[status][0]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_shop_leaves_a_change_open(status: int) -> None:
    assert type(failure(answer({}, status), changes_something=False)) is EndpointUnavailable
    assert type(failure(answer({}, status), changes_something=True)) is OutcomeUnknown


@pytest.mark.parametrize("status", [204, 400, 406, 422])
def test_other_statuses_are_defects(status: int) -> None:
    assert type(failure(answer({}, status), changes_something=True)) is UnexpectedAnswer


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b"\xff"])
def test_an_answer_that_is_not_the_api_s_comes_from_something_in_between(body: bytes) -> None:
    assert type(failure(Response(200, body, {}), changes_something=False)) is EndpointUnavailable
    assert type(failure(Response(200, body, {}), changes_something=True)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ACCESS_DENIED", ConfigurationError),
        ("SHOP_INACTIVE", ConfigurationError),
        ("INTERNAL_SERVER_ERROR", OutcomeUnknown),
        ("TIMEOUT", OutcomeUnknown),
        ("BAD_REQUEST", UnexpectedAnswer),
        (None, UnexpectedAnswer),
    ],
)
def test_a_graphql_error_says_by_its_code_what_to_do(code: str | None, kind: type[Exception]) -> None:
    assert type(failure(graphql_error(code), changes_something=True)) is kind


def test_errors_in_another_form_and_neither_data_nor_errors_are_defects() -> None:
    assert type(failure(answer({"errors": "Not Found"}), changes_something=True)) is UnexpectedAnswer
    assert type(failure(answer({"data": None}), changes_something=True)) is UnexpectedAnswer


def test_the_wait_follows_from_the_bucket() -> None:
    cost = {"requestedQueryCost": 300, "throttleStatus": {"currentlyAvailable": 50, "restoreRate": 100.0}}
    error = failure(graphql_error("THROTTLED", cost=cost), changes_something=True)
    assert isinstance(error, RateLimited)
    assert error.retry_after == timedelta(seconds=2.5)


@pytest.mark.parametrize(
    "cost",
    [
        None,
        {},
        {"requestedQueryCost": 10, "throttleStatus": None},
        {"requestedQueryCost": 10, "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 0}},
        {"requestedQueryCost": "many", "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 1}},
    ],
)
def test_without_a_usable_bucket_the_wait_is_open(cost: Any) -> None:
    error = failure(graphql_error("THROTTLED", cost=cost), changes_something=True)
    assert isinstance(error, RateLimited)
    assert error.retry_after is None


@pytest.mark.parametrize(("header", "seconds"), [("2.0", 2), ("0", 0), ("-3", 0), ("soon", None)])
def test_429_gives_its_wait_in_a_header(header: str, seconds: float | None) -> None:
    error = failure(answer({}, 429, retry_after=header), changes_something=True)
    assert isinstance(error, RateLimited)
    assert error.retry_after == (None if seconds is None else timedelta(seconds=seconds))


class Failing:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        raise self._error


@pytest.mark.parametrize(
    ("error", "read", "change"),
    [
        (NotSent("x"), EndpointUnavailable, EndpointUnavailable),
        (TimedOut("x"), EndpointTimeout, OutcomeUnknown),
        (NoAnswer("x"), EndpointUnavailable, OutcomeUnknown),
    ],
)
def test_what_became_of_a_call_decides(error: Exception, read: type[Exception], change: type[Exception]) -> None:
    client = AdminClient(Connection("https://lantern.myshopify.com", "t"), Failing(error))
    with pytest.raises(read) as caught:
        client.query("{ a }", {})
    assert type(caught.value) is read
    with pytest.raises(change) as caught:
        client.mutate("{ a }", {})
    assert type(caught.value) is change
