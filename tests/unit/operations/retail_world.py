"""A small retailer on the in-memory ports: the real core, two tiny workflows, two targets that do as they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from lockstep.canonical.events import Event, InventoryLevelReported, TransactionClosed
from lockstep.canonical.identifiers import ItemReference, TransactionId
from lockstep.canonical.inventory import InventoryCount, InventoryLevelReport
from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import SaleLine, SaleTransaction, TenderLine, TransactionKind
from lockstep.masterdata.crosswalk import Crosswalk
from lockstep.masterdata.importing import ImportReport, MappingImport
from lockstep.messaging.accept import Acceptor, Receipt
from lockstep.messaging.breaker import TargetGuard
from lockstep.messaging.errors import EndpointUnavailable
from lockstep.messaging.inbound import Delivery as Inbound
from lockstep.messaging.outbound import Document, Posted, StateKey, StateOutcome
from lockstep.messaging.posting import DocumentPoster
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
from lockstep.messaging.state_delivery import StatePoster
from lockstep.messaging.topology import consumers, intake_consumer
from lockstep.messaging.workflow import Change, Decision, WorkflowConsumer
from lockstep.runtime.memory import (
    ManualClock,
    MemoryClaims,
    MemoryDoorbells,
    MemoryMetrics,
    MemoryTable,
    SeededRandom,
)
from tests.unit.operations.dead_letter_queues import MemoryDeadLetters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lockstep.messaging.workflow import Context

TILL = "poslog.main"
LEDGER = "tryton.main"
SHOP = "shopify.main"
DAY = date(2026, 11, 27)
HEADER = "kind,canonical,system,value\n"
SCARF = "9521000000056"
CAP = "9521000000148"
KNOWN = HEADER + (
    f"item,SCARF,{TILL},{SCARF}\n"
    f"item,SCARF,{SHOP},gid://shopify/InventoryItem/1\n"
    f"item,SCARF,{LEDGER},7\n"
    f"store,101,{TILL},101\n"
)


def spec(consumer: str, role: Role, delivery: Delivery, *consumes: str, park_limit: int = 500) -> WorkflowSpec:
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
        exceptions=("unmapped_reference",),
        owner="Store accounting",
        active_from=datetime(2026, 1, 1, tzinfo=UTC),
        park_limit=park_limit,
    )


BOOKING = spec("financial_posting", Role.ERP, Delivery.DOCUMENTS, "TransactionClosed")
STOCKING = spec("inventory_availability", Role.SHOP, Delivery.STATE, "TransactionClosed", "InventoryLevelReported")


def item_reference(event: Event, item: ItemReference) -> Reference:
    return Reference(ReferenceKind.ITEM, event.source, item.lookup)


class Booking:
    spec = BOOKING
    collection = ""

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        assert isinstance(event, TransactionClosed)
        return [item_reference(event, line.item) for line in event.data.lines]

    def records(self, event: Event, context: Context) -> Sequence[str]:
        return ()

    def decide(self, event: Event, context: Context) -> Decision:
        wanted = self.references(event, context)
        require(context.names, wanted)
        skus = [context.names[reference] for reference in wanted]
        document = Document(event.id, "sales_receipt", event.subject, event.correlation_id, {"skus": skus})
        return Decision(
            f"receipt over {len(skus)} lines", documents=tuple((target, document) for target in context.targets)
        )

    def amount_at_stake(self, event: Event) -> str:
        assert isinstance(event, TransactionClosed)
        return str(event.data.paid)


class Stocking:
    spec = STOCKING
    collection = "position"

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        parts = event.data.lines if isinstance(event, TransactionClosed) else event.data.counts
        return [item_reference(event, part.item) for part in parts]

    def records(self, event: Event, context: Context) -> Sequence[str]:
        place = event.data.id.store if isinstance(event, TransactionClosed) else event.data.location
        return [
            str(StateKey(context.names[reference], place))
            for reference in self.references(event, context)
            if reference in context.names
        ]

    def decide(self, event: Event, context: Context) -> Decision:
        require(context.names, self.references(event, context))
        parts = event.data.lines if isinstance(event, TransactionClosed) else event.data.counts
        changes = {}
        for key, part in zip(self.records(event, context), parts, strict=True):
            before = int(context.records.get(key, {}).get("on_hand", 0))
            after = before - int(part.quantity) if isinstance(part, SaleLine) else int(part.on_hand)
            changes[key] = Change(key, {"on_hand": after}, state=key)
        return Decision("; ".join(changes), tuple(changes.values()))

    def amount_at_stake(self, event: Event) -> str:
        return str(event.data.paid) if isinstance(event, TransactionClosed) else ""


class Ledger:
    """Posts documents and numbers them, unless it is down."""

    def __init__(self) -> None:
        self.down = False
        self.documents: list[Document] = []

    def references(self, document: Document) -> Sequence[Reference]:
        return [Reference(ReferenceKind.ITEM, LEDGER, sku, outward=True) for sku in document.body["skus"]]

    def post(self, documents: Sequence[object], *, look_up_first: bool) -> Iterator[Posted]:
        if self.down:
            raise EndpointUnavailable("connection refused")
        for resolved in documents:
            self.documents.append(resolved.document)
            yield Posted(f"R101-{len(self.documents)}")


class Shop:
    """Shows quantities."""

    def __init__(self) -> None:
        self.shown: dict[str, int] = {}

    def references(self, key: StateKey) -> Sequence[Reference]:
        return [Reference(ReferenceKind.ITEM, SHOP, key.sku, outward=True)]

    def push(self, changes: Sequence[object], *, idempotency_key: str) -> list[StateOutcome]:
        for change in changes:
            self.shown[str(change.key)] = change.desired
        return [StateOutcome() for _ in changes]

    def read(self, changes: Sequence[object]) -> list[int | None]:
        return [self.shown.get(str(change.key)) for change in changes]


class World:
    """Everything, wired as the composition roots do it."""

    def __init__(self, *, park_limit: int = 500) -> None:
        self.ledger_table, self.masterdata = MemoryTable(), MemoryTable()
        self.doorbells, self.claims, self.clock = MemoryDoorbells(), MemoryClaims(), ManualClock()
        self.random, self.metrics = SeededRandom(), MemoryMetrics()
        self.dead_letters = MemoryDeadLetters()
        self.acceptor = Acceptor(self.ledger_table, self.claims, self.clock, self.random, self.metrics)
        self.ledger, self.shop = Ledger(), Shop()
        self.specs = (replace(BOOKING, park_limit=park_limit), replace(STOCKING, park_limit=park_limit))
        roles = {Role.ERP: (LEDGER,), Role.SHOP: (SHOP,)}
        self.consumers = (*consumers(self.specs, roles), intake_consumer("poslog"))
        self.accounts = (TILL, LEDGER, SHOP, "files.main")
        self._workflows = {}
        for workflow, own_spec in zip((Booking(), Stocking()), self.specs, strict=True):
            workflow.spec = own_spec
            self._workflows[own_spec.consumer] = workflow, roles[own_spec.role]

    def run(self) -> None:
        """Let every consumer follow its bells and the bus until nothing moves."""
        for _ in range(20):
            self.ring_all()
            before = repr(self.ledger_table.items)
            for consumer, bell in self.doorbells.take():
                self.drain(consumer, bell)
            if repr(self.ledger_table.items) == before:
                return
        raise AssertionError("never comes to rest")

    def ring_all(self) -> None:
        streams = {key.pk.removeprefix("S#") for key in self.ledger_table.items if key.sk == "STREAM"}
        for consumer in self.consumers[:-1]:
            self.doorbells.ring(consumer.id, sorted(streams))

    def drain(self, consumer: str, bell: object) -> None:
        """Let one consumer answer one bell."""
        ports = {
            "table": self.ledger_table,
            "resolver": Crosswalk(self.masterdata, self.clock),
            "doorbells": self.doorbells,
            "clock": self.clock,
            "random": self.random,
            "metrics": self.metrics,
        }
        until = self.clock.now() + timedelta(minutes=1)
        if consumer in self._workflows:
            workflow, targets = self._workflows[consumer]
            WorkflowConsumer(workflow, targets=targets, **ports).drain(bell, until=until)
            return
        guard = TargetGuard(
            consumer,
            table=self.ledger_table,
            clock=self.clock,
            metrics=self.metrics,
            ring_waiting=lambda: None,
        )
        me = next(known for known in self.consumers if known.id == consumer)
        try:
            if consumer == LEDGER:
                poster = DocumentPoster(
                    me, self.ledger, outbound(Role.ERP), owner="Store accounting", guard=guard, **ports
                )
                poster.drain(bell, until=until, dead_by=until)
            else:
                state = StatePoster(
                    me,
                    self.shop,
                    outbound(Role.SHOP),
                    collection="position",
                    value_of=lambda record: int(record["on_hand"]) if record else 0,
                    owner="Inventory control",
                    guard=guard,
                    **ports,
                )
                state.drain([bell], until=until, dead_by=until)
        except EndpointUnavailable:
            return

    def accept(self, *events: Event, account: str = TILL, delivery_id: str = "msg_1") -> Receipt:
        delivery = Inbound(account, delivery_id, b"<POSLog/>", self.clock.now())
        return self.acceptor.accept(delivery, events, within=timedelta(seconds=5))

    def sell(self, sequence: int, *gtins: str, till: str = "101/1", **options: object) -> Event:
        """A sale of one each, accepted in a delivery of its own."""
        event = self.sale(sequence, *gtins, till=till, **options)
        self.accept(event, delivery_id=f"msg_{till}/{sequence}")
        self.clock.advance(seconds=1)
        return event

    def sale(
        self, sequence: int, *gtins: str, till: str = "101/1", returns: int | None = None, bought_at: str = ""
    ) -> TransactionClosed:
        """`returns`: the sale that is given back, at `bought_at` or the same till."""
        sign = 1 if returns is None else -1

        def identity(number: int, where: str = till) -> TransactionId:
            store, workstation = where.split("/")
            return TransactionId(store=store, workstation=workstation, business_day=DAY, sequence=number)

        price = Money.of("54.60", "USD")
        amount = Money.of(Decimal("54.60") * sign, "USD")
        lines = tuple(
            SaleLine(
                number=number,
                item=ItemReference(value=gtin),
                quantity=Decimal(sign),
                unit_price=price,
                amount=amount,
                original=None if returns is None else identity(returns, bought_at or till),
            )
            for number, gtin in enumerate(gtins, 1)
        )
        data = SaleTransaction(
            id=identity(sequence),
            kind=TransactionKind.SALE if returns is None else TransactionKind.RETURN,
            currency="USD",
            closed_at=self.clock.now(),
            lines=lines,
            tenders=(TenderLine(tender="CARD", amount=Money.total((line.amount for line in lines), "USD")),),
        )
        return TransactionClosed.create(
            data, source=TILL, received_at=self.clock.now(), causation_id=f"msg_{till}/{sequence}"
        )

    def count(self, document: str, **on_hand: int) -> InventoryLevelReported:
        data = InventoryLevelReport(
            document=document,
            location="101",
            counted_at=self.clock.now(),
            counts=tuple(
                InventoryCount(item=ItemReference(value=item), on_hand=Decimal(quantity))
                for item, quantity in on_hand.items()
            ),
        )
        return InventoryLevelReported.create(data, source=TILL, received_at=self.clock.now(), causation_id="msg")

    def map(self, text: str, **options: object) -> ImportReport:
        return self.importer().run(text.encode(), by="the test", **options)

    def importer(self, **options: object) -> MappingImport:
        return MappingImport(
            masterdata=self.masterdata,
            ledger=self.ledger_table,
            doorbells=self.doorbells,
            clock=self.clock,
            **options,
        )


def outbound(role: Role) -> Outbound:
    return Outbound(
        role=role,
        delivery=Delivery.DOCUMENTS if role is Role.ERP else Delivery.STATE,
        api_version="1",
        allowed_hosts=(),
        batch_size=10,
        max_concurrency=1,
        call_timeout=timedelta(seconds=10),
        document_key=DocumentKey.UNIQUE if role is Role.ERP else None,
    )


def shown(table: MemoryTable) -> Mapping[object, object]:
    """Everything in a table: for comparing before and after."""
    return dict(table.items)
