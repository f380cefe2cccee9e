"""Makes a new connector that receives, as a copy of a small real one: `make new-connector NAME=acme`.

The copy works; what it says is still the other vendor's. The contract kit then says, in words, what is left to do.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from cli.fixtures import GOLDEN
from infra import registry
from tools.completeness import COPIED

ROOT: Final = Path(__file__).resolve().parent.parent
MODEL: Final = "easypost"
"""The one that is copied: the smallest that has all that a connector needs."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,30}")
_OURS: Final = (".py", ".md", GOLDEN)
"""Ends the names of files that we write; the others are messages, and stay as they are until they are replaced."""


class NotMade(Exception):
    """Nothing was made; says why."""


def make(name: str, *, model: str = MODEL, connectors: Path | None = None) -> Path:
    """Copy a connector's folder under another name.

    Args:
        name: Of the new system: lower-case letters, digits and underscores.
        model: The connector that is copied.
        connectors: Folder of all connectors.

    Returns:
        The new folder.

    Raises:
        NotMade: The name cannot be one, is taken, or the model is not there.
    """
    parent = connectors or registry.folder(model).parent
    source, target = parent / model, parent / name
    if not _NAME.fullmatch(name):
        raise NotMade(f"{name!r} is no name for a connector: lower-case letters, digits and underscores")
    if target.exists():
        raise NotMade(f"{target} is there already")
    if not (source / "manifest.py").exists():
        raise NotMade(f"there is no connector {model!r} to copy")
    title = registry.manifest(model).title if connectors is None else model.capitalize()
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "_payloads.json"))
    words = {model: name, title: _title(name), _class(model): _class(name), model.upper(): name.upper()}
    for path in sorted(target.rglob("*")):
        if path.is_file() and path.name.endswith(_OURS):
            text = path.read_text(encoding="utf-8")
            path.write_text(_renamed(text, words), encoding="utf-8", newline="\n")
    (target / "fixtures" / COPIED).write_text(f"{model}\n", encoding="utf-8")
    return target


def _renamed(text: str, words: dict[str, str]) -> str:
    for old, new in sorted(words.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(old, new)
    return text


def _title(name: str) -> str:
    return " ".join(part.capitalize() for part in name.split("_"))


def _class(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def main(arguments: list[str] | None = None) -> int:
    """Make it, and say what is left to do. Exit status: 0, or 2 when nothing was made."""
    parser = argparse.ArgumentParser(prog="python -m tools.new_connector", description="Makes a new connector.")
    parser.add_argument("name", help="of the system, as in acme or acme_pay")
    parser.add_argument("--like", default=MODEL, metavar="SYSTEM", help=f"what to copy (default: {MODEL})")
    given = parser.parse_args(arguments)
    try:
        folder = make(given.name, model=given.like)
    except (NotMade, registry.RegistryError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    # In a new process: this one has looked at the folders before there was this one.
    left = "from tools.completeness import missing; import sys; print('\\n'.join(missing(sys.argv[1])))"
    command = [sys.executable, "-c", left, given.name]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603  # our own command
    place = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    sys.stdout.write(f"made {place}, a copy of {given.like}. What is left to do:\n{told.stdout}")
    sys.stdout.write(f'then: make test ARGS="tests/contract -k {given.name}", and make generate\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
