"""Whatever comes to a door: a declared status in time, nothing half stored, nothing secret said.

Messages are mutated fixtures, signed as the vendor would, so that they get past the signature; and anything at all,
unsigned.
"""

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra import registry
from lockstep.messaging.inbound import Request
from lockstep.messaging.ledger import stream_key
from tests.contract.kit.subject import SYSTEMS, Street, Subject

EXAMPLES = 200
DECLARED = frozenset({200, 400, 401, 413})
"""What a door says of a message; and what its manifest says in their place."""
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 16}">' for n in range(8))
    + "]><POSLog>&i;</POSLog>"
)
ODD_BODIES = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"text"',
    b"0",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"\xff\xfe\x00\x01",
    "\ufeff{}".encode("utf-16"),
    b'{"a": 1e999999999, "b": NaN, "c": Infinity}',
    b'{"id": ' + b"9" * 5000 + b"}",
    BOMB.encode(),
    b"payload=%7B%22id%22%3A1%7D&type=sale.update",
    b"a=" * 10_000,
]
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**25,
    "",
    " ",
    "0",
    "-0.00",
    "1e9",
    "NaN",
    "12,50",
    "\u0661\u0662",
    "2026-02-30",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "XXX",
    "KWD",
    "a/b#c%d",
    "\u2028\u0000",
    "\U0001f9fe" * 3,
    "x" * 3000,
    [],
    {},
    [[]],
    [None],
    {"": {}},
]


def _ready() -> list[str]:
    found = []
    for system in SYSTEMS:
        try:
            if Subject.of(system).sent:
                found.append(system)
        except (registry.RegistryError, ValueError):
            continue  # the kit says what it lacks
    return found


READY = _ready()
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=True,
)


def check(subject: Subject, request: Request) -> None:
    """Hold a call to what every call is held to."""
    street = Street(subject)
    began = time.process_time()
    answer = street.call(request)
    took = time.process_time() - began
    declared = DECLARED | {subject.inbound.answers.get(status, status) for status in DECLARED}
    assert answer["statusCode"] in declared, answer
    assert took < subject.inbound.answer_within.total_seconds(), "the vendor would have given up"
    said = answer["body"] + json.dumps(answer["headers"])
    assert not [secret for secret in subject.conformance.secrets if secret in said]
    refused = answer["statusCode"] != 200 or "error" in answer["body"]
    if refused:
        assert street.items == {}, "something of a refused message was stored"
    _is_whole(street)


def _is_whole(street: Street) -> None:
    """Every event that is named stands in its stream, and every entry belongs to a delivery."""
    items = street.items
    deliveries = {key.pk for key in items if key.sk == "D"}
    for key, item in items.items():
        if key.sk == "I":
            place = f"E#{item['seq']:012d}"
            assert any(other.pk == f"S#{item['stream']}" and other.sk == place for other in items)
            assert items[stream_key(item["stream"])]["head"] >= item["seq"]
        if key.sk.startswith("E#"):
            assert item["delivery"] in deliveries


@pytest.mark.parametrize("system", READY)
def test_mutated_messages(system: str) -> None:
    subject = Subject.of(system)
    if subject.conformance.load is None:
        pytest.skip("its messages are no trees; damaged ones are tried below")
    load, dump = subject.conformance.load, subject.conformance.dump
    trees = [(fixture, load(fixture.body)) for fixture in subject.sent]

    @fuzzed
    @given(st.data())
    def mutated(data: st.DataObject) -> None:
        fixture, tree = data.draw(st.sampled_from(trees))
        for _ in range(data.draw(st.integers(1, 5))):
            tree = data.draw(_mutated(tree))
        try:
            body = dump(tree)
            request = subject.signed(fixture, body)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, LookupError):
            return  # what cannot be written or signed cannot be sent
        check(subject, request)

    mutated()


@st.composite
def _mutated(draw: st.DrawFn, tree: Any) -> Any:
    """A tree with one place changed: something odd there, nothing, the same twice, or it all one level deeper."""
    if not isinstance(tree, dict | list) or not tree:
        return draw(st.sampled_from(ODD))
    places = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    place = draw(st.sampled_from(places))
    inside = isinstance(tree[place], dict | list) and draw(st.integers(0, 3)) > 0
    changed: Any = dict(tree) if isinstance(tree, dict) else list(tree)
    if inside:
        changed[place] = draw(_mutated(tree[place]))
        return changed
    match draw(st.integers(0, 4)):
        case 0:
            del changed[place]
        case 1:
            changed[place] = _deep(draw(st.integers(2, 60)))
        case 2 if isinstance(changed, list):
            changed += [tree[place]] * draw(st.integers(1, 40))
        case 3:
            changed[place] = _swapped(tree[place])
        case _:
            changed[place] = draw(st.sampled_from(ODD))
    return changed


def _swapped(value: Any) -> Any:
    """The same in another type: a number as text, a text as number, one as a list of one."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str() if value.lstrip("-").isdecimal():
            return int(value)
        case _:
            return [value]


def _deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"deeper": [value]}
    return value


@pytest.mark.parametrize("system", READY)
def test_damaged_bytes(system: str) -> None:
    subject = Subject.of(system)
    bodies = [(fixture, fixture.body) for fixture in subject.sent]

    @fuzzed
    @given(st.data())
    def damaged(data: st.DataObject) -> None:
        fixture, whole = data.draw(st.sampled_from(bodies))
        body = bytearray(whole)
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(body)))
            body[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
        try:
            request = subject.signed(fixture, bytes(body))
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, LookupError):
            request = _unsigned(subject, bytes(body))  # where the vendor signs what it has read
        check(subject, request)

    damaged()


@pytest.mark.parametrize("system", READY)
@pytest.mark.parametrize("place", range(len(ODD_BODIES)))
def test_odd_bodies(system: str, place: int) -> None:
    subject, body = Subject.of(system), ODD_BODIES[place]
    check(subject, _unsigned(subject, body))
    try:
        request = subject.signed(subject.sent[0], body)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, LookupError, RecursionError):
        return  # where the vendor signs what it has read
    check(subject, request)


@pytest.mark.parametrize("system", READY)
def test_anything_at_all(system: str) -> None:
    subject = Subject.of(system)
    names = [*subject.inbound.signature.headers, *subject.inbound.topic_headers, "content-type"]
    words = st.text(max_size=40) | st.sampled_from(["", "v1,", "t=1,v1=ab", "=" * 9, *subject.inbound.topics])

    @fuzzed
    @given(st.dictionaries(st.sampled_from(names), words), st.binary(max_size=200))
    def anything(headers: dict[str, str], body: bytes) -> None:
        check(subject, Request(headers, body, subject.url))

    anything()


def test_a_body_that_is_too_large_is_refused_as_declared() -> None:
    for system in READY:
        subject = Subject.of(system)
        limit = subject.inbound.max_body_bytes
        answer = Street(subject).call(_unsigned(subject, b"x" * (limit + 1)))
        assert answer["statusCode"] == subject.inbound.answers.get(413, 413)


def test_an_unknown_account_is_answered_as_declared() -> None:
    for system in READY:
        subject = Subject.of(system)
        answer = Street(subject).call(subject.signed(subject.sent[0]), account="nobody")
        assert answer["statusCode"] == subject.inbound.answers.get(404, 404)


def _unsigned(subject: Subject, body: bytes) -> Request:
    return Request({"content-type": subject.conformance.content_type}, body, subject.url)
