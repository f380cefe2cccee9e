"""A table that is read through and never written to: what is written stays here, and is read back."""

from collections.abc import Iterable, Sequence

from lockstep.messaging.ports import Item, Key, Table, Write
from lockstep.runtime.memory import MemoryTable


class Overlay(MemoryTable):
    """Reads another table, each item once; keeps to itself what is written."""

    def __init__(self, base: Table) -> None:
        """Args:
        base: What is read.
        """
        super().__init__()
        self._base = base
        self._known: set[Key] = set()

    def lay(self, key: Key, item: Item) -> None:
        """Have an item stand here whatever stands below."""
        self._known.add(key)
        self.items[key] = item

    def below(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """What stands under these keys in the other table."""
        return self._base.get(keys)

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """As of a table."""
        keys = list(dict.fromkeys(keys))
        self._read(keys)
        return super().get(keys)

    def query(self, pk: str, first: str, last: str, *, limit: int | None = None) -> list[tuple[Key, Item]]:
        """As of a table."""
        for key, item in self._base.query(pk, first, last):
            if key not in self._known:
                self.lay(key, item)
        return super().query(pk, first, last, limit=limit)

    def write(self, writes: Sequence[Write]) -> None:
        """As of a table; the other one does not change."""
        self._read([write.key for write in writes])
        super().write(writes)

    def _read(self, keys: Sequence[Key]) -> None:
        missing = [key for key in keys if key not in self._known]
        if not missing:
            return
        self._known.update(missing)
        for key, item in self.below(missing).items():
            self.items[key] = item
