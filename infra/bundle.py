"""Builds what a function runs: our packages and their dependencies, as one zip that every function shares.

    python -m infra.bundle lambda     for AWS: arm64 wheels for the Lambda runtime
    python -m infra.bundle local      for this machine and this interpreter

Needs no Docker: pip's wheels for the target platform are enough. A bundle's name carries the hash of all that goes into
it, so an unchanged build is found again and CDK sees no change.
"""

import argparse
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

PYTHON = "3.13"
"""The Lambda runtime, for functions and bundle alike. Nothing else names it."""

AWS_SERVICES = frozenset({"dynamodb", "events", "s3", "secretsmanager", "sqs"})
"""Services a function may make a client for; the descriptions of all the others are left out (26 MB)."""

_ROOT = Path(__file__).resolve().parent.parent
_SOURCE = _ROOT / "functions" / "lockstep"
_LOCK = _ROOT / "requirements" / "lambda.txt"
_CACHE = _ROOT / "build"
_NOT_SHIPPED = frozenset({"__pycache__", "fixtures", "tests", "examples"})
_NOT_DEPLOYED = frozenset({"conformance.py"})
"""Modules of ours that only tests and tools read."""
_NOT_SHIPPED_SUFFIXES = frozenset({".css", ".js", ".md", ".pyc", ".pyi"})
"""Scripts and style sheets are those of a documentation page that Powertools can serve."""
_DIST_INFO_KEPT = frozenset({"METADATA"})
"""By which vulnerability scanners (Amazon Inspector among them) know what is inside."""
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_KEPT = 3

_log = logging.getLogger(__name__)


class Target(StrEnum):
    """Where a bundle runs."""

    LAMBDA = "lambda"
    LOCAL = "local"


class BundleError(RuntimeError):
    """The bundle could not be built."""


def build(target: Target) -> Path:
    """Build a bundle, or find the one that was built from the same input.

    Args:
        target: Where it will run.

    Returns:
        Path of the zip under `build/`.

    Raises:
        BundleError: uv is missing, a dependency has no wheel for the target, or our code does not compile.
    """
    compiler = _compiler(target)
    if compiler is None:
        _log.warning(
            "python%s was not found here, so the bundle carries no bytecode and every cold start compiles (measured: "
            "570 ms of CPU instead of 240). Install it, or deploy from a machine that has it.",
            PYTHON,
        )
    dependencies = _dependencies(target, compiler)
    sources = list(_shipped(_SOURCE))
    content = [part for path in sources for part in (str(path.relative_to(_SOURCE)).encode(), path.read_bytes())]
    bundle = _CACHE / f"lockstep-{target}-{_digest([dependencies.name.encode(), *content])}.zip"
    if bundle.exists():
        bundle.touch()
        return bundle
    with tempfile.TemporaryDirectory(dir=_CACHE, prefix=".bundle-") as scratch:
        tree = Path(scratch) / "tree"
        for path in sources:
            copy = tree / "lockstep" / path.relative_to(_SOURCE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        _compile(tree, compiler)
        unfinished = Path(scratch) / bundle.name
        shutil.copyfile(dependencies, unfinished)
        _add_to_zip(tree, unfinished)
        unfinished.replace(bundle)
    _forget_old(f"lockstep-{target}-*.zip")
    return bundle


def _dependencies(target: Target, compiler: str | None) -> Path:
    """The installed, stripped and compiled dependencies as a zip, cached by the lock file."""
    parts = [
        _LOCK.read_bytes(),
        Path(__file__).read_bytes(),
        f"aarch64-{PYTHON}".encode() if target is Target.LAMBDA else f"{sys.executable} {sys.version}".encode(),
        b"compiled" if compiler else b"source only",
    ]
    archive = _CACHE / f"dependencies-{target}-{_digest(parts)}.zip"
    if archive.exists():
        archive.touch()
        return archive
    _CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_CACHE, prefix=".dependencies-") as scratch:
        site = Path(scratch) / "site"
        _install(target, site)
        _strip(site)
        _compile(site, compiler)
        unfinished = Path(scratch) / archive.name
        _add_to_zip(site, unfinished)
        unfinished.replace(archive)
    _forget_old(f"dependencies-{target}-*.zip")
    return archive


def _forget_old(pattern: str) -> None:
    """Keep the newest few: another run may still be using the one before this."""
    for old in sorted(_CACHE.glob(pattern), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)


def _install(target: Target, directory: Path) -> None:
    command = [
        _uv(), "pip", "install", "--quiet", "--target", str(directory), "--link-mode", "copy",
        "--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(_LOCK),
    ]  # fmt: skip
    if target is Target.LAMBDA:
        command += ["--python-platform", "aarch64-manylinux2014", "--python-version", PYTHON]
    else:
        command += ["--python", sys.executable]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    if result.returncode:
        raise BundleError(f"dependencies for {target} could not be installed: {result.stderr.strip()}")


def _uv() -> str:
    """The uv to install with: the one named by UV, beside this interpreter, or on PATH.

    Raises:
        BundleError: There is none.
    """
    beside = Path(sys.executable).with_name("uv")
    found = os.environ.get("UV") or (str(beside) if beside.exists() else shutil.which("uv"))
    if not found:
        raise BundleError("uv was not found: run this through make, or set UV to its path")
    return found


def _strip(site: Path) -> None:
    """Remove what no function reads."""
    for path in sorted(site.rglob("*"), reverse=True):
        relative = path.relative_to(site)
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif not _needed(relative):
            path.unlink()


def _needed(relative: Path) -> bool:
    parts = relative.parts
    if parts[0] == "bin" or _NOT_SHIPPED.intersection(parts) or relative.suffix in _NOT_SHIPPED_SUFFIXES:
        return False
    if parts[0].endswith(".dist-info"):
        return relative.name in _DIST_INFO_KEPT or "licenses" in parts
    if parts[:2] == ("botocore", "data") and len(parts) > 3:  # noqa: PLR2004  # data/<service>/<version>/<file>
        return parts[2] in AWS_SERVICES
    return parts[:2] != ("boto3", "data")  # resources; functions use clients


def _compile(tree: Path, compiler: str | None) -> None:
    """Add bytecode that is not checked against its source: /var/task is read-only and its times mean nothing."""
    if compiler is None:
        return
    command = [
        compiler, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
        "-s", str(tree), "-p", "/var/task", str(tree),
    ]  # fmt: skip
    environ = {**os.environ, "PYTHONHASHSEED": "0"}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)  # noqa: S603
    if result.returncode:
        raise BundleError(f"the bundle does not compile: {(result.stdout + result.stderr).strip()}")


def _compiler(target: Target) -> str | None:
    """An interpreter whose bytecode the target reads, or None."""
    if target is Target.LOCAL or f"{sys.version_info.major}.{sys.version_info.minor}" == PYTHON:
        return sys.executable
    homes = [Path.home() / ".pyenv" / "versions", Path.home() / ".local" / "share" / "uv" / "python"]
    candidates = [
        shutil.which(f"python{PYTHON}"),
        *(str(found) for home in homes for found in sorted(home.glob(f"*{PYTHON}*/bin/python{PYTHON}"))),
    ]
    return next((found for found in candidates if found and _is_runtime(found)), None)


def _is_runtime(python: str) -> bool:
    """Whether it really runs and is of the runtime's version: version managers leave launchers that do neither."""
    command = [python, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return result.returncode == 0 and result.stdout.strip() == PYTHON


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:20]


def _shipped(source: Path) -> Iterator[Path]:
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        if (
            path.is_file()
            and not _NOT_SHIPPED.intersection(relative.parts)
            and path.suffix not in _NOT_SHIPPED_SUFFIXES
            and path.name not in _NOT_DEPLOYED
        ):
            yield path


def _add_to_zip(tree: Path, archive: Path) -> None:
    """Add a tree to a zip, so that equal trees give equal bytes."""
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(tree.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(tree).as_posix(), _ZIP_TIME)
                entry.external_attr = (0o755 if path.suffix == ".so" else 0o644) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                out.writestr(entry, path.read_bytes())


def main() -> None:
    """Build a bundle and print its path."""
    parser = argparse.ArgumentParser(description="Build the bundle that every function shares.")
    parser.add_argument("target", type=Target, choices=list(Target))
    logging.basicConfig(format="%(levelname)s: %(message)s")
    print(build(parser.parse_args().target))  # noqa: T201  # the command's result


if __name__ == "__main__":
    main()
