"""What the core needs of the world: a table with conditional transactions, doorbells, a claim store, a clock, ids.

The AWS adapters and the in-memory fakes stand behind these protocols; nothing in the core knows which.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from lockstep.messaging.errors import ConcurrentUpdate


class Key(NamedTuple):
    """Primary key of an item."""

    pk: str
    sk: str


Item = dict[str, Any]
"""Attributes by name, without the key. Values: str, int, bool, bytes, list, dict."""


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""In an expectation: the attribute is not there."""

Expectation = Mapping[str, Any]
"""What must be so for the write to happen: attribute to value, or to `ABSENT`."""

NEW: Final[Expectation] = {"pk": ABSENT}
"""The item does not exist yet."""


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole item."""

    key: Key
    item: Item
    expect: Expectation = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Patch:
    """Change some attributes of an item, which is made if it is not there."""

    key: Key
    set: Mapping[str, Any] = field(default_factory=dict)
    default: Mapping[str, Any] = field(default_factory=dict)
    """Set only where the attribute is not there."""
    add: Mapping[str, int] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    expect: Expectation = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item; nothing happens if it is not there."""

    key: Key
    expect: Expectation = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """Hold that something is so, in the same transaction."""

    key: Key
    expect: Expectation


Write = Put | Patch | Delete | Check

MOST_WRITES: Final = 100
"""Actions that one DynamoDB transaction takes."""
CHUNK: Final = 90
"""Actions that the core puts into one transaction, so that a few can always be added."""


class WriteRefused(ConcurrentUpdate):
    """A write did not happen, nor did any other of its transaction.

    Attributes:
        failed: Keys whose expectation was not met; empty when the transaction only met another one in passing.
    """

    def __init__(self, failed: Iterable[Key] = ()) -> None:
        """Args:
        failed: Keys whose expectation was not met.
        """
        self.failed = frozenset(failed)
        super().__init__(
            "expectation not met: " + ", ".join(map("/".join, sorted(self.failed)))
            if self.failed
            else "another transaction was writing the same items"
        )


class Table(Protocol):
    """The ledger's store. Reads by key and by range are strongly consistent."""

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Those that exist."""
        ...

    def query(self, pk: str, first: str, last: str, *, limit: int | None = None) -> list[tuple[Key, Item]]:
        """Items of one partition with `first <= sk <= last`, in order."""
        ...

    def index(self, name: str, value: str, *, limit: int, after: str = "") -> list[Key]:
        """Keys under one value of a sparse index, in its order. Eventually consistent.

        Args:
            name: Of the index.
            value: Under which they stand.
            limit: Most of them.
            after: Only those whose place in the order comes after this one; for an index that has one.
        """
        ...

    def write(self, writes: Sequence[Write]) -> None:
        """All or nothing: one write alone, several as one transaction.

        Raises:
            WriteRefused: None was done.
        """
        ...


class Doorbells(Protocol):
    """Wakes consumers. A bell may be lost, doubled or late; the ledger is the truth."""

    def ring(self, consumer: str, streams: Iterable[str], *, delay: timedelta = timedelta(0), probe: str = "") -> None:
        """Send one bell a stream.

        Args:
            consumer: Whose queue.
            streams: Stream ids.
            delay: Not before; at most 15 minutes.
            probe: Permission to try a target whose breaker is open.
        """
        ...


class Claims(Protocol):
    """Keeps what is too large for an item (claim check)."""

    def put(self, name: str, content: bytes) -> None:
        """Keep it; the same name again keeps the newest."""
        ...

    def get(self, name: str) -> bytes:
        """Fetch it.

        Raises:
            KeyError: It is not there.
        """
        ...


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> datetime:
        """UTC."""
        ...

    def sleep(self, duration: timedelta) -> None:
        """Let time pass."""
        ...


class Random(Protocol):
    """Chance, so that simulations can own it."""

    def random(self) -> float:
        """From 0 up to, not including, 1."""
        ...

    def token(self) -> str:
        """Text that nobody else has."""
        ...


class Metrics(Protocol):
    """Counts what happened. Names are in the glossary."""

    def count(self, name: str, value: float = 1, *, service: str) -> None:
        """Add to a metric of one service (a consumer, a connector, the relay or the sweep)."""
        ...


@dataclass(frozen=True, slots=True)
class Bell:
    """A doorbell: go and look at this stream."""

    stream: str
    id: str = ""
    probe: str = ""
    along: frozenset[str] = frozenset()
    """Ids of other bells of the same stream that came with it and are answered by the same drain."""

    def is_or_brings(self, bell: str) -> bool:
        """Whether it is the bell of that id, or one that came with it is."""
        return bool(bell) and (bell == self.id or bell in self.along)
