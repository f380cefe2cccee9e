"""Real messages that may lie beside the checkout: what a connector makes of each."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli.fixtures import RECEIVED, account_settings, kept_headers
from cli.translation import Tried, Verdict, try_message
from infra import registry
from lockstep.messaging.topics import declared_topic

SHARED: Final = Path(__file__).resolve().parents[1].parent / "shared"
"""Where they are, if they are."""
COUNTS: Final = "_payloads.json"
"""In `fixtures/`: how many became what, when they were last there."""


@dataclass(frozen=True, slots=True)
class Payload:
    """One real message."""

    file: Path
    topic: str
    """As the manifest has it, or `fetched/<resource>`."""


def payloads(system: str) -> Iterator[Payload]:
    """The real messages of a connector's declared topics; none where they are not there."""
    manifest = registry.manifest(system)
    index = SHARED / "payloads" / "INDEX.json"
    if manifest.inbound is None or not index.exists():
        return
    conformance = registry.conformance(system)
    folder = conformance.payloads or system
    for entry in json.loads(index.read_text(encoding="utf-8")):
        if entry["vendor"] != folder:
            continue
        words = conformance.payload_topics.get(entry["topic"], entry["topic"])
        topic = declared_topic(manifest.inbound, words) if words else None
        if topic is not None:
            yield Payload(SHARED / entry["file"], topic)


def tried(system: str, payload: Payload) -> Tried:
    """What becomes of a real message.

    Raises:
        Exception: The translation has a defect.
    """
    manifest = registry.manifest(system)
    if manifest.inbound is None:
        raise ValueError(f"{system} receives nothing")
    conformance = registry.conformance(system)
    account = f"{system}.main"
    connector = registry.inbound_connector(system)(account_settings(conformance, account))
    return try_message(
        connector,
        manifest.inbound,
        account,
        payload.topic,
        payload.file.read_bytes(),
        headers=kept_headers(conformance, ""),
        received_at=RECEIVED,
    )


def counted(system: str) -> dict[str, int]:
    """How many real messages become what."""
    counts = Counter(tried(system, payload).outcome for payload in payloads(system))
    return {verdict.value: counts[verdict] for verdict in Verdict if counts[verdict]}


def kept_counts(system: str) -> dict[str, int]:
    """The same as when it was last counted: the folder's own record."""
    path = registry.folder(system) / "fixtures" / COUNTS
    found: Any = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {str(verdict): int(count) for verdict, count in found.items()}
