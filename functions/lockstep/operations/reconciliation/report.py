"""What a reconciliation says of a business day. Money is in minor units (ISO 4217), given back counts below zero."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from lockstep.messaging.sequence_gaps import Gap
from lockstep.operations.reconciliation.sales import Fate


class FindingKind(StrEnum):
    """Why a day does not tie out."""

    SEQUENCE_GAP = "sequence gap"
    """A till closed transactions that have not arrived."""
    MONEY_DIFFERS = "money differs"
    """What was posted is not what the till took."""
    HELD_BY_NOTHING = "held by nothing"
    """A transaction waits for a case that is not open: nobody will repair it."""
    NOT_EXPANDED = "not expanded"
    """A delivery was stored whole, and what is in it is not known yet."""
    MISSING_IN_TARGET = "missing in target"
    """It was posted, and does not stand there for that day and store."""
    DIFFERENT_IN_TARGET = "different in target"
    """It stands there with another amount, or other tenders."""
    UNKNOWN_IN_TARGET = "unknown in target"
    """It stands there under a key of ours, and the ledger knows no such transaction of that day and store."""
    HELD_IN_TARGET = "held, and in target"
    """It stands there, and is held here."""
    TARGET_SILENT = "target silent"
    """The target could not be asked, so nothing is proven against it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why the day does not tie out."""

    kind: FindingKind
    store: str
    """Empty where it is no single store's."""
    subject: str
    """A transaction, a till, a document, an account."""
    what: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Transactions, and their money."""

    transactions: int = 0
    minor: int = 0

    def plus(self, minor: int) -> "Sum":
        """With one more transaction."""
        return Sum(self.transactions + 1, self.minor + minor)


@dataclass(frozen=True, slots=True)
class TenderLine:
    """One means of payment of a store, in one currency."""

    tender: str
    currency: str
    seen: Sum
    """What the tills took."""
    posted: Sum
    """What the posted documents say."""
    held: Sum
    waiting: Sum
    ignored: Sum

    @property
    def difference(self) -> int:
        """What is neither posted nor held nor waiting nor ignored: zero, or money is lost or doubled."""
        rest = self.posted.minor + self.held.minor + self.waiting.minor + self.ignored.minor
        return self.seen.minor - rest


@dataclass(frozen=True, slots=True)
class Workstation:
    """One till's numbering."""

    account: str
    workstation: str
    transactions: int
    first: int | None
    """Lowest number of the day; None where the till sold nothing."""
    last: int | None
    before: int | None
    """Highest number of the latest day before on which it sold; None where none is known within a week."""
    passed_over: int
    """Numbers that it used for what is no transaction: control, training, suspended, stock."""
    gaps: tuple[Gap, ...] = ()

    @property
    def missing(self) -> int:
        """Numbers of which nothing is known."""
        return sum(gap.count for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A transaction that is not posted."""

    transaction: str
    fate: Fate
    why: str
    cases: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    """As in `54.60 USD`, one a currency."""


@dataclass(frozen=True, slots=True)
class StoreDay:
    """One store's business day."""

    store: str
    transactions: int
    fates: dict[str, int] = field(default_factory=dict)
    """How many are posted, held, waiting, ignored."""
    tenders: tuple[TenderLine, ...] = ()
    workstations: tuple[Workstation, ...] = ()
    unsettled: tuple[Unsettled, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetTender:
    """One of a target's means of payment, in one currency."""

    identifier: str
    """The target's own."""
    name: str
    currency: str
    expected: int
    """Minor units that were posted."""
    standing: int
    """Minor units that stand there."""


@dataclass(frozen=True, slots=True)
class TargetDay:
    """What a target's own records say of a store's business day."""

    target: str
    store: str
    asked: bool
    """Whether it could be asked; without it nothing below counts."""
    reason: str = ""
    """Why not."""
    expected: int = 0
    """Documents that were posted."""
    standing: int = 0
    """Documents that stand there."""
    tenders: tuple[TargetTender, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Whether every transaction of a business day is accounted for."""

    day: date
    store: str
    """The one that was asked for; empty for all."""
    at: datetime
    stores: tuple[StoreDay, ...]
    targets: tuple[TargetDay, ...]
    silent: tuple[str, ...]
    """Stores that are known and of which nothing was seen that day."""
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def ties_out(self) -> bool:
        """Whether nothing is lost and nothing is there twice, as far as the tills have sent."""
        return not self.findings

    @property
    def settled(self) -> bool:
        """Whether, beyond that, nothing is held and nothing waits."""
        open_fates = (Fate.HELD, Fate.WAITING)
        return self.ties_out and not any(store.fates.get(fate.value) for store in self.stores for fate in open_fates)


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each kind."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.kind.value] = counts.get(finding.kind.value, 0) + 1
    return counts
