"""The file in which people keep mappings: CSV with the columns `kind,canonical,system,value`.

Each line says what one thing of ours (`canonical`) is called by one system (`value`). Blank lines and lines that begin
with `#` are for people. Everything that is wrong with a file is found at once; nothing is taken from a wrong file.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import Code, Sku, StoreId, is_gtin
from lockstep.masterdata.crosswalk import inward_form
from lockstep.messaging.references import Reference, ReferenceKind

COLUMNS: Final = ("kind", "canonical", "system", "value")
NOT_SHOWN: Final = "-"
"""A value that says: this is not meant to be in that system."""
OWN_SYSTEM: Final = "lockstep"
"""The system of planning parameters, which nobody else has a name for: safety stocks, and items (services, charges) of
which no stock is kept."""
OUTWARD_ONLY: Final = frozenset({ReferenceKind.CHARGE, ReferenceKind.SAFETY_STOCK})
"""Kinds that no source names, so that many of ours may have the same counterpart."""
_MAY_BE_HIDDEN: Final = frozenset({ReferenceKind.ITEM, ReferenceKind.LOCATION})

_SYSTEM: Final = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9-]*")
_ROUNDED: Final = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_LIKE_GTIN: Final = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_CODE: Final = TypeAdapter[str](Code)
_SKU: Final = TypeAdapter[str](Sku)
_PLACE: Final = TypeAdapter[str](StoreId)


@dataclass(frozen=True, slots=True)
class Line:
    """One mapping, as its line in the file says it."""

    number: int
    """Of the line in the file, from 1."""
    kind: ReferenceKind
    canonical: str
    system: str
    value: str

    @property
    def is_inward(self) -> bool:
        """Whether the value is a name that can come in."""
        return self.kind not in OUTWARD_ONLY and self.value != NOT_SHOWN

    @property
    def inward(self) -> Reference:
        """The system's name, to be turned into ours."""
        return Reference(self.kind, self.system, inward_form(self.kind, self.value))

    @property
    def outward(self) -> Reference:
        """Our name, to be turned into the system's."""
        return Reference(self.kind, self.system, self.canonical, outward=True)


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something about a line that a person should know."""

    line: int
    """From 1; 0 for the file as a whole."""
    column: str
    """Empty for the line as a whole."""
    text: str

    def __str__(self) -> str:
        where = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.column) if part)
        return f"{where}: {self.text}" if where else self.text


class FileInvalid(ValueError):
    """A file was not taken, and nothing of it. Names everything that is wrong with it."""

    def __init__(self, problems: Iterable[Remark]) -> None:
        """Args:
        problems: What is wrong.
        """
        self.problems = tuple(sorted(problems))
        super().__init__("; ".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A file that can be taken."""

    lines: tuple[Line, ...]
    warnings: tuple[Remark, ...] = ()
    """What may be a slip of the pen."""


def read_rows(content: bytes, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Rows of a CSV file with their line numbers: values by column, without blanks around them.

    UTF-8, with or without a byte order mark; separated by commas, or by semicolons where the header is.

    Raises:
        FileInvalid: It is no such file, or a row has too few or too many values.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileInvalid(
            [Remark(content[: error.start].count(b"\n") + 1, "", "not UTF-8: save the file as CSV UTF-8")]
        ) from error
    rows = _rows(text)
    number, header = next(rows, (0, []))
    names = [name.lower() for name in header]
    if sorted(names) != sorted(columns):
        raise FileInvalid([Remark(number, "", f"the first line must name the columns {','.join(columns)}")])
    problems: list[Remark] = []
    found: list[tuple[int, dict[str, str]]] = []
    for number, row in rows:
        if len(row) == len(names):
            found.append((number, dict(zip(names, row, strict=True))))
        else:
            problems.append(Remark(number, "", f"{len(row)} values, not {len(names)}"))
    if problems:
        raise FileInvalid(problems)
    return found


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",")
    try:
        for row in reader:
            values = [value.strip() for value in row]
            if any(values) and not values[0].startswith("#"):
                yield reader.line_num, values
    except csv.Error as error:
        raise FileInvalid([Remark(reader.line_num, "", f"not CSV: {error}")]) from error


def read_mappings(
    content: bytes, *, write_only: Callable[[str], bool] = lambda _: False, systems: Collection[str] = ()
) -> MappingFile:
    """Read and check a file of mappings.

    Args:
        content: Of the file.
        write_only: Whether nothing ever comes in from a system. There, several of ours may share one counterpart, as
            two tenders that one ledger books as one.
        systems: Those that there are, to warn of others; empty when that is not known.

    Raises:
        FileInvalid: Names every problem.
    """
    problems: list[Remark] = []
    warnings: list[Remark] = []
    lines: list[Line] = []
    for number, row in read_rows(content, COLUMNS):
        wrong = list(_problems(number, row))
        problems += wrong
        if not wrong:
            line = Line(number, ReferenceKind(row["kind"]), row["canonical"], row["system"], row["value"])
            warnings += _warnings(line, systems)
            lines.append(line)
    problems += _contradictions(line for line in lines if not write_only(line.system))
    if problems:
        raise FileInvalid(problems)
    return MappingFile(tuple(lines), tuple(warnings))


def _problems(number: int, row: dict[str, str]) -> Iterator[Remark]:
    try:
        kind = ReferenceKind(row["kind"])
    except ValueError:
        yield Remark(number, "kind", f"{row['kind']!r} is none of {', '.join(ReferenceKind)}")
        return
    if problem := _canonical_problem(kind, row["canonical"]):
        yield Remark(number, "canonical", problem)
    if problem := _system_problem(kind, row["system"], row["value"]):
        yield Remark(number, "system", problem)
    if problem := _value_problem(kind, row["value"]):
        yield Remark(number, "value", problem)


def _canonical_problem(kind: ReferenceKind, canonical: str) -> str:
    if canonical == NOT_SHOWN:
        return f"{NOT_SHOWN!r} is a value, not a name of ours"
    match kind:
        case ReferenceKind.ITEM:
            return _refusal(_SKU, canonical)
        case ReferenceKind.STORE | ReferenceKind.LOCATION:
            return _refusal(_PLACE, canonical)
        case ReferenceKind.CHARGE:
            known = canonical in list(ChargeKind)
            return "" if known else f"{canonical!r} is none of {', '.join(ChargeKind)}"
        case ReferenceKind.SAFETY_STOCK:
            sku, at, location = canonical.rpartition("@")
            return (_refusal(_SKU, sku) or _refusal(_PLACE, location)) if at else "must be SKU@location"
        case _:
            return _refusal(_CODE, canonical)


def _system_problem(kind: ReferenceKind, system: str, value: str) -> str:
    if kind is ReferenceKind.SAFETY_STOCK:
        return "" if system == OWN_SYSTEM else f"must be {OWN_SYSTEM} for a {kind}"
    if kind is ReferenceKind.ITEM and system == OWN_SYSTEM:
        return (
            "" if value == NOT_SHOWN else f"in {OWN_SYSTEM} an item can only be {NOT_SHOWN!r}: no stock is kept of it"
        )
    return "" if _SYSTEM.fullmatch(system) else f"{system!r} is not the name of an account, as in poslog.main"


def _value_problem(kind: ReferenceKind, value: str) -> str:
    if value == NOT_SHOWN:
        hidden = kind in _MAY_BE_HIDDEN
        return "" if hidden else f"{NOT_SHOWN!r} (not shown there) is for {' and '.join(sorted(_MAY_BE_HIDDEN))} only"
    if kind is ReferenceKind.SAFETY_STOCK:
        return _quantity_problem(value)
    if kind is ReferenceKind.ITEM and _ROUNDED.fullmatch(value):
        return f"{value!r} is what a spreadsheet makes of a long number: format the column as text"
    return _refusal(_CODE, value)


def _quantity_problem(value: str) -> str:
    try:
        quantity = Decimal(value)
    except InvalidOperation:
        return f"{value!r} is not a number"
    return "" if quantity.is_finite() and quantity >= 0 else f"{value!r} is not a number from 0 up"


def _refusal(adapter: TypeAdapter[Any], value: str) -> str:
    if not value:
        return "is empty"
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return f"{value!r}: {error.errors()[0]['msg']}"
    return ""


def _warnings(line: Line, systems: Collection[str]) -> Iterator[Remark]:
    # A retailer has numbers of its own that look like GTINs, so a wrong check digit is not proof of a mistake.
    if line.kind is ReferenceKind.ITEM and _LIKE_GTIN.fullmatch(line.value) and not is_gtin(line.value):
        text = f"{line.value} has the length of a GTIN, but not its check digit: it is taken as a code of its own"
        yield Remark(line.number, "value", text)
    if systems and line.system not in systems and line.system != OWN_SYSTEM:
        yield Remark(line.number, "system", f"{line.system} is no account of this environment")


def _contradictions(lines: Iterable[Line]) -> Iterator[Remark]:
    meanings: dict[Reference, Line] = {}
    for line in lines:
        if not line.is_inward:
            continue
        first = meanings.setdefault(line.inward, line)
        if first.canonical != line.canonical:
            text = (
                f"{line.value} of {line.system} is {line.canonical} here and {first.canonical} in line {first.number}"
            )
            yield Remark(line.number, "value", text)


def write_mappings(rows: Iterable[tuple[str, str, str, str]]) -> bytes:
    """A file of `(kind, canonical, system, value)` rows, as given."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()
