"""The workflows of a run: the real ones, and a small one more that may be added later."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from lockstep.canonical.events import Event, TransactionClosed
from lockstep.messaging.outbound import Document
from lockstep.messaging.references import Reference, ReferenceKind, require
from lockstep.messaging.specs import Criticality, Delivery, Role, ServiceLevel, WorkflowSpec
from lockstep.messaging.workflow import Context, Decision, Workflow
from lockstep.workflows.financial_posting.decide import FinancialPosting
from lockstep.workflows.inventory_availability.decide import InventoryAvailability

BOOKING: Final = FinancialPosting.spec.consumer
STOCKING: Final = InventoryAvailability.spec.consumer
TAKINGS: Final = "takings"
RECEIPT: Final = "sales_receipt"
"""Kind of the document that financial posting decides."""
BATCH_SIZE: Final = 8


class Takings:
    """One document for each means of payment of a transaction, into the same ledger as its receipt.

    It stands for a process that is introduced later. Of one entry it decides several documents, or none.
    """

    collection: str = ""

    def __init__(self, active_from: datetime) -> None:
        """Args:
        active_from: Entries accepted before are not its concern.
        """
        self.spec = WorkflowSpec(
            consumer=TAKINGS,
            title="Takings",
            consumes=("TransactionClosed",),
            role=Role.ERP,
            delivery=Delivery.DOCUMENTS,
            decides="what each means of payment took",
            subject="the till transaction with its voids and returns",
            service_level=ServiceLevel(0.99, timedelta(minutes=5)),
            criticality=Criticality.BOOKS,
            exceptions=("unmapped_reference",),
            owner="Cash office",
            active_from=active_from,
        )

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        del context
        if not isinstance(event, TransactionClosed):
            return ()
        return (Reference(ReferenceKind.STORE, event.source, event.data.id.store),)

    def records(self, event: Event, context: Context) -> Sequence[str]:
        del event, context
        return ()

    def decide(self, event: Event, context: Context) -> Decision:
        wanted = self.references(event, context)
        require(context.names, wanted)
        assert isinstance(event, TransactionClosed)
        documents = tuple(
            (
                target,
                Document(
                    takings_key(tender, event.id),
                    TAKINGS,
                    event.subject,
                    event.correlation_id,
                    {"store": context.names[wanted[0]], "tender": tender},
                ),
            )
            for tender in sorted({line.tender for line in event.data.tenders})
            for target in context.targets
        )
        return Decision(f"{len(documents)} takings", documents=documents)

    def amount_at_stake(self, event: Event) -> str:
        del event
        return ""


def takings_key(tender: str, event_id: str) -> str:
    """Key of the document for a means of payment, by the till's name."""
    return f"takings/{tender}/{event_id}"


@dataclass(frozen=True, slots=True)
class Rules:
    """What every workflow of a run is held to."""

    park_limit: int
    """Entries that may wait for one root cause before a lane stops."""
    predecessor_within: timedelta
    """How long an entry waits for one that it refers to before a person hears of it."""

    def of(self, spec: WorkflowSpec) -> WorkflowSpec:
        """A spec under these rules."""
        return replace(
            spec, park_limit=self.park_limit, predecessor_within=self.predecessor_within, batch_size=BATCH_SIZE
        )


def made(rules: Rules) -> list[Workflow]:
    """Financial posting and inventory availability."""
    posting, availability = FinancialPosting(), InventoryAvailability()
    for workflow in (posting, availability):
        workflow.spec = rules.of(workflow.spec)
    return [posting, availability]


def takings(rules: Rules, active_from: datetime | None = None) -> Takings:
    """The small one; from the beginning unless a time is given."""
    workflow = Takings(active_from or datetime(2026, 1, 1, tzinfo=UTC))
    workflow.spec = rules.of(workflow.spec)
    return workflow
