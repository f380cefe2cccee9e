"""What one transaction of a consumer will hold: filled piece by piece, committed with its cursor or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lockstep.messaging.ledger import Cursor, StreamState, stream_key
from lockstep.messaging.ports import ABSENT, CHUNK, NEW, Item, Key, Patch, Put, Table, Write


class UnitOfWork:
    """Effects of one consumer on one stream, on condition that its cursor stands where it was read."""

    def __init__(self, table: Table, consumer: str, state: StreamState) -> None:
        self._table = table
        self._consumer = consumer
        self._state = state
        self._stream_key = stream_key(state.stream)
        self._expected: dict[str, Any] = {f"cursor#{consumer}": state.raw(f"cursor#{consumer}")}
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
        patch = _merged(self._stream_patch, Patch(self._stream_key, set={f"cursor#{self._consumer}": str(cursor)}))
        return [replace(patch, expect=dict(self._expected)), *self._writes.values()]

    def _start_afresh(self, cursor: Cursor) -> None:
        self._expected = {f"cursor#{self._consumer}": str(cursor)}
        for key, write in self._writes.items():
            if key in self._versions and isinstance(write, Put):
                self._versions[key] += 1
        self._writes.clear()
        self._stream_patch = Patch(self._stream_key)


def _merged(first: Patch, second: Patch) -> Patch:
    added = dict(first.add)
    for name, value in second.add.items():
        added[name] = added.get(name, 0) + value
    return Patch(
        first.key,
        set={**first.set, **second.set},
        default={**second.default, **first.default},
        add=added,
        remove=tuple(name for name in {*first.remove, *second.remove} if name not in second.set),
        expect={**first.expect, **{k: v for k, v in second.expect.items() if k not in first.expect or v is not ABSENT}},
    )
