"""Looks, before anything is started, whether this machine can run the sandbox. Standard library only.

What it asks for was measured: three environments and their caches take 1 GB of disk once built and about 3 GB while
they are; a dozen function workers, the ERP, the embedded AWS and the shop take 1.5 GB of memory, more under load.
"""

import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
STATE: Final = ROOT / ".sandbox"
MEMORY: Final = 4_000_000_000
MEMORY_FREE: Final = 2_000_000_000
DISK: Final = 3_000_000_000
DISK_ONCE_BUILT: Final = 1_000_000_000
OLDEST: Final = (3, 11)
NEWEST: Final = (3, 13)
_MODULES: Final = ("aws_cdk", "boto3", "lockstep", "pydantic", "rich", "standardwebhooks", "urllib3")
"""One of each group that the sandbox imports; they are installed together."""
_OF_PYTHON: Final = ("ensurepip", "sqlite3", "ssl", "venv", "zlib")
"""Parts of Python that some distributions leave out or package apart."""
_GB: Final = 1e9


class NotReady(Exception):
    """This machine lacks something. The message is one sentence that says what, and what to do."""


def check(state: Path = STATE) -> None:
    """Return if the sandbox can run here.

    Args:
        state: Directory in which everything is built and kept.

    Raises:
        NotReady: Names the first thing that is missing.
    """
    for problem in _problems(state):
        raise NotReady(problem)


def _problems(state: Path) -> Iterator[str]:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        yield f"Python 3.11, 3.12 or 3.13 is needed, and this is {sys.version.split()[0]}."
    for name in _OF_PYTHON:
        if importlib.util.find_spec(name) is None:
            yield f"Python's module {name} is missing: install your system's package for it (python3-venv, libsqlite3)."
    for name in _MODULES:
        if importlib.util.find_spec(name) is None:
            yield f"The Python module {name} is missing: run `make setup`."
    if uv() is None:
        yield "uv is missing: run `make setup`."
    yield from _memory()
    yield from _disk(state)
    yield from _loopback()


def uv() -> Path | None:
    """The uv that builds the environments: `$UV`, beside this interpreter, or on the PATH; None when there is none."""
    candidates = (os.environ.get("UV"), str(Path(sys.executable).parent / "uv"), shutil.which("uv"))
    return next((Path(name) for name in candidates if name and os.access(name, os.X_OK)), None)


def _memory() -> Iterator[str]:
    total, free = memory()
    if total < MEMORY:
        yield f"{MEMORY / _GB:.0f} GB of memory are needed, and this machine has {total / _GB:.1f} GB."
    elif free is not None and free < MEMORY_FREE:
        yield f"{MEMORY_FREE / _GB:.0f} GB of free memory are needed, and {free / _GB:.1f} GB are: close something."


def memory() -> tuple[int, int | None]:
    """Bytes of memory there are, by the control group's limit where it has one, and bytes free where that is known."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        if limit.is_file() and (text := limit.read_text(encoding="ascii").strip()).isdigit():
            total = min(total, int(text))
    status = Path("/proc/meminfo")
    if not status.is_file():
        return total, None
    lines = (line.split() for line in status.read_text(encoding="ascii").splitlines())
    available = next((int(parts[1]) * 1024 for parts in lines if parts[0] == "MemAvailable:"), None)
    return total, None if available is None else min(available, total)


def _disk(state: Path) -> Iterator[str]:
    built = (state / "venvs" / "erp" / ".built-from").is_file() and (state / "venvs" / "aws" / ".built-from").is_file()
    needed = DISK_ONCE_BUILT if built else DISK
    directory = next(path for path in (state, *state.parents) if path.is_dir())
    if not os.access(directory, os.W_OK):
        yield f"{directory} cannot be written to."
        return
    free = shutil.disk_usage(directory).free
    if free < needed:
        yield f"{needed / _GB:.0f} GB of disk are needed in {state}, and {free / _GB:.1f} GB are free."


def _loopback() -> Iterator[str]:
    """Everything listens on a free port of 127.0.0.1; a sandboxed shell may forbid even that."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()
            with socket.create_connection(address, timeout=2):
                server.accept()[0].close()
    except OSError as error:
        yield f"No port of 127.0.0.1 can be listened on and reached: {error}."
