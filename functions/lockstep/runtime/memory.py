"""In-memory fakes of every port, for tests, simulations and benchmarks. They keep the promises of the real ones."""

import random
import threading
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

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


class MemoryTable:
    """A table with conditional transactions and sparse indexes; counts calls by kind."""

    INDEXES = {"open": ("open_key", "open_since"), "reference": ("reference", None)}  # noqa: RUF012

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}
        self.calls: Counter[str] = Counter()
        self._lock = threading.RLock()

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        keys = list(dict.fromkeys(keys))
        with self._lock:
            self.calls["get"] += -(-len(keys) // MOST_WRITES)
            return {key: deepcopy(self.items[key]) for key in keys if key in self.items}

    def query(self, pk: str, first: str, last: str, *, limit: int | None = None) -> list[tuple[Key, Item]]:
        with self._lock:
            self.calls["query"] += 1
            found = sorted(key for key in self.items if key.pk == pk and first <= key.sk <= last)
            return [(key, deepcopy(self.items[key])) for key in found[:limit]]

    def index(self, name: str, value: str, *, limit: int) -> list[Key]:
        hash_name, sort_name = self.INDEXES[name]
        with self._lock:
            self.calls["index"] += 1
            found = [
                (item.get(sort_name, "") if sort_name else "", key)
                for key, item in self.items.items()
                if item.get(hash_name) == value
            ]
            return [key for _, key in sorted(found)[:limit]]

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
        item = self.items.get(write.key)
        for name, wanted in write.expect.items():
            actual: Any = ABSENT if item is None else (write.key.pk if name == "pk" else item.get(name, ABSENT))
            if actual != wanted:
                return False
        return True

    def _apply(self, write: Write) -> None:
        if isinstance(write, Put):
            self.items[write.key] = deepcopy(write.item)
        elif isinstance(write, Delete):
            self.items.pop(write.key, None)
        elif isinstance(write, Patch):
            item = self.items.setdefault(write.key, {})
            for name, value in write.default.items():
                item.setdefault(name, deepcopy(value))
            item.update(deepcopy(dict(write.set)))
            for name, value in write.add.items():
                item[name] = item.get(name, 0) + value
            for name in write.remove:
                item.pop(name, None)


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
