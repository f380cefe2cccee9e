"""What is to be booked of a till transaction, an order or a refund, in one shape. Pure.

Amounts are signed as the customer pays: what is bought and paid is positive, what comes back is negative.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from lockstep.canonical.amounts import Amounts, Discount, Tax
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import ItemReference, TransactionId
from lockstep.canonical.money import Money
from lockstep.canonical.order import Order, OrderTender
from lockstep.canonical.refund import Refund
from lockstep.canonical.sale_transaction import DiscountLine, SaleTransaction, TaxLine, TransactionKind

DEFAULT_STORE: Final = "default"
"""What a store is called that an order does not name: the one that the web shop of that account books on."""
CUSTOM_ITEM: Final = "custom"
"""What an item is called that a line does not name: custom lines are sold under one SKU."""
UNSPECIFIED_TENDER: Final = "unspecified"
"""What a means of payment is called of which the channel says only that it was paid."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """Goods out, or back."""

    number: int
    item: ItemReference
    quantity: Decimal
    """Below zero for what comes back."""
    unit: str
    amount: Money
    """Before discounts and taxes that are not included; has the sign of the quantity."""


@dataclass(frozen=True, slots=True)
class BillCharge:
    """What is paid for that is not goods."""

    number: int
    """Among lines and charges together; 0 for one that nothing refers to."""
    kind: ChargeKind
    amount: Money


@dataclass(frozen=True, slots=True)
class BillTender:
    """A means of payment, by the source's name."""

    tender: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Bill:
    """Lines + charges + taxes not included - discounts = tenders."""

    name: str
    """What people call it."""
    store: str
    """By the source's name."""
    business_day: date
    closed_at: datetime
    kind: TransactionKind
    currency: str
    lines: tuple[BillLine, ...]
    charges: tuple[BillCharge, ...]
    discounts: tuple[Discount | DiscountLine, ...]
    taxes: tuple[Tax | TaxLine, ...]
    tenders: tuple[BillTender, ...]
    transaction: TransactionId | None = None
    """Of a till."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to book."""
        return not (self.lines or self.tenders or self.charges)


def bill_of_sale(sale: SaleTransaction) -> Bill:
    """What is to be booked of a till transaction, on its business day."""
    return Bill(
        name=str(sale.id),
        store=sale.id.store,
        business_day=sale.id.business_day,
        closed_at=sale.closed_at,
        kind=sale.kind,
        currency=sale.currency,
        lines=tuple(BillLine(line.number, line.item, line.quantity, line.unit, line.amount) for line in sale.lines),
        charges=tuple(BillCharge(0, charge.kind, charge.amount) for charge in sale.charges),
        discounts=sale.discounts,
        taxes=sale.taxes,
        tenders=tuple(BillTender(tender.tender, tender.amount) for tender in sale.tenders),
        transaction=sale.id,
    )


def bill_of_order(order: Order) -> Bill:
    """What is to be booked of an order once it is paid, in the currency of the shop.

    Its business day is the day on which it was placed, by the clock of whoever wrote the time.
    """
    amounts = order.shop
    quantities = {line.number: line for line in order.lines}
    back = any(line.quantity < 0 for line in order.lines)
    out = any(line.quantity > 0 for line in order.lines)
    return Bill(
        name=order.number or order.id,
        store=order.location or DEFAULT_STORE,
        business_day=order.placed_at.date(),
        closed_at=order.placed_at,
        kind=TransactionKind.EXCHANGE if back and out else TransactionKind.RETURN if back else TransactionKind.SALE,
        currency=amounts.currency,
        lines=tuple(
            BillLine(
                line.line,
                quantities[line.line].item or ItemReference(value=CUSTOM_ITEM),
                quantities[line.line].quantity,
                quantities[line.line].unit,
                line.amount,
            )
            for line in amounts.lines
            if quantities[line.line].quantity
        ),
        charges=tuple(BillCharge(charge.number, charge.kind, charge.amount) for charge in amounts.charges),
        discounts=amounts.discounts,
        taxes=amounts.taxes,
        tenders=_tenders(amounts, order.tenders),
    )


def bill_of_refund(refund: Refund) -> Bill:
    """What is to be booked of a refund, on the day on which it was made: every sign turned."""
    amounts = refund.shop
    lines = {line.number: line for line in refund.lines}
    return Bill(
        name=refund.id,
        store=refund.location or DEFAULT_STORE,
        business_day=refund.refunded_at.date(),
        closed_at=refund.refunded_at,
        kind=TransactionKind.RETURN if amounts.lines else TransactionKind.REFUND,
        currency=amounts.currency,
        lines=tuple(
            BillLine(
                line.line,
                lines[line.line].item or ItemReference(value=CUSTOM_ITEM),
                -lines[line.line].quantity,
                "EA",
                -line.amount,
            )
            for line in amounts.lines
        ),
        charges=tuple(BillCharge(charge.number, charge.kind, -charge.amount) for charge in amounts.charges),
        discounts=tuple(d.model_copy(update={"amount": -d.amount}) for d in amounts.discounts),
        taxes=tuple(t.model_copy(update={"amount": -t.amount}) for t in amounts.taxes),
        tenders=tuple(BillTender(t.tender, -t.amount) for t in _tenders(amounts, refund.tenders)),
    )


def _tenders(amounts: Amounts, tenders: tuple[OrderTender, ...]) -> tuple[BillTender, ...]:
    """Those in the currency that is booked, and what they leave of the total under a name that says so."""
    known = [BillTender(t.tender, t.amount) for t in tenders if t.amount.currency == amounts.currency and t.amount]
    rest = amounts.total - Money.total((tender.amount for tender in known), amounts.currency)
    return (*known, BillTender(UNSPECIFIED_TENDER, rest)) if rest else tuple(known)
