"""What a step of the scenario acts on, and what it sees by: the ledger, the shop and the ERP, read from outside."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final, Protocol
from uuid import uuid4

from lockstep.canonical.events import TransactionClosed
from lockstep.canonical.inventory import Position
from lockstep.messaging.errors import EndpointError
from lockstep.messaging.ledger import (
    Outcome,
    StreamState,
    case_key,
    delivery_key,
    identity_key,
    outcome_key,
    record_key,
    stream_key,
)
from lockstep.runtime.aws import DynamoTable
from sandbox.erp.books import ErpBooks, ErpSale
from sandbox.retailer import RETAILER
from sandbox.stack import Stack
from sandbox.till import Answer, Line, Ticket, Till

POSLOG: Final = "poslog.main"
SHOP: Final = "shopify.main"
SQUARE: Final = "square.main"
ERP: Final = "tryton.main"
STOCK: Final = "inventory_availability"
POSTING: Final = "financial_posting"

_POLL: Final = 0.05
_SHORT: Final = 3.0
_LONG_POLL: Final = 0.3
"""After `_SHORT` seconds: whoever looks all the time takes the machine from those that are looked at."""
_TELL_EVERY: Final = 1.0
_TRANSACTIONS_A_RUN: Final = 100
"""More than a run makes at one till."""


class Tell(Protocol):
    """Told what is being done, and how it stands."""

    def __call__(self, step: str, standing: str = "") -> None:
        """See `sandbox.progress.Progress.tell`."""


def _tell_nobody(step: str, standing: str = "") -> None:
    del step, standing


class NotInTime(AssertionError):
    """What was waited for did not come."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the scenario is played."""

    chaos: bool = False
    """Kill workers and the ERP in the middle of the outage."""
    sweep_every: timedelta | None = None
    """Invoke the deployed sweep this often while waiting, to save time; None leaves it to the deployed schedule."""


@dataclass(slots=True)
class World:
    """One stack, its tills, and who is told how things go."""

    stack: Stack
    options: Options = field(default_factory=Options)
    progress: Tell = _tell_nobody
    tills: dict[tuple[str, str], Till] = field(init=False)
    line: Line = field(init=False)
    books: ErpBooks = field(init=False)
    run: str = field(init=False)
    """Tells this run's deliveries from those of others on the same stack."""
    _ledger: DynamoTable = field(init=False)
    _numbers: Iterator[int] = field(init=False, default_factory=count)

    def __post_init__(self) -> None:
        # The second of the day, so that no two runs on one stack use the same transactions.
        now = datetime.now(UTC)
        first = (now.hour * 3600 + now.minute * 60 + now.second) * _TRANSACTIONS_A_RUN + 1
        self.tills = {
            (store.code, workstation): Till(store.code, workstation, first=first)
            for store in RETAILER.stores
            for workstation in store.workstations
        }
        self.line = Line(self.stack.api_url, self.stack.signing_secret)
        self.books = ErpBooks(self.stack.erp)
        self.run = uuid4().hex[:8]
        self._ledger = self.stack.ledger()

    def till(self, store: str, workstation: str) -> Till:
        """One of the three tills."""
        return self.tills[store, workstation]

    def delivery_id(self) -> str:
        """A new one."""
        return f"till-{self.run}-{next(self._numbers)}"

    def sell(self, ticket: Ticket) -> Answer:
        """Deliver a ticket as a delivery of its own."""
        return self.line.deliver(ticket.body, self.delivery_id())

    # ---- what stands where ----

    def outcomes(self, ticket: Ticket) -> dict[str, Outcome]:
        """What each consumer has made of a ticket, by consumer."""
        return {name: found[0] for name in (STOCK, POSTING, SHOP, ERP) if (found := self.made([ticket], name))}

    def made(self, tickets: Iterable[Ticket], consumer: str) -> list[Outcome]:
        """What one consumer has made of these tickets, as far as it has."""
        places = self._ledger.get(identity_key(event_id(ticket)) for ticket in tickets).values()
        keys = [outcome_key(place["stream"], int(place["seq"]), consumer) for place in places]
        return [Outcome.from_item(item) for item in self._ledger.get(keys).values()] if keys else []

    def head(self, till: Till) -> StreamState:
        """The stream of a till."""
        key = stream_key(f"till:{POSLOG}:{till.store}/{till.workstation}")
        return StreamState(key.pk.removeprefix("S#"), self._ledger.get([key]).get(key, {}))

    def heads(self) -> tuple[int, ...]:
        """How many events each till's stream holds."""
        return tuple(self.head(till).head for till in self.tills.values())

    def delivered(self, delivery_id: str) -> bool:
        """Whether the ledger holds a delivery."""
        key = delivery_key(POSLOG, delivery_id)
        return key in self._ledger.get([key])

    def stored(self) -> int:
        """How many deliveries, identities and entries the ledger holds: what an accept writes."""
        client = self.stack.endpoint.client("dynamodb")
        total, after = 0, dict[str, Any]()
        while True:
            page: dict[str, Any] = client.scan(
                TableName=self.stack.topology["ledger_table"],
                Select="COUNT",
                FilterExpression="begins_with(pk, :d) OR begins_with(pk, :i) OR begins_with(sk, :e)",
                ExpressionAttributeValues={":d": {"S": "D#"}, ":i": {"S": "I#"}, ":e": {"S": "E#"}},
                ConsistentRead=True,
                **after,
            )
            total += int(page["Count"])
            if "LastEvaluatedKey" not in page:
                return total
            after = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def shown(self) -> dict[tuple[str, str], int]:
        """What the shop shows, by SKU and store."""
        return self.stack.shop.control.levels()

    def moved(self, after: int) -> list[dict[str, Any]]:
        """The shop's movements with a number above `after`."""
        return self.stack.shop.control.history(after)

    def last_movement(self) -> int:
        """Number of the shop's newest movement."""
        history = self.moved(0)
        return int(history[-1]["number"]) if history else 0

    def booked(self, tickets: Iterable[Ticket]) -> list[ErpSale]:
        """What the ERP holds of these tickets, oldest first; nothing while it is down."""
        try:
            return self.books.sales([event_id(ticket) for ticket in tickets])
        except EndpointError:
            return []

    def booked_as(self, *keys: str) -> list[ErpSale]:
        """What the ERP has posted under these documents' keys, oldest first; nothing while it is down."""
        try:
            return [sale for sale in self.books.sales(keys) if sale.state == "posted"]
        except EndpointError:
            return []

    def position(self, sku: str, store: str) -> Position:
        """What Lockstep knows of one SKU at one store."""
        key = record_key("position", f"{sku}@{store}")
        return Position.model_validate(self._ledger.get([key]).get(key, {}).get("value", {}))

    def is_open(self, case: str) -> bool:
        """Whether a case is open."""
        key = case_key(case)
        return bool(self._ledger.get([key]).get(key, {}).get("state") == "open")

    def posted(self, tickets: Sequence[Ticket]) -> int:
        """How many of these tickets the ERP has posted and the ledger knows of."""
        return sum(outcome.state == "posted" for outcome in self.made(tickets, ERP))

    # ---- waiting ----

    def wait(
        self,
        what: str,
        condition: Callable[[], bool],
        *,
        within: float,
        telling: Callable[[], str] | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> float:
        """Return once a condition holds; the seconds it took.

        Args:
            what: In a few words.
            condition: Asked again and again.
            within: Seconds it may take.
            telling: How things stand, for the person who waits.
            meanwhile: Done before each look.

        Raises:
            NotInTime: It did not hold in time.
        """
        started = told = swept = time.monotonic()
        while True:
            meanwhile()
            if condition():
                return time.monotonic() - started
            now = time.monotonic()
            if now - started > within:
                raise NotInTime(f"{what} did not come within {within:g} s")
            if telling and now - told >= _TELL_EVERY:
                told = now
                self.progress(f"waiting for {what}", telling())
            if self.options.sweep_every and now - swept >= self.options.sweep_every.total_seconds():
                swept = now
                self.sweep()
            time.sleep(_POLL if now - started < _SHORT else _LONG_POLL)

    def sweep(self) -> None:
        """Invoke the deployed sweep once, as its schedule does every minute."""
        client = self.stack.endpoint.client("lambda")
        client.invoke(FunctionName=self.stack.topology["functions"]["sweep"], Payload=json.dumps({}).encode())

    @contextmanager
    def at_once(self, workers: int) -> Iterator[ThreadPoolExecutor]:
        """Several tills working at the same time."""
        with ThreadPoolExecutor(max_workers=workers) as pool:
            yield pool


def event_id(ticket: Ticket) -> str:
    """The id of the event that a ticket becomes, which is also its document's key in the ERP."""
    return f"{POSLOG}/{TransactionClosed.type_name()}/{ticket.transaction}"
