from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from sandbox.aws.archive import zip_directory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    directory = tmp_path / "bundle"
    (directory / "package" / "__pycache__").mkdir(parents=True)
    (directory / "package" / "module.py").write_text("x = 1")
    (directory / "package" / "__pycache__" / "module.cpython-313.pyc").write_bytes(b"compiled")
    (directory / "run").write_text("#!/bin/sh")
    (directory / "run").chmod(0o755)
    return directory


def test_compiled_files_and_modes_stay(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(zip_directory(bundle, tmp_path / "cache")) as archive:
        assert archive.namelist() == ["package/__pycache__/module.cpython-313.pyc", "package/module.py", "run"]
        assert archive.read("package/__pycache__/module.cpython-313.pyc") == b"compiled"
        assert archive.getinfo("run").external_attr >> 16 & 0o777 == 0o755


def test_the_same_content_gives_the_same_bytes_whenever_it_was_written(bundle: Path, tmp_path: Path) -> None:
    first = zip_directory(bundle, tmp_path / "one")
    os.utime(bundle / "run", (0, 10**9))
    second = zip_directory(bundle, tmp_path / "two")

    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_an_unchanged_directory_is_zipped_once(bundle: Path, tmp_path: Path) -> None:
    first = zip_directory(bundle, tmp_path / "cache")
    first.write_bytes(b"marked")

    assert zip_directory(bundle, tmp_path / "cache").read_bytes() == b"marked"


@pytest.mark.parametrize("change", ["content", "mode", "name"])
def test_any_change_gives_another_archive(bundle: Path, tmp_path: Path, change: str) -> None:
    before = zip_directory(bundle, tmp_path / "cache")
    if change == "content":
        (bundle / "run").write_text("#!/bin/bash")
    elif change == "mode":
        (bundle / "run").chmod(0o644)
    else:
        (bundle / "run").rename(bundle / "start")

    assert zip_directory(bundle, tmp_path / "cache") != before


def test_the_cache_keeps_the_archives_used_last(bundle: Path, tmp_path: Path) -> None:
    cache, made = tmp_path / "cache", []
    for number in range(6):
        (bundle / "run").write_text(str(number))
        made.append(zip_directory(bundle, cache))
        os.utime(made[-1], (number, number))

    assert made[0] not in cache.iterdir()
    assert made[-1] in cache.iterdir()
    assert len(list(cache.iterdir())) < len(made)
