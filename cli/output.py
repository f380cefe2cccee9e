"""How answers look: one JSON object for scripts, tables for people. Results go to standard output, the rest to
standard error.
"""

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

_EXACT_BELOW: Final = 10
_WIDTH: Final = 150
"""Columns where nobody says how many there are: files and pipes."""


def results() -> Console:
    """Where results go. Made for each use, so that redirection is seen."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDTH, highlight=False)


def notes() -> Console:
    """Where everything else goes: progress, hints, errors."""
    return Console(file=sys.stderr, width=None if sys.stderr.isatty() else _WIDTH, highlight=False)


def plain(value: Any) -> Any:
    """A value in JSON's types: dataclasses with their fields and properties, times in UTC, durations in seconds."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        names += [name for name, part in vars(type(value)).items() if isinstance(part, property)]
        return _entries((name, getattr(value, name)) for name in names)
    if isinstance(value, Mapping):
        return _entries((str(key), part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case timedelta():
            return round(value.total_seconds(), 3)
        case _:
            return value


def _entries(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {f"{name}_seconds" if isinstance(value, timedelta) else name: plain(value) for name, value in pairs}


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def table(*columns: str, title: str = "", right: Iterable[str] = ()) -> Table:
    """A table that reads well in a terminal and in a file."""
    made = Table(
        title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2)
    )
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", header_style="dim", overflow="fold")
    return made


def moment(value: datetime | None, *, millis: bool = False) -> str:
    """A time for people: UTC."""
    if value is None:
        return "-"
    text = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return text[:-3] if millis else text[:-7]


def duration(value: timedelta | None) -> str:
    """A duration for people."""
    if value is None:
        return "-"
    seconds = value.total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= _EXACT_BELOW else f"{seconds:.2f} s"


def told(text: str, style: str = "") -> Text:
    """Text as it is: what came from outside is never read as markup."""
    return Text(text, style=style)
