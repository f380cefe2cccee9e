"""Every sample of `events/apigateway/` is signed by its connector's own rules and taken at its door as declared."""

import json
from pathlib import Path

import pytest

from cli.samples import read_sample
from cli.signing import signed_request
from infra import registry
from tests.contract.kit.subject import NOW, SYSTEMS, Street, Subject
from tools.samples import file_name

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "events" / "apigateway").glob("*.json"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_taken_or_refused_as_its_fixture_is(path: Path) -> None:
    sample = read_sample(path, None)
    subject = Subject.of(sample.system)
    secret = {"current": subject.conformance.secrets[0]}
    request = signed_request(subject.manifest, secret, sample, delivery=sample.delivery_id, url=subject.url, now=NOW)

    answer = Street(subject).call(request)

    refused = {
        one.path.stem for one in subject.fixtures if one.refused and one.name in subject.conformance.sent_to_sandbox
    }
    expected = 400 if path.stem.partition(".")[2] in refused else 200
    assert answer["statusCode"] == subject.inbound.answers.get(expected, expected), answer["body"]
    if expected == 200:
        assert "error" not in json.loads(answer["body"])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_yet_to_be_signed(path: Path) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))
    inbound = registry.manifest(read_sample(path, None).system).inbound
    assert inbound is not None
    assert not {*inbound.signature.headers} & {*event["headers"]}
    assert event["version"] == "2.0"


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_topic_has_a_sample(system: str) -> None:
    inbound = registry.manifest(system).inbound
    assert inbound is not None
    names = {path.name for path in SAMPLES}
    named = [one for one in Subject.of(system).fixtures if one.name in Subject.of(system).conformance.sent_to_sandbox]
    covered = {one.topic for one in named}
    lacking = [
        topic for topic in inbound.topics if topic not in covered and f"{system}.{file_name(topic)}.json" not in names
    ]
    assert lacking == [], "run: make generate"
