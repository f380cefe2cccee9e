"""Files that commands write."""

import os
from pathlib import Path
from typing import BinaryIO

from cli.errors import CommandFailed, Exit


def hold_writable(file: Path) -> None:
    """Hold that a file can be written, before the work that is to fill it.

    Raises:
        CommandFailed: Its folder is not there, or it may not be written.
    """
    folder = file.absolute().parent
    if not folder.is_dir():
        raise CommandFailed(f"{file} cannot be written: there is no folder {folder}.", code=Exit.USAGE)
    if not os.access(file if file.exists() else folder, os.W_OK):
        raise CommandFailed(f"{file} cannot be written.", then="Name a file that may be.", code=Exit.USAGE)


def name_of(file: BinaryIO) -> str:
    """What people call a file that a command reads."""
    name = str(getattr(file, "name", "<stdin>"))
    return "standard input" if name == "<stdin>" else name
