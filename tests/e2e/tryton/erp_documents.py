"""Receipts of the demo retailer, and documents as the core hands them to the target."""

import datetime as dt
import itertools
import uuid
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import TransactionKind
from lockstep.canonical.sales_receipt import ReceiptCharge, ReceiptLine, ReceiptTax, ReceiptTender, SalesReceipt
from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.connection import TrytonConnection
from lockstep.connectors.tryton.target import TrytonTarget
from lockstep.messaging.outbound import Document, ResolvedDocument
from lockstep.messaging.references import Reference, ReferenceKind
from sandbox.erp.server import TrytonErp
from sandbox.retailer import DOWNTOWN, RETAILER

ACCOUNT = "tryton.main"
CENT = Decimal("0.01")
SEQUENCE = itertools.count(1)


def connection(erp: TrytonErp) -> TrytonConnection:
    facts = erp.facts
    secret = {
        "base_url": erp.url,
        "database": erp.database,
        "user": facts.user,
        "password": facts.password,
    }
    return TrytonConnection.of(secret, ["127.0.0.1"])


def money(amount: Decimal | str) -> Money:
    return Money.of(amount, RETAILER.currency)


def line(sku: str, quantity: int = 1, net: Decimal | str | None = None) -> ReceiptLine:
    """A line at the list price, or at another net amount for all of it, taxed as the retailer's data say."""
    product = RETAILER.product(sku)
    untaxed = Decimal(net) if net is not None else product.price * quantity
    taxes = tuple(
        ReceiptTax(
            code=code,
            rate=RETAILER.tax(code).rate * 100,
            amount=money((untaxed * RETAILER.tax(code).rate).quantize(CENT, rounding=ROUND_HALF_UP)),
        )
        for code in product.taxes
    )
    gross = money(untaxed) + Money.total((tax.amount for tax in taxes), RETAILER.currency)
    return ReceiptLine(sku=sku, quantity=Decimal(quantity), unit="EA", gross=gross, taxes=taxes)


def receipt(
    *lines: ReceiptLine,
    tenders: Mapping[str, str] | None = None,
    charges: Mapping[ChargeKind, str] | None = None,
    kind: TransactionKind = TransactionKind.SALE,
    store: str = DOWNTOWN,
    day: dt.date | None = None,
) -> SalesReceipt:
    """Paid by card unless told otherwise, closed today."""
    charged = tuple(ReceiptCharge(kind=name, amount=money(amount)) for name, amount in (charges or {}).items())
    if tenders is None:
        total = Money.total((each.gross for each in lines), RETAILER.currency)
        total += Money.total((charge.amount for charge in charged), RETAILER.currency)
        tenders = {"CARD": str(total.amount)}
    now = dt.datetime.now(tz=dt.UTC)
    day = day or now.date()
    return SalesReceipt(
        transaction=TransactionId(store=store, workstation="1", business_day=day, sequence=next(SEQUENCE)),
        store=store,
        business_day=day,
        closed_at=now,
        kind=kind,
        currency=RETAILER.currency,
        lines=lines,
        charges=charged,
        tenders=tuple(ReceiptTender(tender=code, amount=money(amount)) for code, amount in tenders.items()),
    )


def crosswalk(erp: TrytonErp) -> dict[Reference, str]:
    """What the master data hold for this ERP."""
    return {
        Reference(ReferenceKind(kind), ACCOUNT, code, outward=True): name
        for kind, names in erp.facts.counterparts().items()
        for code, name in names.items()
    }


def document(
    erp: TrytonErp,
    made_from: SalesReceipt,
    *,
    key: str | None = None,
    subject: str | None = None,
    other: Mapping[Reference, str] | None = None,
) -> ResolvedDocument:
    """As the core hands it to the target; `other` are counterparts that differ from the crosswalk's."""
    key = key or f"sales_receipt/{uuid.uuid4()}"
    plain = Document(
        key=key,
        kind="sales_receipt",
        subject=subject or key,
        correlation_id=str(made_from.transaction),
        body=made_from.model_dump(mode="json"),
    )
    known = {**crosswalk(erp), **(other or {})}
    named = TrytonTarget(ACCOUNT, TrytonClient(connection(erp))).references(plain)
    return ResolvedDocument(plain, {reference: known[reference] for reference in named})
