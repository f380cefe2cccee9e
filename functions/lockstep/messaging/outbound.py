"""What an outbound connector offers the core: one protocol for documents, one for state."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, Protocol, Self

from lockstep.canonical.money import Money
from lockstep.messaging.errors import BusinessError
from lockstep.messaging.references import Reference


@dataclass(frozen=True, slots=True)
class Document:
    """What a workflow decided shall stand in a target, once."""

    key: str
    """Deterministic and unique in the target: the same decision has the same key in every attempt."""
    kind: str
    """As in `sales_receipt`; names the canonical model of `body`."""
    subject: str
    correlation_id: str
    body: Mapping[str, Any]
    """JSON form of the canonical model."""
    follows: tuple[str, ...] = ()
    """Ids of accepted events: what was decided for them stands in the target before this does."""
    at_stake: str = ""
    """The amount that waits for as long as it is not posted, as in `54.60 USD`; empty for what is not about money."""

    def to_item(self) -> dict[str, Any]:
        """As it stands in what a workflow has decided."""
        item = {
            "key": self.key,
            "kind": self.kind,
            "subject": self.subject,
            "correlation_id": self.correlation_id,
            "body": self.body,
        }
        if self.follows:
            item["follows"] = list(self.follows)
        if self.at_stake:
            item["at_stake"] = self.at_stake
        return item

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """Read it back."""
        return cls(
            key=item["key"],
            kind=item["kind"],
            subject=item["subject"],
            correlation_id=item["correlation_id"],
            body=item["body"],
            follows=tuple(item.get("follows", ())),
            at_stake=item.get("at_stake", ""),
        )


@dataclass(frozen=True, slots=True)
class ResolvedDocument:
    """A document, with the target's own identifiers for everything it names."""

    document: Document
    identifiers: Mapping[Reference, str]


@dataclass(frozen=True, slots=True)
class Posted:
    """It stands in the target."""

    number: str
    """The target's own number of it, as people there know it."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The target will never accept it as it is; nothing of it stands there."""

    error: BusinessError


class DocumentTarget(Protocol):
    """A system that keeps documents."""

    def references(self, document: Document) -> Sequence[Reference]:
        """Everything the document names that the target names otherwise (outward). Pure."""
        ...

    def post(self, documents: Sequence[ResolvedDocument], *, look_up_first: bool) -> Iterator[Posted | Rejected]:
        """Make them stand in the target, in this order, exactly once in effect.

        Yields one result a document, in order; each is final when yielded.

        Args:
            documents: Not more than the manifest's batch size.
            look_up_first: An earlier attempt may have made some of them: find them by key before making them.

        Raises:
            TransientEndpointError, OutcomeUnknown, ConfigurationError: At the first document whose result is unknown.
        """
        ...


@dataclass(frozen=True, slots=True)
class StandingDocument:
    """A document in the target's own terms: as it stands there, or as it must."""

    key: str
    """`Document.key`."""
    total: Money
    tenders: Mapping[str, Money]
    """Sums by the target's own identifier of the means of payment; none that is zero."""
    number: str = ""
    """The target's own number of it."""


@dataclass(frozen=True, slots=True)
class StandingDay:
    """What stands in a target for a business day."""

    documents: tuple[StandingDocument, ...]
    tender_names: Mapping[str, str] = field(default_factory=dict)
    """What the target calls its means of payment, by identifier."""


class DocumentAudit(Protocol):
    """Reads back what stands in a target, to prove that it is what was decided. A connector may offer it."""

    def references(self, document: Document) -> Sequence[Reference]:
        """As `DocumentTarget.references`."""
        ...

    def expected(self, document: ResolvedDocument) -> StandingDocument:
        """What must stand there once it is posted. Pure.

        Raises:
            BusinessError: The target's identifiers for it cannot be used.
        """
        ...

    def standing(self, day: date, stores: Sequence[str]) -> StandingDay:
        """Everything that counts there for a business day and some stores and was made under a key of ours.

        Args:
            day: The business day it is booked on.
            stores: The target's own identifiers.

        Raises:
            TransientEndpointError, ConfigurationError: It cannot be read.
        """
        ...


class StateKey(NamedTuple):
    """Which quantity: of one SKU at one location, by the retailer's codes."""

    sku: str
    location: str

    def __str__(self) -> str:
        return f"{self.sku}@{self.location}"

    @classmethod
    def parse(cls, text: str) -> "StateKey":
        """From `sku@location`."""
        sku, _, location = text.rpartition("@")
        return cls(sku, location)


@dataclass(frozen=True, slots=True)
class StateChange:
    """One quantity to be set, if the target still has the one we believe it has."""

    key: StateKey
    expected: int | None
    """What the target is believed to show; None when it is not known and may be overwritten."""
    desired: int
    identifiers: Mapping[Reference, str]


class StateOutcome(NamedTuple):
    """What became of one change."""

    stale: bool = False
    """Refused, because the target shows something else: read, work it out again, push again."""
    error: BusinessError | None = None
    """Refused for good."""
    retry: bool = False
    """Neither refused nor set: another change was refused, and the target sets all or none. Push it again as it is."""


class StateTarget(Protocol):
    """A system that shows state."""

    def references(self, key: StateKey) -> Sequence[Reference]:
        """What the target calls the things this key names (outward). Pure."""
        ...

    def push(self, changes: Sequence[StateChange], *, idempotency_key: str) -> Sequence[StateOutcome]:
        """Set them all in one call; one outcome a change, in order.

        A call repeated with the same key and the same changes has the effect and the answer of the first. That is for
        calls without an answer: once a call was answered with anything but success, its key is spent, and the next
        push takes a new one even if its changes are the same.

        Raises:
            TransientEndpointError, OutcomeUnknown, ConfigurationError: Nothing is known of any of them.
        """
        ...

    def read(self, changes: Sequence[StateChange]) -> Sequence[int | None]:
        """What the target shows now, in order; None where it shows nothing for the key.

        Raises:
            TransientEndpointError, ConfigurationError: It cannot be read.
        """
        ...
