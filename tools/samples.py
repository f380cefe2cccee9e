"""Sample webhooks, made of the connectors' fixtures: one for each declared topic, and those that a folder names."""

import base64
from collections.abc import Iterator
from typing import Any

from cli.fixtures import Fixture, fixtures, kept_headers
from infra import registry
from lockstep.messaging.conformance import Conformance
from lockstep.messaging.inbound import FETCHED
from lockstep.messaging.specs import ConnectorManifest, Inbound


def webhooks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name, without ending, and HTTP API event of every sample."""
    for manifest in registry.connectors().values():
        if manifest.inbound is not None:
            yield from _of(manifest, manifest.inbound, registry.conformance(manifest.system))


def _of(
    manifest: ConnectorManifest, inbound: Inbound, conformance: Conformance
) -> Iterator[tuple[str, dict[str, Any]]]:
    found = {fixture.name: fixture for fixture in fixtures(manifest)}
    named = [found[name] for name in conformance.sent_to_sandbox]
    for fixture in named:
        yield f"{manifest.system}.{fixture.path.stem}", _event(inbound, conformance, fixture)
    taken = [fixture for fixture in found.values() if not fixture.refused and not fixture.topic.startswith(FETCHED)]
    for topic in inbound.topics:
        if any(fixture.topic == topic for fixture in named):
            continue
        first = next((fixture for fixture in taken if fixture.topic == topic), None)
        if first is not None:
            yield f"{manifest.system}.{file_name(topic)}", _event(inbound, conformance, first)


def file_name(topic: str) -> str:
    """A topic as part of a file's name: in the vendor's words, without slashes and blanks."""
    return topic.replace("/", "-").replace(" ", "-")


def _event(inbound: Inbound, conformance: Conformance, fixture: Fixture) -> dict[str, Any]:
    topic = {inbound.topic_headers[0]: fixture.topic} if inbound.topic_headers else {}
    headers = {"content-type": conformance.content_type, **topic, **kept_headers(conformance, fixture.name)}
    return webhook(fixture.system, "main", fixture.body, headers)


def webhook(system: str, account: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """An HTTP API request in payload format 2.0, as a Lambda function gets it, without the headers of a signature.

    Whoever sends it signs it then: many signatures hold for minutes only.
    """
    path = f"/webhooks/{system}/{account}"
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    given = {
        "accept": "*/*",
        "content-length": str(len(body)),
        "host": "api.example.com",
        "user-agent": f"{system}/1.0",
        "x-forwarded-for": "192.0.2.10",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        **headers,
    }
    return {
        "version": "2.0",
        "routeKey": f"POST /webhooks/{system}/{{account}}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": dict(sorted(given.items())),
        "pathParameters": {"account": account},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.10",
                "userAgent": given["user-agent"],
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": f"POST /webhooks/{system}/{{account}}",
            "stage": "$default",
            "time": "23/Nov/2026:15:04:10 +0000",
            "timeEpoch": 1795446250000,
        },
        "body": text,
        "isBase64Encoded": encoded,
    }
