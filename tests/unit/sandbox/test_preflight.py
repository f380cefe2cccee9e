"""The preflight says in one sentence what is missing, before anything is started."""

import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from sandbox import preflight
from sandbox.run import main

pytestmark = pytest.mark.enable_socket  # it listens on loopback for a moment
GB = 1_000_000_000
MEMORY = preflight.memory


@pytest.fixture(autouse=True)
def _enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.touch(mode=0o755)
    monkeypatch.setenv("UV", str(uv))
    monkeypatch.setattr(preflight, "memory", lambda: (16 * GB, 8 * GB))
    _disk(monkeypatch, 100 * GB)


def _disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(200 * GB, 0, free))


def _missing(tmp_path: Path) -> str:
    with pytest.raises(preflight.NotReady) as lacking:
        preflight.check(tmp_path / ".sandbox")
    text = str(lacking.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_a_machine_that_has_everything_is_ready(tmp_path: Path) -> None:
    preflight.check(tmp_path / ".sandbox")


def test_it_names_a_python_that_is_too_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "NEWEST", (3, 10))
    assert "Python 3.11, 3.12 or 3.13 is needed" in _missing(tmp_path)


def test_it_names_a_missing_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_MODULES", ("no_such_module",))
    assert _missing(tmp_path) == "The Python module no_such_module is missing: run `make setup`."


def test_it_names_a_missing_part_of_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_OF_PYTHON", ("no_such_part",))
    assert "Python's module no_such_part is missing" in _missing(tmp_path)


def test_it_names_missing_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "uv", lambda: None)
    assert _missing(tmp_path) == "uv is missing: run `make setup`."


@pytest.mark.parametrize(
    ("memory", "words"),
    [
        ((2 * GB, None), "4 GB of memory are needed, and this machine has 2.0 GB."),
        ((16 * GB, 1 * GB), "2 GB of free memory are needed, and 1.0 GB are: close something."),
    ],
)
def test_it_names_too_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: Any, words: str) -> None:
    monkeypatch.setattr(preflight, "memory", lambda: memory)
    assert _missing(tmp_path) == words


def test_memory_of_which_nobody_knows_how_much_is_free_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "memory", lambda: (8 * GB, None))
    preflight.check(tmp_path)


def test_it_names_too_little_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _disk(monkeypatch, 2 * GB)
    assert "3 GB of disk are needed" in _missing(tmp_path)


def test_less_disk_is_needed_once_everything_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _disk(monkeypatch, 2 * GB)
    for venv in ("aws", "erp"):
        directory = tmp_path / ".sandbox" / "venvs" / venv
        directory.mkdir(parents=True)
        (directory / ".built-from").touch()
    preflight.check(tmp_path / ".sandbox")


def test_it_names_a_loopback_that_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_args: object, **_more: object) -> None:
        raise PermissionError("not permitted")

    monkeypatch.setattr(socket, "create_server", refused)
    assert "127.0.0.1" in _missing(tmp_path)


def test_this_machine_says_how_much_memory_it_has() -> None:
    total, free = MEMORY()
    assert total > 0
    assert free is None or 0 < free <= total


def test_make_run_ends_with_two_and_the_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preflight, "memory", lambda: (2 * GB, None))
    assert main(["--once"]) == 2
    assert capsys.readouterr().err == "not ready: 4 GB of memory are needed, and this machine has 2.0 GB.\n"
