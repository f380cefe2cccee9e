"""A new connector goes from a copy to a green kit without an edit outside its folder."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.new_connector import MODEL, NotMade, make

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("functions", "cli", "infra", "tools", "tests/contract", "pyproject.toml", "docs/glossary.md")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout of its own, with everything that the kit needs."""
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignore)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return tmp_path


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{tree}/functions:{tree}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def kit(tree: Path) -> subprocess.CompletedProcess[str]:
    options = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-k", "acme")
    return run(tree, "pytest", "tests/contract/test_connectors.py", "tests/contract/test_connectors_fuzz.py", *options)


def outside(tree: Path) -> dict[str, str]:
    """Digest of every file that is not the new folder's."""
    return {
        str(path.relative_to(tree)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(tree.rglob("*"))
        if path.is_file() and "connectors/acme" not in str(path) and ".hypothesis" not in path.parts
    }


def test_from_copy_to_green_kit(tree: Path) -> None:
    before = outside(tree)
    made = run(tree, "tools.new_connector", "acme")
    assert made.returncode == 0, made.stderr
    folder = tree / "functions/lockstep/connectors/acme"

    told = made.stdout
    assert f"manifest.py: `signature.source` is still that of {MODEL}" in told
    assert f"manifest.py: `proven_against` is still that of {MODEL}" in told
    assert "fixtures/tracker-created is still the one of" in told
    first = kit(tree)
    assert first.returncode == 1
    assert "is still the one of" in first.stdout

    manifest = folder / "manifest.py"
    text = re.sub(r'source="[^"]*"', 'source="Acme developer documentation"', manifest.read_text())
    text = re.sub(
        r"proven_against=\(.*?\n    \),\n",
        'proven_against=((Evidence.DOCUMENTATION, "what Acme says of its webhooks"),),\n',
        text,
        flags=re.DOTALL,
    )
    manifest.write_text(text)
    for path in (*folder.glob("fixtures/*.json"), *folder.glob("fixtures/refused/*.json")):
        if not path.name.endswith(".expected.json"):
            path.write_text(json.dumps(json.loads(path.read_bytes()), indent=1, ensure_ascii=False))
    assert run(tree, "tools.golden", "acme").returncode == 0
    (folder / "fixtures" / "_copied_from").unlink()

    done = kit(tree)
    assert done.returncode == 0, done.stdout[-3000:]
    assert outside(tree) == before


def test_the_copy_says_nothing_of_the_model_by_name(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "functions/lockstep/connectors" / MODEL, tmp_path / MODEL)

    folder = make("acme_pay", connectors=tmp_path)

    for path in folder.rglob("*.py"):
        assert MODEL not in path.read_text(encoding="utf-8"), path
    assert "class AcmePayConnector" in (folder / "connector.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["Acme", "a", "1acme", "acme-pay", "../acme", MODEL])
def test_a_name_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "functions/lockstep/connectors" / MODEL, tmp_path / MODEL)
    with pytest.raises(NotMade):
        make(name, connectors=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [MODEL]
