"""One call: what each answer, recorded or made up, means; and that nothing is sent twice."""

import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3

import lockstep.connectors.tryton
from lockstep.connectors.tryton import wire
from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.connection import TrytonConnection
from lockstep.connectors.tryton.dispositions import STATUS
from lockstep.messaging.errors import (
    ConcurrentUpdate,
    ConfigurationError,
    DocumentRejected,
    EndpointTimeout,
    EndpointUnavailable,
    IntegrationError,
    OutcomeUnknown,
    RateLimited,
)

ANSWERS = json.loads((Path(lockstep.connectors.tryton.__file__).parent / "fixtures" / "answers.json").read_text())
SECRET = {"base_url": "https://erp.example.com", "database": "books", "user": "till", "password": "pass-phrase"}
CONTEXT = {"company": 1, "language": "en"}
SIGNED_IN = {"id": 0, "result": [2, "session-key", None]}
METHOD = "model.sale.point.sale.process"
POOL = urllib3.HTTPSConnectionPool("erp.example.com")


def answered(body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None) -> urllib3.BaseHTTPResponse:
    return urllib3.HTTPResponse(io.BytesIO(body), status=status, headers=headers)


class FakeHttp(urllib3.PoolManager):
    """Answers as scripted; signing in and the user's context go well unless scripted otherwise."""

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers = list(answers)
        self.sent: list[tuple[str, list[Any]]] = []
        self.headers_sent: list[dict[str, str]] = []
        self.sign_in: Any = SIGNED_IN

    def request(self, verb: str, url: str, **options: Any) -> Any:  # type: ignore[override]
        assert (verb, url) == ("POST", "https://erp.example.com/books/rpc/")
        assert options["retries"] is False
        assert options["redirect"] is False
        body = wire.loads(options["body"])
        if body["method"] == "common.db.login":
            return self.answer(self.sign_in)
        if body["method"].endswith("get_preferences"):
            return self.answer({"id": 0, "result": CONTEXT})
        self.sent.append((body["method"], body["params"]))
        self.headers_sent.append(options["headers"])
        return self.answer(self.answers.pop(0))

    @staticmethod
    def answer(scripted: Any) -> urllib3.BaseHTTPResponse:
        if isinstance(scripted, Exception):
            raise scripted
        if isinstance(scripted, bytes):
            return answered(scripted)
        if isinstance(scripted, urllib3.BaseHTTPResponse):
            return scripted
        return answered(wire.dumps(scripted))


def recorded(name: str) -> urllib3.BaseHTTPResponse:
    answer = ANSWERS[name]
    body = answer["body"] if isinstance(answer["body"], str) else json.dumps(answer["body"])
    return answered(body.encode(), answer["status"])


def client(*answers: Any) -> tuple[TrytonClient, FakeHttp]:
    http = FakeHttp(*answers)
    return TrytonClient(TrytonConnection.of(SECRET, ["erp.example.com"]), http=http), http


def failure_of(call: Callable[[], Any]) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        call()
    assert "pass-phrase" not in str(caught.value)
    assert "session-key" not in str(caught.value)
    return caught.value


def test_a_call_carries_the_users_context_and_tells_dates_and_decimals_apart() -> None:
    erp, http = client({"id": 0, "result": [{"date": date(2026, 11, 20), "amount": Decimal("1.10"), "move": None}]})

    result = erp.read("model.x.read", [1], date(2026, 11, 20), locations=[9])

    assert result == [{"date": date(2026, 11, 20), "amount": Decimal("1.10"), "move": None}]
    assert http.sent == [("model.x.read", [[1], date(2026, 11, 20), {**CONTEXT, "locations": [9]}])]
    assert http.headers_sent[0]["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("answer", "read", "change"),
    [
        ("create_key_taken", ConfigurationError, DocumentRejected),
        ("create_unknown_product", ConfigurationError, DocumentRejected),
        ("not_allowed", ConfigurationError, DocumentRejected),
        ("failed_inside", EndpointUnavailable, DocumentRejected),
        ("no_such_method", ConfigurationError, ConfigurationError),
        ("no_such_database", EndpointUnavailable, EndpointUnavailable),
        ("not_json", DocumentRejected, DocumentRejected),
    ],
)
def test_what_tryton_was_recorded_to_answer(answer: str, read: type[Exception], change: type[Exception]) -> None:
    for kind, name in ((read, "read"), (change, "change")):
        erp, http = client(recorded(answer))
        assert type(failure_of(partial(getattr(erp, name), METHOD, [1]))) is kind
        assert len(http.sent) == 1


def test_the_erps_words_are_passed_on_without_markup() -> None:
    erp, _ = client(recorded("create_key_taken"), recorded("not_allowed"), recorded("no_such_method"))

    assert "this external reference exists already." in str(failure_of(lambda: erp.change(METHOD)))
    assert 'access "Account Move". Within groups: POS, POS Posting' in str(failure_of(lambda: erp.change(METHOD)))
    assert "403 Forbidden Forbidden You don't have the permission" in str(failure_of(lambda: erp.change(METHOD)))


@pytest.mark.parametrize("status", sorted({*STATUS, 302, 418, 507} - {401}))
def test_every_status_has_its_place_and_an_unknown_outcome_is_only_for_changes(status: int) -> None:
    expected = STATUS.get(status, EndpointUnavailable if status >= 500 else ConfigurationError)
    erp, _ = client(*(answered(status=status) for _ in range(2)))

    assert type(failure_of(lambda: erp.change(METHOD))) is expected
    read = EndpointTimeout if expected is OutcomeUnknown else expected
    assert type(failure_of(lambda: erp.read(METHOD))) is read


def test_a_wait_that_is_asked_for_is_passed_on() -> None:
    erp, _ = client(answered(status=429, headers={"Retry-After": "17"}))

    error = failure_of(lambda: erp.change(METHOD))

    assert isinstance(error, RateLimited)
    assert error.retry_after == timedelta(seconds=17)


def test_a_record_that_somebody_else_changed_is_a_concurrent_update() -> None:
    erp, _ = client({"id": 0, "error": ["ConcurrencyException", "Records were modified in the meanwhile."]})

    assert type(failure_of(lambda: erp.change(METHOD))) is ConcurrentUpdate


@pytest.mark.parametrize(
    ("error", "read", "change"),
    [
        (urllib3.exceptions.NewConnectionError(POOL, "refused"), EndpointUnavailable, EndpointUnavailable),
        (urllib3.exceptions.ConnectTimeoutError(), EndpointUnavailable, EndpointUnavailable),
        (urllib3.exceptions.ReadTimeoutError(POOL, "/", "slow"), EndpointTimeout, OutcomeUnknown),
        (urllib3.exceptions.ProtocolError("reset"), EndpointUnavailable, OutcomeUnknown),
        (urllib3.exceptions.SSLError("certificate"), ConfigurationError, ConfigurationError),
        (urllib3.exceptions.LocationParseError("?"), ConfigurationError, ConfigurationError),
        (b'{"id": 0, "resu', EndpointUnavailable, OutcomeUnknown),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__),
)
def test_an_answer_that_does_not_come_leaves_a_doubt_only_where_something_may_have_changed(
    error: Any, read: type[Exception], change: type[Exception]
) -> None:
    for kind, name in ((read, "read"), (change, "change")):
        erp, http = client(error)
        assert type(failure_of(partial(getattr(erp, name), METHOD))) is kind
        assert len(http.sent) == 1


def test_a_session_that_ended_is_renewed_once_and_the_call_sent_again() -> None:
    erp, http = client({"id": 0, "result": 1}, recorded("session_ended"), {"id": 0, "result": 2})

    assert erp.change(METHOD) == 1
    assert erp.change(METHOD) == 2
    assert len(http.sent) == 3


def test_a_new_session_that_is_refused_is_a_fault_of_ours() -> None:
    erp, http = client(recorded("session_ended"), recorded("session_ended"))

    assert type(failure_of(lambda: erp.change(METHOD))) is ConfigurationError
    assert len(http.sent) == 2


def test_a_password_that_is_refused_is_a_fault_of_ours() -> None:
    erp, http = client()
    http.sign_in = recorded("password_refused")

    error = failure_of(lambda: erp.change(METHOD))

    assert type(error) is ConfigurationError
    assert "'till'" in str(error)


def test_signing_in_that_is_cut_off_changes_nothing_and_leaves_no_doubt() -> None:
    erp, http = client()
    http.sign_in = urllib3.exceptions.ProtocolError("reset")

    assert type(failure_of(lambda: erp.change(METHOD))) is EndpointUnavailable


def test_what_has_no_form_in_trytons_json_is_refused_before_it_is_sent() -> None:
    erp, http = client()

    with pytest.raises(TypeError, match="set"):
        erp.change(METHOD, {1, 2})

    assert not http.sent
