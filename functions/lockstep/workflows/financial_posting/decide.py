"""Decides which documents the ledger of record must hold for what a till closed, a channel sold or refunded. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from lockstep.canonical.events import (
    DocumentUnbalanced,
    Event,
    OrderReported,
    RefundReported,
    TransactionClosed,
    TransactionUnbalanced,
)
from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import SaleTransaction
from lockstep.messaging.awaiting import missing
from lockstep.messaging.errors import CaseKey, TotalsUnbalanced
from lockstep.messaging.outbound import Document
from lockstep.messaging.references import Reference, ReferenceKind, require
from lockstep.messaging.specs import WorkflowSpec
from lockstep.messaging.workflow import Context, Decision
from lockstep.workflows.financial_posting.bill import Bill, bill_of_order, bill_of_refund, bill_of_sale
from lockstep.workflows.financial_posting.booked import changed_since, noted, records_of, why_not
from lockstep.workflows.financial_posting.receipt import Names, receipt_of, reversed_sale
from lockstep.workflows.financial_posting.spec import SPEC


class FinancialPosting:
    """One sales receipt for each transaction, paid order and refund, in the ledger of record of its store."""

    spec: WorkflowSpec = SPEC
    collection: str = "booked"

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        """Store, items, tenders and taxes by the source's names; then, with several ledgers, who knows the store."""
        bill = _bill(event, context)
        if bill is None:
            return ()
        wanted = _required(event.source, bill)
        store = context.names.get(wanted[0])
        if store is not None and len(context.targets) > 1:
            wanted += (_store_at(target, store) for target in context.targets)
        return wanted

    def records(self, event: Event, context: Context) -> Sequence[str]:
        """What is booked so far of an order; none for what a till closed."""
        del context
        return records_of(event)

    def decide(self, event: Event, context: Context) -> Decision:
        """The documents.

        Raises:
            ReferenceUnknown: A store, item or tender has no counterpart.
            TaxCodeInvalid: A tax code has none.
            TotalsUnbalanced: It does not add up.
            PredecessorMissing: It takes back something of a transaction that has not arrived.
        """
        if isinstance(event, TransactionUnbalanced | DocumentUnbalanced):
            if any(corrected in context.earlier for corrected in event.follows()):
                return Decision(summary="corrected in another delivery")
            raise TotalsUnbalanced(event.data.problem, CaseKey("unbalanced_totals", event.correlation_id))
        if isinstance(event, OrderReported | RefundReported):
            return self._decide_order(event, context)
        bill = _bill(event, context)
        awaited = [event_id for event_id in _awaited(event, context) if event_id not in context.unfollowed]
        if bill is None or awaited:
            awaited = awaited or list(event.follows())
            raise missing(awaited, f"{', '.join(awaited)}, to which it refers, has not arrived")
        return _booked(event, context, bill, key=event.id)

    def _decide_order(self, event: OrderReported | RefundReported, context: Context) -> Decision:
        reason = why_not(event, context)
        changed = changed_since(event, context) if isinstance(event, OrderReported) else None
        bill = _bill(event, context)
        if reason or bill is None:
            return Decision(summary=reason, changes=(changed,) if changed else ())
        document, of = ("order", event.data.id) if isinstance(event, OrderReported) else ("refund", event.data.id)
        decision = _booked(event, context, bill, key=f"{event.source}/{document}/{of}")
        return replace(decision, changes=noted(event, context)) if decision.documents else decision

    def amount_at_stake(self, event: Event) -> str:
        """The total of what is to be booked, whichever way it goes; where two are said, the greater."""
        if isinstance(event, TransactionClosed):
            return str(abs(event.data.total))
        if isinstance(event, TransactionUnbalanced):
            return _greater(event.data.due, event.data.paid)
        if isinstance(event, OrderReported | RefundReported):
            return str(abs(event.data.total))
        if isinstance(event, DocumentUnbalanced):
            return _greater(event.data.due, event.data.stated)
        return ""


def _greater(one: Money, other: Money) -> str:
    return str(max(abs(one), abs(other), key=lambda money: money.amount))


def _sale(event: Event, context: Context) -> SaleTransaction | None:
    """What is to be booked; None when it is only known from a transaction that has not arrived, or is no sale."""
    if not isinstance(event, TransactionClosed):
        return None
    sale = event.data
    if sale.voids is None or sale.lines or sale.tenders:
        return sale
    original = context.earlier.get(event.follows()[0])
    return reversed_sale(original.data, sale) if isinstance(original, TransactionClosed) else None


def _awaited(event: Event, context: Context) -> list[str]:
    """Ids of the events that it follows and that are to come; those of days before this process began never do."""
    if not isinstance(event, TransactionClosed):
        return []
    began = SPEC.active_from.date()
    return [
        event_id
        for event_id, original in event.originals().items()
        if event_id not in context.earlier and original.business_day >= began
    ]


def _bill(event: Event, context: Context) -> Bill | None:
    """What is to be booked; None when it is only known from a transaction that has not arrived, or there is nothing."""
    if isinstance(event, OrderReported):
        return bill_of_order(event.data)
    if isinstance(event, RefundReported):
        return bill_of_refund(event.data)
    sale = _sale(event, context)
    return bill_of_sale(sale) if sale is not None else None


def _booked(event: Event, context: Context, bill: Bill, *, key: str) -> Decision:
    wanted = _required(event.source, bill)
    require(context.names, wanted)
    store = context.names[wanted[0]]
    names = Names(
        store=store,
        skus={ref.value: context.names[ref] for ref in wanted if ref.kind is ReferenceKind.ITEM},
        tenders={ref.value: context.names[ref] for ref in wanted if ref.kind is ReferenceKind.TENDER},
        taxes={ref.value: context.names[ref] for ref in wanted if ref.kind is ReferenceKind.TAX},
    )
    if bill.is_empty:
        return Decision(summary="nothing to book")
    try:
        receipt = receipt_of(bill, names)
    except ValueError as error:
        raise TotalsUnbalanced(str(error), CaseKey("unbalanced_totals", event.correlation_id)) from error
    document = Document(
        key=key,
        kind="sales_receipt",
        subject=event.subject,
        correlation_id=event.correlation_id,
        body=receipt.model_dump(mode="json", exclude_none=True),
        follows=tuple(event_id for event_id in event.follows() if event_id in context.earlier),
        at_stake=str(abs(receipt.total)),
    )
    targets = _ledgers_of(store, context)
    summary = f"{bill.kind.value} of {receipt.total} for {', '.join(targets)}"
    return Decision(summary=summary, documents=tuple((target, document) for target in targets))


def _required(source: str, bill: Bill) -> list[Reference]:
    """The store first."""
    return [
        Reference(ReferenceKind.STORE, source, bill.store),
        *(Reference(ReferenceKind.ITEM, source, line.item.lookup) for line in bill.lines),
        *(Reference(ReferenceKind.TENDER, source, tender.tender) for tender in bill.tenders),
        *(Reference(ReferenceKind.TAX, source, tax.code) for tax in bill.taxes),
    ]


def _store_at(target: str, store: str) -> Reference:
    return Reference(ReferenceKind.STORE, target, store, outward=True)


def _ledgers_of(store: str, context: Context) -> tuple[str, ...]:
    """The accounts that keep a store's books: with one bound, that one; with several, those that know the store.

    Raises:
        ReferenceUnknown: None of several knows it.
    """
    if len(context.targets) <= 1:
        return context.targets
    knowing = tuple(target for target in context.targets if _store_at(target, store) in context.names)
    if not knowing:
        require(context.names, (_store_at(target, store) for target in context.targets))
    return knowing
