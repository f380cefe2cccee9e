"""A small business for benchmarks and the unit tests of the core: two workflows, one books, one keeps positions."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from lockstep.canonical.events import Event, InventoryAdjusted, TransactionClosed
from lockstep.canonical.identifiers import ItemReference, TransactionId
from lockstep.canonical.inventory import InventoryAdjustment, InventoryMovement
from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import SaleLine, SaleTransaction, TenderLine, TransactionKind
from lockstep.messaging.errors import CaseKey, TotalsUnbalanced
from lockstep.messaging.outbound import Document
from lockstep.messaging.references import Reference, ReferenceKind, require
from lockstep.messaging.specs import (
    Criticality,
    Delivery,
    DocumentKey,
    Outbound,
    Role,
    ServiceLevel,
    WorkflowSpec,
)
from lockstep.messaging.workflow import Change, Context, Decision
from simulation.retail import SHOP, TILLS
from simulation.targets import CALL_TIMEOUT

STORE = "101"
DAY = date(2026, 11, 27)
PRICE = Money.of("10.00", "USD")


def _spec(consumer: str, role: Role, delivery: Delivery, consumes: tuple[str, ...], park_limit: int) -> WorkflowSpec:
    return WorkflowSpec(
        consumer=consumer,
        title=consumer,
        consumes=consumes,
        role=role,
        delivery=delivery,
        decides="",
        subject="",
        service_level=ServiceLevel(0.99, timedelta(minutes=5)),
        criticality=Criticality.BOOKS,
        exceptions=(),
        owner="Accounting",
        active_from=datetime(2026, 1, 1, tzinfo=UTC),
        park_limit=park_limit,
        batch_size=8,
    )


def outbound(role: Role, *, batch_size: int, settle_after: timedelta = timedelta(0)) -> Outbound:
    """How a target is delivered to."""
    return Outbound(
        role=role,
        delivery=Delivery.DOCUMENTS if role is Role.ERP else Delivery.STATE,
        api_version="1",
        allowed_hosts=(),
        batch_size=batch_size,
        max_concurrency=1,
        call_timeout=CALL_TIMEOUT,
        document_key=DocumentKey.LOOKUP,
        settle_after=settle_after,
        idempotency_retention=timedelta(hours=24),
    )


def shown_value(record: Mapping[str, Any] | None) -> int:
    """What the shop should show for a position; it is the core that never shows less than nothing."""
    return int(record["on_hand"]) if record else 0


def inward(event: Event, item: ItemReference) -> Reference:
    """How a till's name of an item is looked up."""
    return Reference(ReferenceKind.ITEM, event.source, item.lookup)


class Booking:
    """One receipt for each transaction, and a journal where it has several lines."""

    collection = ""

    def __init__(self, unsound: set[str], park_limit: int) -> None:
        """Args:
        unsound: Ids of events that cannot be booked until a person repairs them.
        """
        self.spec = _spec("booking", Role.ERP, Delivery.DOCUMENTS, ("TransactionClosed",), park_limit)
        self._unsound = unsound

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        del context
        assert isinstance(event, TransactionClosed)
        return [inward(event, line.item) for line in event.data.lines]

    def records(self, event: Event, context: Context) -> Sequence[str]:
        del event, context
        return ()

    def decide(self, event: Event, context: Context) -> Decision:
        assert isinstance(event, TransactionClosed)
        wanted = self.references(event, context)
        require(context.names, wanted)
        if event.id in self._unsound:
            raise TotalsUnbalanced("does not add up", CaseKey("unbalanced_totals", event.id))
        skus = sorted({context.names[reference] for reference in wanted})
        kinds = ("receipt", "journal") if len(skus) > 1 else ("receipt",)
        documents = tuple(
            (target, Document(f"{kind}/{event.id}", kind, event.subject, event.correlation_id, {"skus": skus}))
            for kind in kinds
            for target in context.targets
        )
        return Decision("booked", documents=documents)

    def amount_at_stake(self, event: Event) -> str:
        del event
        return ""


class Stocking:
    """How much of each SKU there is."""

    collection = "position"

    def __init__(self, park_limit: int) -> None:
        consumes = ("TransactionClosed", "InventoryAdjusted")
        self.spec = _spec("stocking", Role.SHOP, Delivery.STATE, consumes, park_limit)

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        del context
        return [inward(event, item) for item, _ in moved(event)]

    def records(self, event: Event, context: Context) -> Sequence[str]:
        return list(self._moved(event, context.names))

    def decide(self, event: Event, context: Context) -> Decision:
        require(context.names, self.references(event, context))
        changes = []
        for key, by in self._moved(event, context.names).items():
            after = context.records.get(key, {}).get("on_hand", 0) + by
            believed = {SHOP: by} if event.source == SHOP else {}
            changes.append(Change(key, {"on_hand": after}, state=key, believed=believed))
        return Decision("moved", tuple(changes))

    def amount_at_stake(self, event: Event) -> str:
        del event
        return ""

    def _moved(self, event: Event, names: Mapping[Reference, str]) -> dict[str, int]:
        totals: dict[str, int] = {}
        for item, by in moved(event):
            if inward(event, item) in names:
                key = f"{names[inward(event, item)]}@{STORE}"
                totals[key] = totals.get(key, 0) + by
        return totals


def moved(event: Event) -> list[tuple[ItemReference, int]]:
    """By how much an event moves stock."""
    if isinstance(event, TransactionClosed):
        return [(line.item, -int(line.quantity)) for line in event.data.lines]
    assert isinstance(event, InventoryAdjusted)
    return [(movement.item, int(movement.delta)) for movement in event.data.movements]


def transaction(
    till: str, number: int, items: Sequence[str], at: datetime, *, returns: tuple[str, int] | None = None
) -> TransactionClosed:
    """A sale of one each, or the return of one each that another transaction sold."""

    def identity(workstation: str, sequence: int) -> TransactionId:
        return TransactionId(store=STORE, workstation=workstation, business_day=DAY, sequence=sequence)

    sign = 1 if returns is None else -1
    amount = Money.of(PRICE.amount * sign, "USD")
    lines = tuple(
        SaleLine(
            number=line,
            item=ItemReference(value=item),
            quantity=Decimal(sign),
            unit_price=PRICE,
            amount=amount,
            original=identity(*returns) if returns else None,
        )
        for line, item in enumerate(items, 1)
    )
    data = SaleTransaction(
        id=identity(till, number),
        kind=TransactionKind.RETURN if returns else TransactionKind.SALE,
        currency="USD",
        closed_at=at,
        lines=lines,
        tenders=(TenderLine(tender="CASH", amount=Money.of(amount.amount * len(lines), "USD")),),
    )
    return TransactionClosed.create(data, source=TILLS, received_at=at, causation_id="d")


def movement(source: str, number: int, items: Mapping[str, int], at: datetime) -> InventoryAdjusted:
    """Stock moved at the store, or was sold by the shop."""
    data = InventoryAdjustment(
        document=f"m{number}",
        location=STORE,
        reason="moved",
        adjusted_at=at,
        movements=tuple(
            InventoryMovement(item=ItemReference(value=item), delta=Decimal(by)) for item, by in items.items()
        ),
    )
    return InventoryAdjusted.create(data, source=source, received_at=at, causation_id="d")
