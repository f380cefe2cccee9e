"""The ERP's own virtual environment, built from its lock file."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from sandbox.aws.environment import SandboxSetupError, find_uv

ROOT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = ROOT / "requirements" / "erp.txt"
VENVS: Final = ROOT / ".sandbox" / "venvs"
_STAMP: Final = ".built-from"


def prepare(venvs: Path = VENVS, *, uv: Path | None = None) -> Path:
    """Build the environment unless it already stands for this lock file and this interpreter.

    Args:
        venvs: Directory that holds `erp`.
        uv: The uv executable; looked for when not given.

    Returns:
        The environment's interpreter.

    Raises:
        SandboxSetupError: uv is missing, or it could not install from the lock file.
    """
    directory = venvs / "erp"
    python = directory / "bin" / "python"
    stamp = f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {sys.implementation.cache_tag} {sys.base_prefix}"
    stamp_file = directory / _STAMP
    if not stamp_file.is_file() or stamp_file.read_text(encoding="utf-8") != stamp:
        uv = uv or find_uv()
        _run(str(uv), "venv", "--quiet", "--clear", "--python", sys.executable, str(directory))
        options = ("--quiet", "--require-hashes", "--compile-bytecode")
        _run(str(uv), "pip", "install", *options, "--python", str(python), "--requirement", str(LOCK))
        stamp_file.write_text(stamp, encoding="utf-8")
    return python


def _run(*command: str) -> None:
    # Where byte-compilation is switched off, the ERP would compile itself at every start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SandboxSetupError(f"`{' '.join(command[:3])}` failed: {(done.stderr or done.stdout).strip()}")
