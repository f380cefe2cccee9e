"""The core on in-memory ports, with a ledger of record and a shop that do as they are told."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from lockstep.canonical.events import Event
from lockstep.masterdata.crosswalk import Crosswalk, key_of
from lockstep.messaging.accept import Acceptor, Receipt
from lockstep.messaging.breaker import Breaker, TargetGuard
from lockstep.messaging.inbound import Delivery
from lockstep.messaging.ledger import Outcome, StreamState, breaker_key, outcome_key, state_key, stream_key
from lockstep.messaging.outbound import (
    Document,
    Posted,
    Rejected,
    ResolvedDocument,
    StateChange,
    StateKey,
    StateOutcome,
)
from lockstep.messaging.parking import Released, resolve_case
from lockstep.messaging.ports import Bell, Item, Key, Put, Write
from lockstep.messaging.posting import DocumentPoster
from lockstep.messaging.references import Reference, ReferenceKind
from lockstep.messaging.specs import Role
from lockstep.messaging.state_delivery import StatePoster
from lockstep.messaging.sweep import Sweep
from lockstep.messaging.topology import Owners, consumers
from lockstep.messaging.workflow import Workflow, WorkflowConsumer
from lockstep.runtime.memory import (
    ManualClock,
    MemoryClaims,
    MemoryDoorbells,
    MemoryMetrics,
    MemoryTable,
    SeededRandom,
)
from simulation.business import Booking, Stocking, outbound, shown_value, transaction
from simulation.chance import Dice, Odds
from simulation.retail import ERP, SHOP, TILLS
from simulation.targets import Shop

LANE = "till:till.main:101/T1"
ITEMS = ("SCARF", "GLOVE", "HAT")


class Crash(BaseException):
    """The process is gone."""


class BreakableTable(MemoryTable):
    """A table that ends a process at a chosen write, or does something else first."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Callable[[Sequence[Write]], None] = lambda _: None

    def write(self, writes: Sequence[Write]) -> None:
        self.before(writes)
        super().write(writes)

    def crash_at(self, number: int) -> None:
        """Crash before the write of that number, counted from now, and before every later one."""
        left = [number]

        def count(_: Sequence[Write]) -> None:
            left[0] -= 1
            if left[0] <= 0:
                raise Crash

        self.before = count

    def once_before(self, wanted: Callable[[Write], bool], act: Callable[[], None]) -> None:
        """Do something right before the first transaction that holds such a write."""

        def watch(writes: Sequence[Write]) -> None:
            if any(map(wanted, writes)):
                self.before = lambda _: None
                act()

        self.before = watch

    def heal(self) -> None:
        self.before = lambda _: None


class ToldLedger:
    """A ledger of record that can only be searched: who sends twice without looking has it twice."""

    def __init__(self) -> None:
        self.booked: list[str] = []
        self.calls: list[tuple[list[str], bool]] = []
        self.before: dict[str, BaseException] = {}
        """What happens instead of booking a key."""
        self.after: dict[str, BaseException] = {}
        """What happens once a key is booked, instead of an answer. Once."""
        self.refuse: dict[str, Exception] = {}
        self.meanwhile: Callable[[], None] = lambda: None

    def references(self, document: Document) -> Sequence[Reference]:
        return [Reference(ReferenceKind.ITEM, ERP, sku, outward=True) for sku in document.body["skus"]]

    def post(self, documents: Sequence[ResolvedDocument], *, look_up_first: bool) -> Iterator[Posted | Rejected]:
        self.calls.append(([short(resolved.document.key) for resolved in documents], look_up_first))
        act, self.meanwhile = self.meanwhile, lambda: None
        act()
        for resolved in documents:
            key = short(resolved.document.key)
            if look_up_first and key in self.booked:
                yield Posted(f"R-{key}")
                continue
            if key in self.before:
                raise self.before[key]
            if key in self.refuse:
                yield Rejected(self.refuse[key])
                continue
            self.booked.append(key)
            if key in self.after:
                raise self.after.pop(key)
            yield Posted(f"R-{key}")


class ToldShop(Shop):
    """The simulated shop, which here only fails when told to."""

    def __init__(self) -> None:
        super().__init__(Dice(1, Odds().calm()), all_or_none=False)
        self.calls: list[tuple[dict[str, tuple[int | None, int]], str]] = []
        self.before: list[BaseException] = []
        self.after: list[BaseException] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def references(self, key: StateKey) -> Sequence[Reference]:
        return [Reference(ReferenceKind.ITEM, SHOP, key.sku, outward=True)]

    def push(self, changes: Sequence[StateChange], *, idempotency_key: str) -> Sequence[StateOutcome]:
        self.calls.append(({str(c.key): (c.expected, c.desired) for c in changes}, idempotency_key))
        act, self.meanwhile = self.meanwhile, lambda: None
        act()
        if self.before:
            raise self.before.pop(0)
        outcomes = self.set(changes, idempotency_key)
        if self.after:
            raise self.after.pop(0)
        return outcomes

    def read(self, changes: Sequence[StateChange]) -> Sequence[int | None]:
        return [self.shown.get(str(change.key)) for change in changes]


def short(key: str) -> str:
    """`receipt/till.main/TransactionClosed/101/T1/2026-11-27/3` as `receipt 3`."""
    return f"{key.split('/', maxsplit=1)[0]} {key.rsplit('/', 1)[1]}"


class Bench:
    """One till, two workflows, two targets."""

    def __init__(self, *, park_limit: int = 500, batch_size: int = 10, settle_after: timedelta = timedelta(0)) -> None:
        self.table, self.masterdata, self.claims = BreakableTable(), MemoryTable(), MemoryClaims()
        self.clock, self.random = ManualClock(), SeededRandom(1)
        self.bells, self.metrics = MemoryDoorbells(), MemoryMetrics()
        self.ledger, self.shop = ToldLedger(), ToldShop()
        self.unsound: set[str] = set()
        self.booking, self.stocking = Booking(self.unsound, park_limit), Stocking(park_limit)
        self.batch_size, self.settle_after = batch_size, settle_after
        roles = {Role.ERP: (ERP,), Role.SHOP: (SHOP,)}
        self.consumers = {c.id: c for c in consumers((self.booking.spec, self.stocking.spec), roles)}
        for item in ITEMS:
            for system, outward in ((TILLS, False), (SHOP, False), (SHOP, True), (ERP, True)):
                self.masterdata.write([Put(key_of(reference(item, system, outward=outward)), {"counterpart": item})])

    # ---- what comes in ----

    def acceptor(self) -> Acceptor:
        return Acceptor(self.table, self.claims, self.clock, self.random, self.metrics)

    def accept(self, *events: Event, delivery_id: str | None = None, body: bytes = b"<POSLog/>") -> Receipt:
        self._deliveries = getattr(self, "_deliveries", 0) + 1
        name = delivery_id or f"delivery {self._deliveries}"
        delivery = Delivery(events[0].source if events else TILLS, name, body, self.clock.now())
        return self.acceptor().accept(delivery, events, within=timedelta(seconds=5))

    def sell(self, number: int, *items: str, till: str = "T1", returns: int | None = None) -> Event:
        event = self.sale(number, *items, till=till, returns=returns)
        self.accept(event)
        return event

    def sale(self, number: int, *items: str, till: str = "T1", returns: int | None = None) -> Event:
        of = None if returns is None else (till, returns)
        return transaction(till, number, items or ("SCARF",), self.clock.now(), returns=of)

    # ---- who works ----

    def drain(self, consumer: WorkflowConsumer, event: Event) -> None:
        """One drain of the lane of an event."""
        consumer.drain(Bell(str(event.stream()), "b"), until=self.clock.now() + timedelta(seconds=60))

    def ports(self) -> dict[str, object]:
        return {
            "table": self.table,
            "resolver": Crosswalk(self.masterdata, self.clock),
            "doorbells": self.bells,
            "clock": self.clock,
            "random": self.random,
            "metrics": self.metrics,
        }

    def decide(
        self, workflow: Workflow | None = None, *, lane: str = LANE, bell: str = "b", seconds: float = 60
    ) -> None:
        """One drain of a workflow: the booking one unless another is given."""
        workflow = workflow or self.booking
        targets = (ERP,) if workflow.spec.role is Role.ERP else (SHOP,)
        consumer = WorkflowConsumer(workflow, targets=targets, **self.ports())
        consumer.drain(Bell(lane, bell), until=self.clock.now() + timedelta(seconds=seconds))

    def guard(self, target: str) -> TargetGuard:
        return TargetGuard(
            target,
            table=self.table,
            clock=self.clock,
            metrics=self.metrics,
            ring_waiting=lambda: self.bells.ring(target, ["every waiting lane"]),
        )

    def post(self, *, lane: str = LANE, bell: str = "b", probe: str = "", lasts: float = 30) -> None:
        """One drain of the ledger's poster."""
        spec = outbound(Role.ERP, batch_size=self.batch_size, settle_after=self.settle_after)
        poster = DocumentPoster(
            self.consumers[ERP], self.ledger, spec, owner="Accounting", guard=self.guard(ERP), **self.ports()
        )
        now = self.clock.now()
        poster.drain(Bell(lane, bell, probe), until=now + timedelta(seconds=20), dead_by=now + timedelta(seconds=lasts))

    def show(self, *lanes: str, lasts: float = 30) -> None:
        """One drain of the shop's poster."""
        spec = outbound(Role.SHOP, batch_size=self.batch_size)
        poster = StatePoster(
            self.consumers[SHOP],
            self.shop,
            spec,
            collection="position",
            value_of=shown_value,
            owner="Stock",
            guard=self.guard(SHOP),
            **self.ports(),
        )
        now = self.clock.now()
        bells = [Bell(lane, "b") for lane in lanes or (LANE,)]
        poster.drain(bells, until=now + timedelta(seconds=20), dead_by=now + timedelta(seconds=lasts))

    def stock(self, *lanes: str) -> None:
        """The positions' workflow on some lanes, then the shop's poster."""
        for lane in lanes or (LANE,):
            self.decide(self.stocking, lane=lane)
        self.show(*lanes)

    def sweep(self) -> Sweep:
        return Sweep(
            list(self.consumers.values()),
            table=self.table,
            doorbells=self.bells,
            clock=self.clock,
            random=self.random,
            metrics=self.metrics,
            owners=Owners({"sequence_gap": "Accounting"}),
        )

    # ---- what people do ----

    def forget(self, item: str, system: str, *, outward: bool = False) -> str:
        """Take a mapping away; the case that will be opened for it."""
        missing = reference(item, system, outward=outward)
        self.masterdata.items.pop(key_of(missing))
        return str(missing.case)

    def learn(self, item: str, system: str, *, outward: bool = False) -> Released:
        """Import a mapping."""
        missing = reference(item, system, outward=outward)
        self.masterdata.write([Put(key_of(missing), {"counterpart": item})])
        return self.repair(str(missing.case))

    def repair(self, case: str) -> Released:
        return resolve_case(self.table, case, self.clock.now(), by="a person")

    # ---- what stands ----

    def lane(self, lane: str = LANE) -> StreamState:
        return StreamState(lane, self.table.items.get(stream_key(lane), {}))

    def outcomes(self, consumer: str, lane: str = LANE) -> list[str]:
        """What a consumer made of the entries of a lane, in order."""
        seqs = range(1, self.lane(lane).head + 1)
        items = [self.table.items.get(outcome_key(lane, seq, consumer)) for seq in seqs]
        return [Outcome.from_item(item).state if item else "" for item in items]

    def parked(self) -> list[str]:
        return sorted(key.sk for key in self.table.items if key.sk.startswith("P#"))

    def case(self, case: str) -> Item:
        return self.table.items.get(Key(f"C#{case}", "CASE"), {})

    def position(self, key: str) -> int:
        return int(self.table.items[Key(f"R#position#{key}", "R")]["value"]["on_hand"])

    def believed(self, key: str) -> int:
        return int(self.table.items[state_key(SHOP, key)]["expected"])

    def breaker(self, target: str) -> Breaker:
        return Breaker.of(target, self.table.items.get(breaker_key(target)))

    def rung(self) -> Iterable[tuple[str, str]]:
        return [(consumer, bell.stream) for consumer, bell in self.bells.take()]


def reference(item: str, system: str, *, outward: bool = False) -> Reference:
    return Reference(ReferenceKind.ITEM, system, item, outward)


__all__ = ["ERP", "ITEMS", "LANE", "SHOP", "TILLS", "Bench", "Crash", "reference", "replace", "short"]
