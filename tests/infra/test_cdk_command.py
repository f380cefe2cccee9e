"""The pinned CDK command line: what it is started with."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from infra import cdk


@pytest.fixture
def started(monkeypatch):
    """What was started, without starting it."""
    calls = []

    def run(command, **options):
        calls.append((command, options["env"]))
        return SimpleNamespace(returncode=7)

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_it_is_the_pinned_version_on_the_bundled_node_for_our_app(started):
    assert cdk.main(["deploy", "--all", "-c", "env=dev"]) == 7

    ((command, variables),) = started
    assert Path(command[0]).is_file()
    assert Path(command[1]).is_file()
    assert command[2:8] == ["--yes", cdk.CDK_CLI, "deploy", "--all", "-c", "env=dev"]
    assert command[8] == "--app"
    assert command[9].endswith(" app.py")
    assert variables["PATH"].startswith(str(Path(command[0]).parent))


def test_an_assembly_that_is_named_is_taken(started):
    cdk.main(["deploy", "--all", "--app", "cdk.out"])

    assert started[0][0].count("--app") == 1


def test_an_environment_that_is_not_there_is_told_before_anything_is_fetched(started, capsys):
    assert cdk.main(["deploy", "--all", "-c", "env=nowhere"]) == 2

    assert not started
    assert "'nowhere'" in capsys.readouterr().err


def test_certificates_are_the_machines_unless_somebody_says_otherwise(started, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    cdk.main(["--version"])
    monkeypatch.setenv("NODE_USE_SYSTEM_CA", "0")
    cdk.main(["--version"])

    assert [variables["NODE_USE_SYSTEM_CA"] for _, variables in started] == ["1", "0"]
    assert "PYTHONDONTWRITEBYTECODE" not in started[0][1]
