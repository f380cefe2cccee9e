"""What one transaction of a consumer will hold: filled piece by piece, committed with its cursor or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lockstep.messaging.ledger import Cursor, StreamState, Unchecked, stream_key
from lockstep.messaging.ports import ABSENT, CHUNK, NEW, Item, Key, Patch, Put, Table, Write


class UnitOfWork:
    """Effects of one consumer on one stream, on condition that its lane stands as it was read."""

    def __init__(self, table: Table, consumer: str, state: StreamState, *, feeders: Iterable[str] = ()) -> None:
        self._table = table
        self._consumer = consumer
        self._state = state
        self._stream_key = stream_key(state.stream)
        self._expected: dict[str, Any] = state.standing(consumer, feeders)
        self._unchecked = list(state.unchecked(consumer))
        self._versions: dict[Key, int] = {}
        self._values: dict[Key, Mapping[str, Any]] = {}
        self._writes: dict[Key, Write] = {}
        self._stream_patch = Patch(self._stream_key)

    @property
    def room(self) -> int:
        """How many more items it takes before it must be committed."""
        return CHUNK - 1 - len(self._writes)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not self._writes and self._stream_patch == Patch(self._stream_key)

    def load(self, keys: Iterable[Key]) -> None:
        """Read records, those already read excepted."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._versions]
        found = self._table.get(missing) if missing else {}
        for key in missing:
            item: Item = found.get(key, {})
            self._versions[key] = int(item.get("version", 0))
            if item:
                self._values[key] = item["value"]

    def record(self, key: Key) -> Mapping[str, Any] | None:
        """A loaded record as it will be after this work; None where there is none."""
        return self._values.get(key)

    def put_record(self, key: Key, value: Mapping[str, Any]) -> None:
        """Give a loaded record a new value, on condition that nobody else did."""
        version = self._versions[key]
        self._values[key] = value
        expect = {"version": version} if version else NEW
        self._writes[key] = Put(key, {"value": dict(value), "version": version + 1}, expect=expect)

    def add(self, writes: Iterable[Write]) -> None:
        """Take further writes; patches of one item become one."""
        for write in writes:
            known = self._writes.get(write.key)
            if isinstance(known, Patch) and isinstance(write, Patch):
                self._writes[write.key] = _merged(known, write)
            else:
                self._writes[write.key] = write

    def patch_stream(
        self,
        *,
        values: Mapping[str, Any] | None = None,
        add: Mapping[str, int] | None = None,
        remove: tuple[str, ...] = (),
        expect: Mapping[str, Any] | None = None,
    ) -> None:
        """Change attributes of the stream's own item, with the cursor."""
        patch = Patch(self._stream_key, set=values or {}, add=add or {}, remove=remove)
        self._stream_patch = _merged(self._stream_patch, patch)
        self._expected |= expect or {}

    def count_parked(self, by: int) -> None:
        """Note how many more, or fewer, entries of this lane are parked."""
        self.patch_stream(add={f"parked#{self._consumer}": by})

    def check_again(self, subject: str, seq: int, causes: Iterable[str]) -> None:
        """Note that what was parked is to be looked up once more: it may have been repaired meanwhile."""
        causes = tuple(causes)
        if causes:
            self._unchecked.append(Unchecked(subject, seq, causes))
            kept = [[held.subject, held.seq, list(held.causes)] for held in self._unchecked]
            self.patch_stream(values={f"unchecked#{self._consumer}": kept})

    def take(self, cursor: Cursor) -> list[Write]:
        """The writes that commit everything and the cursor, for somebody else's transaction; then start afresh."""
        writes = self._all(cursor)
        self._start_afresh(cursor)
        return writes

    def commit(self, cursor: Cursor) -> None:
        """Write everything, and the cursor; then start afresh with what was read and written.

        Raises:
            WriteRefused: Nothing was written. The same work may be committed again if it was passing contention.
        """
        self._table.write(self._all(cursor))
        self._start_afresh(cursor)

    def _all(self, cursor: Cursor) -> list[Write]:
        return [replace(self._patch(cursor), expect=dict(self._expected)), *self._writes.values()]

    def _patch(self, cursor: Cursor) -> Patch:
        return _merged(self._stream_patch, Patch(self._stream_key, set={f"cursor#{self._consumer}": str(cursor)}))

    def _start_afresh(self, cursor: Cursor) -> None:
        patch = self._patch(cursor)
        for name, value in self._expected.items():
            if name in patch.set:
                self._expected[name] = patch.set[name]
            elif name in patch.remove:
                self._expected[name] = ABSENT
            elif name in patch.add:
                self._expected[name] = (0 if value is ABSENT else value) + patch.add[name]
        for key, write in self._writes.items():
            if key in self._versions and isinstance(write, Put):
                self._versions[key] += 1
        self._writes.clear()
        self._stream_patch = Patch(self._stream_key)


def _merged(first: Patch, second: Patch) -> Patch:
    """One patch that does what the two do, one after the other; no attribute stands in two of its parts."""
    values = {name: value for name, value in first.set.items() if name not in second.remove} | dict(second.set)
    # What the first takes away is not there when the second comes: its default then is a value.
    values |= {name: value for name, value in second.default.items() if name in first.remove and name not in values}
    default = {
        name: value
        for name, value in {**second.default, **first.default}.items()
        if name not in values and name not in second.remove
    }
    added = dict(first.add)
    for name, value in second.add.items():
        added[name] = added.get(name, 0) + value
    removed = {name for name in first.remove if name not in values} | set(second.remove)
    return Patch(
        first.key,
        set=values,
        default=default,
        add={name: value for name, value in added.items() if name not in values and name not in removed},
        remove=tuple(sorted(removed)),
        expect={**second.expect, **first.expect},
    )
