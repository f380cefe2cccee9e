"""The two virtual environments behind the embedded AWS, built from its lock file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "aws.txt"
VENVS = ROOT / ".sandbox" / "venvs"
_STAMP = ".built-from"


class SandboxSetupError(RuntimeError):
    """A part of the sandbox could not be set up. The message names the step and carries the tool's own words."""


@dataclass(frozen=True)
class AwsEnvironment:
    """What the server needs from the two environments.

    Attributes:
        site_packages: where ministack and what it pins are installed.
        functions_python: interpreter of an empty environment, the one Lambda workers run on. Its minor
            version is the one the local bundle has to be built for.
    """

    site_packages: Path
    functions_python: Path


def prepare(venvs: Path = VENVS, *, uv: Path | None = None) -> AwsEnvironment:
    """Build both environments unless they already stand for this lock file and this interpreter.

    Args:
        venvs: directory that holds ``aws`` and ``aws-functions``.
        uv: the uv executable; looked for when not given.

    Raises:
        SandboxSetupError: uv is missing, or it could not install from the lock file.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stamp = f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {sys.implementation.cache_tag} {sys.base_prefix}"
    aws, functions = venvs / "aws", venvs / "aws-functions"
    environment = AwsEnvironment(
        site_packages=aws / "lib" / f"python{version}" / "site-packages",
        functions_python=functions / "bin" / "python",
    )
    if _stamp(aws) != stamp or _stamp(functions) != stamp:
        uv = uv or find_uv()
        for directory in (aws, functions):
            _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, directory])
        options = ["--quiet", "--require-hashes", "--compile-bytecode"]
        _run([uv, "pip", "install", *options, "--python", aws / "bin" / "python", "--requirement", LOCK])
        for directory in (aws, functions):
            (directory / _STAMP).write_text(stamp, encoding="utf-8")
    return environment


def find_uv() -> Path:
    """The uv executable: ``$UV``, beside the running interpreter, the bootstrap environment, or the PATH.

    Raises:
        SandboxSetupError: it is in none of these places.
    """
    candidates = [
        os.environ.get("UV"),
        Path(sys.executable).parent / "uv",
        VENVS / "bootstrap" / "bin" / "uv",
        shutil.which("uv"),
    ]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    raise SandboxSetupError("uv was not found; `make setup` installs it")


def _stamp(environment: Path) -> str:
    path = environment / _STAMP
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _run(command: Sequence[str | Path]) -> None:
    # Some shells switch byte-compilation off; the server would then pay for compiling at every start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip()
        raise SandboxSetupError(f"`{' '.join(map(str, command[:3]))}` failed: {words}")
