"""Writes the crosswalk as the file it is imported from."""

from collections.abc import Collection, Iterator
from typing import Final

from lockstep.masterdata.crosswalk import INDEX, INWARD, OUTWARD, inward_form
from lockstep.masterdata.mapping_file import write_mappings
from lockstep.messaging.ledger import LAST
from lockstep.messaging.ports import Table
from lockstep.messaging.references import ReferenceKind

FIRST: Final = " "
"""Sorts before every kind; a range of keys cannot begin with an empty one."""


def export_mappings(
    masterdata: Table, *, kinds: Collection[ReferenceKind] = (), systems: Collection[str] = ()
) -> tuple[bytes, int]:
    """The mappings there are, as a file, and how many.

    The same mappings make the same bytes, and importing them changes nothing: lines stand in the order of kind, system
    and canonical name; of several names of one thing, that by which the system is spoken to stands last.

    Args:
        masterdata: Where the crosswalk stands.
        kinds: Which ones; all when empty.
        systems: Of which systems; all when empty.
    """
    rows: list[tuple[str, str, str, str]] = []
    for key, _ in masterdata.query(INDEX, FIRST, LAST):
        kind, _, system = key.sk.partition("#")
        if (not kinds or kind in kinds) and (not systems or system in systems):
            rows += _rows(masterdata, ReferenceKind(kind), system)
    return write_mappings(rows), len(rows)


def _rows(masterdata: Table, kind: ReferenceKind, system: str) -> Iterator[tuple[str, str, str, str]]:
    pk = f"M#{kind.value}#{system}"
    names: dict[str, set[str]] = {}
    for key, item in masterdata.query(pk, INWARD, INWARD + LAST):
        value = item.get("written", key.sk.removeprefix(INWARD))
        names.setdefault(item["counterpart"], set()).add(value)
    spoken: dict[str, str] = {}
    for key, item in masterdata.query(pk, OUTWARD, OUTWARD + LAST):
        spoken[key.sk.removeprefix(OUTWARD)] = item["counterpart"]
    for canonical in sorted({*names, *spoken}):
        last = spoken.get(canonical)
        others = {value for value in names.get(canonical, ()) if last is None or not _same(kind, value, last)}
        for value in (*sorted(others), *([last] if last is not None else ())):
            yield kind.value, canonical, system, value


def _same(kind: ReferenceKind, one: str, other: str) -> bool:
    return inward_form(kind, one) == inward_form(kind, other)
