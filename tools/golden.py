"""Rewrites the golden half of fixtures: what each message is translated to.

`python -m tools.golden [SYSTEM ...]`. Read the difference before you commit it: a golden file says what is right, so
it is changed only when the translation was wrong or learned something.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from cli.fixtures import Fixture, account_settings, delivery_of, fixtures, kept_headers
from cli.payloads import COUNTS, counted, kept_counts
from infra import registry
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Translation
from lockstep.messaging.specs import ConnectorManifest


def translated(fixture: Fixture, manifest: ConnectorManifest) -> dict[str, Any]:
    """What a fixture is translated to, or why it is refused."""
    if manifest.inbound is None:
        raise ValueError(f"{manifest.system} receives nothing")
    conformance = registry.conformance(fixture.system)
    delivery = delivery_of(fixture, kept_headers(conformance, fixture.name), manifest.inbound)
    connector = registry.inbound_connector(fixture.system)(account_settings(conformance, delivery.account))
    try:
        return golden(connector.translate(delivery))
    except MessageMalformed as error:
        return {"refused": str(error)}


def golden(translation: Translation) -> dict[str, Any]:
    """A translation as its golden half has it."""
    written: dict[str, Any] = {
        "events": [event.model_dump(mode="json", exclude_none=True) for event in translation.events],
        "ignored": list(translation.ignored),
    }
    if translation.notices:
        written["notices"] = [notice.model_dump(mode="json", exclude_none=True) for notice in translation.notices]
    return written


def write(system: str) -> list[Path]:
    """Write the golden files of one connector; those that changed."""
    manifest = registry.manifest(system)
    changed = []
    for fixture in fixtures(manifest):
        text = json.dumps(translated(fixture, manifest), indent=2, ensure_ascii=False) + "\n"
        if not fixture.golden.exists() or fixture.golden.read_text(encoding="utf-8") != text:
            fixture.golden.write_text(text, encoding="utf-8", newline="\n")
            changed.append(fixture.golden)
    return changed


def write_counts(system: str) -> list[Path]:
    """Count what becomes of the real messages that are at hand; the file, if that changed."""
    path = registry.folder(system) / "fixtures" / COUNTS
    counts = counted(system)
    if not counts or counts == kept_counts(system):
        return []
    path.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8", newline="\n")
    return [path]


def main() -> None:
    """Write the golden file beside each fixture."""
    parser = argparse.ArgumentParser(prog="python -m tools.golden", description="Rewrites golden halves of fixtures.")
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help="whose; all of them when none is named")
    parser.add_argument("--payloads", action="store_true", help="count what becomes of real messages instead")
    arguments = parser.parse_args()
    systems = arguments.systems or [name for name, one in registry.connectors().items() if one.inbound]
    for system in systems:
        for path in (write_counts if arguments.payloads else write)(system):
            print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)  # noqa: T201


if __name__ == "__main__":
    main()
