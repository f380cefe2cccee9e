"""The sales receipt: the document that a till transaction, a paid order or a refund becomes in a ledger of record.

It names things by the retailer's own codes; each poster turns those into its system's identifiers. Amounts are signed
as in the sale transaction.
"""

from datetime import date
from typing import Self

from pydantic import AwareDatetime, model_validator

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import Code, Sku, StoreId, TransactionId
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Currency, Money
from lockstep.canonical.quantities import Percent, Quantity
from lockstep.canonical.sale_transaction import TransactionKind


class ReceiptTax(Canonical):
    """A tax on one line."""

    code: Code
    """The retailer's tax code."""
    rate: Percent | None
    amount: Money


class ReceiptLine(Canonical):
    """Goods out or back."""

    sku: Sku
    quantity: Quantity
    unit: Code
    gross: Money
    """What the customer pays for the line: discounts taken off, all taxes in."""
    taxes: tuple[ReceiptTax, ...] = ()


class ReceiptCharge(Canonical):
    """What is paid for that is not goods."""

    kind: ChargeKind
    amount: Money
    """What the customer pays for it: discounts taken off, all taxes in."""
    taxes: tuple[ReceiptTax, ...] = ()


class ReceiptTender(Canonical):
    """A means of payment, by the retailer's code."""

    tender: Code
    amount: Money


class SalesReceipt(Canonical):
    """Gross lines + charges = tenders, to the minor unit."""

    transaction: TransactionId | None = None
    """As the till knows it; None for what no till closed."""
    name: Code | None = None
    """What people call the order or the refund; None for what a till closed."""
    store: StoreId
    """The retailer's code of the store."""
    business_day: date
    """The day it is booked on."""
    closed_at: AwareDatetime
    kind: TransactionKind
    currency: Currency
    lines: tuple[ReceiptLine, ...] = ()
    charges: tuple[ReceiptCharge, ...] = ()
    tenders: tuple[ReceiptTender, ...] = ()

    @model_validator(mode="after")
    def _balanced(self) -> Self:
        if (self.transaction is None) == (self.name is None):
            raise ValueError("it is what a till closed, or has a name of its own")
        paid = Money.total((tender.amount for tender in self.tenders), self.currency)
        if self.total != paid:
            raise ValueError(f"unbalanced: lines + charges = {self.total}, tenders = {paid}")
        return self

    @property
    def called(self) -> str:
        """What people know it by."""
        return str(self.transaction or self.name)

    @property
    def total(self) -> Money:
        """What the customer pays."""
        lines = Money.total((line.gross for line in self.lines), self.currency)
        return lines + Money.total((charge.amount for charge in self.charges), self.currency)

    @property
    def tax(self) -> Money:
        """All taxes."""
        on_lines = (tax.amount for line in self.lines for tax in line.taxes)
        on_charges = (tax.amount for charge in self.charges for tax in charge.taxes)
        return Money.total((*on_lines, *on_charges), self.currency)
