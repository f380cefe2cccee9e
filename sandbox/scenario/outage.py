"""(d) The ERP is stopped: sales are accepted, the shop stays right, the backlog is seen; it comes back: all posted."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from typing import Final

from lockstep.messaging.breaker import FIRST_PAUSE
from sandbox.erp.books import ErpSale
from sandbox.retailer import RETAILER
from sandbox.scenario.recorder import Recorder, tally
from sandbox.scenario.world import ERP, World, event_id
from sandbox.till import Answer, Item, Ticket, Till, sums

SALES: Final = 20
_BASKET: Final = (
    "TEE-ORGANIC-S",
    "TEE-ORGANIC-M",
    "SCARF-MERINO",
    "SOCKS-ALPACA",
    "CANDLE-BEESWAX",
    "MUG-ENAMEL",
    "TEA-SMOKED-100",
    "HONEY-HEATHER",
    "POSTCARD-SET",
)
_TENDERS: Final = ("CARD", "CASH", "WALLET", "GIFT")
_LEVEL_WITHIN: Final = 60.0
_SHOP_WITHIN: Final = 240.0
"""As long as it may take when a bell was lost with a killed worker: the next sweep but one."""
_BREAKER_WITHIN: Final = 60.0
_POSTED_WITHIN: Final = 420.0
"""As long as it may take when a poster was killed: its lease has to run out before the next may go on."""
_POSTED_EXPECTED: Final = 120.0
"""As long as it takes when nothing is killed: the sweep leaves alone what is younger than 20 s and a breaker in its
first 15, comes every 60, and the posting takes some seconds; the rest is for slow machines."""

Place = tuple[str, str]
"""SKU and store."""


@dataclass(slots=True)
class _Day:
    """What the three tills did while the ERP was away."""

    tickets: dict[tuple[str, str], list[Ticket]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)

    @property
    def all(self) -> list[Ticket]:
        return [ticket for tickets in self.tickets.values() for ticket in tickets]

    def moved(self) -> Counter[Place]:
        """What went out, by SKU and store."""
        moved: Counter[Place] = Counter()
        for ticket in self.all:
            for item in ticket.items:
                moved[item.sku, ticket.transaction.store] += item.quantity
        return moved


def play(world: World, record: Recorder) -> None:
    """Play it. The ERP runs again afterwards, whatever happened."""
    world.stack.wait_level(within=_LEVEL_WITHIN)
    shown = world.shown()
    in_erp = {(sku, store.code): world.books.stock(sku, store.code) for store in RETAILER.stores for sku in _BASKET}
    world.progress("(d) the ERP is stopped")
    world.stack.erp.kill() if world.options.chaos else world.stack.erp.stop()
    down_at = time.monotonic()
    try:
        day = _sell(world)
        _accepted(world, record, day, shown)
        _backlog(world, record, day)
    except Exception:
        _start_erp(world)  # the next step needs it
        raise
    _start_erp(world)
    back_at = time.monotonic()
    _recovered(world, record, day)
    _books(world, record, day, in_erp)
    record.figures(outage_s=back_at - down_at, transactions=len(day.all))


def _start_erp(world: World) -> None:
    if not world.stack.erp.running:
        world.progress("(d) the ERP is started again")
        world.stack.erp.start()


def _sell(world: World) -> _Day:
    """Three tills at the same time, each in its own order; the first one takes something back at the end."""
    day = _Day()
    chance = random.Random(11)  # noqa: S311  # baskets, the same every time
    baskets = {key: [_basket(till, chance) for _ in range(_share(number))] for number, (key, till) in _tills(world)}
    first = next(iter(baskets))
    sale = baskets[first][0]
    baskets[first].append(world.tills[first].give_back(sale, [Item(sale.items[0].sku)]))
    day.tickets = baskets
    world.progress(f"(d) {SALES} sales while the ERP is down")
    chaos = _Killer(world, day) if world.options.chaos else None
    with world.at_once(len(baskets)) as pool:
        running = [pool.submit(_work_off, world, own) for own in baskets.values()]
        if chaos:
            chaos.strike("inbound.poslog", "relay", "inventory_availability", "financial_posting", "shopify.main")
        for future in running:
            day.answers += future.result()
    return day


def _work_off(world: World, tickets: Sequence[Ticket]) -> list[Answer]:
    return [world.sell(ticket) for ticket in tickets]


def _tills(world: World) -> list[tuple[int, tuple[tuple[str, str], Till]]]:
    return list(enumerate(world.tills.items()))


def _share(number: int) -> int:
    """7, 7 and 6."""
    return SALES // 3 + (number < SALES % 3)


def _basket(till: Till, chance: random.Random) -> Ticket:
    items = [Item(sku, chance.randint(1, 2)) for sku in chance.sample(_BASKET, chance.randint(1, 4))]
    tender = chance.choice(_TENDERS)
    split = chance.random() < 0.2 and tender != "CARD"  # noqa: PLR2004
    return till.sale(items, tender=tender, card_part=Decimal(5) if split else Decimal(0))


def _accepted(world: World, record: Recorder, day: _Day, shown: dict[Place, int]) -> None:
    milliseconds = sorted(answer.elapsed * 1000 for answer in day.answers)
    record.tell(
        f"Its process is ended. {len(day.all)} transactions come from 3 tills of 2 stores, answered in "
        f"{median(milliseconds):.0f} ms (median), {milliseconds[-1]:.0f} ms at most (three tills at "
        "once make functions start cold)."
    )
    record.that("the ERP is really down", not world.stack.erp.healthy, expected="no answer", seen="no answer")
    statuses = tally(answer.status for answer in day.answers)
    record.equal("every transaction is accepted", f"{len(day.all)} x 200", statuses)
    moved = day.moved()
    expected = {place: units - moved[place] for place, units in shown.items()}
    took = world.wait(
        "the shop's stock",
        lambda: world.shown() == expected,
        within=_SHOP_WITHIN,
        telling=lambda: f"{sum(world.shown()[place] != units for place, units in expected.items())} quantities to go",
    )
    now = world.shown()
    record.equal(
        "the shop's stock is right while the ERP is down",
        f"{len(moved)} quantities moved, {sum(expected.values())} units shown",
        f"{sum(now[place] == shown[place] - moved[place] for place in moved)} quantities moved, "
        f"{sum(now.values())} units shown",
    )
    record.figures(
        webhook_median_ms=median(milliseconds),
        webhook_slowest_ms=milliseconds[-1],
        shop_right_after_last_answer_s=took,
        attempts=sum(answer.attempts for answer in day.answers),
    )


def _backlog(world: World, record: Recorder, day: _Day) -> None:
    def erp() -> tuple[int, int, str]:
        (one,) = (one for one in world.stack.lanes().consumers if one.consumer == ERP)
        return one.lanes, one.backlog, one.breaker.state if one.breaker else ""

    expected = (len(world.tills), len(day.all), "open")
    world.progress("(d) the backlog builds up in the ledger")
    world.wait(
        "the breaker", lambda: erp() == expected, within=_BREAKER_WITHIN + _SHOP_WITHIN, telling=lambda: str(erp())
    )
    report = world.stack.lanes()
    rows = [
        (
            one.consumer,
            one.lanes,
            one.backlog,
            f"{(report.at - one.oldest).total_seconds():.0f} s" if one.oldest else "",
            one.breaker.state if one.breaker else "",
            one.breaker.reason if one.breaker else "",
        )
        for one in report.consumers
    ]
    record.table(
        "What operators see: lockstep lanes", ("consumer", "lanes", "waiting", "oldest", "breaker", "why"), rows
    )
    record.equal("operators see the backlog: lanes, entries, breaker of the ERP", expected, erp())
    others = sum(one.backlog for one in report.consumers if one.consumer != ERP)
    record.equal("nobody else is behind", 0, others)


def _recovered(world: World, record: Recorder, day: _Day) -> None:
    started = time.monotonic()
    restarts = 0
    first: list[float] = []
    chaos = _Killer(world, day) if world.options.chaos else None

    def meanwhile() -> None:
        nonlocal restarts
        if not world.stack.erp.running:  # somebody killed it: start it as its own supervisor would
            world.stack.erp.start()
            restarts += 1
        if chaos and chaos.in_the_middle():
            world.stack.erp.kill()
            chaos.strike(ERP)
            day.killed["the ERP"] += 1
            world.progress("(d) the ERP and its poster were killed in the middle of posting")
        if not first and world.posted(day.all):
            first.append(time.monotonic() - started)

    world.wait(
        "the backlog to be posted",
        lambda: world.posted(day.all) == len(day.all),
        within=_POSTED_WITHIN,
        telling=lambda: _standing(world, day),
        meanwhile=meanwhile,
    )
    took = time.monotonic() - started
    record.tell(
        f"Once it answers again the breaker's pause has to end and the sweep, which runs every minute, to let one lane "
        f"try; then all lanes are rung. All were posted {took:.0f} s after the ERP was back."
    )
    if day.killed:
        record.tell(
            "Killed in the middle: " + ", ".join(f"{name} ({n})" for name, n in sorted(day.killed.items())) + "."
        )
        record.that(
            "the ERP and its poster were killed while posting",
            {"the ERP", ERP} <= set(day.killed),
            expected=f"the ERP, {ERP}",
            seen=", ".join(sorted(day.killed)),
        )
    elif not restarts:
        record.that(
            "the backlog is posted in time",
            took <= _POSTED_EXPECTED,
            expected=f"within {_POSTED_EXPECTED:.0f} s",
            seen=f"{took:.1f} s",
        )
    record.figures(
        first_posted_after_back_s=first[0] if first else took,
        all_posted_after_back_s=took,
        breaker_first_pause_s=FIRST_PAUSE.total_seconds(),
        killed=sum(day.killed.values()),
        erp_restarts=restarts,
    )


def _standing(world: World, day: _Day) -> str:
    (one,) = (one for one in world.stack.lanes().consumers if one.consumer == ERP)
    told = f"{world.posted(day.all)} of {len(day.all)}"
    if one.breaker and one.breaker.state == "open" and one.breaker.probed_after:
        left = (one.breaker.probed_after - datetime.now(UTC)).total_seconds()
        told += f", breaker open for {left:.0f} s more" if left > 0 else ", a probe is due with the next sweep"
    return told


def _books(world: World, record: Recorder, day: _Day, in_erp: dict[Place, int]) -> None:
    sales = world.booked(day.all)
    by_ref = {sale.external_ref: sale for sale in sales}
    record.equal("none is missing and none is there twice", len(day.all), len(sales))
    record.equal("all are posted", f"{len(day.all)} x posted", tally(sale.state for sale in sales))
    record.equal("no receipt number is used twice", len(day.all), len({sale.number for sale in sales}))
    for (store, workstation), tickets in day.tickets.items():
        name = f"till {store}/{workstation}: posted in the order of the till"
        order = sorted(tickets, key=lambda ticket: _number(by_ref.get(event_id(ticket))))
        record.equal(name, _told(tickets), _told(order))
    sale, back = day.all[0], next(ticket for ticket in day.all if ticket.total < 0)
    numbers = [_number(by_ref.get(event_id(ticket))) for ticket in (sale, back)]
    record.that(
        "the return did not overtake its sale",
        numbers[0] < numbers[1],
        expected="sale first",
        seen=f"receipts {numbers[0]} and {numbers[1]} of the store",
    )
    expected = {RETAILER.tender(code).name: amount for code, amount in sums(day.all).items()}
    seen: Counter[str] = Counter()
    for booked in sales:
        for name, amount in booked.payments.items():
            seen[name] += amount  # type: ignore[assignment]  # a Counter adds amounts as well
    record.equal("the sum of each tender is right", expected, dict(seen))
    _stock(world, record, day, in_erp)


def _stock(world: World, record: Recorder, day: _Day, before: dict[Place, int]) -> None:
    """Goods that came back lie apart in the ERP until somebody has looked at them."""
    out: Counter[Place] = Counter()
    for ticket in day.all:
        for item in ticket.items:
            out[item.sku, ticket.transaction.store] += max(0, item.quantity)
    now = {place: world.books.stock(*place) for place in before}
    wrong = [place for place, units in before.items() if now[place] != units - out[place]]
    record.equal(
        "the ERP's own stock fell by what was sold",
        f"{sum(out.values())} units",
        f"{sum(before.values()) - sum(now.values())} units"
        + "".join(f", wrong: {sku} at {store}" for sku, store in wrong),
    )


def _number(sale: ErpSale | None) -> int:
    """`R101-17` is the seventeenth receipt of its store; none comes last."""
    return int(sale.number.rpartition("-")[2]) if sale and sale.number else 10**9


def _told(tickets: Sequence[Ticket]) -> str:
    """Their sequence numbers; only the first and the last of an unbroken row."""
    numbers = [ticket.transaction.sequence for ticket in tickets]
    if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return f"{numbers[0]} to {numbers[-1]}, one after the other"
    return ", ".join(map(str, numbers))


class _Killer:
    """Kills workers in the middle of whatever they do, as a crash of their machine would."""

    def __init__(self, world: World, day: _Day) -> None:
        self._world = world
        self._day = day
        self._struck = False

    def in_the_middle(self) -> bool:
        """Whether the ERP has begun on the backlog and not finished it; says yes once."""
        if self._struck or not (sales := self._world.booked(self._day.all)):
            return False
        self._struck = True
        return sum(sale.state == "posted" for sale in sales) < len(self._day.all)

    def strike(self, *services: str) -> None:
        """Kill every worker of these functions."""
        for service in services:
            for worker in self._world.stack.aws.workers(self._world.stack.topology["functions"][service]):
                worker.kill()
                self._day.killed[service] += 1
