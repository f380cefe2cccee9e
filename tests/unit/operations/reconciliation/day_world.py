"""A retailer whose days are reconciled: the real core and the real workflow of postings, tills and books of the test."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from lockstep.canonical.events import TransactionClosed, TransactionUnbalanced
from lockstep.canonical.identifiers import ItemReference, TransactionId
from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import (
    SaleLine,
    SaleTransaction,
    TenderLine,
    TransactionKind,
    UnbalancedTransaction,
)
from lockstep.canonical.sales_receipt import SalesReceipt
from lockstep.masterdata.crosswalk import Crosswalk
from lockstep.messaging.errors import CaseKey, DocumentRejected, EndpointUnavailable
from lockstep.messaging.inbound import Delivery
from lockstep.messaging.outbound import Posted, Rejected, StandingDay, StandingDocument
from lockstep.messaging.references import Reference, ReferenceKind
from lockstep.operations.reconciliation.reconcile import Reconciler
from lockstep.workflows.financial_posting.decide import FinancialPosting
from tests.unit.operations.retail_world import DAY, LEDGER, SCARF, TILL, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from lockstep.canonical.events import Event
    from lockstep.messaging.outbound import Document, ResolvedDocument
    from lockstep.operations.reconciliation.report import Reconciliation, StoreDay
    from lockstep.operations.reconciliation.report import TenderLine as TenderSums

MAPPINGS = f"""kind,canonical,system,value
item,SCARF,{TILL},{SCARF}
store,101,{TILL},101
store,101,{LEDGER},11
store,102,{TILL},102
store,102,{LEDGER},12
tender,CASH,{TILL},Bar
tender,CARD,{TILL},Karte
tender,CASH,{LEDGER},1
tender,CARD,{LEDGER},2
"""
CAP = "9521000000148"


class Books:
    """An ERP that books receipts by store and day, unless it is down, and can be read back."""

    def __init__(self) -> None:
        self.down = False
        self.silent = False
        self.refused: set[str] = set()
        self.booked: list[tuple[date, str, StandingDocument]] = []

    def references(self, document: Document) -> Sequence[Reference]:
        receipt = SalesReceipt.model_validate(document.body)
        tenders = (Reference(ReferenceKind.TENDER, LEDGER, each.tender, outward=True) for each in receipt.tenders)
        return list(dict.fromkeys((Reference(ReferenceKind.STORE, LEDGER, receipt.store, outward=True), *tenders)))

    def post(self, documents: Sequence[ResolvedDocument], *, look_up_first: bool) -> Iterator[Posted | Rejected]:
        if self.down:
            raise EndpointUnavailable("connection refused")
        for resolved in documents:
            receipt, key = SalesReceipt.model_validate(resolved.document.body), resolved.document.key
            if str(receipt.transaction) in self.refused:
                yield Rejected(DocumentRejected("not like this", CaseKey("document_rejected", f"{LEDGER}/{key}")))
                continue
            if not any(one.key == key for _, _, one in self.booked):
                number = f"R{len(self.booked) + 1}"
                standing = self.expected(resolved)
                store = resolved.identifiers[Reference(ReferenceKind.STORE, LEDGER, receipt.store, outward=True)]
                self.booked.append(
                    (receipt.business_day, store, StandingDocument(key, standing.total, standing.tenders, number))
                )
            yield Posted(next(one.number for _, _, one in self.booked if one.key == key))

    def expected(self, document: ResolvedDocument) -> StandingDocument:
        receipt = SalesReceipt.model_validate(document.document.body)
        sums: dict[str, Money] = {}
        for line in receipt.tenders:
            name = document.identifiers[Reference(ReferenceKind.TENDER, LEDGER, line.tender, outward=True)]
            sums[name] = sums.get(name, Money.zero(line.amount.currency)) + line.amount
        return StandingDocument(document.document.key, receipt.total, {k: v for k, v in sums.items() if v})

    def standing(self, day: date, stores: Sequence[str]) -> StandingDay:
        if self.silent:
            raise EndpointUnavailable("connection refused")
        found = [one for booked, store, one in self.booked if booked == day and store in stores]
        return StandingDay(tuple(found), {"1": "Cash box", "2": "Cards"})


class DayWorld(World):
    """Tills that sell, and a reconciler."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = self.books = Books()
        self.specs = (FinancialPosting.spec, *self.specs[1:])
        self._workflows["financial_posting"] = (FinancialPosting(), (LEDGER,))
        self.deliveries = 0
        self.map(MAPPINGS)

    def identity(self, number: int, till: str = "101/1", day: date = DAY) -> TransactionId:
        store, workstation = till.split("/")
        return TransactionId(store=store, workstation=workstation, business_day=day, sequence=number)

    def ticket(
        self,
        number: int,
        *tenders: tuple[str, str],
        till: str = "101/1",
        day: date = DAY,
        currency: str = "USD",
        item: str = SCARF,
        voids: TransactionId | None = None,
        original: TransactionId | None = None,
    ) -> TransactionClosed:
        """One article for what the (tender, amount) pairs come to; below zero it is brought back."""
        amounts = [(name, Money.of(amount, currency)) for name, amount in tenders]
        total = Money.total((amount for _, amount in amounts), currency)
        lines = ()
        if total:
            sign = Decimal(1).copy_sign(total.amount)
            lines = (
                SaleLine(
                    number=1,
                    item=ItemReference(value=item),
                    quantity=sign,
                    unit_price=abs(total),
                    amount=total,
                    original=original,
                ),
            )
        kind = TransactionKind.RETURN if total.amount < 0 else TransactionKind.SALE
        data = SaleTransaction(
            id=self.identity(number, till, day),
            kind=TransactionKind.VOID if voids else kind,
            currency=currency,
            closed_at=self.clock.now(),
            lines=lines,
            tenders=tuple(TenderLine(tender=name, amount=amount) for name, amount in amounts),
            voids=voids,
        )
        return TransactionClosed.create(data, source=TILL, received_at=self.clock.now(), causation_id="a delivery")

    def unbalanced(self, number: int, paid: str, till: str = "101/1") -> TransactionUnbalanced:
        data = UnbalancedTransaction(
            id=self.identity(number, till),
            closed_at=self.clock.now(),
            due=Money.of(0, "USD"),
            paid=Money.of(paid, "USD"),
            problem="a cent is missing",
        )
        return TransactionUnbalanced.create(data, source=TILL, received_at=self.clock.now(), causation_id="a delivery")

    def send(self, *events: Event, passed_over: Sequence[TransactionId] = ()) -> None:
        """In a delivery of their own."""
        self.deliveries += 1
        delivery = Delivery(TILL, f"d{self.deliveries}", b"<POSLog/>", self.clock.now())
        self.acceptor.accept(delivery, events, within=timedelta(seconds=5), passed_over=passed_over)
        self.clock.advance(seconds=1)

    def sell_some(self, *numbers: int, till: str = "101/1", day: date = DAY) -> None:
        for number in numbers:
            self.send(self.ticket(number, ("Karte", "10.00"), till=till, day=day))

    def reconciled(self, day: date = DAY, *, store: str = "", stores: Sequence[str] = ()) -> Reconciliation:
        reconciler = Reconciler(
            self.ledger_table,
            Crosswalk(self.masterdata, self.clock),
            consumers=self.consumers,
            specs=self.specs,
            accounts=self.accounts,
            audits=lambda account: self.books if account == LEDGER else None,
        )
        return reconciler.reconcile(day, self.clock.now(), store=store, stores=stores)


def store_of(report: Reconciliation, code: str = "101") -> StoreDay:
    return next(store for store in report.stores if store.store == code)


def tender_of(report: Reconciliation, tender: str, currency: str = "USD", code: str = "101") -> TenderSums:
    lines = store_of(report, code).tenders
    return next(line for line in lines if (line.tender, line.currency) == (tender, currency))


def kinds(report: Reconciliation) -> Counter[str]:
    return Counter(finding.kind.value for finding in report.findings)
