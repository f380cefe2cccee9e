"""The world of one run: stores that sell, senders that repeat themselves, queues, the sweep, repairs, outages."""

import heapq
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from lockstep.canonical.events import Event
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.streams import StreamId
from lockstep.masterdata.crosswalk import Crosswalk
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.breaker import TargetGuard
from lockstep.messaging.errors import Action, ConcurrentUpdate, RateLimited, disposition_of
from lockstep.messaging.inbound import Delivery as Inbound
from lockstep.messaging.inbound import Translation
from lockstep.messaging.intake import IntakeConsumer
from lockstep.messaging.lane import stop
from lockstep.messaging.maintenance import MaintenanceWindow, Weekday
from lockstep.messaging.ports import Bell, Put, Write
from lockstep.messaging.posting import DocumentPoster
from lockstep.messaging.specs import Delivery, DocumentKey, Outbound, Role
from lockstep.messaging.state_delivery import StatePoster
from lockstep.messaging.sweep import Sweep, ring_waiting
from lockstep.messaging.topology import Consumer, consumers, intake_consumer
from lockstep.messaging.workflow import Workflow, WorkflowConsumer
from lockstep.runtime.memory import ManualClock, MemoryClaims, MemoryMetrics, MemoryTable
from simulation.chance import Dice
from simulation.people import People
from simulation.process import Killed, Process, ProcessClaims, ProcessClock, ProcessDoorbells, ProcessTable
from simulation.retail import ERP, SHOP
from simulation.targets import CALL_TIMEOUT, Ledger, LedgerTarget, Shop, ShopTarget, available, names_in
from simulation.watch import Watch
from simulation.workflows import Rules, made

_LASTS = (40, 40, 8, 2)
"""Seconds that a process may have left when it comes to a bell, which may be the last of several."""
_WORKS = timedelta(seconds=5)
"""How long it works before it rings again."""
_MOST_RECEIVES = 5
_NESTED = 2
_PATIENCE = timedelta(seconds=5)
"""Pause where an endpoint asks for patience without saying how much."""
_CONTENTION_PAUSE = timedelta(seconds=1)
_ROLES = {Role.ERP: (ERP,), Role.SHOP: (SHOP,)}


def outbound(role: Role, *, batch_size: int, unique: bool = False, settle_after: timedelta = timedelta(0)) -> Outbound:
    """How a target is delivered to."""
    return Outbound(
        role=role,
        delivery=Delivery.DOCUMENTS if role is Role.ERP else Delivery.STATE,
        api_version="1",
        allowed_hosts=(),
        batch_size=batch_size,
        max_concurrency=1,
        call_timeout=CALL_TIMEOUT,
        document_key=DocumentKey.UNIQUE if unique else DocumentKey.LOOKUP,
        settle_after=settle_after,
        idempotency_retention=timedelta(hours=24),
    )


class BadDeployment(Exception):
    """A function fails whatever it is given."""


@dataclass(order=True, slots=True)
class Message:
    """A bell in a queue."""

    due: datetime
    number: int
    consumer: str = field(compare=False)
    bell: Bell = field(compare=False)
    asked_for: datetime | None = field(default=None, compare=False)
    """When it was to come at the earliest; None for one that comes at its time and not before."""
    receives: int = field(default=0, compare=False)
    along: list["Message"] = field(default_factory=list, compare=False)
    """Others that came in the same batch."""


class WatchedTable(MemoryTable):
    """A table with a change stream, and somebody who looks on."""

    def __init__(self, on_entry: Callable[[str, str], None]) -> None:
        super().__init__()
        self._on_entry = on_entry
        self.written: Callable[[Sequence[Write]], None] = lambda _: None
        """Told of each transaction, first of all."""

    def write(self, writes: Sequence[Write]) -> None:
        super().write(writes)
        self.written(writes)
        for write in writes:
            if isinstance(write, Put) and write.item.get("record") == "entry":
                self._on_entry(write.item["stream"], write.item["type"])


class Queues:
    """Doorbells that lose, double and delay."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def ring(self, consumer: str, streams: Iterable[str], *, delay: timedelta = timedelta(0), probe: str = "") -> None:
        for stream in streams:
            self._world.send(consumer, Bell(stream, f"b{next(self._world.numbers)}", probe), delay)


class SweepDoorbells(ProcessDoorbells):
    """The doorbells as the sweep reaches them: it leaves alone what is maintained."""

    def __init__(self, world: "World", process: Process) -> None:
        super().__init__(world.queues, process)
        self._world = world
        self._began = process.began

    def ring(self, consumer: str, streams: Iterable[str], *, delay: timedelta = timedelta(0), probe: str = "") -> None:
        if self._world.topology[consumer].maintained_until(self._began) is not None and not self._let_go(
            consumer, streams
        ):
            self._world.watch.breaks("left_alone", f"the sweep rings {consumer} during its maintenance")
        super().ring(consumer, streams, delay=delay, probe=probe)

    def _let_go(self, consumer: str, streams: Iterable[str]) -> bool:
        """Whether something was just let go there: it is rung for, and the poster looks at the calendar."""
        states = map(self._world.watch.state, streams)
        return any(state.applied(consumer) < state.controls for state in states)


class World:
    """Everything that is not one process."""

    def __init__(self, dice: Dice, *, unique: bool, all_or_none: bool, rules: Rules) -> None:
        self.dice = dice
        self.clock = ManualClock()
        self.numbers = count(1)
        self.table = WatchedTable(self._entry_accepted)
        self.masterdata = MemoryTable()
        self.claims = MemoryClaims()
        self.queue: list[Message] = []
        self.dead_letters: list[Message] = []
        self.queues = Queues(self)
        self.ledger, self.shop = Ledger(dice, unique=unique), Shop(dice, all_or_none=all_or_none)
        self.deliveries: dict[str, Translation] = {}
        self.workflows: dict[str, Workflow] = {}
        self.topology: dict[str, Consumer] = {}
        self.maintenance: dict[str, tuple[MaintenanceWindow, ...]] = {}
        self.watch = Watch(self.table, self.topology, self.clock)
        self._follow(self.watch)
        for workflow in made(rules):
            self.add(workflow)
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
        self.people = People(self, dice)
        self._depth = 0
        self._at_work: list[str] = []
        """Streams that processes work on, the innermost last."""

    def _follow(self, watch: Watch) -> None:
        """Have the watch told of everything that happens."""
        watch.references = lambda kind, body: [(name.value, ours) for name, ours in names_in(kind, body)]
        watch.shown = self.shop.shown
        watch.ever_refused = self.ledger.ever_refused
        self.ledger.on_booked = watch.document_booked
        self.ledger.on_call = lambda process: self._called(ERP, process)
        self.shop.on_call = lambda process: self._called(SHOP, process)
        self.table.written = watch.written
        watch.workflows = self.workflows

    def add(self, workflow: Workflow) -> None:
        """Deploy a workflow, now or later: its rule, its queue, and word of it to those that it feeds."""
        self.workflows[workflow.spec.consumer] = workflow
        self._deploy()

    def _deploy(self) -> None:
        specs = [known.spec for known in self.workflows.values()]
        everybody = (
            *consumers(specs, _ROLES, self.maintenance),
            intake_consumer("till"),
            intake_consumer("shop"),
        )
        self.topology.clear()
        self.topology.update({consumer.id: consumer for consumer in everybody})

    def maintain(self, target: str, begins: datetime, lasts: timedelta) -> None:
        """Plan maintenance of a target, on the weekday of a time."""
        window = MaintenanceWindow((tuple(Weekday)[begins.weekday()],), begins.time(), lasts, "UTC")
        self.maintenance = {**self.maintenance, target: (window,)}
        self.tell(f"{target} is maintained from {begins:%H:%M:%S} on for {lasts}")
        self._deploy()

    def _called(self, target: str, process: Process) -> None:
        """Who began while a target was to be left alone leaves it alone."""
        consumer, now = self.topology[target], self.clock.now()
        maintained = consumer.maintained_until(now) is not None
        if maintained and consumer.maintained_until(process.began) is not None:
            self.watch.breaks("left_alone", f"{target} is called during its maintenance")
        paused = self.watch.paused.get(target)
        if paused is not None and paused < process.began:
            self.watch.breaks("left_alone", f"{target} is called though a person paused it")

    def tell(self, what: str) -> None:
        """Note what happened."""
        self.told.append((self.clock.now(), what))

    # ---- queues ----

    def send(self, consumer: str, bell: Bell, delay: timedelta) -> None:
        """Put a bell into a queue, or lose it, or put it in twice; bells overtake each other."""
        if self.dice.falls("bell_lost"):
            return
        for _ in range(2 if self.dice.falls("bell_doubled") else 1):
            asked_for = self.clock.now() + delay
            due = asked_for + timedelta(seconds=self.dice.up_to(self.dice.odds.bell_takes))
            if any(m.due > due and (m.consumer, m.bell.stream) == (consumer, bell.stream) for m in self.queue):
                self.dice.count("bell-overtook")
            heapq.heappush(self.queue, Message(due, next(self.numbers), consumer, bell, asked_for))

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

    def _much_meanwhile(self) -> None:
        for _ in range(4):
            self.meanwhile(outside=0.7)

    def meanwhile(self, outside: float = 0.3) -> None:
        """Let another process run, or the world turn, between two steps of this one.

        Args:
            outside: How often the world turns.
        """
        if self._depth >= _NESTED:
            return
        if self.happenings and self.dice.coin(outside):
            self._depth += 1
            try:
                self.dice.one_of(self.happenings)()
            finally:
                self._depth -= 1
        elif beside := self._due_beside():
            self.receive(beside)
        elif self.queue and self.queue[0].due <= self.clock.now():
            self.receive()

    def _due_beside(self) -> Message | None:
        """Often, a bell of the very stream that is being worked on: where two meet, most may go wrong."""
        if not self._at_work or self.dice.coin():
            return None
        now, stream = self.clock.now(), self._at_work[-1]
        return min((m for m in self.queue if m.bell.stream == stream and (m.asked_for or m.due) <= now), default=None)

    def receive(self, message: Message | None = None) -> None:
        """Take a message, the one that is due next unless another is given, and let a process work on it."""
        if message is None:
            message = heapq.heappop(self.queue)
        else:
            message.due = min(message.due, self.clock.now())
            self.queue.remove(message)
            heapq.heapify(self.queue)
        self.clock.time = max(self.clock.time, message.due)
        message.along = self._taken_along(message)
        for one in (message, *message.along):
            one.receives += 1
        self.tell(f"{message.consumer} is rung for {message.bell.stream}")
        self._depth += 1
        self._at_work.append(message.bell.stream)
        try:
            self._drain(message)
        except Killed:
            self.tell(f"{message.consumer} is gone, at {message.bell.stream}")
            for one in (message, *message.along):
                self._again(one, timedelta(seconds=45))
        except Exception as error:  # noqa: BLE001
            self.tell(f"{message.consumer} fails at {message.bell.stream}: {error!r}")
            for one in (message, *message.along):
                self._dispose(one, error)
        finally:
            self._depth -= 1
            self._at_work.pop()

    def _taken_along(self, message: Message) -> list[Message]:
        """A poster of state drains a batch of bells in one go, everybody else those of one stream."""
        due = [
            m
            for m in self.queue
            if m.consumer == message.consumer
            and m.due <= self.clock.now()
            and (m.consumer == SHOP or m.bell.stream == message.bell.stream)
        ]
        taken = due[: self.dice.number(0, 3)]
        for one in taken:
            self.queue.remove(one)
        heapq.heapify(self.queue)
        return taken

    def _dispose(self, message: Message, error: Exception) -> None:
        action = disposition_of(error).action
        if action is Action.DEAD_LETTER and not isinstance(error, BadDeployment):
            self.defects.append(error)
        if isinstance(error, RateLimited):
            self.queues.ring(message.consumer, [message.bell.stream], delay=error.retry_after or _PATIENCE)
            return
        if action is Action.RETRY_NOW:
            self.queues.ring(message.consumer, [message.bell.stream], delay=_CONTENTION_PAUSE)
            return
        if message.receives >= _MOST_RECEIVES:
            with suppress(
                Killed, ConcurrentUpdate
            ):  # then the letter is dead all the same, and its lane is not stopped
                table = ProcessTable(self.table, self.process(), self.dice)
                stop(table, message.consumer, message.bell, str(error), self.clock.now())
        self._again(message, timedelta(seconds=5))

    def _again(self, message: Message, delay: timedelta) -> None:
        if message.receives >= _MOST_RECEIVES:
            self.dice.count("bell-dead-lettered")
            self.dead_letters.append(message)
        else:
            message.due, message.asked_for = self.clock.now() + delay, None
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
        for consumer in sorted({message.consumer for message in gone}):
            self.people.start(consumer, [message.bell for message in gone if message.consumer == consumer])

    # ---- processes ----

    def process(self, meanwhile: Callable[[], None] | None = None) -> Process:
        """A new invocation."""
        return Process(
            self.dice, self.clock, meanwhile or self.meanwhile, lasts=timedelta(seconds=self.dice.one_of(_LASTS))
        )

    def _drain(self, message: Message) -> None:
        if message.consumer in self.broken:
            raise BadDeployment(message.consumer)
        process = self.process()
        consumer = message.consumer
        bell = replace(message.bell, along=frozenset(one.bell.id for one in message.along))
        until = self.clock.now() + _WORKS
        ports: dict[str, Any] = {
            "table": ProcessTable(self.table, process, self.dice),
            "doorbells": ProcessDoorbells(self.queues, process),
            "clock": ProcessClock(self.clock, process),
        }
        if consumer.startswith("intake."):
            claims = ProcessClaims(self.claims, process)
            acceptor = Acceptor(ports["table"], claims, ports["clock"], self.dice, MemoryMetrics())
            IntakeConsumer(
                consumer,
                lambda d: self.deliveries[d.delivery_id],
                acceptor=acceptor,
                metrics=MemoryMetrics(),
                claims=claims,
                **ports,
            ).drain(bell, until=until)
            return
        ports |= {
            "random": self.dice,
            "metrics": MemoryMetrics(),
            "resolver": Crosswalk(self.masterdata, self.clock),
        }
        if consumer in self.workflows:
            workflow = self.workflows[consumer]
            WorkflowConsumer(workflow, targets=_ROLES[workflow.spec.role], **ports).drain(bell, until=until)
            return
        ports["guard"] = TargetGuard(
            consumer,
            table=ports["table"],
            clock=self.clock,
            metrics=MemoryMetrics(),
            ring_waiting=lambda: ring_waiting(ports["table"], ports["doorbells"], self.topology[consumer]),
        )
        if consumer == ERP:
            spec = outbound(
                Role.ERP, batch_size=self.batch_size, unique=self.ledger.unique, settle_after=self.settle_after
            )
            DocumentPoster(
                self.topology[ERP], LedgerTarget(self.ledger, process), spec, owner="Accounting", **ports
            ).drain(bell, until=until, dead_by=process.dead_by)
        else:
            spec = outbound(Role.SHOP, batch_size=self.batch_size)
            bells = [one.bell for one in (*message.along, message)]
            StatePoster(
                self.topology[SHOP],
                ShopTarget(self.shop, process),
                spec,
                collection="position",
                value_of=available,
                owner="Stock",
                **ports,
            ).drain(bells, until=until, dead_by=process.dead_by)

    def sweep(self) -> None:
        """The minute's sweep, which may be killed as any process. What it may miss comes from outside."""
        process = self.process(self._much_meanwhile)
        sweep = Sweep(
            list(self.topology.values()),
            table=ProcessTable(self.table, process, self.dice),
            doorbells=SweepDoorbells(self, process),
            clock=self.clock,
            random=self.dice,
            metrics=MemoryMetrics(),
        )
        with suppress(Killed, ConcurrentUpdate):
            sweep.run()

    # ---- senders ----

    def deliver(
        self, account: str, delivery_id: str, events: list[Event], passed_over: Sequence[TransactionId] = ()
    ) -> bool:
        """A sender calls; whether it was answered 2xx."""
        self.deliveries[delivery_id] = Translation(tuple(events), passed_over=tuple(passed_over))
        self.tell(f"{account} delivers {delivery_id}: {', '.join(event.id for event in events)}")
        process = self.process()
        acceptor = Acceptor(
            ProcessTable(self.table, process, self.dice),
            ProcessClaims(self.claims, process),
            ProcessClock(self.clock, process),
            self.dice,
            MemoryMetrics(),
        )
        delivery = Inbound(account, delivery_id, delivery_id.encode(), self.clock.now())
        try:
            acceptor.accept(delivery, events, within=timedelta(seconds=5), passed_over=passed_over)
        except (Killed, ConcurrentUpdate) as error:
            self.tell(f"{delivery_id} is not answered 2xx: {type(error).__name__}")
            return False
        return True
