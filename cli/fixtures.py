"""The messages that a connector's folder brings: what they are about, and what each becomes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from infra import registry
from lockstep.messaging.conformance import Conformance
from lockstep.messaging.inbound import Delivery
from lockstep.messaging.specs import ConnectorManifest, Inbound
from lockstep.messaging.topics import declared_topic
from lockstep.runtime.settings import AccountSettings

GOLDEN: Final = ".expected.json"
"""Ends the name of what a message becomes."""
REFUSED: Final = "refused"
"""Folder of messages that are refused."""
RECEIVED: Final = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
"""When every fixture came in."""
_CASE: Final = "--"


class FixtureError(ValueError):
    """A fixture's name says nothing that the manifest knows."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """One message of a folder."""

    system: str
    name: str
    """Its file's name without the ending; with `refused/` before it for what is refused."""
    topic: str
    """As the manifest has it, or `fetched/<resource>`."""
    path: Path

    @property
    def golden(self) -> Path:
        """What it becomes."""
        return self.path.with_name(self.path.stem + GOLDEN)

    @property
    def refused(self) -> bool:
        """Whether it stands among what is refused."""
        return self.name.startswith(f"{REFUSED}/")

    @property
    def body(self) -> bytes:
        """The message."""
        return self.path.read_bytes()

    def expected(self) -> Any:
        """What it becomes, from its golden half.

        Raises:
            FileNotFoundError: There is none yet.
        """
        return json.loads(self.golden.read_text(encoding="utf-8"))


def fixtures(manifest: ConnectorManifest) -> list[Fixture]:
    """Every message of a connector's `fixtures/` and `fixtures/refused/`, sorted; other folders are its own.

    A file is `<topic>--<case>.<ending>`, or `<topic>.<ending>`, the topic written with any of `-`, `/`, `.` and `_`;
    for a connector with one topic `<case>.<ending>` is enough. What begins with `_` is no message.

    Raises:
        FixtureError: A name begins with no topic of the manifest.
    """
    if manifest.inbound is None:
        return []
    root = registry.folder(manifest.system) / "fixtures"
    found = []
    for path in sorted((*root.glob("*"), *root.glob(f"{REFUSED}/*"))):
        if path.is_dir() or path.name.startswith(("_", ".")) or path.name.endswith(GOLDEN) or path.suffix == ".md":
            continue
        name = path.relative_to(root).with_suffix("").as_posix()
        found.append(Fixture(manifest.system, name, _topic(manifest.inbound, path.stem, name), path))
    return found


def _topic(inbound: Inbound, stem: str, name: str) -> str:
    found = declared_topic(inbound, stem.partition(_CASE)[0])
    if found is None and len(inbound.topics) == 1:
        found = inbound.topics[0]
    if found is None:
        raise FixtureError(f"fixtures/{name} begins with no topic of the manifest: name it <topic>--<case>")
    return found


def account_settings(conformance: Conformance, account: str) -> AccountSettings:
    """The account under which fixtures are translated."""
    named = (urlsplit(value).hostname for value in conformance.connection.values() if value.startswith("https://"))
    return AccountSettings(
        secret=f"lockstep/test/{account}",
        allowed_hosts=tuple(host for host in named if host),
        currency=conformance.currency,
        time_zone=conformance.time_zone,
    )


def kept_headers(conformance: Conformance, name: str) -> dict[str, str]:
    """The headers that are kept of a fixture's call."""
    return {**conformance.headers.get("", {}), **conformance.headers.get(name, {})}


def delivery_of(fixture: Fixture, headers: Mapping[str, str], inbound: Inbound) -> Delivery:
    """A fixture as it stands before the translator."""
    named_by_header = bool(inbound.topic_headers) or fixture.topic not in inbound.topics
    return Delivery(
        account=f"{fixture.system}.main",
        delivery_id=f"msg_{fixture.path.stem}",
        body=fixture.body,
        received_at=RECEIVED,
        topic=fixture.topic if named_by_header else "",
        headers=headers,
    )
