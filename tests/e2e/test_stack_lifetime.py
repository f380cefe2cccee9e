"""The stack comes and goes as one: nothing is left of it, however it ends, and two never share a directory."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox.aws.environment import ROOT
from sandbox.stack import Stack, StackError

PROGRAM = "import sys; from pathlib import Path; from sandbox.run import up; raise SystemExit(up(Path(sys.argv[1])))"
WITHIN = 60.0


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.1)


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=1):
            return True
    except OSError:
        return False


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A stack in a process of its own, up."""
    file = tmp_path / "stack.json"
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], cwd=ROOT, stdout=out, stderr=out)
    try:
        _await(lambda: "It stays up" in (tmp_path / "out").read_text() or process.poll() is not None)
        assert file.is_file(), (tmp_path / "out").read_text()
        yield process, file
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("end", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)], ids=str)
def test_nothing_is_left_of_it_however_it_ends(
    started: tuple[subprocess.Popen[bytes], Path], end: signal.Signals, code: int
) -> None:
    process, file = started
    described = json.loads(file.read_text())
    urls = [described["endpoint_url"], *described["urls"].values()]
    assert all(map(_listens, urls))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    os.kill(process.pid, end)

    assert process.wait(WITHIN) == code
    _await(lambda: not any(map(_listens, urls)))
    if end != signal.SIGKILL:
        assert not file.exists()


def test_two_never_share_a_directory(stack: Stack) -> None:
    second = Stack(run_dir=stack.run_dir)
    with pytest.raises(StackError, match="another run uses"), second:
        pass
    assert stack.erp.healthy
    assert (stack.run_dir / "stack.json").is_file()
