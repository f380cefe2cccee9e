"""What a pass of the torture plays: who sells what and how it is sent, and what breaks when. Pure; the seed repeats it.

Times are seconds from the beginning of the pass. What the machine makes of them is its own: another run of the same
script meets other interleavings.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from sandbox.retailer import DOWNTOWN, HARBOUR, NEW_ARRIVAL_SKU, RETAILER

TILLS_A_STORE: Final = 3
SALES_A_TILL_A_MINUTE: Final = 18
LATE_BATCH: Final = 46
"""Sales of the day before that one till sends in one delivery: more than one transaction of the ledger takes."""
RECEIVED: Final = 80
"""Units of each SKU that each store receives at the beginning of a pass."""
_TENDERS: Final = ("CARD", "CASH", "WALLET", "GIFT")
_SKUS: Final = tuple(product.sku for product in RETAILER.products if product.stocked and product.sku != NEW_ARRIVAL_SKU)
LABELLED_SKU: Final = "SCARF-MERINO"
"""What is sold under labels that nobody has mapped."""


class Doing(StrEnum):
    """What a till closes."""

    SALE = "sale"
    RETURN = "return"
    EXCHANGE = "exchange"
    VOID = "void"
    ADJUSTMENT = "adjustment"
    COUNT = "count"
    TRAINING = "training"


class Sending(StrEnum):
    """How it is delivered."""

    ALONE = "alone"
    TWICE = "twice"
    """Again under the same delivery id, after it was answered."""
    TOGETHER = "together"
    """At the same time: twice under one delivery id, and once under another."""
    IMPATIENT = "impatient"
    """The line breaks before the answer; the till sends again, then under another id."""
    BATCHED = "batched"
    """With what this till closed before, in another delivery."""


class Fault(StrEnum):
    """What goes wrong."""

    WORKERS_KILLED = "workers killed"
    ERP_STOPPED = "ERP stopped"
    ERP_KILLED = "ERP killed"
    SHOP_RESTARTED = "shop restarted"
    SHOP_FAULT = "shop fault"
    RELAY_OFF = "relay switched off"
    QUEUE_PURGED = "queue purged"
    DEAD_LETTERS_PURGED = "dead letters purged"
    DEPLOYMENT_BROKEN = "deployment broken"
    TARGET_PAUSED = "target paused"
    MAPPING_LATE = "mapping imported late"
    WEB_SALE = "bought on the web"


SERVICES: Final = (
    "inbound.poslog",
    "relay",
    "inventory_availability",
    "financial_posting",
    "shopify.main",
    "tryton.main",
    "intake.poslog",
    "sweep",
)
"""Functions whose workers are killed."""
CONSUMERS: Final = ("inventory_availability", "financial_posting", "shopify.main", "tryton.main", "intake.poslog")
"""Those with a queue."""
TARGETS: Final = ("tryton.main", "shopify.main")
SHOP_FAULTS: Final = ("throttle", "too_many_requests", "unavailable", "dropped", "lost_answer", "slow")


@dataclass(frozen=True, slots=True)
class Goods:
    """Units of one SKU; under a label where the till does not use its GTIN."""

    sku: str
    units: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Workplace:
    """One till."""

    store: str
    workstation: str

    def __str__(self) -> str:
        return f"{self.store}/{self.workstation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One number of one till."""

    number: int
    """Counted over all tills."""
    till: Workplace
    at: float
    doing: Doing
    sending: Sending = Sending.ALONE
    out: tuple[Goods, ...] = ()
    """What goes out; for an adjustment what moves, for a count what lies there."""
    back: tuple[Goods, ...] = ()
    of: int = 0
    """Number of the act that it takes back or voids."""
    tender: str = "CARD"
    card_part: Decimal = Decimal(0)
    yesterday: bool = False
    """Closed on the day before, and part of the late batch."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One thing that goes wrong, and for how long."""

    at: float
    fault: Fault
    lasts: float = 0.0
    what: str = ""
    """Service, consumer, target, kind of shop fault, `sku@store`."""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Script:
    """One pass."""

    seed: int
    seconds: float
    tills: tuple[Workplace, ...]
    acts: tuple[Act, ...]
    strikes: tuple[Strike, ...]
    offline: Workplace
    """Keeps what it closes between `offline_from` and `offline_to` and sends it in one delivery."""
    offline_from: float
    offline_to: float
    late_batch_at: float
    late_label: str
    """Sold before it is mapped."""
    never_label: str
    """Sold, and never mapped: what names it waits for an open case."""

    def is_offline(self, act: Act) -> bool:
        """Whether an act is kept back."""
        return act.till == self.offline and self.offline_from <= act.at < self.offline_to


def write_script(seed: int, number: int, seconds: float) -> Script:
    """The script of one pass.

    Args:
        seed: The same seed writes the same script.
        number: Of the pass on one stack, from 1: each has workstations of its own.
        seconds: How long things go wrong.
    """
    return _Writer(seed, number, seconds).script()


@dataclass(slots=True)
class _Writer:
    seed: int
    number: int
    seconds: float
    chance: random.Random = field(init=False)
    acts: list[Act] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311  # repeats; guards nothing

    def script(self) -> Script:
        tills = tuple(
            Workplace(store, str(10 * self.number + till))
            for store in (DOWNTOWN, HARBOUR)
            for till in range(1, TILLS_A_STORE + 1)
        )
        late, offline = self.chance.sample(tills, 2)
        offline_from = self._part(0.2, 0.4)
        offline_to = offline_from + self._part(0.2, 0.3)
        labels = f"IN-STORE-{self.number}-LATE", f"IN-STORE-{self.number}-NEVER"
        # Counted by the one till that sells it: a count says nothing of what others sell while it is on its way.
        stocked = [store.opening_stock for store in RETAILER.stores]
        countable = [sku for sku in _SKUS if sku != LABELLED_SKU and all(sku in units for units in stocked)]
        counted = dict(zip(tills, self.chance.sample(countable, len(tills)), strict=True))
        self._truck(tills)
        self._late_batch(late, counted)
        for when, till in self._moments(tills):
            self._act(when, till, counted, (offline, offline_from, offline_to), labels)
        self._counts(tills, counted)
        return Script(
            seed=self.seed,
            seconds=self.seconds,
            tills=tills,
            acts=tuple(self.acts),
            strikes=tuple(sorted(self._strikes(), key=lambda strike: strike.at)),
            offline=offline,
            offline_from=offline_from,
            offline_to=offline_to,
            late_batch_at=self._part(0.3, 0.7),
            late_label=labels[0],
            never_label=labels[1],
        )

    def _part(self, least: float, most: float) -> float:
        return round(self.seconds * self.chance.uniform(least, most), 2)

    def _moments(self, tills: Sequence[Workplace]) -> list[tuple[float, Workplace]]:
        each = max(12, round(SALES_A_TILL_A_MINUTE * self.seconds / 60))
        return sorted(((self._part(0.0, 0.95), till) for till in tills for _ in range(each)), key=lambda one: one[0])

    # ---- what is closed ----

    def _truck(self, tills: Sequence[Workplace]) -> None:
        """Goods arrive in each store, so that pass after pass there is something to sell."""
        for store in RETAILER.stores:
            first = next(till for till in tills if till.store == store.code)
            goods = tuple(Goods(sku, RECEIVED) for sku in _SKUS if sku in store.opening_stock)
            self._add(first, 0.0, Doing.ADJUSTMENT, out=goods)

    def _late_batch(self, till: Workplace, counted: dict[Workplace, str]) -> None:
        for _ in range(LATE_BATCH):
            out = self._basket(till, counted)
            self._add(till, 0.0, Doing.SALE, out=out, tender=self.chance.choice(_TENDERS), yesterday=True)

    def _act(
        self,
        at: float,
        till: Workplace,
        counted: dict[Workplace, str],
        offline: tuple[Workplace, float, float],
        labels: tuple[str, str],
    ) -> None:
        kinds = [Doing.SALE, Doing.RETURN, Doing.EXCHANGE, Doing.VOID, Doing.ADJUSTMENT, Doing.TRAINING]
        doing = self.chance.choices(kinds, [70, 9, 9, 6, 4, 2])[0]
        sending = self.chance.choices(list(Sending), [50, 14, 10, 12, 14])[0]
        tender = self.chance.choice(_TENDERS)
        original = self._original(at, till, doing, counted, offline)
        if original is not None:
            one = self.chance.choice(original.out)
            back = (Goods(one.sku, self.chance.randint(1, one.units)),) if doing is not Doing.VOID else ()
            out: tuple[Goods, ...] = (self._goods(till, counted, 1),) if doing is Doing.EXCHANGE else ()
            self._add(till, at, doing, sending, out=out, back=back, of=original.number, tender=tender)
        elif doing is Doing.ADJUSTMENT:
            units = self.chance.choice((-2, -1, 1, 3, 12))
            self._add(till, at, doing, sending, out=(self._goods(till, counted, units),))
        elif doing is Doing.TRAINING:
            self._add(till, at, doing, sending)
        else:
            out = self._basket(till, counted)
            if (draw := self.chance.random()) < 0.06:  # noqa: PLR2004
                out = (*out, Goods(LABELLED_SKU, 1, labels[1] if draw < 0.01 else labels[0]))  # noqa: PLR2004
            part = Decimal(5) if tender != "CARD" and self.chance.random() < 0.2 else Decimal(0)  # noqa: PLR2004
            self._add(till, at, Doing.SALE, sending, out=out, tender=tender, card_part=part)

    def _original(
        self,
        at: float,
        till: Workplace,
        doing: Doing,
        counted: dict[Workplace, str],
        offline: tuple[Workplace, float, float],
    ) -> Act | None:
        """A sale to take back: of this till for a void, of any till otherwise; each is taken back once at most."""
        if doing not in {Doing.RETURN, Doing.EXCHANGE, Doing.VOID}:
            return None
        taken = {act.of for act in self.acts}
        away, since, until = offline
        elsewhere = doing is not Doing.VOID and self.chance.random() < 0.5  # noqa: PLR2004
        sales = [
            act
            for act in self.acts
            if act.doing is Doing.SALE
            and act.number not in taken
            and not act.yesterday
            and (act.till != till if elsewhere else act.till == till)
            and not (act.till == away and act.till != till and since <= act.at < until)
            and act.at < at
            and not any(goods.label or self._is_counted_elsewhere(goods.sku, till, counted) for goods in act.out)
        ]
        return self.chance.choice(sales) if sales else None

    def _is_counted_elsewhere(self, sku: str, till: Workplace, counted: dict[Workplace, str]) -> bool:
        return any(sku == one for other, one in counted.items() if other.store == till.store and other != till)

    def _basket(self, till: Workplace, counted: dict[Workplace, str]) -> tuple[Goods, ...]:
        goods = [self._goods(till, counted, self.chance.randint(1, 2)) for _ in range(self.chance.randint(1, 4))]
        return tuple({one.sku: one for one in goods}.values())

    def _goods(self, till: Workplace, counted: dict[Workplace, str], units: int) -> Goods:
        """Of a SKU that no other till of the store counts."""
        mine = [
            sku
            for sku in _SKUS
            if sku in RETAILER.store(till.store).opening_stock and not self._is_counted_elsewhere(sku, till, counted)
        ]
        return Goods(self.chance.choice(mine), units)

    def _counts(self, tills: Sequence[Workplace], counted: dict[Workplace, str]) -> None:
        """Two tills count what they alone sell, after their last sale of it."""
        for till in self.chance.sample(tills, 2):
            goods = Goods(counted[till], self.chance.randint(20, 60))
            self._add(till, self.seconds, Doing.COUNT, Sending.TWICE, out=(goods,))

    def _add(
        self,
        till: Workplace,
        at: float,
        doing: Doing,
        sending: Sending = Sending.ALONE,
        *,
        out: tuple[Goods, ...] = (),
        back: tuple[Goods, ...] = (),
        of: int = 0,
        tender: str = "CARD",
        card_part: Decimal = Decimal(0),
        yesterday: bool = False,
    ) -> None:
        self.acts.append(
            Act(
                number=len(self.acts) + 1,
                till=till,
                at=at,
                doing=doing,
                sending=sending,
                out=out,
                back=back,
                of=of,
                tender=tender,
                card_part=card_part,
                yesterday=yesterday,
            )
        )

    # ---- what goes wrong ----

    def _strikes(self) -> Iterator[Strike]:
        for _ in range(12):
            yield Strike(self._part(0.05, 0.98), Fault.WORKERS_KILLED, what=self.chance.choice(SERVICES))
        yield Strike(self._part(0.12, 0.25), Fault.ERP_STOPPED, lasts=self._part(0.1, 0.15))
        killed = self._part(0.55, 0.75)
        yield Strike(killed, Fault.ERP_KILLED, lasts=self._part(0.05, 0.1))
        yield Strike(killed, Fault.WORKERS_KILLED, what="tryton.main")
        yield Strike(self._part(0.2, 0.7), Fault.RELAY_OFF, lasts=self._part(0.08, 0.15))
        yield Strike(self._part(0.3, 0.6), Fault.SHOP_RESTARTED, lasts=self._part(0.02, 0.06))
        for kind in SHOP_FAULTS:
            seconds = 4.0 if kind == "slow" else 0.0
            yield Strike(self._part(0.05, 0.9), Fault.SHOP_FAULT, seconds, kind, self.chance.randint(1, 3))
        for _ in range(3):
            yield Strike(self._part(0.1, 0.9), Fault.QUEUE_PURGED, what=self.chance.choice(CONSUMERS))
        broken = self.chance.choice(CONSUMERS[:-1])
        breaks, lasts = self._part(0.25, 0.4), self._part(0.3, 0.4)
        yield Strike(breaks, Fault.DEPLOYMENT_BROKEN, lasts=lasts, what=broken)
        if self.chance.random() < 0.4:  # noqa: PLR2004
            yield Strike(breaks + lasts - 0.5, Fault.DEAD_LETTERS_PURGED, what=broken)
        paused = self.chance.choice([target for target in TARGETS if target != broken])
        yield Strike(self._part(0.75, 0.8), Fault.TARGET_PAUSED, lasts=self._part(0.1, 0.15), what=paused)
        yield Strike(self._part(0.7, 0.95), Fault.MAPPING_LATE)
        for _ in range(12):
            store = self.chance.choice(RETAILER.stores)
            sku = self.chance.choice([sku for sku, units in store.opening_stock.items() if units >= 45])  # noqa: PLR2004
            yield Strike(self._part(0.0, 0.95), Fault.WEB_SALE, what=f"{sku}@{store.code}")
