"""The shop floor: tills that play their part of a script at the same time, and what they know of it afterwards."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import Any, Final

import urllib3

from lockstep.canonical.events import InventoryAdjusted, InventoryLevelReported, TransactionClosed
from sandbox.till import Answer, Item, Line, StockDocument, Ticket, Till, batch_of
from sandbox.torture.script import Act, Doing, Goods, Script, Sending, Workplace

ACCOUNT: Final = "poslog.main"
_GIVES_UP_AFTER: Final = 120.0
"""Seconds past the end of the script after which a till that is not answered says so."""
_OK: Final = 200
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 6.0
"""Seconds between two attempts, from the first to the longest, each till's own: in the embedded AWS a worker that dies
takes its function's others along, so that tills which all come back at once keep each other from being answered."""
_YESTERDAY_AT: Final = time_of_day(14)
_BATCH: Final = 4
"""Earlier documents that a batch repeats, at most."""

_STOCK: Final[Mapping[Doing, Callable[[Till, Mapping[str, int]], StockDocument]]] = {
    Doing.ADJUSTMENT: lambda till, units: till.adjust(units),
    Doing.COUNT: lambda till, units: till.count(units),
    Doing.TRAINING: lambda till, _: till.train(),
}

Place = tuple[str, str]
"""SKU and store."""
Document = Ticket | StockDocument


class NotAnswered(RuntimeError):
    """A till was not answered, or was refused."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery that was answered with 2xx."""

    id: str
    events: tuple[str, ...]
    """Ids of what it held."""


@dataclass(slots=True)
class Done:
    """What was done on the floor, over all passes: what the tills, and the customers on the web, know."""

    tickets: list[Ticket] = field(default_factory=list)
    stock: list[StockDocument] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    web: Counter[Place] = field(default_factory=Counter)
    """Units that customers took from the shop without a till."""
    never_mapped: set[str] = field(default_factory=set)
    """Labels that nobody has mapped to this day."""
    sent: Counter[str] = field(default_factory=Counter)
    """Deliveries by the way they were sent."""
    closed: Counter[str] = field(default_factory=Counter)
    """Numbers of the tills, by what they were used for."""
    attempts: int = 0
    """Requests, answered or not."""
    slowest: float = 0.0
    """Seconds of the slowest answer."""

    def held(self, ticket: Ticket) -> bool:
        """Whether a ticket names what nobody has mapped, and so must wait for a case."""
        return any(item.code in self.never_mapped for item in ticket.items)


def events_of(document: Document) -> tuple[str, ...]:
    """Ids of the events that a document is to become."""
    if isinstance(document, Ticket):
        return (f"{ACCOUNT}/{TransactionClosed.type_name()}/{document.transaction}",)
    if not document.units:
        return ()
    kind = InventoryLevelReported if document.is_count else InventoryAdjusted
    return (f"{ACCOUNT}/{kind.type_name()}/{document.transaction}",)


class _Hasty(urllib3.PoolManager):
    """Does not wait for an answer."""

    def urlopen(self, method: str, url: str, redirect: bool = True, **options: Any) -> urllib3.BaseHTTPResponse:  # type: ignore[override]
        return super().urlopen(method, url, redirect, **{**options, "timeout": urllib3.Timeout(connect=1, read=0.02)})


class Floor:
    """Plays one script's acts, a thread for each till."""

    def __init__(self, script: Script, api_url: str, signing_secret: str, done: Done, *, name: str) -> None:
        """Args:
        script: What is played.
        api_url: As for `Line`.
        signing_secret: As for `Line`.
        done: Gets what was done.
        name: Tells this pass's deliveries from others on the same stack.
        """
        self._script = script
        self._line = Line(api_url, signing_secret, http=urllib3.PoolManager(maxsize=16))
        self._hasty = Line(api_url, signing_secret, http=_Hasty(maxsize=16))
        self._done = done
        self._name = name
        self._lock = threading.Lock()
        self._deliveries = 0
        self._started = 0.0
        self._ended = threading.Event()
        self._tickets: dict[int, Ticket] = {}
        self._answered = {act.number: threading.Event() for act in script.acts}
        self._sold_by = {act.number: act.till for act in script.acts}
        self.left = len(script.acts)
        """Acts that are not answered yet."""
        self.failed: list[str] = []

    def play(self, pool: ThreadPoolExecutor) -> Callable[[], bool]:
        """Begin; the answer tells whether all tills are through.

        Args:
            pool: With a thread for each till, at least.
        """
        self._started = time.monotonic()
        running = [pool.submit(self._guarded, till) for till in self._script.tills]
        return lambda: all(future.done() for future in running)

    def end(self) -> None:
        """Let every till leave off, wherever it is."""
        self._ended.set()

    def _guarded(self, till: Workplace) -> None:
        try:
            self._work(till)
        except Exception as error:  # noqa: BLE001  # told as a violation, with the till's name
            with self._lock:
                self.failed.append(f"till {till}: {type(error).__name__}: {error}")
            self.end()

    def _work(self, place: Workplace) -> None:
        till = Till(place.store, place.workstation, first=1)
        own = [act for act in self._script.acts if act.till == place]
        late = [(act, self._close(till, act)) for act in own if act.yesterday]
        kept: list[tuple[Act, Document]] = []
        past: list[Document] = []
        for act in [act for act in own if not act.yesterday]:
            if late and act.at >= self._script.late_batch_at:
                late = self._send_all(late, "late batch")
            self._wait_until(act.at)
            document = self._close(till, act)
            if self._script.is_offline(act):
                kept.append((act, document))
                continue
            if kept:
                kept = self._send_all(kept, "offline batch")
            self._send(act, document, past)
            self._answer(act)
            past.append(document)
        self._send_all(late, "late batch")
        self._send_all(kept, "offline batch")

    # ---- what is closed ----

    def _close(self, till: Till, act: Act) -> Document:
        document = self._document(till, act)
        with self._lock:
            self._done.closed[act.doing.value] += 1
            if isinstance(document, Ticket):
                self._tickets[act.number] = document
                self._done.tickets.append(document)
                if any(item.code == self._script.never_label for item in document.items):
                    self._done.never_mapped.add(self._script.never_label)
            else:
                self._done.stock.append(document)
        return document

    def _document(self, till: Till, act: Act) -> Document:
        if act.doing in _STOCK:
            return _STOCK[act.doing](till, {goods.sku: goods.units for goods in act.out})
        if act.doing is Doing.SALE:
            at = _yesterday(act.number) if act.yesterday else None
            return till.sale(_items(act.out), tender=act.tender, card_part=act.card_part, at=at)
        if act.doing is Doing.VOID:
            return till.void(self._original(act))
        return till.exchange(self._original(act), _items(act.back), _items(act.out), tender=act.tender)

    def _original(self, act: Act) -> Ticket:
        """The sale that it takes back. One of another till is waited for: nobody brings back what was not sold."""
        if self._sold_by[act.of] != act.till and not self._answered[act.of].wait(
            self._script.seconds + _GIVES_UP_AFTER
        ):
            raise NotAnswered(f"the sale of act {act.of}, which act {act.number} takes back, was never answered")
        return self._tickets[act.of]

    # ---- how it is sent ----

    def _send(self, act: Act, document: Document, past: Sequence[Document]) -> None:
        name = self._delivery_id()
        match act.sending:
            case Sending.ALONE:
                self._deliver(name, [document])
            case Sending.TWICE:
                self._deliver(name, [document])
                self._deliver(name, [document])
            case Sending.TOGETHER:
                with ThreadPoolExecutor(max_workers=3) as pool:
                    sending = [pool.submit(self._deliver, one, [document]) for one in (name, name, f"{name}-other")]
                for future in sending:
                    future.result()
            case Sending.IMPATIENT:
                self._send_and_hang_up(name, document)
                self._deliver(name, [document])
                self._deliver(f"{name}-other", [document])
            case Sending.BATCHED:
                self._deliver(name, [*past[-_BATCH:], document])
        with self._lock:
            self._done.sent[act.sending.value] += 1

    def _send_all(self, acts: Sequence[tuple[Act, Document]], how: str) -> list[tuple[Act, Document]]:
        """Send what was kept back as one delivery; nothing is left to send."""
        if acts:
            self._deliver(self._delivery_id(), [document for _, document in acts])
            with self._lock:
                self._done.sent[how] += 1
            for act, _ in acts:
                self._answer(act)
        return []

    def _answer(self, act: Act) -> None:
        self._answered[act.number].set()
        with self._lock:
            self.left -= 1

    def _send_and_hang_up(self, name: str, document: Document) -> None:
        try:
            self._hasty.send(document.body, name)
        except urllib3.exceptions.HTTPError:
            return  # as meant: it may have arrived or not

    def _deliver(self, name: str, documents: Sequence[Document]) -> None:
        """Send until it is answered with 2xx, as a till does that must not lose a sale.

        Raises:
            NotAnswered: It was refused, or not answered for far too long.
        """
        body = documents[0].body if len(documents) == 1 else batch_of(document.body for document in documents)
        answer = self._answer_to(body, name)
        events = tuple(dict.fromkeys(event for document in documents for event in events_of(document)))
        with self._lock:
            self._done.deliveries.append(Delivery(name, events))
            self._done.slowest = max(self._done.slowest, answer.elapsed)

    def _answer_to(self, body: bytes, name: str) -> Answer:
        chance = random.Random(name)  # noqa: S311  # spreads attempts, guards nothing
        pause = _PAUSE
        while True:
            answer = self._attempt(body, name)
            if answer is not None and answer.status == _OK:
                return answer
            if answer is not None and answer.status not in _BUSY:
                raise NotAnswered(f"delivery {name} was refused with {answer.status}: {answer.body[:300]}")
            past = time.monotonic() - self._started - self._script.seconds
            if past > _GIVES_UP_AFTER or self._ended.wait(pause * chance.uniform(0.5, 1.5)):
                raise NotAnswered(f"delivery {name} was not answered: {answer}")
            pause = min(_LONGEST_PAUSE, 2 * pause)

    def _attempt(self, body: bytes, name: str) -> Answer | None:
        with self._lock:
            self._done.attempts += 1
        try:
            return self._line.send(body, name)
        except urllib3.exceptions.HTTPError:
            return None

    def _delivery_id(self) -> str:
        with self._lock:
            self._deliveries += 1
            return f"torture-{self._name}-{self._deliveries}"

    def _wait_until(self, at: float) -> None:
        if self._ended.wait(max(0.0, self._started + at - time.monotonic())):
            raise NotAnswered("the pass was ended")


def moved(documents: Iterable[Document], skipped: Callable[[Ticket], bool]) -> list[tuple[datetime, Place, int, bool]]:
    """What documents did to stock: when (to the millisecond), where, how many units, and whether that is a count.

    Args:
        documents: In any order.
        skipped: Tickets that had no effect.
    """
    found = []
    for document in documents:
        at = document.closed_at.replace(microsecond=document.closed_at.microsecond // 1000 * 1000)
        store = document.transaction.store
        if isinstance(document, Ticket):
            if not skipped(document):
                found += [(at, (item.sku, store), -item.quantity, False) for item in document.items]
        else:
            found += [(at, (sku, store), units, document.is_count) for sku, units in document.units.items()]
    return found


def on_hand(opening: Mapping[Place, int], movements: Iterable[tuple[datetime, Place, int, bool]]) -> dict[Place, int]:
    """What lies where: the newest count of each place, or its opening stock, and everything that moved after it."""
    movements = sorted(movements, key=lambda one: one[0])
    levels = dict(opening)
    counted: dict[Place, datetime] = {}
    for at, place, units, is_count in movements:
        if is_count:
            levels[place], counted[place] = units, at
        elif place not in counted or at > counted[place]:
            levels[place] = levels.get(place, 0) + units
    return levels


def _items(goods: Iterable[Goods]) -> list[Item]:
    return [Item(one.sku, one.units, one.label) for one in goods]


def _yesterday(number: int) -> datetime:
    day = datetime.now(UTC).date() - timedelta(days=1)
    return datetime.combine(day, _YESTERDAY_AT, UTC) + timedelta(seconds=number)
