"""The contract kit: every connector that receives, by registry, held to the same clauses (CONTRIBUTING.md)."""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator

from cli.fixtures import Fixture
from cli.payloads import counted, kept_counts, payloads, tried
from cli.translation import Verdict
from infra import registry
from lockstep.canonical.events import EVENTS, Event, parse_event
from lockstep.canonical.notices import ResourceNotice
from lockstep.messaging.accept import events_of
from lockstep.messaging.conformance import VendorAnswer
from lockstep.messaging.errors import (
    ConfigurationError,
    IntegrationError,
    MessageExpired,
    MessageMalformed,
    RateLimited,
    SignatureInvalid,
)
from lockstep.messaging.inbound import FETCHED, Delivery, Reader, Request
from lockstep.messaging.topics import resources
from lockstep.runtime import reading
from tests.contract.kit.contracts import satisfy
from tests.contract.kit.shared import CONTRACTS, VECTORS
from tests.contract.kit.subject import NOW, SYSTEMS, Street, Subject, later
from tests.contract.kit.vendor import Vendor
from tools.completeness import missing
from tools.golden import golden

MUTATIONS = 120
"""Changes of one field tried on each fixture."""
SWAPPED: list[Any] = [None, "", "x", -1, 10**30, 1.5, True, [], {}, [[]], {"x": {}}, "2026-99-99", "\u0000", "\ud83e"]
TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]|$)")
SCHEMAS = {event.type_name(): event.model_json_schema(mode="serialization") for event in EVENTS}


def _ready(system: str) -> bool:
    try:
        return Subject.of(system).sent != []
    except (registry.RegistryError, ValueError):
        return False


READY = [system for system in SYSTEMS if _ready(system)]
"""Those with a conformance and readable fixtures; of the others the first test says what is missing."""


def cases(kind: str = "all") -> list[Any]:
    """A parameter for each fixture of a kind: all, sent, taken or refused."""
    found = []
    for system in READY:
        subject = Subject.of(system)
        for fixture in subject.fixtures:
            wanted = {
                "all": True,
                "taken": not fixture.refused,
                "refused": fixture.refused,
                "sent": not fixture.refused and not fixture.topic.startswith(FETCHED),
            }[kind]
            if wanted:
                found.append(pytest.param(subject, fixture, id=f"{system}-{fixture.name}"))
    return found


def subjects(*, reading_only: bool = False) -> list[Any]:
    """A parameter for each connector."""
    found = [Subject.of(system) for system in READY]
    return [
        pytest.param(subject, id=subject.system) for subject in found if not reading_only or resources(subject.inbound)
    ]


def first_sent(subject: Subject) -> Fixture:
    return subject.sent[0]


# ---- complete ----


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_folder_is_complete(system: str) -> None:
    lacking = missing(system)
    assert not lacking, "\n" + "\n".join(lacking)


# ---- golden pairs ----


@pytest.mark.parametrize(("subject", "fixture"), cases())
def test_a_fixture_becomes_what_its_golden_half_says(subject: Subject, fixture: Fixture) -> None:
    expected = fixture.expected()
    if "refused" in expected:
        with pytest.raises(MessageMalformed) as refused:
            subject.connector.translate(subject.delivery(fixture))
        assert str(refused.value) == expected["refused"]
        return
    assert golden(subject.connector.translate(subject.delivery(fixture))) == expected


@pytest.mark.parametrize(("subject", "fixture"), cases("taken"))
def test_its_events_are_declared_and_fit_their_schemas(subject: Subject, fixture: Fixture) -> None:
    delivery = subject.delivery(fixture)
    translation = subject.connector.translate(delivery)
    for event in events_of(delivery, translation):
        assert event.type in {*subject.inbound.events, "ResourceChanged"}
        assert parse_event(event.model_dump_json(exclude_none=True)) == event
        Draft202012Validator(SCHEMAS[event.type]).validate(event.model_dump(mode="json"))
    for notice in translation.notices:
        assert notice.resource in subject.inbound.reads, f"the manifest does not say that it reads {notice.resource}"


@pytest.mark.parametrize(("subject", "fixture"), cases("taken"))
def test_translation_is_deterministic(subject: Subject, fixture: Fixture) -> None:
    delivery = subject.delivery(fixture)
    assert subject.connector.translate(delivery) == subject.connector.translate(delivery)


# ---- signatures ----


@pytest.mark.parametrize(("subject", "fixture"), cases("sent"))
def test_what_the_vendor_signs_is_taken(subject: Subject, fixture: Fixture) -> None:
    street = Street(subject)
    answer = street.call(subject.signed(fixture))
    assert answer["statusCode"] == 200, answer["body"]


@pytest.mark.parametrize("subject", subjects())
def test_a_changed_byte_is_refused(subject: Subject) -> None:
    if subject.conformance.tampered is None:
        pytest.skip("the vendor does not sign what it sends")
    for fixture in subject.sent:
        with pytest.raises(SignatureInvalid):
            _verify(subject, subject.conformance.tampered(subject.signed(fixture)))


@pytest.mark.parametrize("subject", subjects())
def test_another_s_secret_is_refused(subject: Subject) -> None:
    for fixture in subject.sent:
        with pytest.raises(SignatureInvalid):
            _verify(subject, subject.signed(fixture, secret=1))


@pytest.mark.parametrize("subject", subjects())
def test_a_missing_header_is_refused(subject: Subject) -> None:
    request = subject.signed(first_sent(subject))
    own = [name for name in request.headers if name in subject.inbound.signature.headers]
    assert own or not subject.inbound.signature.headers, "sign() sets none of the headers that the scheme reads"
    for name in own:
        left = {other: value for other, value in request.headers.items() if other != name}
        with pytest.raises(SignatureInvalid):
            _verify(subject, Request(left, request.body, request.url, request.query, request.method))
        with pytest.raises(SignatureInvalid):
            _verify(subject, Request({**left, name: ""}, request.body, request.url, request.query, request.method))


@pytest.mark.parametrize("subject", subjects())
def test_headers_count_in_any_case(subject: Subject) -> None:
    request = subject.signed(first_sent(subject))
    recased = {"-".join(part.upper() for part in name.split("-")): value for name, value in request.headers.items()}
    answer = Street(subject).call(Request(recased, request.body, request.url))
    assert answer["statusCode"] == 200, answer["body"]


@pytest.mark.parametrize("subject", subjects())
def test_a_stale_time_is_refused(subject: Subject) -> None:
    tolerance = subject.inbound.signature.tolerance
    if tolerance is None:
        pytest.skip("the scheme signs no time")
    minutes = tolerance.total_seconds() / 60
    for off in (-minutes - 1, minutes + 1):
        with pytest.raises(MessageExpired):
            _verify(subject, subject.signed(first_sent(subject), at=later(off)))
    _verify(subject, subject.signed(first_sent(subject), at=later(-minutes / 2)))


@pytest.mark.parametrize("subject", subjects())
def test_a_second_secret_is_valid_while_it_replaces_the_first(subject: Subject) -> None:
    for secret in (0, 1):
        street = Street(subject, both=True)
        assert street.call(subject.signed(first_sent(subject), secret=secret))["statusCode"] == 200


@pytest.mark.parametrize("subject", subjects())
def test_a_base64_body_is_the_same_body(subject: Subject) -> None:
    plain, encoded = Street(subject), Street(subject)
    request = subject.signed(first_sent(subject))
    assert plain.call(request) == encoded.call(request, base64_body=True)


@pytest.mark.parametrize("subject", subjects())
def test_vectors_of_others_are_taken_and_no_other(subject: Subject) -> None:
    vectors = [*subject.conformance.own_vectors, *_shared_vectors(subject)]
    if not vectors:
        pytest.skip("no vector of this scheme is at hand")
    for vector in vectors:
        assert subject.connector.verify(vector.request, (vector.secret,), vector.now)
        with pytest.raises(SignatureInvalid):
            subject.connector.verify(vector.request, (subject.conformance.secrets[1],), vector.now)
        if subject.conformance.tampered is not None:
            with pytest.raises(SignatureInvalid):
                subject.connector.verify(subject.conformance.tampered(vector.request), (vector.secret,), vector.now)


def _shared_vectors(subject: Subject) -> list[Any]:
    if subject.conformance.vector is None:
        return []
    vendors = subject.conformance.vectors_of or (subject.system,)
    entries = json.loads(VECTORS.read_text()) if VECTORS.exists() else []
    made = [subject.conformance.vector(entry) for entry in entries if entry["vendor"] in vendors]
    return [vector for vector in made if vector is not None]


def _verify(subject: Subject, request: Request) -> str:
    lowered = {name.lower(): value for name, value in request.headers.items()}
    call = Request(lowered, request.body, request.url, request.query, request.method)
    return subject.connector.verify(call, subject.conformance.secrets[:1], NOW)


# ---- lenient and strict ----


@pytest.mark.parametrize(("subject", "fixture"), cases("taken"))
def test_unknown_fields_change_nothing(subject: Subject, fixture: Fixture) -> None:
    widened = subject.conformance.widened(fixture.body)
    assert widened != fixture.body
    assert golden(subject.connector.translate(subject.delivery(fixture, widened))) == fixture.expected()


@pytest.mark.parametrize(("subject", "fixture"), cases("taken"))
def test_without_a_required_field_it_is_refused_by_name(subject: Subject, fixture: Fixture) -> None:
    load, dump = subject.conformance.load, subject.conformance.dump
    for path in subject.conformance.required.get(fixture.name, ()):
        assert load is not None, "`required` is for trees; others show it in refused/"
        tree = load(fixture.body)
        parent, last = _place(tree, path)
        del parent[last]
        with pytest.raises(MessageMalformed) as refused:
            subject.connector.translate(subject.delivery(fixture, dump(tree)))
        assert path.rpartition(".")[2] in str(refused.value), (
            f"{path} is missing, and the refusal says: {refused.value}"
        )


@pytest.mark.parametrize(("subject", "fixture"), cases("taken"))
def test_no_field_dropped_or_swapped_makes_another_error(subject: Subject, fixture: Fixture) -> None:
    if subject.conformance.load is None:
        pytest.skip("its messages are no trees")
    tree = subject.conformance.load(fixture.body)
    for path, value in _mutations(tree, fixture.name):
        changed = _changed(tree, path, value)
        body = subject.conformance.dump(changed)
        try:
            translation = subject.connector.translate(subject.delivery(fixture, body))
        except MessageMalformed:
            continue
        except Exception as error:
            raise AssertionError(f"{'.'.join(map(str, path))} = {value!r}: {error!r}") from error
        for event in translation.events:
            assert parse_event(event.model_dump_json()) == event


@pytest.mark.parametrize(("subject", "fixture"), cases("taken"))
def test_a_time_at_either_end_of_the_calendar_makes_no_other_error(subject: Subject, fixture: Fixture) -> None:
    """Told by another clock, such a time is before the first year, or after the last."""
    if subject.conformance.load is None:
        pytest.skip("its messages are no trees")
    tree = subject.conformance.load(fixture.body)
    for path in _paths(tree):
        if not TIME.match(str(_at(tree, path))):
            continue
        for value in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00", "9999-12-31"):
            body = subject.conformance.dump(_changed(tree, path, value))
            try:
                subject.connector.translate(subject.delivery(fixture, body))
            except MessageMalformed:
                continue
            except Exception as error:
                raise AssertionError(f"{'.'.join(map(str, path))} = {value}: {error!r}") from error


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for place in path:
        tree = tree[place]
    return tree


class _Gone:
    def __repr__(self) -> str:
        return "nothing"


GONE = _Gone()


def _mutations(tree: Any, name: str) -> list[tuple[tuple[Any, ...], Any]]:
    """The same choice of changes in every run, spread over the message."""
    found = [(path, value) for path in _paths(tree) for value in (GONE, *SWAPPED)]
    return sorted(found, key=lambda one: hashlib.sha256(f"{name}{one}".encode()).digest())[:MUTATIONS]


def _paths(tree: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    places = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for place, value in places:
        yield (*before, place)
        yield from _paths(value, (*before, place))


def _changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = deepcopy(tree)
    parent = changed
    for place in path[:-1]:
        parent = parent[place]
    if value is GONE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = deepcopy(value)
    return changed


def _place(tree: Any, path: str) -> tuple[Any, Any]:
    places: list[Any] = [int(place) if place.isdecimal() else place for place in path.split(".")]
    for place in places[:-1]:
        tree = tree[place]
    return tree, places[-1]


# ---- redelivery ----


@pytest.mark.parametrize(("subject", "fixture"), cases("sent"))
def test_the_same_message_again_is_the_same_delivery(subject: Subject, fixture: Fixture) -> None:
    street = Street(subject)
    first = json.loads(street.call(subject.signed(fixture))["body"])
    before = dict(street.items)
    street.clock.advance(minutes=2)
    again = json.loads(street.call(subject.signed(fixture, at=later(2)))["body"])
    assert again["delivery"] == first["delivery"]
    assert again["accepted"] == first["accepted"]
    assert street.items == before


@pytest.mark.parametrize(("subject", "fixture"), cases("taken"))
def test_an_event_is_the_same_in_another_delivery(subject: Subject, fixture: Fixture) -> None:
    if fixture.name in subject.conformance.identified_by_delivery:
        pytest.skip("nothing but the delivery identifies what it says")
    first = subject.delivery(fixture)
    other = type(first)(first.account, "another", first.body, later(60), first.topic, first.headers)
    ids = [[event.id for event in subject.connector.translate(one).events] for one in (first, other)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0]), "two events of one message are the same event"


# ---- totals ----


@pytest.mark.parametrize(("subject", "fixture"), cases("taken"))
def test_the_events_come_to_what_the_vendor_states(subject: Subject, fixture: Fixture) -> None:
    events = subject.connector.translate(subject.delivery(fixture)).events
    amounts = sorted(amount for event in events for amount in stated(event))
    if subject.conformance.totals is None:
        assert not amounts
        return
    told = subject.conformance.totals(fixture.topic, fixture.body)
    if told is None:
        pytest.skip("the message states no total")
    assert amounts == sorted(told)


def stated(event: Event) -> list[Decimal]:
    """What the document in an event comes to, in each currency in which it is told."""
    data: Any = event.data
    match event.type:
        case "TransactionClosed":
            return [data.total.amount]
        case "TransactionUnbalanced":
            return [data.total.amount] if getattr(data, "total", None) is not None else []
        case "OrderReported" | "RefundReported":
            return [data.shop.total.amount, *([data.presentment.total.amount] if data.presentment else [])]
        case "DocumentUnbalanced":
            return [data.stated.amount]
        case "PaymentRecorded" | "DisputeReported" | "GiftCardMoved" | "PayoutReported":
            return [data.amount.amount]
        case _:
            return []


# ---- hosts ----


@pytest.mark.parametrize("subject", subjects(reading_only=True))
def test_what_opens_the_vendor_goes_to_no_other_host(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = dict(subject.conformance.connection)
    addresses = [name for name, value in connection.items() if value.startswith("https://")]
    elsewhere = ["https://evil.example", "http://169.254.169.254", "https://evil.example/.vendor.example"]
    if addresses and subject.inbound.allowed_hosts:
        host = urlsplit(connection[addresses[0]]).hostname
        elsewhere += [f"http://{host}", f"https://{host}.evil.example", f"https://{host}@evil.example"]
    for name in addresses:
        for address in elsewhere:
            vendor = _vendor(subject, monkeypatch)
            with pytest.raises(ConfigurationError):
                _read(subject, {**connection, name: address})
            assert vendor.asked == []
    vendor = _vendor(subject, monkeypatch)
    _read(subject, connection)
    allowed = (*subject.inbound.allowed_hosts, *(urlsplit(connection[name]).hostname or "" for name in addresses))
    assert vendor.asked
    for _, url in vendor.asked:
        host = urlsplit(url).hostname or ""
        assert url.startswith("https://"), url
        assert any(host.endswith(one) if one.startswith(".") else host == one for one in allowed), url


# ---- silence ----


@pytest.mark.parametrize("subject", subjects())
def test_nothing_secret_or_personal_is_told(subject: Subject, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told, proofs = [], set()
    street = Street(subject)
    for fixture in subject.fixtures:
        if fixture.topic.startswith(FETCHED):
            told.append(str(fixture.expected().get("refused", "")) + " ".join(fixture.expected().get("ignored", ())))
            continue
        request = subject.signed(fixture)
        proofs |= {request.headers[name] for name in subject.inbound.signature.headers if name in request.headers}
        answer = street.call(request)["body"]
        proofs.discard(json.loads(answer).get("delivery"))
        told.append(answer)
    if subject.conformance.tampered is not None:
        told.append(street.call(subject.conformance.tampered(subject.signed(first_sent(subject))))["body"])
    printed = " ".join(str(vars(record)) for record in caplog.records) + " ".join(told)
    secret = [*subject.conformance.secrets, *subject.conformance.connection.values()]
    for hidden in (*(one for one in secret if not one.startswith("https://")), *(p for p in proofs if len(p) > 12)):
        assert hidden not in printed
    everything = b" ".join(fixture.body for fixture in subject.fixtures)
    for person in subject.conformance.personal:
        assert person in everything.decode(errors="replace") or person in json.dumps(
            [_tree(subject, fixture) for fixture in subject.fixtures], ensure_ascii=False
        ), f"{person!r} stands in no fixture: nothing is shown"
        assert person not in printed


def _tree(subject: Subject, fixture: Fixture) -> Any:
    try:
        return subject.conformance.load(fixture.body) if subject.conformance.load else None
    except ValueError:
        return None


# ---- statuses ----


@pytest.mark.parametrize("subject", subjects(reading_only=True))
def test_each_documented_answer_decides_what_to_do(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = [value for value in subject.conformance.connection.values() if len(value) > 3 and "://" not in value]
    for answer in subject.conformance.statuses:
        _vendor(subject, monkeypatch, answer)
        if answer.means is None:
            _read(subject, subject.conformance.connection)
            continue
        with pytest.raises(IntegrationError) as failed:
            _read(subject, subject.conformance.connection)
        assert type(failed.value) is answer.means, f"{answer.status}: {failed.value!r}"
        if isinstance(failed.value, RateLimited):
            assert failed.value.retry_after == answer.retry_after, answer.status
        assert not [value for value in hidden if value in str(failed.value)], "an error tells what opens the vendor"


@pytest.mark.parametrize("subject", subjects(reading_only=True))
def test_a_list_that_is_not_there_is_no_empty_list(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resource may be gone; a list never is: then we ask at the wrong place, and nothing would ever be caught up."""
    assert {*subject.conformance.optional_lists} <= {*subject.inbound.pages}
    for resource in subject.inbound.pages:
        _vendor(subject, monkeypatch, VendorAnswer(status=404, means=None))
        reader = registry.reader(subject.system)(subject.account, subject.conformance.connection, subject.settings)
        if resource in subject.conformance.optional_lists:
            page = reader.page(resource, later(-60), NOW)
            delivery = Delivery(subject.account, "list", page.body, NOW, f"{FETCHED}{resource}")
            assert subject.connector.translate(delivery).events == ()
            assert page.after == ""
            continue
        with pytest.raises(IntegrationError):
            reader.page(resource, later(-60), NOW)


def _vendor(subject: Subject, monkeypatch: pytest.MonkeyPatch, answer: Any = None) -> Vendor:
    given = answer or next(one for one in subject.conformance.statuses if one.status == 200)
    vendor = Vendor(given, dict(subject.conformance.opening))
    monkeypatch.setattr(reading, "open_pool", lambda: vendor)
    return vendor


def _read(subject: Subject, connection: Any) -> None:
    reader: Reader = registry.reader(subject.system)(subject.account, dict(connection), subject.settings)
    if subject.inbound.reads:
        notice = ResourceNotice(resource=subject.inbound.reads[0], key="1001", notified_at=NOW, delivery_id="msg_1")
        reader.fetch(notice)
    else:
        reader.page(resources(subject.inbound)[0], later(-60), NOW)


# ---- real messages ----


@pytest.mark.parametrize("subject", subjects())
def test_every_real_message_is_translated_ignored_or_a_named_case(
    subject: Subject, record_property: Callable[[str, object], None]
) -> None:
    """Counts what becomes of each; the count is printed at the end of the run."""
    found = list(payloads(subject.system))
    if not found:
        pytest.skip("no real messages of this vendor are beside the checkout")
    refused, defects = [], []
    for payload in found:
        try:
            outcome = tried(subject.system, payload)
        except Exception as error:  # noqa: BLE001  # each is told
            defects.append(f"{payload.file.name} ({payload.topic}): {error!r}")
            continue
        if outcome.outcome is Verdict.REFUSED:
            refused.append(f"{payload.file.name} ({payload.topic}): {outcome.error}")
    assert not defects, "\n" + "\n".join(defects)
    counts = counted(subject.system)
    record_property(
        "real messages", f"{subject.system}: {len(found)}: " + ", ".join(f"{n} {v}" for v, n in counts.items())
    )
    excused = len(subject.conformance.refused_payloads)
    assert {one.partition(" ")[0] for one in refused} == {*subject.conformance.refused_payloads}, refused
    assert counts.get(Verdict.REFUSED, 0) == excused
    assert counts == kept_counts(subject.system), f"run: python -m tools.golden --payloads {subject.system}"


# ---- contracts ----


@pytest.mark.parametrize("subject", subjects())
def test_fixtures_satisfy_the_vendor_s_own_schemas(subject: Subject) -> None:
    if not subject.conformance.contracts:
        pytest.skip("no contract of this vendor is known")
    if not CONTRACTS.exists():
        pytest.skip("the vendors' contracts are not beside the checkout")
    for contract in subject.conformance.contracts:
        names = [
            fixture for fixture in subject.fixtures if not fixture.refused and fnmatch(fixture.name, contract.fixtures)
        ]
        assert names, f"no fixture is called {contract.fixtures}"
        for fixture in names:
            assert subject.conformance.load is not None
            satisfy(contract, subject.conformance.load(fixture.body), fixture.name)
