"""The systems outside: a ledger of record that keeps documents, and a shop that shows quantities and sells."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from lockstep.messaging.errors import (
    CaseKey,
    DocumentRejected,
    EndpointUnavailable,
    OutcomeUnknown,
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

CALL_TIMEOUT = timedelta(seconds=5)
"""How long a call may take."""
ERP = "erp.main"
SHOP = "shop.main"


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
        """Keys of documents it will not take until a person repairs something."""
        self.ever_refused: set[str] = set()
        """Subjects of which it refused a document at some time."""
        self.booked: list[Document] = []
        """In the order in which they came to stand."""

    def copies(self) -> Counter[str]:
        """How often each key stands there."""
        return Counter(document.key for document in self.booked)

    def number_of(self, key: str) -> str | None:
        """Its own number of a document."""
        return next((f"R-{at}" for at, document in enumerate(self.booked, 1) if document.key == key), None)

    def book(self, document: Document) -> str:
        """Make it stand."""
        if self.unique and (known := self.number_of(document.key)):
            return known
        self.booked.append(document)
        self.dice.tell(f"the ledger books {document.key} as R-{len(self.booked)}")
        return f"R-{len(self.booked)}"


class LedgerTarget:
    """The ledger of record as one process reaches it; a `DocumentTarget`."""

    def __init__(self, ledger: Ledger, process: Process) -> None:
        self._ledger = ledger
        self._process = process

    def references(self, document: Document) -> Sequence[Reference]:
        return [Reference(ReferenceKind.ITEM, ERP, sku, outward=True) for sku in document.body["skus"]]

    def post(self, documents: Sequence[ResolvedDocument], *, look_up_first: bool) -> Iterator[Posted | Rejected]:
        ledger, dice = self._ledger, self._ledger.dice
        for at, resolved in enumerate(documents):
            document = resolved.document
            self._call()
            number = ledger.number_of(document.key) if look_up_first else None
            if number is None and document.key in ledger.refused:
                ledger.ever_refused.add(document.subject)
                yield Rejected(DocumentRejected("refused", CaseKey("document_rejected", document.key)))
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

    def _call(self) -> None:
        self._process.step("before a call")
        if self._ledger.down or self._ledger.dice.falls("unavailable"):
            raise EndpointUnavailable("connection refused")
        if self._ledger.dice.falls("rate_limited"):
            raise RateLimited("slow down")

    def _wait(self) -> None:
        """A call may outlive its caller, but not longer than the ledger is known to take."""
        process, ledger = self._process, self._ledger
        process.waits_for_answer(CALL_TIMEOUT)
        if not ledger.unique and process.now() >= process.dead_by + ledger.settles_within:
            raise OutcomeUnknown("given up, by the caller and by the ledger")

    def _book_some(self, others: Sequence[ResolvedDocument], *, look_up_first: bool) -> None:
        """The call carried more than one document, and some of the others stand as well."""
        for other in others[: self._ledger.dice.number(0, 2)]:
            if other.document.key in self._ledger.refused:
                return
            if not (look_up_first and self._ledger.number_of(other.document.key)):
                self._ledger.book(other.document)


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
        return [Reference(ReferenceKind.ITEM, SHOP, key.sku, outward=True)]

    def push(self, changes: Sequence[StateChange], *, idempotency_key: str) -> Sequence[StateOutcome]:
        self._call()
        if self._shop.dice.falls("slow"):
            self._process.waits_for_answer(CALL_TIMEOUT)
        outcomes = self._shop.set(changes, idempotency_key)
        if self._shop.dice.falls("unanswered"):
            raise OutcomeUnknown("no answer")
        self._process.step("after a call")
        return outcomes

    def read(self, changes: Sequence[StateChange]) -> Sequence[int | None]:
        self._call()
        return [self._shop.shown.get(str(change.key)) for change in changes]

    def _call(self) -> None:
        self._process.step("before a call")
        if self._shop.down or self._shop.dice.falls("unavailable"):
            raise EndpointUnavailable("connection refused")
        if self._shop.dice.falls("rate_limited"):
            raise RateLimited("slow down")


def shown_value(record: Mapping[str, Any] | None) -> int:
    """What the shop should show for a position; it is the core that never shows less than nothing."""
    return int(record["on_hand"]) if record else 0
