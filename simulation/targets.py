"""The systems outside: a ledger of record that keeps documents, and a shop that shows quantities and sells."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from lockstep.canonical.inventory import Position
from lockstep.messaging.errors import (
    BusinessError,
    CaseKey,
    DocumentRejected,
    EndpointUnavailable,
    OutcomeUnknown,
    PeriodClosed,
    RateLimited,
)
from lockstep.messaging.outbound import (
    Document,
    Posted,
    Rejected,
    ResolvedDocument,
    StateChange,
    StateKey,
    StateOutcome,
)
from lockstep.messaging.references import Reference, ReferenceKind
from simulation.chance import Dice
from simulation.process import Process
from simulation.retail import ERP, SHOP, TOMORROW
from simulation.workflows import RECEIPT

CALL_TIMEOUT = timedelta(seconds=5)
"""How long a call may take."""


class Ledger:
    """What stands in the ledger of record, and how it behaves."""

    def __init__(self, dice: Dice, *, unique: bool) -> None:
        """Args:
        unique: It refuses a second document with the same key; otherwise it can only be searched.
        """
        self.dice = dice
        self.unique = unique
        self.settles_within = timedelta(0)
        """How long after its caller is gone a call may still take effect."""
        self.down = False
        self.refused: set[str] = set()
        """Keys of documents it will not take until a person repairs something, or has them booked on another day."""
        self.closed_days: set[str] = set()
        """Business days (ISO 8601) on which nothing can be booked until a person opens them again."""
        self.ever_refused: set[str] = set()
        """Subjects of which it refused a document at some time."""
        self.booked: list[Document] = []
        """In the order in which they came to stand."""
        self.on_booked: Callable[[Document], None] = lambda _: None
        """Told of each document that came to stand."""
        self.on_call: Callable[[Process], None] = lambda _: None
        """Told of each call, and whose it is."""
        self._numbers: dict[str, str] = {}

    def copies(self) -> Counter[str]:
        """How often each key stands there."""
        return Counter(document.key for document in self.booked)

    def number_of(self, key: str) -> str | None:
        """Its own number of a document."""
        return self._numbers.get(key)

    def refusal(self, document: Document) -> BusinessError | None:
        """Why it will not take a document; None when it will."""
        day = document.body.get("business_day", "")
        if day in self.closed_days:
            return PeriodClosed(f"{day} is closed", CaseKey("period_closed", f"{ERP}/{day}"))
        if document.key in self.refused and day != TOMORROW.isoformat():
            return DocumentRejected("refused", CaseKey("document_rejected", f"{ERP}/{document.key}"))
        return None

    def book(self, document: Document) -> str:
        """Make it stand."""
        if self.unique and (known := self.number_of(document.key)):
            return known
        self.booked.append(document)
        number = self._numbers.setdefault(document.key, f"R-{len(self.booked)}")
        self.dice.tell(f"the ledger books {document.key} as R-{len(self.booked)}")
        self.on_booked(document)
        return number


def names_in(kind: str, body: Mapping[str, Any]) -> list[tuple[ReferenceKind, str]]:
    """What a document of a kind and with a body names, each once."""
    found = [(ReferenceKind.STORE, body["store"])]
    if kind == RECEIPT:
        found += ((ReferenceKind.ITEM, line["sku"]) for line in body["lines"])
        found += ((ReferenceKind.TAX, tax["code"]) for line in body["lines"] for tax in line["taxes"])
        found += ((ReferenceKind.CHARGE, charge["kind"]) for charge in body["charges"])
        found += ((ReferenceKind.TENDER, tender["tender"]) for tender in body["tenders"])
    return list(dict.fromkeys(found))


class LedgerTarget:
    """The ledger of record as one process reaches it; a `DocumentTarget`."""

    def __init__(self, ledger: Ledger, process: Process) -> None:
        self._ledger = ledger
        self._process = process

    def references(self, document: Document) -> Sequence[Reference]:
        return [Reference(kind, ERP, ours, outward=True) for kind, ours in names_in(document.kind, document.body)]

    def post(self, documents: Sequence[ResolvedDocument], *, look_up_first: bool) -> Iterator[Posted | Rejected]:
        ledger, dice = self._ledger, self._ledger.dice
        for at, resolved in enumerate(documents):
            document = resolved.document
            _begin_call(self._process, dice, down=ledger.down)
            ledger.on_call(self._process)
            number = ledger.number_of(document.key) if look_up_first else None
            refusal = ledger.refusal(document) if number is None else None
            if refusal is not None:
                ledger.ever_refused.add(document.subject)
                self._process.step("after a call")
                yield Rejected(refusal)
                continue
            if dice.falls("slow"):
                self._wait()
            if number is None:
                number = ledger.book(document)
            if dice.falls("unanswered"):
                self._book_some(documents[at + 1 :], look_up_first=look_up_first)
                raise OutcomeUnknown("no answer")
            self._process.step("after a call")
            yield Posted(number)

    def _wait(self) -> None:
        """A call may outlive its caller, but not longer than the ledger is known to take."""
        process, ledger = self._process, self._ledger
        process.waits_for_answer(CALL_TIMEOUT)
        if not ledger.unique and process.now() >= process.dead_by + ledger.settles_within:
            raise OutcomeUnknown("given up, by the caller and by the ledger")

    def _book_some(self, others: Sequence[ResolvedDocument], *, look_up_first: bool) -> None:
        """The call carried more than one document, and some of the others stand as well."""
        for other in others[: self._ledger.dice.number(0, 2)]:
            if self._ledger.refusal(other.document) is not None:
                return
            if not (look_up_first and self._ledger.number_of(other.document.key)):
                self._ledger.book(other.document)


def _begin_call(process: Process, dice: Dice, *, down: bool) -> None:
    process.step("before a call")
    if down or dice.falls("unavailable"):
        raise EndpointUnavailable("connection refused")
    if dice.falls("rate_limited"):
        raise RateLimited("slow down", timedelta(seconds=dice.number(1, 40)) if dice.coin(0.7) else None)


class Shop:
    """What the shop shows. It sells by itself, and says so later."""

    def __init__(self, dice: Dice, *, all_or_none: bool) -> None:
        """Args:
        all_or_none: A call sets every quantity or none, as one vendor does; otherwise each by itself.
        """
        self.dice = dice
        self.all_or_none = all_or_none
        self.down = False
        self.refused: set[str] = set()
        self.shown: dict[str, int] = {}
        self.on_call: Callable[[Process], None] = lambda _: None
        """Told of each call, and whose it is."""
        self._answers: dict[str, tuple[list[tuple[str, int]], list[StateOutcome]]] = {}

    def sell(self, key: str) -> bool:
        """A customer buys one, if the shop shows any."""
        if self.shown.get(key, 0) <= 0:
            return False
        self.shown[key] -= 1
        return True

    def set(self, changes: Sequence[StateChange], idempotency_key: str) -> list[StateOutcome]:
        """A call as the vendor carries it out: once for each idempotency key."""
        asked = [(str(change.key), change.desired) for change in changes]
        if idempotency_key in self._answers:
            before, answer = self._answers[idempotency_key]
            if before != asked:
                raise AssertionError("the same idempotency key with other changes")
            return answer
        outcomes = [self._outcome(change) for change in changes]
        if self.all_or_none and any(outcome != StateOutcome() for outcome in outcomes):
            outcomes = [StateOutcome(retry=True) if outcome == StateOutcome() else outcome for outcome in outcomes]
        for change, outcome in zip(changes, outcomes, strict=True):
            if outcome == StateOutcome():
                self.shown[str(change.key)] = change.desired
                self.dice.tell(f"the shop shows {change.desired} of {change.key}")
        self._answers[idempotency_key] = asked, outcomes
        return outcomes

    def _outcome(self, change: StateChange) -> StateOutcome:
        key = str(change.key)
        if key in self.refused:
            return StateOutcome(error=DocumentRejected("refused", CaseKey("document_rejected", f"shop/{key}")))
        stale = change.expected is not None and change.expected != self.shown.get(key)
        return StateOutcome(stale=stale)


class ShopTarget:
    """The shop as one process reaches it; a `StateTarget`."""

    def __init__(self, shop: Shop, process: Process) -> None:
        self._shop = shop
        self._process = process

    def references(self, key: StateKey) -> Sequence[Reference]:
        return [
            Reference(ReferenceKind.ITEM, SHOP, key.sku, outward=True),
            Reference(ReferenceKind.LOCATION, SHOP, key.location, outward=True),
        ]

    def push(self, changes: Sequence[StateChange], *, idempotency_key: str) -> Sequence[StateOutcome]:
        self._begin()
        if self._shop.dice.falls("slow"):
            self._process.waits_for_answer(CALL_TIMEOUT)
        outcomes = self._shop.set(changes, idempotency_key)
        if self._shop.dice.falls("unanswered"):
            raise OutcomeUnknown("no answer")
        self._process.step("after a call")
        return outcomes

    def read(self, changes: Sequence[StateChange]) -> Sequence[int | None]:
        self._begin()
        shown = [self._shop.shown.get(str(change.key)) for change in changes]
        self._process.step("after a call")
        return shown

    def _begin(self) -> None:
        _begin_call(self._process, self._shop.dice, down=self._shop.down)
        self._shop.on_call(self._process)


def available(record: Mapping[str, Any] | None) -> int:
    """What the shop should show for a position; it is the core that never shows less than nothing."""
    return int(Position.model_validate(record).available_to_sell // 1) if record else 0
