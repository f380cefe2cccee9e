"""What growth costs: calls per event with a ledger of any size, and with any number of lanes waiting; and whether a
backlog keeps a target busy.

The real core runs on the tables in memory, which count calls, under a virtual clock. Nothing fails here; what failures
do is the simulation's business.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from bench.figures import Figure
from lockstep.masterdata.crosswalk import Crosswalk, key_of
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.breaker import TargetGuard, close, pause
from lockstep.messaging.inbound import Delivery
from lockstep.messaging.ledger import Cursor, entry_key, identity_key, stream_key
from lockstep.messaging.outbound import Document as OutboundDocument
from lockstep.messaging.outbound import Posted, Rejected, ResolvedDocument, StateChange, StateKey, StateOutcome
from lockstep.messaging.ports import Bell, Item, Key, Put, Write
from lockstep.messaging.posting import DocumentPoster
from lockstep.messaging.references import Reference, ReferenceKind
from lockstep.messaging.specs import Role
from lockstep.messaging.state_delivery import StatePoster
from lockstep.messaging.sweep import Sweep, ring_waiting
from lockstep.messaging.topology import consumers
from lockstep.messaging.workflow import WorkflowConsumer
from lockstep.runtime.memory import (
    ManualClock,
    MemoryClaims,
    MemoryDoorbells,
    MemoryMetrics,
    MemoryTable,
    SeededRandom,
)
from simulation.business import Booking, Stocking, outbound, shown_value, transaction
from simulation.retail import ERP, SHOP, TILLS

ITEMS: Final = ("SCARF", "GLOVE", "HAT", "COAT", "SOCK")
MOST_TILLS: Final = 100
EVENTS: Final = 200
"""Sales over which calls are counted."""
BATCH_SIZE: Final = 10
CONCURRENCY: Final = 15
CALL: Final = timedelta(milliseconds=400)
"""How long the target takes for a document."""
ROUND_TRIP: Final = timedelta(milliseconds=8)
"""How long DynamoDB takes for a call while the backlog is drained."""
WORKS: Final = timedelta(seconds=30)
LIVES: Final = timedelta(seconds=60)

Progress = Callable[[str], None]


class CountingTable(MemoryTable):
    """A table that also counts the items that it reads and writes, and whose calls may take time."""

    def __init__(self, clock: ManualClock) -> None:
        """Args:
        clock: Whose time calls take.
        """
        super().__init__()
        self._clock = clock
        self.round_trip = timedelta(0)
        self.moved = 0
        """Items read and written: what a call asks for must not grow either."""

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        keys = list(keys)
        self._spend(len(keys))
        return super().get(keys)

    def query(self, pk: str, first: str, last: str, *, limit: int | None = None) -> list[tuple[Key, Item]]:
        found = super().query(pk, first, last, limit=limit)
        self._spend(len(found))
        return found

    def index(self, name: str, value: str, *, limit: int, after: str = "") -> list[Key]:
        found = super().index(name, value, limit=limit, after=after)
        self._spend(len(found))
        return found

    def write(self, writes: Sequence[Write]) -> None:
        self._spend(len(writes))
        super().write(writes)

    def _spend(self, items: int) -> None:
        self.moved += items
        self._clock.time += self.round_trip


class Target:
    """A ledger of record and a shop that take everything, and tell how long they were at it."""

    def __init__(self, clock: ManualClock) -> None:
        """Args:
        clock: Whose time calls take.
        """
        self._clock = clock
        self.call = timedelta(0)
        self.busy = timedelta(0)
        self.booked: list[tuple[datetime, str, str]] = []
        """When, subject, key."""

    def references(self, document: OutboundDocument) -> Sequence[Reference]:
        return [Reference(ReferenceKind.ITEM, ERP, sku, outward=True) for sku in document.body["skus"]]

    def post(self, documents: Sequence[ResolvedDocument], *, look_up_first: bool) -> Iterator[Posted | Rejected]:
        del look_up_first
        for resolved in documents:
            self._clock.time += self.call
            self.busy += self.call
            self.booked.append((self._clock.now(), resolved.document.subject, resolved.document.key))
            yield Posted(f"R-{len(self.booked)}")


class ShopTarget:
    """A shop that takes every quantity."""

    def references(self, key: StateKey) -> Sequence[Reference]:
        return [Reference(ReferenceKind.ITEM, SHOP, key.sku, outward=True)]

    def push(self, changes: Sequence[StateChange], *, idempotency_key: str) -> Sequence[StateOutcome]:
        del idempotency_key
        return [StateOutcome() for _ in changes]

    def read(self, changes: Sequence[StateChange]) -> Sequence[int | None]:
        return [change.expected for change in changes]


@dataclass(frozen=True, slots=True)
class Calls:
    """What a number of events asked of AWS, each on average."""

    size: int
    """Entries in the ledger, or lanes waiting."""
    dynamodb: float
    """Calls."""
    items: float
    """Items that they read and wrote."""
    sqs: float
    """Bells sent."""


@dataclass(frozen=True, slots=True)
class Drained:
    """How a backlog was drained."""

    documents: int
    lanes: int
    took: timedelta
    busy: float
    """Share of the time that the target's allowed calls were under way."""
    overtaken: int
    """Documents that stand behind a later one of their lane."""


class Retailer:
    """Tills, two workflows, a ledger of record and a shop; everything works."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.table, self.masterdata = CountingTable(self.clock), MemoryTable()
        self.bells, self.random, self.metrics = MemoryDoorbells(), SeededRandom(1), MemoryMetrics()
        self.ledger = Target(self.clock)
        self.rung = 0
        self._claims, self._deliveries = MemoryClaims(), count(1)
        self._workflows = {w.spec.consumer: w for w in (Booking(set(), 500), Stocking(500))}
        roles = {Role.ERP: (ERP,), Role.SHOP: (SHOP,)}
        self._targets = {w.spec.consumer: roles[w.spec.role] for w in self._workflows.values()}
        self.consumers = {c.id: c for c in consumers([w.spec for w in self._workflows.values()], roles)}
        for item in ITEMS:
            for system, outward in ((TILLS, False), (SHOP, False), (SHOP, True), (ERP, True)):
                reference = Reference(ReferenceKind.ITEM, system, item, outward)
                self.masterdata.write([Put(key_of(reference), {"counterpart": item})])

    def sell(self, till: int, *numbers: int) -> None:
        """One delivery of sales, of one line each; the bus rings the workflows."""
        now = self.clock.now()
        events = [transaction(f"T{till}", n, [ITEMS[n % len(ITEMS)]], now) for n in numbers]
        delivery = Delivery(TILLS, f"d{next(self._deliveries)}", b"", now)
        Acceptor(self.table, self._claims, self.clock, self.random, self.metrics).accept(
            delivery, events, within=timedelta(seconds=5)
        )
        for workflow in self._workflows:
            self.bells.ring(workflow, [_stream(till)])

    def settle(self, *, without: frozenset[str] = frozenset()) -> None:
        """Answer bells until none is left; those of consumers left out are lost."""
        while taken := self.bells.take():
            self.rung += len(taken)
            for consumer, bell in taken:
                if consumer not in without:
                    self.drain(consumer, bell)

    def drain(self, consumer: str, bell: Bell) -> None:
        """One invocation for one bell."""
        until, dead_by = self.clock.now() + WORKS, self.clock.now() + LIVES
        ports: dict[str, Any] = {
            "table": self.table,
            "resolver": Crosswalk(self.masterdata, self.clock),
            "doorbells": self.bells,
            "clock": self.clock,
            "random": self.random,
            "metrics": self.metrics,
        }
        if consumer in self._workflows:
            workflow = self._workflows[consumer]
            WorkflowConsumer(workflow, targets=self._targets[consumer], **ports).drain(bell, until=until)
            return
        reader = self.consumers[consumer]
        ports["guard"] = TargetGuard(
            consumer,
            table=self.table,
            clock=self.clock,
            metrics=self.metrics,
            ring_waiting=lambda: ring_waiting(self.table, self.bells, reader),
        )
        if consumer == ERP:
            spec = outbound(Role.ERP, batch_size=BATCH_SIZE)
            DocumentPoster(reader, self.ledger, spec, owner="", **ports).drain(bell, until=until, dead_by=dead_by)
        else:
            spec = outbound(Role.SHOP, batch_size=BATCH_SIZE)
            StatePoster(
                reader, ShopTarget(), spec, collection="position", value_of=shown_value, owner="", **ports
            ).drain([bell], until=until, dead_by=dead_by)

    def sweep(self) -> None:
        """The minute's sweep."""
        Sweep(
            list(self.consumers.values()),
            table=self.table,
            doorbells=self.bells,
            clock=self.clock,
            random=self.random,
            metrics=self.metrics,
        ).run()

    def counted(self, size: int, events: int, work: Callable[[], None]) -> Calls:
        """What a piece of work asks for, an event."""
        before, moved, rung = self.table.calls.total(), self.table.moved, self.rung
        work()
        return Calls(
            size,
            (self.table.calls.total() - before) / events,
            (self.table.moved - moved) / events,
            (self.rung - rung) / events,
        )


def entries(sizes: Sequence[int], *, events: int = EVENTS, progress: Progress = lambda _: None) -> list[Calls]:
    """Calls per sale, sweeps included, with ledgers of several sizes."""
    found = []
    for size in sizes:
        progress(f"a ledger of {size:,} entries")
        retailer = Retailer()
        tills = min(MOST_TILLS, size)
        each = size // tills
        _fill(retailer, tills, each)

        def sales(retailer: Retailer = retailer, tills: int = tills, each: int = each) -> None:
            for number in range(events):
                retailer.sell(number % tills, each + 1 + number // tills)
                retailer.settle()
                if number % 10 == 0:
                    retailer.clock.advance(minutes=1)
                    retailer.sweep()
                    retailer.settle()

        found.append(retailer.counted(size, events, sales))
    return found


def _fill(retailer: Retailer, tills: int, each: int) -> None:
    """Let every till have sold so often, and everything be delivered.

    The first sale of a till goes the whole way; the others are laid beside it, as they would stand.
    """
    for till in range(tills):
        retailer.sell(till, 1)
        retailer.settle()
        stream = _stream(till)
        items = retailer.table.items
        first = items[entry_key(stream, 1)]
        identity = identity_key(transaction(f"T{till}", 1, ITEMS[:1], retailer.clock.now()).id)
        marked = items[identity]
        for seq in range(2, each + 1):
            items[entry_key(stream, seq)] = first
            items[Key(f"{identity.pk}/{seq}", identity.sk)] = marked
        state = dict(items[stream_key(stream)])
        state["head"] = each
        state["newest"] = [state["newest"][0], each]
        state |= {name: str(Cursor(each)) for name in state if name.startswith("cursor#")}
        items[stream_key(stream)] = state
    retailer.clock.advance(minutes=1)
    retailer.sweep()
    retailer.settle()


def lanes(sizes: Sequence[int], *, progress: Progress = lambda _: None) -> list[Calls]:
    """Calls per document, sweeps included, to drain many lanes on which one each waits for a target to come back."""
    found = []
    for size in sizes:
        progress(f"{size:,} lanes waiting")
        retailer = Retailer()
        pause(retailer.table, ERP, "away", retailer.clock.now(), until=None, by="bench")
        for till in range(size):
            retailer.sell(till, 1)
            retailer.settle()
        retailer.clock.advance(minutes=1)
        close(retailer.table, ERP, retailer.clock.now(), by="bench")

        def minutes(retailer: Retailer = retailer, size: int = size) -> None:
            while len(retailer.ledger.booked) < size:
                retailer.sweep()
                retailer.settle()
                retailer.clock.advance(minutes=1)

        found.append(retailer.counted(size, size, minutes))
    return found


def backlog(documents: int, *, lanes: int, progress: Progress = lambda _: None) -> Drained:
    """Drain a backlog into a target that takes a limited number of calls at once, on the virtual clock.

    Each instance has a clock of its own: what an instance does in its time is done at once, then the next that is free
    begins. A bell for a lane at which another instance is still at work finds its lease taken.
    """
    retailer = Retailer()
    each = documents // lanes
    for till in range(lanes):
        progress(f"accepting, lane {till + 1} of {lanes}")
        for first in range(1, each + 1, 20):
            retailer.sell(till, *range(first, min(first + 20, each + 1)))
        retailer.settle(without=frozenset({ERP}))
    retailer.clock.advance(minutes=1)
    retailer.table.round_trip, retailer.ledger.call = ROUND_TRIP, CALL
    began = retailer.clock.now()
    free = [began] * CONCURRENCY
    queue: list[tuple[datetime, int, Bell]] = []
    numbers = count()
    at_work: dict[str, datetime] = {}
    swept = began - timedelta(minutes=1)
    while len(retailer.ledger.booked) < each * lanes:
        now = heapq.heappop(free)
        if now - swept >= timedelta(minutes=1):
            swept = retailer.clock.time = now
            progress(f"draining, {len(retailer.ledger.booked):,} of {each * lanes:,}")
            retailer.sweep()
        queue += [(now, next(numbers), bell) for consumer, bell in retailer.bells.take() if consumer == ERP]
        heapq.heapify(queue)
        if not queue:
            heapq.heappush(free, now + timedelta(seconds=1))
            continue
        due, _, bell = heapq.heappop(queue)
        retailer.clock.time = max(now, due)
        if at_work.get(bell.stream, began) <= retailer.clock.time:
            retailer.drain(ERP, bell)
            at_work[bell.stream] = retailer.clock.now()
            again = [bell for consumer, bell in retailer.bells.take() if consumer == ERP]
            queue += [(retailer.clock.now(), next(numbers), bell) for bell in again]
            heapq.heapify(queue)
        else:
            retailer.clock.time += ROUND_TRIP
        heapq.heappush(free, retailer.clock.now())
    took = max(at for at, _, _ in retailer.ledger.booked) - began
    return Drained(
        each * lanes, lanes, took, retailer.ledger.busy / (took * CONCURRENCY), _overtaken(retailer.ledger.booked)
    )


def _overtaken(booked: Sequence[tuple[datetime, str, str]]) -> int:
    newest: dict[str, int] = {}
    overtaken = 0
    for _, _, key in sorted(booked):
        lane, _, number = key.rpartition("/")
        overtaken += int(number) < newest.get(lane, 0)
        newest[lane] = max(int(number), newest.get(lane, 0))
    return overtaken + sum(copies - 1 for copies in Counter(key for _, _, key in booked).values())


def _stream(till: int) -> str:
    return f"till:{TILLS}:101/T{till}"


ENTRIES: Final = (1_000, 10_000, 100_000, 1_000_000)
LANES: Final = (10, 100, 1_000, 10_000)
BACKLOG: Final = 100_000
BACKLOG_LANES: Final = 500
MOST_GROWTH: Final = 1.02
MOST_IDLE: Final = 5.0


def figures(
    *,
    ledgers: Sequence[int] = ENTRIES,
    waiting: Sequence[int] = LANES,
    documents: int = BACKLOG,
    backlog_lanes: int = BACKLOG_LANES,
    progress: Progress = lambda _: None,
) -> list[Figure]:
    """What growth costs, beside its budgets: the calls of the largest over those of the smallest."""
    sales, held = entries(ledgers, progress=progress), lanes(waiting, progress=progress)
    drained = backlog(documents, lanes=backlog_lanes, progress=progress)
    return [
        *_growth("ledger", "entries in the ledger", sales, items_budget=MOST_GROWTH),
        # A sweep looks at four times the lanes that it rings, which is a bound, but not from the first lane on.
        *_growth("lanes", "lanes waiting", held, items_budget=None),
        Figure(
            "growth.idle",
            f"target of {CONCURRENCY} calls at once, idle while {drained.documents:,} documents are drained",
            100 * (1 - drained.busy),
            "%",
            MOST_IDLE,
            f"{drained.took} on the virtual clock, {CALL / timedelta(milliseconds=1):.0f} ms a document, "
            f"{ROUND_TRIP / timedelta(milliseconds=1):.0f} ms a call of DynamoDB, {drained.lanes} lanes",
        ),
        Figure("growth.overtaken", "documents overtaken or doubled meanwhile", drained.overtaken, "", 0),
    ]


def _growth(key: str, what: str, found: Sequence[Calls], *, items_budget: float | None) -> list[Figure]:
    first, last = found[0], found[-1]
    kinds = (
        ("dynamodb", "DynamoDB calls", MOST_GROWTH, [calls.dynamodb for calls in found]),
        ("items", "items read and written", items_budget, [calls.items for calls in found]),
        ("sqs", "SQS bells", MOST_GROWTH, [calls.sqs for calls in found]),
    )
    return [
        Figure(
            f"growth.{key}.{kind}",
            f"{title} per event, {first.size:,} to {last.size:,} {what}",
            values[-1] / values[0],
            "x",
            budget,
            " > ".join(f"{value:.2f}" for value in values),
        )
        for kind, title, budget, values in kinds
    ]
