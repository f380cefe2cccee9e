"""One run: what is sold and sent, what fails when, what is repaired; then calm, and a look at what came of it."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from lockstep.canonical.events import Event
from lockstep.messaging import accept, retry, state_delivery, unit_of_work
from simulation.business import TILLS, movement, transaction
from simulation.chance import CROWDED, EVERYTHING, Dice, Kept, Odds
from simulation.invariants import PROMISES, Promise, nothing_stands_twice
from simulation.targets import ERP, SHOP
from simulation.world import World

_PATIENCE = 2000
"""Bells after which a world that is calm should be at rest."""
_LEAST, _MOST = 60, 400
"""Things that happen in one run."""
ITEMS = ("SCARF", "GLOVE", "HAT", "COAT", "SOCK")


@dataclass(slots=True)
class Script:
    """What the senders have to say."""

    pending: dict[str, list[Event]] = field(default_factory=dict)
    """Events not sent yet, by source lane, in order."""
    sent: list[Event] = field(default_factory=list)
    deliveries: list[tuple[str, str, list[Event]]] = field(default_factory=list)
    """Answered deliveries, to be repeated now and then."""
    sold: int = 0
    """Sales of the shop."""


@contextmanager
def transactions_of(most: int) -> Iterator[None]:
    """Have the core put fewer writes into one transaction, so that what is rare in life is common here."""
    modules = (accept, unit_of_work, state_delivery)
    before = [vars(module)["CHUNK"] for module in modules]
    for module in modules:
        vars(module)["CHUNK"] = most
    try:
        yield
    finally:
        for module, was in zip(modules, before, strict=True):
            vars(module)["CHUNK"] = was


@contextmanager
def time_of_its_own(dice: Dice) -> Iterator[None]:
    """Have the retries of operators' tools, which sleep for real, take no time, and their jitter from the dice."""
    with patch.object(retry, "time", SimpleNamespace(sleep=lambda _: None)), patch.object(retry, "random", dice):
        yield


class Violation(AssertionError):
    """A promise was broken."""

    def __init__(self, promise: str, what: str) -> None:
        """Args:
        promise: Which.
        what: How it shows.
        """
        super().__init__(f"{promise}: {what}")
        self.promise = promise
        self.what = what


@dataclass(frozen=True, slots=True)
class Told:
    """One run that is over."""

    world: World
    violation: Violation | None
    rounds: int
    """Rounds of the story up to the calm."""


def simulate(seed: int, odds: Odds | None = None) -> World:
    """Run one world to its end and hold it to every promise.

    Raises:
        Violation: A promise was broken; the seed repeats it.
    """
    told = tell(seed, odds)
    if told.violation is not None:
        raise told.violation
    return told.world


def tell(seed: int, odds: Odds | None = None, kept: Kept = EVERYTHING) -> Told:
    """Run one world to its end, or to the promise that it breaks.

    Args:
        seed: The same seed tells the same story.
        odds: How often what goes wrong; without, as the seed says.
        kept: What is kept of the story.
    """
    dice = Dice(seed, odds or Odds(), kept)
    if odds is None and dice.coin():
        dice.odds = CROWDED
    with transactions_of(dice.one_of([90, 90, 20, 14])), time_of_its_own(dice):
        run = _Run(dice)
        return Told(run.world, run.to_its_end(), run.rounds)


class _Run:
    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.world = World(
            dice,
            unique=dice.coin(0.3),
            all_or_none=dice.coin(),
            park_limit=dice.one_of([500, 500, 2]),
        )
        self.script = Script()
        self.unknown: list[tuple[str, str, bool]] = []
        self.events: dict[str, Event] = {}
        self.rounds = 0

    def to_its_end(self) -> Violation | None:
        """Tell all of it; the promise that it broke."""
        try:
            self._prepare()
            self._chaos()
            self._calm()
            for promise in PROMISES:
                self._hold(promise)
        except Violation as violation:
            return violation
        except Exception as error:  # noqa: BLE001  # whatever the core trips over is a finding, to be shrunk as any
            return Violation(f"defect {type(error).__name__}", str(error))
        return None

    def _hold(self, promise: Promise) -> None:
        try:
            promise(self.world, self.events)
        except AssertionError as broken:
            raise Violation(promise.__name__, str(broken)) from broken

    # ---- before ----

    def _prepare(self) -> None:
        world, dice = self.world, self.dice
        share = dice.one_of([0.12, 0.4])
        for item in ITEMS:
            for system, outward in ((TILLS, False), (SHOP, False), (SHOP, True), (ERP, True)):
                if dice.strikes("name imported late", share):
                    self.unknown.append((item, system, outward))
                    world.imported_late.add((item, system))
                else:
                    world.learn(item, system, outward=outward)
        world.told[:] = [line for line in world.told if line[1].startswith("!")]  # what is as it should be is no news
        start = world.clock.now()
        stock = [
            movement(TILLS, number, {item: dice.number(0, 12) or 1 for item in ITEMS}, start) for number in range(1, 3)
        ]
        self._schedule("stock", stock)
        tills = dice.number(1, 3)
        for till in range(1, min(tills, dice.kept.tills or tills) + 1):
            name = f"T{till}"
            dice.scene(name)
            sales = dice.number(2, 7)
            events = [self._transaction(name, number) for number in range(1, min(sales, dice.kept.sales or sales) + 1)]
            self._schedule(name, events)
            for event in events:
                if dice.strikes("transaction unsound", 0.08):
                    world.unsound.add(event.id)
                if dice.strikes("document refused", 0.06):
                    world.ledger.refused.add(f"receipt/{event.id}")
                if dice.strikes("document refused", 0.06):
                    world.ledger.refused.add(f"journal/{event.id}")
        dice.scene("shop")
        if dice.strikes("position refused", 0.15):
            world.shop.refused.add(f"{dice.one_of(ITEMS)}@101")

    def _schedule(self, lane: str, events: Sequence[Event]) -> None:
        self.script.pending[lane] = list(events)
        self.events |= {event.id: event for event in events}

    def _transaction(self, till: str, number: int) -> Event:
        self.dice.scene(f"{till}/{number}")
        items = [self.dice.one_of(ITEMS) for _ in range(self.dice.number(1, 3))]
        at = self.world.clock.now()
        if number > 1 and self.dice.coin(0.3):
            other = till if self.dice.coin(0.8) else "T1"
            if (other, number - 1) != (till, number):
                return transaction(till, number, items, at, returns=(other, self.dice.number(1, number - 1)))
        return transaction(till, number, items, at)

    # ---- chaos ----

    def _chaos(self) -> None:
        world, dice = self.world, self.dice
        swept = world.clock.now()
        world.happenings = [
            self._send_some,
            self._shop_sells,
            self._learn_one,
            self._learn_one,
            self._repair_one,
            self._learn_one,
        ]
        happenings: list[tuple[float, Callable[[], None]]] = [
            (25, self._send_some),
            (7, self._repeat_some),
            (10, self._shop_sells),
            (5, self._ledger_fails_or_returns),
            (3, self._shop_fails_or_returns),
            (3, self._learn_one),
            (3, self._repair_one),
            (2, world.redrive),
            (1, self._purge_one),
            (2, self._deployment_breaks_or_mends),
            (41, self._receive_one),
        ]
        kept = dice.kept.rounds
        while self.rounds < _LEAST or (any(self.script.pending.values()) and self.rounds < _MOST):
            self.rounds += 1
            dice.scene(str(self.rounds))
            happens, passes = dice.drawn(happenings), dice.up_to(4)
            if kept is None or self.rounds in kept:
                happens()
                self._hold(nothing_stands_twice)
            world.clock.time += timedelta(seconds=passes)
            if world.clock.now() - swept > timedelta(minutes=1):
                swept = world.clock.now()
                world.sweep()

    def _receive_one(self) -> None:
        if self.world.queue:
            self.world.receive()

    def _ledger_fails_or_returns(self) -> None:
        ledger = self.world.ledger
        ledger.down = not ledger.down and self.dice.strikes("ledger outage", 1)

    def _shop_fails_or_returns(self) -> None:
        shop = self.world.shop
        shop.down = not shop.down and self.dice.strikes("shop outage", 1)

    def _deployment_breaks_or_mends(self) -> None:
        world = self.world
        if world.broken:
            world.broken.clear()
        elif self.dice.strikes("bad deployment", 1):
            world.broken.add(self.dice.one_of(sorted(world.topology)))

    def _purge_one(self) -> None:
        if self.world.queue and self.dice.strikes("queue purged", 0.3):
            self.world.purge()
        elif self.world.dead_letters and self.dice.strikes("dead letters purged", 1):
            self.world.purge_dead_letters()

    def _send_some(self) -> None:
        lanes = [lane for lane, events in self.script.pending.items() if events]
        if not lanes:
            return
        lane = self.dice.one_of(lanes)
        events = self.script.pending[lane]
        size = self.dice.number(1, 4)
        batch = events[:size]
        if self.dice.strikes("batched anew", 0.2):  # with what was sent before
            older = [event for event in self.script.sent if event.source == batch[0].source]
            batch = [*older[-self.dice.number(1, 8) :], *batch]
        delivery_id = f"d{next(self.world.numbers)}"
        source = batch[0].source
        if self.world.deliver(source, delivery_id, batch):
            new = {event.id for event in batch}
            self.script.pending[lane] = [event for event in self.script.pending[lane] if event.id not in new]
            self.script.sent += [event for event in batch if event not in self.script.sent]
            self.script.deliveries.append((source, delivery_id, batch))
        elif self.dice.coin():  # sent again under the same id, or under another with the next attempt
            self.script.deliveries.append((source, delivery_id, batch))

    def _repeat_some(self) -> None:
        if self.script.deliveries and self.dice.strikes("delivered again", 1):
            self.world.deliver(*self.dice.one_of(self.script.deliveries))

    def _shop_sells(self) -> None:
        item = self.dice.one_of(ITEMS)
        if self.world.shop.sell(f"{item}@101"):
            self.script.sold += 1
            event = movement(SHOP, 1000 + self.script.sold, {item: -1}, self.world.clock.now())
            self.script.pending.setdefault("shop", []).append(event)
            self.events[event.id] = event

    def _learn_one(self) -> None:
        if not self.unknown:
            return
        item, system, outward = self.unknown.pop(self.dice.number(0, len(self.unknown) - 1))
        self.world.learn(item, system, outward=outward)

    def _repair_one(self) -> None:
        world = self.world
        if world.unsound and self.dice.coin():
            event_id = self.dice.one_of(sorted(world.unsound))
            world.unsound.discard(event_id)
            world.repair(f"unbalanced_totals/{event_id}")
        elif world.ledger.refused:
            key = self.dice.one_of(sorted(world.ledger.refused))
            world.ledger.refused.discard(key)
            world.repair(f"document_rejected/{key}")
        elif world.shop.refused:
            key = world.shop.refused.pop()
            world.repair(f"document_rejected/shop/{key}")

    # ---- calm ----

    def _calm(self) -> None:
        """Everything that is not broken for good comes to rest by itself, with the sweep and a person's repairs."""
        world, dice = self.world, self.dice
        dice.scene("calm")
        dice.odds = dice.odds.calm()
        self.world.tell("calm: nothing goes wrong any more")
        world.happenings.clear()
        world.broken.clear()
        world.ledger.down = world.shop.down = False
        while any(self.script.pending.values()):
            self._send_some()
        while self.unknown:
            self._learn_one()
        keep = dice.coin(0.3)  # some are never repaired: their cases must stay open
        while not keep and (world.unsound or world.ledger.refused or world.shop.refused):
            self._repair_one()
        world.redrive()
        received = 0
        for number in range(80):
            dice.scene(f"calm-{number}")
            minute = world.clock.now() + timedelta(minutes=1)
            while world.queue and world.queue[0].due < minute:
                world.receive()
                received += 1
                if received >= _PATIENCE:
                    raise Violation("comes_to_rest", f"{received} bells, and still at it")
            world.clock.time += timedelta(minutes=1)
            if self._at_rest():
                break
            world.sweep()
            if world.dead_letters:
                world.redrive()
        heapq.heapify(world.queue)

    def _at_rest(self) -> bool:
        world = self.world
        moving = any(
            state.cursor(reader).seq < state.head or state.applied(reader) < state.controls or state.unchecked(reader)
            for state in world.states()
            for reader in world.readers(state)
            if not state.stopped(reader)
        )
        if not moving:
            world.sweep()  # puts what is level to rest
        return not moving and not world.queue
