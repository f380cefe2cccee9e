"""Takes a file of mappings into the crosswalk, then releases what had waited for them.

What is written can be looked up before anything that waits is released: whoever parks looks again after parking, so
one of the two sees the other.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from lockstep.masterdata.crosswalk import index_key, inward_form, inward_key, key_of, outward_key
from lockstep.masterdata.mapping_file import FileInvalid, Line, Remark, read_mappings
from lockstep.masterdata.release import Release, release_cases
from lockstep.messaging.errors import CaseKey, ConcurrentUpdate
from lockstep.messaging.ledger import stamp
from lockstep.messaging.ports import CHUNK, NEW, Clock, Delete, Doorbells, Item, Key, Put, Table, Write, WriteRefused

_READ: Final = 1000
"""Keys asked for between two reports of progress."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file."""

    lines: int
    added: int
    """Lines that say something new."""
    changed: int
    """Lines that say something else than was known."""
    unchanged: int
    remarks: tuple[Remark, ...]
    """What a person should look at: possible slips, and names that another has taken the place of."""
    release: Release


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one item of the crosswalk shall be, and the last line that says so."""

    item: Item
    line: Line


class MappingImport:
    """Imports files of mappings."""

    def __init__(
        self,
        *,
        masterdata: Table,
        ledger: Table,
        doorbells: Doorbells,
        clock: Clock,
        write_only: Callable[[str], bool] = lambda _: False,
        systems: Collection[str] = (),
    ) -> None:
        """Args:
        masterdata: Where the crosswalk stands.
        ledger: Where the cases and what waits for them stand.
        doorbells: Rung for what is released.
        clock: UTC.
        write_only: Whether nothing ever comes in from a system; see `read_mappings`.
        systems: Accounts that there are, to warn of others; empty when that is not known.
        """
        self._masterdata = masterdata
        self._ledger = ledger
        self._doorbells = doorbells
        self._clock = clock
        self._write_only = write_only
        self._systems = systems

    def run(
        self,
        content: bytes,
        *,
        by: str,
        replace_meanings: bool = False,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> ImportReport:
        """Check a file, write what is new in it, and release what waited for it.

        Safe to repeat, whole or after an interruption: what stands is left as it is, and what waits is looked for
        again. Where several lines name one thing of ours in one system, all of those names are understood when they
        come in, and the last one is used when we speak to the system.

        Args:
            content: Of the file; see `mapping_file`.
            by: Who imports it; stands with each mapping and release.
            replace_meanings: Let a name that is known already mean something else from now on.
            progress: Told how many items have been written, of how many.

        Raises:
            FileInvalid: Nothing was written; names every problem.
            ConcurrentUpdate: Somebody else imported at the same time; what was written stands. Run it again.
        """
        file = read_mappings(content, write_only=self._write_only, systems=self._systems)
        wishes = self._wishes(file.lines, by)
        known = self._read([*wishes, *{index_key(line.kind, line.system) for line in file.lines}])
        changes = {key: wish for key, wish in wishes.items() if not _says(known.get(key), wish.item)}
        remarks: list[Remark] = []
        lost = self._lost_names(changes, known, remarks, allowed=replace_meanings)
        remarks += _renamed(changes, known)
        fresh, other = _lines_of(changes, known)
        self._write([*self._index_writes(file.lines, known), *lost, *_puts(changes, known)], progress)
        cases = list(self._cases(file.lines, fresh | other))
        return ImportReport(
            lines=len(file.lines),
            added=len(fresh),
            changed=len(other),
            unchanged=len(file.lines) - len(fresh) - len(other),
            remarks=tuple(sorted((*file.warnings, *remarks))),
            release=release_cases(cases, ledger=self._ledger, doorbells=self._doorbells, clock=self._clock, by=by),
        )

    def _wishes(self, lines: tuple[Line, ...], by: str) -> dict[Key, _Wish]:
        at = stamp(self._clock.now())
        wishes: dict[Key, _Wish] = {}
        for line in lines:
            wishes[key_of(line.outward)] = _Wish({"counterpart": line.value, "by": by, "at": at}, line)
            if self._is_inward(line):
                item: Item = {"counterpart": line.canonical, "by": by, "at": at}
                if line.value != line.inward.value:
                    item["written"] = line.value
                wishes[key_of(line.inward)] = _Wish(item, line)
        return wishes

    def _is_inward(self, line: Line) -> bool:
        return line.is_inward and not self._write_only(line.system)

    def _read(self, keys: list[Key]) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        for start in range(0, len(keys), _READ):
            found |= self._masterdata.get(keys[start : start + _READ])
        return found

    def _lost_names(
        self, changes: dict[Key, _Wish], known: dict[Key, Item], remarks: list[Remark], *, allowed: bool
    ) -> list[Write]:
        """What a name is taken from when it is to mean something else: that has no name there any more."""
        moved = [
            (wish.line, known[key]["counterpart"])
            for key, wish in changes.items()
            if key in known
            and key == inward_key(wish.line.kind, wish.line.system, wish.line.value)
            and known[key]["counterpart"] != wish.line.canonical
        ]
        if moved and not allowed:
            text = "{0.value} of {0.system} is {1} already; replacing what a name means must be asked for"
            raise FileInvalid(Remark(line.number, "value", text.format(line, was)) for line, was in moved)
        olds = {outward_key(line.kind, line.system, was): (line, was) for line, was in moved}
        writes: list[Write] = []
        for key, item in self._read([key for key in olds if key not in changes]).items():
            line, was = olds[key]
            if inward_form(line.kind, item["counterpart"]) == line.inward.value:
                writes.append(Delete(key, expect={"counterpart": item["counterpart"]}))
                text = f"{line.value} is {line.canonical} now; {was} has no name in {line.system} any more"
                remarks.append(Remark(line.number, "value", text))
        return writes

    def _index_writes(self, lines: tuple[Line, ...], known: dict[Key, Item]) -> list[Write]:
        keys = {index_key(line.kind, line.system) for line in lines}
        return [Put(key, {}) for key in sorted(keys) if key not in known]

    def _write(self, writes: list[Write], progress: Callable[[int, int], None]) -> None:
        for start in range(0, len(writes), CHUNK):
            progress(start, len(writes))
            try:
                self._masterdata.write(writes[start : start + CHUNK])
            except WriteRefused as refused:
                raise ConcurrentUpdate("somebody else imported at the same time: run it again") from refused
        progress(len(writes), len(writes))

    def _cases(self, lines: tuple[Line, ...], said: frozenset[int]) -> Iterator[str]:
        """The cases that a missing counterpart, or one that a system refused, may have made."""
        for line in lines:
            yield str(line.outward.case)
            if self._is_inward(line):
                yield str(line.inward.case)
                yield str(line.inward._replace(value=line.value).case)  # where it was asked for as written
            if line.number in said:
                yield str(CaseKey("document_rejected", line.outward.case.reference))


def _says(known: Item | None, wanted: Item) -> bool:
    return known is not None and all(known.get(name) == wanted.get(name) for name in ("counterpart", "written"))


def _renamed(changes: dict[Key, _Wish], known: dict[Key, Item]) -> Iterator[Remark]:
    for key, wish in changes.items():
        line = wish.line
        if key in known and key == key_of(line.outward):
            text = f"{line.system} now knows {line.canonical} as {line.value}, not as {known[key]['counterpart']}"
            yield Remark(line.number, "value", text)


def _lines_of(changes: dict[Key, _Wish], known: dict[Key, Item]) -> tuple[frozenset[int], frozenset[int]]:
    """Lines that change what is known, and those that only add to it."""
    changed = frozenset(wish.line.number for key, wish in changes.items() if key in known)
    return frozenset(wish.line.number for wish in changes.values()) - changed, changed


def _puts(changes: dict[Key, _Wish], known: dict[Key, Item]) -> Iterator[Write]:
    for key, wish in changes.items():
        expect = {"counterpart": known[key]["counterpart"]} if key in known else NEW
        yield Put(key, wish.item, expect=expect)
