"""Connectors and workflows are found by their folders, and a folder that declares nothing is not passed over."""

from pathlib import Path

import pytest

import lockstep.connectors
import lockstep.workflows
from infra import registry
from infra.registry import RegistryError


def test_every_folder_is_found() -> None:
    (connectors,) = (Path(path) for path in lockstep.connectors.__path__)
    (workflows,) = (Path(path) for path in lockstep.workflows.__path__)
    assert set(registry.connectors()) == {path.parent.name for path in connectors.glob("*/__init__.py")}
    assert set(registry.workflows()) == {path.parent.name for path in workflows.glob("*/__init__.py")}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "connectors/acme: there is no manifest.py"),
        ({"manifest.py": ""}, "connectors/acme: manifest.py holds no MANIFEST"),
        (
            {"manifest.py": "from lockstep.messaging.specs import *\nMANIFEST = ConnectorManifest('other', '', ())"},
            "its manifest says it is 'other'",
        ),
    ],
)
def test_an_incomplete_connector_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], says: str
) -> None:
    folder = tmp_path / "acme"
    folder.mkdir()
    for name, text in {"__init__.py": "", **files}.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(lockstep.connectors, "__path__", [str(tmp_path)])
    monkeypatch.delitem(__import__("sys").modules, "lockstep.connectors.acme", raising=False)
    monkeypatch.delitem(__import__("sys").modules, "lockstep.connectors.acme.manifest", raising=False)
    with pytest.raises(RegistryError, match=says):
        registry.connectors()
