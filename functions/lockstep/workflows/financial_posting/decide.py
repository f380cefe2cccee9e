"""Decides which documents the ledger of record must hold for what a till closed. Pure."""

from collections.abc import Sequence

from lockstep.canonical.events import Event, TransactionClosed, TransactionUnbalanced
from lockstep.canonical.sale_transaction import SaleTransaction
from lockstep.messaging.errors import CaseKey, PredecessorMissing, TotalsUnbalanced
from lockstep.messaging.outbound import Document
from lockstep.messaging.references import Reference, ReferenceKind, require
from lockstep.messaging.specs import WorkflowSpec
from lockstep.messaging.workflow import Context, Decision
from lockstep.workflows.financial_posting.receipt import Names, receipt_of, reversed_sale
from lockstep.workflows.financial_posting.spec import SPEC


class FinancialPosting:
    """One sales receipt for each transaction, in the ledger of record of its store."""

    spec: WorkflowSpec = SPEC
    collection: str = ""

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        """Store, items, tenders and taxes by the till's names; then, with several ledgers, who knows the store."""
        sale = _sale(event, context)
        if sale is None:
            return ()
        wanted = _required(event.source, sale)
        store = context.names.get(wanted[0])
        if store is not None and len(context.targets) > 1:
            wanted += (_store_at(target, store) for target in context.targets)
        return wanted

    def records(self, event: Event, context: Context) -> Sequence[str]:
        """None: it decides on the event alone."""
        del event, context
        return ()

    def decide(self, event: Event, context: Context) -> Decision:
        """The documents.

        Raises:
            ReferenceUnknown: A store, item or tender has no counterpart.
            TaxCodeInvalid: A tax code has none.
            TotalsUnbalanced: The transaction does not add up.
            PredecessorMissing: A void that repeats nothing of what it voids, which has not arrived.
        """
        if isinstance(event, TransactionUnbalanced):
            if any(corrected in context.earlier for corrected in event.follows()):
                return Decision(summary="corrected in another delivery")
            raise TotalsUnbalanced(event.data.problem, CaseKey("unbalanced_totals", event.correlation_id))
        sale = _sale(event, context)
        if sale is None:
            (missing,) = event.follows()
            raise PredecessorMissing(
                f"the transaction that it voids, {missing}, has not arrived", CaseKey("predecessor_missing", missing)
            )
        wanted = _required(event.source, sale)
        require(context.names, wanted)
        store = context.names[wanted[0]]
        names = Names(
            store=store,
            skus={ref.value: context.names[ref] for ref in wanted if ref.kind is ReferenceKind.ITEM},
            tenders={ref.value: context.names[ref] for ref in wanted if ref.kind is ReferenceKind.TENDER},
            taxes={ref.value: context.names[ref] for ref in wanted if ref.kind is ReferenceKind.TAX},
        )
        if not (sale.lines or sale.tenders or sale.charges):
            return Decision(summary="nothing to book")
        try:
            receipt = receipt_of(sale, names)
        except ValueError as error:
            raise TotalsUnbalanced(str(error), CaseKey("unbalanced_totals", event.correlation_id)) from error
        document = Document(
            key=event.id,
            kind="sales_receipt",
            subject=event.subject,
            correlation_id=event.correlation_id,
            body=receipt.model_dump(mode="json", exclude_none=True),
        )
        targets = _ledgers_of(store, context)
        summary = f"{sale.kind.value} of {receipt.total} for {', '.join(targets)}"
        return Decision(summary=summary, documents=tuple((target, document) for target in targets))

    def amount_at_stake(self, event: Event) -> str:
        """The total of the transaction, whichever way it goes."""
        if isinstance(event, TransactionClosed):
            return str(abs(event.data.total))
        if isinstance(event, TransactionUnbalanced):
            return str(abs(event.data.due))
        return ""


def _sale(event: Event, context: Context) -> SaleTransaction | None:
    """What is to be booked; None when it is only known from a transaction that has not arrived, or is no sale."""
    if not isinstance(event, TransactionClosed):
        return None
    sale = event.data
    if sale.voids is None or sale.lines or sale.tenders:
        return sale
    original = context.earlier.get(event.follows()[0])
    return reversed_sale(original.data, sale) if isinstance(original, TransactionClosed) else None


def _required(source: str, sale: SaleTransaction) -> list[Reference]:
    """The store first."""
    return [
        Reference(ReferenceKind.STORE, source, sale.id.store),
        *(Reference(ReferenceKind.ITEM, source, line.item.lookup) for line in sale.lines),
        *(Reference(ReferenceKind.TENDER, source, tender.tender) for tender in sale.tenders),
        *(Reference(ReferenceKind.TAX, source, tax.code) for tax in sale.taxes),
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
