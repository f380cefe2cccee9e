"""The world of one run: stores that sell, senders that repeat themselves, queues, the sweep, repairs, outages."""

import heapq
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from lockstep.canonical.events import Event
from lockstep.canonical.streams import StreamId
from lockstep.masterdata.crosswalk import Crosswalk, key_of
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.breaker import TargetGuard
from lockstep.messaging.errors import Action, ConcurrentUpdate, RateLimited, disposition_of
from lockstep.messaging.inbound import Delivery as Inbound
from lockstep.messaging.inbound import Translation
from lockstep.messaging.intake import IntakeConsumer
from lockstep.messaging.lane import start, stop
from lockstep.messaging.ledger import StreamState, case_key, unescape
from lockstep.messaging.parking import resolve_case
from lockstep.messaging.ports import Bell, Key, Put, Write
from lockstep.messaging.posting import DocumentPoster
from lockstep.messaging.references import Reference, ReferenceKind
from lockstep.messaging.specs import Role
from lockstep.messaging.state_delivery import StatePoster
from lockstep.messaging.sweep import Sweep, ring_waiting
from lockstep.messaging.topology import Consumer, consumers, intake_consumer
from lockstep.messaging.workflow import WorkflowConsumer
from lockstep.runtime.memory import ManualClock, MemoryClaims, MemoryMetrics, MemoryTable
from simulation.business import Booking, Stocking, outbound
from simulation.chance import Dice
from simulation.process import Killed, Process, ProcessClock, ProcessDoorbells, ProcessTable
from simulation.targets import ERP, SHOP, Ledger, LedgerTarget, Shop, ShopTarget, shown_value

_LASTS = (40, 40, 8, 2)
"""Seconds that a process may have left when it comes to a bell, which may be the last of several."""
_WORKS = timedelta(seconds=5)
"""How long it works before it rings again."""
_MOST_RECEIVES = 5
_NESTED = 2


class BadDeployment(Exception):
    """A function fails whatever it is given."""


@dataclass(order=True, slots=True)
class Message:
    """A bell in a queue."""

    due: datetime
    number: int
    consumer: str = field(compare=False)
    bell: Bell = field(compare=False)
    receives: int = field(default=0, compare=False)


class WatchedTable(MemoryTable):
    """A table with a change stream."""

    def __init__(self, on_entry: Callable[[str, str], None], on_parked: Callable[[str, str, int], None]) -> None:
        super().__init__()
        self._on_entry = on_entry
        self._on_parked = on_parked

    def write(self, writes: Sequence[Write]) -> None:
        super().write(writes)
        for write in writes:
            if isinstance(write, Put) and write.item.get("record") == "entry":
                self._on_entry(write.item["stream"], write.item["type"])
            if isinstance(write, Put) and write.key.sk.startswith("P#"):
                _, _, subject, seq = write.key.sk.split("#")
                self._on_parked(write.key.pk.removeprefix("S#"), unescape(subject), int(seq))


class Queues:
    """Doorbells that lose, double and delay."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def ring(self, consumer: str, streams: Iterable[str], *, delay: timedelta = timedelta(0), probe: str = "") -> None:
        for stream in streams:
            self._world.send(consumer, Bell(stream, f"b{next(self._world.numbers)}", probe), delay)


class World:
    """Everything that is not one process."""

    def __init__(self, dice: Dice, *, unique: bool, all_or_none: bool, park_limit: int) -> None:
        self.dice = dice
        self.clock = ManualClock()
        self.numbers = count(1)
        self.table = WatchedTable(self._entry_accepted, self._entry_parked)
        self.masterdata = MemoryTable()
        self.claims = MemoryClaims()
        self.queue: list[Message] = []
        self.dead_letters: list[Message] = []
        self.queues = Queues(self)
        self.ledger, self.shop = Ledger(dice, unique=unique), Shop(dice, all_or_none=all_or_none)
        self.unsound: set[str] = set()
        self.imported_late: set[tuple[str, str]] = set()
        """(item, system) pairs that had no counterpart at first."""
        self.ever_parked: set[tuple[str, str]] = set()
        """(stream, subject) and (stream, sequence number) of whatever was parked at some time."""
        self.deliveries: dict[str, list[Event]] = {}
        self.workflows: dict[str, Booking | Stocking] = {
            w.spec.consumer: w for w in (Booking(self.unsound, park_limit), Stocking(park_limit))
        }
        roles = {Role.ERP: (ERP,), Role.SHOP: (SHOP,)}
        specs = [workflow.spec for workflow in self.workflows.values()]
        self.topology = {c.id: c for c in (*consumers(specs, roles), intake_consumer("till"), intake_consumer("shop"))}
        self.targets_of = {w.spec.consumer: roles[w.spec.role] for w in self.workflows.values()}
        self.settle_after = timedelta(0) if unique else timedelta(seconds=self.dice.number(0, 20))
        self.ledger.settles_within = self.settle_after
        self.batch_size = dice.number(1, 5)
        self.broken: set[str] = set()
        """Consumers whose functions fail whatever they are given, as after a bad deployment."""
        self.told: list[tuple[datetime, str]] = []
        """What happened, when, to be read."""
        dice.tell = self.tell
        self.defects: list[BaseException] = []
        self.happenings: list[Callable[[], None]] = []
        """What may happen outside while a process runs."""
        self._depth = 0

    def tell(self, what: str) -> None:
        """Note what happened."""
        self.told.append((self.clock.now(), what))

    # ---- queues ----

    def send(self, consumer: str, bell: Bell, delay: timedelta) -> None:
        """Put a bell into a queue, or lose it, or put it in twice; bells overtake each other."""
        if self.dice.falls("bell_lost"):
            return
        for _ in range(2 if self.dice.falls("bell_doubled") else 1):
            due = self.clock.now() + delay + timedelta(seconds=self.dice.up_to(3))
            if any(m.due > due and (m.consumer, m.bell.stream) == (consumer, bell.stream) for m in self.queue):
                self.dice.count("bell-overtook")
            heapq.heappush(self.queue, Message(due, next(self.numbers), consumer, bell))

    def _entry_accepted(self, stream: str, event_type: str) -> None:
        """The relay, the bus and its rules."""
        self.tell(f"{stream} takes a {event_type}")
        if self.dice.falls("bus_event_dropped"):
            return
        if self.dice.falls("bus_event_doubled"):
            self._ring_for(stream, event_type)
        self._ring_for(stream, event_type)

    def _ring_for(self, stream: str, event_type: str) -> None:
        for workflow in self.workflows.values():
            if event_type in workflow.spec.consumes:
                self.queues.ring(workflow.spec.consumer, [stream])
        if event_type == "DeliveryReceived":
            self.queues.ring(f"intake.{StreamId.parse(stream).source.split('.')[0]}", [stream])

    def _entry_parked(self, stream: str, subject: str, seq: int) -> None:
        self.tell(f"{stream} parks entry {seq} of {subject}")
        self.ever_parked |= {(stream, subject), (stream, str(seq))}

    def meanwhile(self) -> None:
        """Let another process run, or the world turn, between two steps of this one."""
        if self._depth >= _NESTED:
            return
        if self.happenings and self.dice.coin(0.3):
            self._depth += 1
            try:
                self.dice.one_of(self.happenings)()
            finally:
                self._depth -= 1
        elif self.queue and self.queue[0].due <= self.clock.now():
            self.receive()

    def receive(self) -> None:
        """Take the message that is due next and let a process work on it."""
        message = heapq.heappop(self.queue)
        self.clock.time = max(self.clock.time, message.due)
        message.receives += 1
        self.tell(f"{message.consumer} is rung for {message.bell.stream}")
        self._depth += 1
        try:
            self._drain(message)
        except Killed:
            self.tell(f"{message.consumer} is gone, at {message.bell.stream}")
            self._again(message, timedelta(seconds=45))
        except Exception as error:  # noqa: BLE001
            self.tell(f"{message.consumer} fails at {message.bell.stream}: {error!r}")
            self._dispose(message, error)
        finally:
            self._depth -= 1

    def _dispose(self, message: Message, error: Exception) -> None:
        action = disposition_of(error).action
        if action is Action.DEAD_LETTER and not isinstance(error, BadDeployment):
            self.defects.append(error)
        if isinstance(error, RateLimited) or action is Action.RETRY_NOW:
            self.queues.ring(message.consumer, [message.bell.stream], delay=timedelta(seconds=2))
            return
        if message.receives >= _MOST_RECEIVES:
            stop(self.table, message.consumer, message.bell, str(error), self.clock.now())
        self._again(message, timedelta(seconds=5))

    def _again(self, message: Message, delay: timedelta) -> None:
        if message.receives >= _MOST_RECEIVES:
            self.dice.count("bell-dead-lettered")
            self.dead_letters.append(message)
        else:
            message.due = self.clock.now() + delay
            heapq.heappush(self.queue, message)

    def redrive(self) -> None:
        """An operator sends the dead letters back."""
        self.dice.counts["dead-letter-redriven"] += len(self.dead_letters)
        for message in self.dead_letters:
            message.receives, message.due = 0, self.clock.now()
            heapq.heappush(self.queue, message)
        self.dead_letters.clear()

    def purge(self) -> None:
        """Somebody purges the queues, and starts by hand the lanes whose redriven bells went with them."""
        self.tell("the queues are purged")
        gone, self.queue[:] = list(self.queue), []
        self._start_by_hand(gone)

    def purge_dead_letters(self) -> None:
        """Somebody purges the dead-letter queues, and starts by hand the lanes that waited for a redrive."""
        self.tell("the dead-letter queues are purged")
        gone, self.dead_letters[:] = list(self.dead_letters), []
        self._start_by_hand(gone)

    def _start_by_hand(self, gone: Sequence[Message]) -> None:
        for message in gone:
            start(self.table, message.bell.stream, message.consumer, message.bell.id)

    # ---- processes ----

    def process(self) -> Process:
        """A new invocation."""
        return Process(self.dice, self.clock, self.meanwhile, lasts=timedelta(seconds=self.dice.one_of(_LASTS)))

    def _drain(self, message: Message) -> None:
        if message.consumer in self.broken:
            raise BadDeployment(message.consumer)
        process = self.process()
        consumer, bell = message.consumer, message.bell
        until = self.clock.now() + _WORKS
        ports: dict[str, Any] = {
            "table": ProcessTable(self.table, process, self.dice),
            "doorbells": ProcessDoorbells(self.queues, process),
            "clock": ProcessClock(self.clock, process),
        }
        if consumer.startswith("intake."):
            acceptor = Acceptor(ports["table"], self.claims, ports["clock"], self.dice, MemoryMetrics())
            IntakeConsumer(
                consumer,
                lambda d: Translation(tuple(self.deliveries[d.delivery_id])),
                acceptor=acceptor,
                claims=self.claims,
                **ports,
            ).drain(bell, until=until)
            return
        ports |= {
            "random": self.dice,
            "metrics": MemoryMetrics(),
            "resolver": Crosswalk(self.masterdata, self.clock),
        }
        if consumer in self.workflows:
            WorkflowConsumer(self.workflows[consumer], targets=self.targets_of[consumer], **ports).drain(
                bell, until=until
            )
            return
        ports["guard"] = TargetGuard(
            consumer,
            table=ports["table"],
            clock=self.clock,
            metrics=MemoryMetrics(),
            ring_waiting=lambda: ring_waiting(ports["table"], ports["doorbells"], self.topology[consumer]),
        )
        if consumer == ERP:
            spec = outbound(Role.ERP, batch_size=self.batch_size, settle_after=self.settle_after)
            DocumentPoster(
                self.topology[ERP], LedgerTarget(self.ledger, process), spec, owner="Accounting", **ports
            ).drain(bell, until=until, dead_by=process.dead_by)
        else:
            spec = outbound(Role.SHOP, batch_size=self.batch_size)
            others = [m for m in self.queue if m.consumer == SHOP and m.due <= self.clock.now()][
                : self.dice.number(0, 3)
            ]
            bells = {b.stream: b for b in (*(m.bell for m in others), bell)}
            StatePoster(
                self.topology[SHOP],
                ShopTarget(self.shop, process),
                spec,
                collection="position",
                value_of=shown_value,
                owner="Stock",
                **ports,
            ).drain(list(bells.values()), until=until, dead_by=process.dead_by)

    def _sweep(self, process: Process, of: Iterable[Consumer]) -> Sweep:
        return Sweep(
            list(of),
            table=ProcessTable(self.table, process, self.dice),
            doorbells=ProcessDoorbells(self.queues, process),
            clock=self.clock,
            random=self.dice,
            metrics=MemoryMetrics(),
        )

    def sweep(self) -> None:
        """The minute's sweep, which may be killed as any process."""
        with suppress(Killed, ConcurrentUpdate):
            self._sweep(self.process(), self.topology.values()).run()

    # ---- senders ----

    def deliver(self, account: str, delivery_id: str, events: list[Event]) -> bool:
        """A sender calls; whether it was answered 2xx."""
        self.deliveries[delivery_id] = events
        self.tell(f"{account} delivers {delivery_id}: {', '.join(event.id for event in events)}")
        process = self.process()
        acceptor = Acceptor(
            ProcessTable(self.table, process, self.dice),
            self.claims,
            ProcessClock(self.clock, process),
            self.dice,
            MemoryMetrics(),
        )
        delivery = Inbound(account, delivery_id, delivery_id.encode(), self.clock.now())
        try:
            acceptor.accept(delivery, events, within=timedelta(seconds=5))
        except (Killed, ConcurrentUpdate) as error:
            self.tell(f"{delivery_id} is not answered 2xx: {type(error).__name__}")
            return False
        return True

    # ---- repairs ----

    def learn(self, item: str, system: str, *, outward: bool) -> None:
        """An import gives an item its counterpart; an operator repeats it until it has run through."""
        reference = Reference(ReferenceKind.ITEM, system, item, outward)
        self.tell(f"{item} gets its counterpart {'for' if outward else 'from'} {system}")
        while True:
            with suppress(Killed, ConcurrentUpdate):
                process = self.process()
                process.step("before an import")
                self.masterdata.write([Put(key_of(reference), {"counterpart": item})])
                self._resolve(process, str(reference.case))
                return

    def repair(self, case: str) -> None:
        """A person repaired what a case is about."""
        self.tell(f"a person repairs {case}")
        while True:
            with suppress(Killed, ConcurrentUpdate):
                self._resolve(self.process(), case)
                return

    def _resolve(self, process: Process, case: str) -> None:
        freed = resolve_case(ProcessTable(self.table, process, self.dice), case, self.clock.now(), by="a person")
        for consumer, streams in freed.bells.items():
            ProcessDoorbells(self.queues, process).ring(consumer, sorted(streams))

    # ---- what stands ----

    def states(self) -> list[StreamState]:
        """Every stream."""
        return [
            StreamState(key.pk.removeprefix("S#"), item)
            for key, item in sorted(self.table.items.items())
            if key.sk == "STREAM"
        ]

    def readers(self, state: StreamState) -> list[str]:
        """Who reads a stream."""
        return [c.id for c in self.topology.values() if c.reads(StreamId.parse(state.stream))]

    def is_case_open(self, case: str) -> bool:
        """Whether a case is open."""
        return self.table.items.get(case_key(case), {}).get("state") == "open"

    def keys(self, first: str) -> list[Key]:
        """Keys whose sort key begins so."""
        return sorted(key for key in self.table.items if key.sk.startswith(first))
