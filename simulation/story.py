"""One run: what is sold and sent, what fails when, what is repaired; then calm, and a look at what came of it."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace
from unittest.mock import patch

from lockstep.canonical.events import Event
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.sale_transaction import TransactionKind
from lockstep.messaging import accept, gap_cases, retry, sequence_gaps, state_delivery, unit_of_work
from lockstep.messaging.awaiting import PREDECESSOR_MISSING, SEQUENCE_GAP
from simulation.chance import CROWDED, EVERYTHING, LATE, Dice, Kept, Odds
from simulation.invariants import PROMISES, Promise
from simulation.people import is_about_a_name, open_cases
from simulation.retail import (
    DAY,
    ERP,
    GOODS,
    NEXT,
    ONLINE,
    SHOP,
    TILLS,
    YESTERDAY,
    Closed,
    Register,
    Step,
    Till,
    WebOrder,
    always_known,
    mappings,
    movement,
)
from simulation.watch import Broken
from simulation.workflows import TAKINGS, Rules, takings, takings_key
from simulation.world import World

_PATIENCE = 2000
"""Bells after which a world that is calm should be at rest."""
_ATTEMPTS = 4
"""How often, in the calm, everything that is repaired is tried again: what follows on a case may run into the next."""
_OVERDUE = timedelta(seconds=90)
"""How long a number may be missing before a person hears of it."""
_MINUTES = 4
"""That pass in the calm at least, so that what is overdue is heard of."""
_LEAST, _MOST = 60, 400
"""Things that happen in one run."""


@dataclass(frozen=True, slots=True)
class Sending:
    """Something that a sender has to say."""

    event: Event
    passed_over: tuple[TransactionId, ...] = ()
    """Numbers that the till used before it for what is no event."""


@dataclass(slots=True)
class Script:
    """What the senders have to say."""

    pending: dict[str, list[Sending]] = field(default_factory=dict)
    """What was not sent yet, by lane of the sender, in order."""
    sent: list[Sending] = field(default_factory=list)
    deliveries: list[tuple[str, str, list[Sending]]] = field(default_factory=list)
    """Deliveries to be repeated now and then."""
    sold: int = 0
    """Sales of the shop."""
    orders: list[WebOrder] = field(default_factory=list)
    """Of the shop."""
    unsound: dict[str, Closed] = field(default_factory=dict)
    """Transactions that did not add up, by their case, as they should have been; until somebody mends them."""
    unbalanced: dict[str, Closed] = field(default_factory=dict)
    """All of them."""
    resent: set[str] = field(default_factory=set)
    """Cases for which the sender sent the transaction anew."""


@contextmanager
def small_transactions(most: int, *, claims: bool) -> Iterator[None]:
    """Have what is rare in life be common here: transactions that are full, bodies too large, numbers overdue.

    Args:
        most: Writes that the core puts into one transaction.
        claims: Whether every body goes to the claim store.
    """
    with ExitStack() as stack:
        for module in (accept, unit_of_work, state_delivery):
            stack.enter_context(patch.object(module, "CHUNK", most))
        for module in (gap_cases, sequence_gaps):
            stack.enter_context(patch.object(module, "OVERDUE", _OVERDUE))
        if claims:
            stack.enter_context(patch.object(accept, "LARGEST_INLINE_BODY", 0))
        yield


@contextmanager
def time_of_its_own(dice: Dice) -> Iterator[None]:
    """Have the retries of operators' tools, which sleep for real, take no time, and their jitter from the dice."""
    with patch.object(retry, "time", SimpleNamespace(sleep=lambda _: None)), patch.object(retry, "random", dice):
        yield


@dataclass(frozen=True, slots=True)
class Told:
    """One run that is over."""

    world: World
    violation: Broken | None
    rounds: int
    """Rounds of the story up to the calm."""


def simulate(seed: int, odds: Odds | None = None) -> World:
    """Run one world to its end and hold it to every promise.

    Raises:
        Broken: A promise was broken; the seed repeats it.
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
    if odds is None:
        dice.odds = dice.one_of((dice.odds, CROWDED, LATE))
    with small_transactions(dice.one_of([90, 90, 20, 14]), claims=dice.coin(0.2)), time_of_its_own(dice):
        run = _Run(dice)
        return Told(run.world, run.to_its_end(), run.rounds)


class _Run:
    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.rules = Rules(dice.one_of([500, 500, 2]), timedelta(seconds=dice.one_of([20, 90, 600])))
        self.world = World(dice, unique=dice.coin(0.3), all_or_none=dice.coin(), rules=self.rules)
        self.script = Script()
        self.unknown: list[str] = []
        """Lines of the file of mappings that nobody has imported yet."""
        self.events: dict[str, Event] = {}
        self.rounds = 0

    def to_its_end(self) -> Broken | None:
        """Tell all of it; the promise that it broke."""
        try:
            self._prepare()
            self._chaos()
            self._calm()
            for promise in PROMISES:
                self._hold(promise)
        except Broken as broken:
            return broken
        except Exception as error:  # noqa: BLE001  # whatever the core trips over is a finding, to be shrunk as any
            return Broken(f"defect {type(error).__name__}", str(error))
        return None

    def _hold(self, promise: Promise) -> None:
        try:
            promise(self.world, self.events)
        except Broken:
            raise
        except AssertionError as broken:
            raise Broken(promise.__name__, str(broken)) from broken

    # ---- before ----

    def _prepare(self) -> None:
        self._name_things()
        world, dice = self.world, self.dice
        stock = []
        stores = dice.one_of([(ONLINE, "201"), (ONLINE, "301"), ("301", ONLINE), (ONLINE, ONLINE)])
        for number, store in enumerate((*dict.fromkeys(stores), ONLINE), 1):
            goods = {sku: dice.number(0, 12) or 1 for sku in GOODS}
            event, effect = movement(TILLS, number, store, goods, world.clock.now())
            world.watch.effects[event.id] = effect
            stock.append(event)
        self._schedule("stock", map(Sending, stock))
        tills = [Till(stores[0], "T1"), Till(stores[0], "T2"), Till(stores[1], "T3")]
        number = dice.number(1, 3)
        registers: dict[Till, list[Closed]] = {}
        for till in tills[: min(number, dice.kept.tills or number)]:
            self._fill(till, registers)
        dice.scene("shop")
        if dice.strikes("position refused", 0.15):
            world.shop.refused.add(f"{dice.one_of(GOODS)}@{ONLINE}")
        if dice.strikes("period closed", 0.1):
            world.ledger.closed_days.add(dice.one_of([DAY, YESTERDAY]).isoformat())
        if dice.coin():
            world.add(takings(self.rules))
        for target in (ERP, SHOP):
            if dice.strikes("maintenance", 0.2):
                begins = world.clock.now() + timedelta(seconds=dice.number(0, 240))
                world.maintain(target, begins, timedelta(seconds=dice.number(20, 150)))

    def _name_things(self) -> None:
        """Some names are imported late: of every kind, but of those that everything waits for seldom."""
        world, dice = self.world, self.dice
        share = dice.one_of([0.08, 0.25])
        known = [
            line
            for line in mappings()
            if not dice.strikes("name imported late", share / 4 if line.startswith(("store", "location")) else share)
        ]
        self.unknown = [line for line in mappings() if line not in known]
        for line in self.unknown:
            kind, ours, system, _ = line.split(",")
            if system == ERP:
                world.watch.late.add((kind, ours))
        odds, dice.odds = dice.odds, Odds().calm()
        world.people.import_mappings([*always_known(), *known])
        dice.odds = odds
        world.told.clear()  # what is as it should be is no news

    def _schedule(self, lane: str, sendings: Iterable[Sending]) -> None:
        self.script.pending[lane] = list(sendings)
        self.events |= {sending.event.id: sending.event for sending in self.script.pending[lane]}

    def _fill(self, till: Till, registers: dict[Till, list[Closed]]) -> None:
        """Everything that a till closes on its day, and sometimes a late batch of the day before."""
        dice = self.dice
        dice.scene(till.workstation)
        numbers = dice.number(2, 8)
        late = dice.number(1, 2) if dice.coin(0.25) else 0
        closed = registers.setdefault(till, [])
        for day, lane, most in ((DAY, till.workstation, numbers), (YESTERDAY, f"{till.workstation}-late", late)):
            sendings: list[Sending] = []
            number = 0
            for _ in range(min(most, dice.kept.sales or most)):
                dice.scene(f"{lane}/{number}")
                skipped = (till.identity(number + 1, day),) if dice.strikes("number passed over", 0.1) else ()
                number += 1 + len(skipped)
                if dice.strikes("number lost", 0.06):
                    self.world.watch.lost.add(till.identity(number, day))
                    number += 1
                one = self._closed(till, number, day, registers)
                sendings.append(Sending(self._as_sent(one), skipped))
                closed.append(one)
            if sendings:
                self._schedule(lane, sendings)

    def _closed(self, till: Till, number: int, day: date, registers: dict[Till, list[Closed]]) -> Closed:
        """What a till closes next: half of it sales, the rest what follows on them, here or at a neighbouring till."""
        dice = self.dice
        register = Register(till, dice, self.world.clock.now())
        here = [one for one in registers[till] if one.sale.kind is TransactionKind.SALE]
        elsewhere = [
            one
            for other, closed in registers.items()
            if other.store == till.store and other != till
            for one in closed
            if one.sale.kind is TransactionKind.SALE
        ]
        earlier = elsewhere if elsewhere and dice.coin(0.4) else here
        what = dice.drawn(_KINDS)
        if what in {"return", "exchange", "void", "bare void"} and not earlier:
            what = "sale"
        if what in {"return", "exchange", "void", "bare void"}:
            original = dice.one_of(earlier)
            if what == "return":
                return register.returned(number, original, day)
            if what == "exchange":
                return register.exchanged(number, original, day)
            return register.voided(number, original, with_lines=what == "void", day=day)
        if what == "return unseen":
            return register.returned_unseen(number, day, of_a_lost_sale=dice.coin())
        return register.refunded(number, day) if what == "refund" else register.sale(number, day)

    def _as_sent(self, closed: Closed) -> Event:
        """As it arrives at first: some do not add up, of some the document is refused."""
        world, dice = self.world, self.dice
        event = closed.event
        world.watch.effects[event.id] = closed.effect
        if dice.strikes("document refused", 0.06):
            world.ledger.refused.add(event.id)
        if closed.sale.tenders and dice.strikes("document refused", 0.12):
            world.ledger.refused.add(takings_key(closed.sale.tenders[-1].tender, event.id))
        if closed.sale.tenders and dice.strikes("transaction unbalanced", 0.08):
            unbalanced = closed.unbalanced
            case = f"unbalanced_totals/{unbalanced.correlation_id}"
            self.script.unsound[case] = self.script.unbalanced[case] = closed
            return unbalanced
        return event

    # ---- chaos ----

    def _chaos(self) -> None:
        world, dice = self.world, self.dice
        swept = world.clock.now()
        world.happenings = [
            self._send_some,
            self._send_some,
            self._shop_sells,
            self._learn_one,
            self._learn_one,
            self._mend_one,
            self._learn_one,
        ]
        happenings: list[tuple[float, Callable[[], None]]] = [
            (25, self._send_some),
            (7, self._repeat_some),
            (10, self._shop_sells),
            (6, self._order_moves_on),
            (5, self._ledger_fails_or_returns),
            (3, self._shop_fails_or_returns),
            (4, self._learn_one),
            (7, self._mend_one),
            (2, self._give_up_one),
            (2, self._pause_or_resume),
            (1, self._add_workflow),
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
                world.watch.look()
            world.clock.time += timedelta(seconds=passes)
            if world.clock.now() - swept > timedelta(minutes=1):
                swept = world.clock.now()
                world.sweep()
                world.watch.look()

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

    def _pause_or_resume(self) -> None:
        target = self.dice.one_of((ERP, SHOP))
        if self.dice.coin():
            self.world.people.resume(target)
        elif self.dice.strikes("paused by a person", 1):
            self.world.people.pause(target, self.dice.one_of((None, 1, 3)))

    def _add_workflow(self) -> None:
        """A workflow is deployed; from a time on that nobody has reached yet, entries are its concern."""
        world = self.world
        if TAKINGS not in world.workflows and self.dice.strikes("workflow added", 1):
            begins = world.clock.now() + timedelta(seconds=self.dice.number(0, 20))
            world.tell(f"takings are to be told from {begins:%H:%M:%S} on")
            world.add(takings(self.rules, begins))

    def _send_some(self) -> None:
        script, dice = self.script, self.dice
        lanes = [lane for lane, pending in script.pending.items() if pending]
        if not lanes:
            return
        lane = dice.one_of(lanes)
        batch = script.pending[lane][: dice.number(1, 4)]
        source = batch[0].event.source
        if dice.strikes("batched anew", 0.2):  # with what was sent before
            older = [sending for sending in script.sent if sending.event.source == source]
            batch = [*older[-dice.number(1, 8) :], *batch]
        delivery_id = f"d{next(self.world.numbers)}"
        if self._deliver(source, delivery_id, batch):
            new = {sending.event.id for sending in batch}
            script.pending[lane] = [sending for sending in script.pending[lane] if sending.event.id not in new]
            script.sent += [sending for sending in batch if sending not in script.sent]
            script.deliveries.append((source, delivery_id, batch))
        elif dice.coin():  # sent again under the same id, or under another with the next attempt
            script.deliveries.append((source, delivery_id, batch))

    def _deliver(self, source: str, delivery_id: str, batch: Sequence[Sending]) -> bool:
        passed_over = [number for sending in batch for number in sending.passed_over]
        return self.world.deliver(source, delivery_id, [sending.event for sending in batch], passed_over)

    def _repeat_some(self) -> None:
        if self.script.deliveries and self.dice.strikes("delivered again", 1):
            self._deliver(*self.dice.one_of(self.script.deliveries))

    def _shop_sells(self) -> None:
        sku = self.dice.one_of(GOODS)
        if self.world.shop.sell(f"{sku}@{ONLINE}"):
            self.world.watch.sold[f"{sku}@{ONLINE}"] += 1
            self.script.sold += 1
            if self.dice.coin():
                order = WebOrder(f"W{self.script.sold}", sku, self.world.clock.now())
                self.script.orders.append(order)
                self._report(order)
                return
            event, effect = movement(SHOP, 1000 + self.script.sold, ONLINE, {sku: -1}, self.world.clock.now())
            self.script.pending.setdefault("shop", []).append(Sending(event))
            self.events[event.id] = event
            self.world.watch.effects[event.id] = effect

    def _order_moves_on(self) -> None:
        """An order is paid, handed over or cancelled; then the shop has it to sell again."""
        orders = [order for order in self.script.orders if NEXT[order.step]]
        if not orders:
            return
        order = self.dice.one_of(orders)
        order.step = self.dice.one_of(NEXT[order.step])
        event = self._report(order)
        if order.step is Step.CANCELLED:
            key = f"{order.sku}@{ONLINE}"
            self.world.shop.shown[key] += 1
            self.world.watch.sold[key] -= 1
            self.world.watch.put_back[event.id] = key

    def _report(self, order: WebOrder) -> Event:
        """The shop has a snapshot to send; snapshots overtake each other."""
        event, effect, claim = order.reported(self.world.clock.now())
        lane = f"{order.id}/{order.version}"
        self.script.pending[lane] = [Sending(event)]
        self.events[event.id] = event
        self.world.watch.effects[event.id] = effect
        self.world.watch.claims[event.id] = claim
        return event

    def _learn_one(self) -> None:
        if self.unknown:
            lines = [self.unknown.pop(self.dice.number(0, len(self.unknown) - 1))]
            if self.unknown and self.dice.coin(0.3):
                lines.append(self.unknown.pop())
            self.world.people.import_mappings(lines)

    # ---- what persons mend ----

    def _mend_one(self) -> None:
        """Somebody repairs what a case is about, then tries it again."""
        world, dice, script = self.world, self.dice, self.script
        kinds = [
            kind
            for kind, there in (
                ("unsound", script.unsound),
                ("refused", world.ledger.refused),
                ("closed", world.ledger.closed_days),
                ("shop", world.shop.refused),
            )
            if there
        ]
        if not kinds or dice.coin(0.2):
            self._retry_one()
            return
        match dice.one_of(kinds):
            case "unsound":
                self._mend_unsound(dice.one_of(sorted(script.unsound)))
            case "refused":
                known = [k for k in world.ledger.refused if world.watch.is_open(f"document_rejected/{ERP}/{k}")]
                key = dice.one_of(sorted(known or world.ledger.refused))
                if known and dice.strikes("document corrected by a person", 0.5):
                    world.people.book_tomorrow(f"document_rejected/{ERP}/{key}")
                    world.people.retry(f"document_rejected/{ERP}/{key}")  # should the first have been interrupted
                    return
                world.ledger.refused.discard(key)
                world.people.retry(f"document_rejected/{ERP}/{key}")
            case "closed":
                day = world.ledger.closed_days.pop()
                world.people.retry(f"period_closed/{ERP}/{day}")
            case _:
                key = world.shop.refused.pop()
                world.people.retry(f"document_rejected/shop/{key}")

    def _retry_one(self) -> None:
        """Somebody tries any case again, whether or not it has been repaired."""
        cases = [case for case in self._cases() if not is_about_a_name(case)]
        if cases:
            self.world.people.retry(self.dice.one_of(cases))

    def _retry(self, case: str, attempt: int) -> None:
        """What refers to something that will never come goes on without it; or not at all, if that is all it says.

        What was corrected for one consumer, so that the sender cannot send it any more, is corrected for the others.
        """
        people = self.world.people
        kind = case.partition("/")[0]
        if kind == "unbalanced_totals":
            people.correct(case, self.script.unbalanced[case])
        if case.startswith(f"document_rejected/{ERP}/") and self.dice.coin():
            people.book_tomorrow(case)
        if kind == SEQUENCE_GAP or (kind == PREDECESSOR_MISSING and attempt > 1):
            people.skip(case, behind=attempt == _ATTEMPTS - 1)  # there may be a row of them
        else:
            people.retry(case, unfollowed=kind == PREDECESSOR_MISSING)

    def _cases(self) -> list[str]:
        """Open cases that hold something."""
        return [case for case in open_cases(self.world) if not case.startswith("negative_inventory")]

    def _mend_unsound(self, case: str) -> None:
        """The sender sends the transaction anew, or a person says what it should have been."""
        closed = self.script.unsound[case]
        if case in self.script.resent or self.dice.strikes("corrected by a person", 0.5):
            self.world.people.correct(case, closed)
        else:
            self.script.resent.add(case)
            self.script.pending.setdefault(f"{case} again", []).append(Sending(closed.event))
            self.events[closed.event.id] = closed.event
        self.world.people.retry(case)

    def _give_up_one(self) -> None:
        """Somebody decides that what waits for a case shall have no effect, or gives the case away."""
        cases = self._cases()
        if not cases:
            return
        case = self.dice.one_of(cases)
        if self.dice.strikes("skipped by a person", 0.5):
            self.world.people.skip(case, behind=self.dice.coin(0.3))
        else:
            self.world.people.reassign(case)

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
        for target in (ERP, SHOP):
            world.people.resume(target)
        while any(self.script.pending.values()):
            self._send_some()
        while self.unknown:
            self._learn_one()
        keep = dice.coin(0.3)  # some are never repaired: their cases must stay open
        if not keep:
            self._mend_all()
        self._settle("calm")
        for attempt in range(_ATTEMPTS):
            cases = [] if keep else self._worth_a_try()
            if not cases:
                break
            for case in cases:
                self._retry(case, attempt)
            self._settle(f"again-{attempt}")
        if not keep and (left := self._cases()):
            raise Broken("comes_to_rest", f"everything is repaired and tried again, and {left[0]} is still open")
        heapq.heapify(world.queue)

    def _mend_all(self) -> None:
        world, script = self.world, self.script
        while script.unsound:
            case, closed = script.unsound.popitem()
            if case not in script.resent:
                self._schedule(f"{case} again", [Sending(closed.event)])
        while any(script.pending.values()):
            self._send_some()
        world.ledger.refused.clear()
        world.ledger.closed_days.clear()
        world.shop.refused.clear()

    def _worth_a_try(self) -> list[str]:
        """Open cases, but for those that end by themselves: what they wait for has come, or a name was imported."""
        there = {f"{PREDECESSOR_MISSING}/{entry.event.id}" for entry in self.world.watch.all_entries()}
        return [case for case in self._cases() if case not in there and not is_about_a_name(case)]

    def _settle(self, name: str) -> None:
        """Let bells and sweeps do their work until nothing moves."""
        world, dice = self.world, self.dice
        world.redrive()
        received = 0
        for number in range(80):
            dice.scene(f"{name}-{number}")
            minute = world.clock.now() + timedelta(minutes=1)
            while world.queue and world.queue[0].due < minute:
                world.receive()
                received += 1
                if received >= _PATIENCE:
                    raise Broken("comes_to_rest", f"{received} bells, and still at it")
            world.watch.look()
            world.clock.time += timedelta(minutes=1)
            if self._at_rest() and number >= _MINUTES:
                return
            world.sweep()
            if world.dead_letters:
                world.redrive()

    def _at_rest(self) -> bool:
        world = self.world
        moving = any(
            world.watch.is_behind(state, reader)
            for state in world.watch.states()
            for reader in world.watch.readers(state.stream)
            if not state.stopped(reader.id)
        )
        if not moving:
            world.sweep()  # puts what is level to rest
        return not moving and not world.queue and not self._ticks()

    def _ticks(self) -> bool:
        """Whether a case is expected to end by itself: it does, or is opened when its time has come."""
        items = self.world.table.items
        return any(items[case].get("waiting") and items[case]["state"] != "open" for case in self.world.watch.cases)


_KINDS: Sequence[tuple[float, str]] = (
    (50, "sale"),
    (17, "return"),
    (8, "exchange"),
    (6, "void"),
    (8, "bare void"),
    (4, "return unseen"),
    (3, "refund"),
)
