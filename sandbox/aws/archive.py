"""Zips an asset directory so that the same files always give the same bytes."""

from __future__ import annotations

import hashlib
import os
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LEVEL = 1  # a worker unpacks the zip at each cold start; the smallest file is not the fastest
_CACHED_ARCHIVES = 4


def zip_directory(directory: Path, cache: Path) -> Path:
    """The zip of ``directory``, made unless ``cache`` already holds it; compiled ``.pyc`` files stay in.

    Entries are named in sorted order, without times, so the name of the result (the digest of its content) says
    whether anything changed. The cache keeps the few archives used last.
    """
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(directory)}\0{path.stat().st_mode & 0o777:o}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    archive = cache / f"{digest.hexdigest()}.zip"
    if archive.is_file():
        os.utime(archive)
        return archive
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as target:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix())  # dated 1980, always
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (path.stat().st_mode & 0xFFFF) << 16
            target.writestr(entry, path.read_bytes(), compresslevel=_LEVEL)
    unfinished.replace(archive)
    newest_first = sorted(cache.glob("*.zip"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in newest_first[_CACHED_ARCHIVES:]:
        old.unlink(missing_ok=True)
    return archive
