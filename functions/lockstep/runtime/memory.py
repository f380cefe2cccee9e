"""In-memory fakes of every port, for tests, simulations and benchmarks. They keep the promises of the real ones."""

import random
import threading
from bisect import bisect_left, bisect_right, insort
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any, ClassVar

from lockstep.messaging.ports import (
    ABSENT,
    MOST_WRITES,
    Bell,
    Check,
    Delete,
    Item,
    Key,
    Patch,
    Put,
    Write,
    WriteRefused,
)

Indexes = Mapping[str, tuple[str, str | None]]
"""Sparse indexes by name: the attribute whose value they are found by, and the one that orders them."""


class Items(dict[Key, Item]):
    """Items in the order of a table and of its indexes, so that a read costs what it finds, not what there is.

    An index follows whole items that are set, not attributes changed in place.
    """

    def __init__(self, indexes: Indexes, items: Mapping[Key, Item] | None = None) -> None:
        """Args:
        indexes: Sparse indexes to keep.
        items: What is there at first.
        """
        super().__init__()
        self._indexes = indexes
        self._partitions: dict[str, list[str]] = {}
        self._places: dict[tuple[str, Key], tuple[Any, tuple[Any, Key]]] = {}
        self._indexed: dict[tuple[str, Any], list[tuple[Any, Key]]] = {}
        for key, item in (items or {}).items():
            self[key] = item

    def __setitem__(self, key: Key, item: Item) -> None:
        """Put an item in its places."""
        if key not in self:
            insort(self._partitions.setdefault(key.pk, []), key.sk)
        super().__setitem__(key, item)
        for name, (hash_name, sort_name) in self._indexes.items():
            if (name, key) in self._places or hash_name in item:
                self._leave(name, key)
                if hash_name in item:
                    place = (item.get(sort_name, "") if sort_name else "", key)
                    insort(self._indexed.setdefault((name, item[hash_name]), []), place)
                    self._places[name, key] = item[hash_name], place

    def __delitem__(self, key: Key) -> None:
        """Take an item out of its places."""
        super().__delitem__(key)
        partition = self._partitions[key.pk]
        del partition[bisect_left(partition, key.sk)]
        for name in self._indexes:
            self._leave(name, key)

    def pop(self, key: Key, *default: Any) -> Any:
        """As of a dict."""
        if key not in self:
            return super().pop(key, *default)
        item = self[key]
        del self[key]
        return item

    def between(self, pk: str, first: str, last: str, limit: int | None) -> list[Key]:
        """Keys of a partition with `first <= sk <= last`, in order."""
        partition = self._partitions.get(pk, [])
        start = bisect_left(partition, first)
        end = bisect_right(partition, last)
        return [Key(pk, sk) for sk in partition[start : end if limit is None else min(end, start + limit)]]

    def under(self, name: str, value: str, limit: int, after: str = "") -> list[Key]:
        """Keys under one value of an index, in its order, from after a place in it on."""
        hash_name, _ = self._indexes[name]
        places = self._indexed.get((name, value), [])
        start = bisect_right(places, after, key=lambda place: place[0]) if after else 0
        found = (key for _, key in islice(places, start, None) if self[key].get(hash_name) == value)
        return list(islice(found, limit))

    def _leave(self, name: str, key: Key) -> None:
        if (name, key) in self._places:
            value, place = self._places.pop((name, key))
            places = self._indexed[name, value]
            del places[bisect_left(places, place)]


class MemoryTable:
    """A table with conditional transactions and sparse indexes; counts calls by kind."""

    INDEXES: ClassVar[Indexes] = {"open": ("open_key", "open_since"), "reference": ("reference", None)}

    def __init__(self) -> None:
        self._items = Items(self.INDEXES)
        self.calls: Counter[str] = Counter()
        self._lock = threading.RLock()

    @property
    def items(self) -> dict[Key, Item]:
        """Everything in it, to look at and to tamper with."""
        return self._items

    @items.setter
    def items(self, items: Mapping[Key, Item]) -> None:
        self._items = Items(self.INDEXES, items)

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        keys = list(dict.fromkeys(keys))
        with self._lock:
            self.calls["get"] += -(-len(keys) // MOST_WRITES)
            return {key: _copied(self._items[key]) for key in keys if key in self._items}

    def query(self, pk: str, first: str, last: str, *, limit: int | None = None) -> list[tuple[Key, Item]]:
        with self._lock:
            self.calls["query"] += 1
            return [(key, _copied(self._items[key])) for key in self._items.between(pk, first, last, limit)]

    def index(self, name: str, value: str, *, limit: int, after: str = "") -> list[Key]:
        with self._lock:
            self.calls["index"] += 1
            return self._items.under(name, value, limit, after)

    def write(self, writes: Sequence[Write]) -> None:
        keys = [write.key for write in writes]
        if len(set(keys)) < len(keys):
            raise ValueError("a transaction touches an item twice")
        if len(keys) > MOST_WRITES:
            raise ValueError(f"a transaction takes {MOST_WRITES} writes, not {len(keys)}")
        for write in writes:
            _is_possible(write)
        with self._lock:
            self.calls["write"] += 1
            failed = [write.key for write in writes if not self._holds(write)]
            if failed:
                raise WriteRefused(failed)
            for write in writes:
                self._apply(write)

    def _holds(self, write: Write) -> bool:
        item = self._items.get(write.key)
        for name, wanted in write.expect.items():
            actual: Any = ABSENT if item is None else (write.key.pk if name == "pk" else item.get(name, ABSENT))
            if actual != wanted:
                return False
        return True

    def _apply(self, write: Write) -> None:
        if isinstance(write, Put):
            self._items[write.key] = _copied(write.item)
        elif isinstance(write, Delete):
            self._items.pop(write.key, None)
        elif isinstance(write, Patch):
            item = self._items.get(write.key, {})
            for name, value in write.default.items():
                item.setdefault(name, _copied(value))
            item.update(_copied(dict(write.set)))
            for name, value in write.add.items():
                item[name] = item.get(name, 0) + value
            for name in write.remove:
                item.pop(name, None)
            self._items[write.key] = item


def _copied(value: Any) -> Any:
    """A copy of what an item may hold (`Item`); what cannot be changed is itself. Much faster than `copy.deepcopy`."""
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_copied(part) for part in value]
    return value


def _is_possible(write: Write) -> None:
    """Hold a write to what the real table takes: it refuses an attribute in two parts of one update."""
    if isinstance(write, Check) and not write.expect:
        raise ValueError("a check without an expectation checks nothing")
    if isinstance(write, Patch):
        names = [*write.set, *write.default, *write.add, *write.remove]
        if len(set(names)) < len(names):
            raise ValueError(f"an update names an attribute twice: {sorted(names)}")


class MemoryDoorbells:
    """Bells in a list, in the order in which they were rung."""

    def __init__(self) -> None:
        self.rung: deque[tuple[str, Bell, timedelta]] = deque()
        self._numbers = count(1)

    def ring(self, consumer: str, streams: Iterable[str], *, delay: timedelta = timedelta(0), probe: str = "") -> None:
        for stream in streams:
            self.rung.append((consumer, Bell(stream=stream, id=f"bell-{next(self._numbers)}", probe=probe), delay))

    def take(self) -> list[tuple[str, Bell]]:
        """All bells so far, and forget them."""
        taken = [(consumer, bell) for consumer, bell, _ in self.rung]
        self.rung.clear()
        return taken


class MemoryClaims:
    """Claims in a dict."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def put(self, name: str, content: bytes) -> None:
        self.contents[name] = content

    def get(self, name: str) -> bytes:
        return self.contents[name]


class ManualClock:
    """A clock that moves when told, and when somebody sleeps."""

    def __init__(self, start: datetime = datetime(2026, 11, 27, 9, tzinfo=UTC)) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time

    def sleep(self, duration: timedelta) -> None:
        self.time += duration

    def advance(self, **duration: float) -> None:
        """Let time pass, as in `advance(minutes=5)`."""
        self.time += timedelta(**duration)


class SeededRandom:
    """Chance that repeats."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311

    def random(self) -> float:
        return self._random.random()

    def token(self) -> str:
        return f"{self._random.getrandbits(64):016x}"


class MemoryMetrics:
    """Metrics by name and service."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def count(self, name: str, value: float = 1, *, service: str) -> None:
        self.counts[name, service] += value  # type: ignore[assignment]
