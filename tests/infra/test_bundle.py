"""What a function runs is complete by itself, small, and the same whenever its input is the same."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from infra import bundle
from infra.bundle import AWS_SERVICES, BundleError, Target

SOURCE = Path(bundle.__file__).parent.parent / "functions" / "lockstep"
SIZE_LIMIT_MB = 17
"""A third of what Lambda takes by upload; a quarter of it is cryptography, with which some vendors' signatures are read."""


def test_every_service_that_a_function_makes_a_client_for_is_in_the_bundle() -> None:
    used = {
        service
        for path in SOURCE.rglob("*.py")
        for service in re.findall(r"""\.(?:client|resource)\(\s*["']([a-z0-9-]+)["']""", path.read_text())
    }
    assert used <= AWS_SERVICES


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("botocore/data/dynamodb/2012-08-10/service-2.json.gz", True),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore/data/endpoints.json", True),
        ("boto3/data/dynamodb/2012-08-10/resources-1.json", False),
        ("boto3/session.py", True),
        ("pydantic/main.pyi", False),
        ("pydantic-2.14.3.dist-info/METADATA", True),
        ("pydantic-2.14.3.dist-info/RECORD", False),
        ("pydantic-2.14.3.dist-info/licenses/LICENSE", True),
        ("bin/jp.py", False),
    ],
)
def test_what_no_function_reads_is_left_out(path: str, needed: bool) -> None:
    assert bundle._needed(PurePosixPath(path)) is needed


def test_equal_trees_make_equal_archives(tmp_path: Path) -> None:
    archives = []
    for name, order in (("one", "ab"), ("two", "ba")):
        tree = tmp_path / name
        tree.mkdir()
        for letter in order:
            (tree / letter).write_text(letter)
            os.utime(tree / letter, (1, 1) if name == "one" else None)
        archives.append(tmp_path / f"{name}.zip")
        bundle._add_to_zip(tree, archives[-1])
    assert archives[0].read_bytes() == archives[1].read_bytes()


def test_a_launcher_without_an_interpreter_behind_it_is_not_taken(tmp_path: Path) -> None:
    launcher = tmp_path / "python"
    launcher.write_text("#!/bin/sh\nexit 127\n")
    launcher.chmod(0o755)
    assert not bundle._is_runtime(str(launcher))


def test_a_missing_uv_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(BundleError, match="uv was not found"):
        bundle._uv()


@pytest.fixture(scope="module")
def local_bundle() -> Path:
    try:
        bundle._uv()
    except BundleError as error:
        pytest.skip(str(error))
    return bundle.build(Target.LOCAL)


def test_an_unchanged_build_is_found_again(local_bundle: Path) -> None:
    before = local_bundle.stat().st_ino
    assert bundle.build(Target.LOCAL) == local_bundle
    assert local_bundle.stat().st_ino == before


def test_the_bundle_is_small(local_bundle: Path) -> None:
    assert local_bundle.stat().st_size < SIZE_LIMIT_MB * 1_000_000


def test_every_module_imports_from_the_bundle_alone(local_bundle: Path, tmp_path: Path) -> None:
    """In an interpreter that sees neither the checkout nor the environment's packages."""
    task = tmp_path / "task"
    with zipfile.ZipFile(local_bundle) as archive:
        archive.extractall(task)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import pkgutil, importlib, lockstep\n"
        "for module in pkgutil.walk_packages(lockstep.__path__, 'lockstep.'):\n"
        "    importlib.import_module(module.name)\n"
        "assert all(sys.argv[1] in m.__file__ for n, m in sys.modules.items() if n.startswith(('lockstep', 'boto')))\n"
    )
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = str(base) if base.exists() else shutil.which("python3") or sys.executable
    result = subprocess.run(
        [python, "-I", "-S", "-B", "-c", script, str(task)],
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_DEFAULT_REGION": "us-east-1"},
    )
    assert result.returncode == 0, result.stderr


def test_bytecode_comes_along_and_is_not_checked_against_its_source(local_bundle: Path) -> None:
    with zipfile.ZipFile(local_bundle) as archive:
        names = set(archive.namelist())
        sources = [name for name in names if name.endswith(".py")]
        tag = sys.implementation.cache_tag
        for name in sources:
            path = PurePosixPath(name)
            assert str(path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc") in names, name
        header = archive.read(f"lockstep/__pycache__/__init__.{tag}.pyc")[4:8]
    assert header == b"\x01\x00\x00\x00", "unchecked hash"
