"""Generates what is committed and derived: JSON Schemas of the canonical events, sample webhooks, reference pages.

`python -m tools.generate` writes the files; `python -m tools.generate --check` writes nothing and fails when a file
differs from what would be written, is missing, or is no longer derived from anything. The same sources give the same
bytes.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lockstep.canonical.events import EVENTS
from tools import reference, samples

ROOT: Final = Path(__file__).resolve().parent.parent
_SCHEMAS: Final = "events/schemas"
_SAMPLES: Final = "events/apigateway"


def derived(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Path, relative to the root, and text of every derived file."""
    for event in EVENTS:
        version = event.model_fields["version"].default
        name = f"{event.type_name()}.v{version}"
        schema = event.model_json_schema(mode="serialization")
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{name}.json"}
        yield f"{_SCHEMAS}/{name}.json", _text({**head, **schema})
    for sample, call in samples.webhooks():
        yield f"{_SAMPLES}/{sample}.json", _text(call)
    yield from reference.pages(root)


def drift(root: Path = ROOT) -> list[str]:
    """What a check complains about; empty when all is as derived."""
    expected = dict(derived(root))
    found = {str(path.relative_to(root)) for path in _owned(root)}
    stale = [f"{name} is derived from nothing" for name in sorted(found - expected.keys())]
    different = [
        f"{name} is {'out of date' if name in found else 'missing'}"
        for name, text in expected.items()
        if name not in found or (root / name).read_text(encoding="utf-8") != text
    ]
    return [*different, *stale]


def write(root: Path = ROOT) -> None:
    """Write every derived file and remove those derived from nothing."""
    expected = dict(derived(root))
    for path in _owned(root):
        if str(path.relative_to(root)) not in expected:
            path.unlink()
    for name, text in expected.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _owned(root: Path) -> Iterator[Path]:
    yield from (root / _SCHEMAS).glob("*.json")
    yield from (root / _SAMPLES).glob("*.json")
    yield from (root / reference.PAGES).glob("*.md")
    yield from (root / reference.RUNBOOKS).glob("README.md")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 when a check finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description="Generates what is derived.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file would change")
    if not parser.parse_args(arguments).check:
        write()
        return 0
    complaints = drift()
    for complaint in complaints:
        sys.stderr.write(f"{complaint}\n")
    if complaints:
        sys.stderr.write("run: python -m tools.generate\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
