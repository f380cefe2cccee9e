"""Turns a bill into a sales receipt: discounts and taxes brought down to lines and charges. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from lockstep.canonical.amounts import Discount, Tax
from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import DiscountLine, SaleTransaction, TaxLine
from lockstep.canonical.sales_receipt import ReceiptCharge, ReceiptLine, ReceiptTax, ReceiptTender, SalesReceipt
from lockstep.workflows.financial_posting.bill import Bill, BillLine


class Names:
    """The retailer's codes for what the source calls otherwise."""

    def __init__(
        self, store: str, skus: Mapping[str, str], tenders: Mapping[str, str], taxes: Mapping[str, str]
    ) -> None:
        """Args:
        store: Code of the store.
        skus: SKU by an item's lookup form.
        tenders: By the source's name.
        taxes: By the source's code.
        """
        self.store = store
        self.skus = skus
        self.tenders = tenders
        self.taxes = taxes


def receipt_of(bill: Bill, names: Names) -> SalesReceipt:
    """The receipt of a bill.

    A discount or tax of the whole bill is shared out among the lines it can belong to, by their amount, so that the
    parts add up to it to the minor unit.

    Raises:
        ValueError: A discount or tax of the whole bill has no line to belong to.
    """
    net = {line.number: line.amount for line in bill.lines} | {
        charge.number: charge.amount for charge in bill.charges if charge.number
    }
    for discount in bill.discounts:
        for number, share in _shares(discount, bill, net).items():
            net[number] -= share
    gross = dict(net)
    taxes: dict[int, list[ReceiptTax]] = {number: [] for number in net}
    for tax in bill.taxes:
        for number, share in _shares(tax, bill, net).items():
            taxes[number].append(ReceiptTax(code=names.taxes[tax.code], rate=tax.rate, amount=share))
            if not tax.included:
                gross[number] += share
    return SalesReceipt(
        transaction=bill.transaction,
        name=None if bill.transaction else bill.name,
        store=names.store,
        business_day=bill.business_day,
        closed_at=bill.closed_at,
        kind=bill.kind,
        currency=bill.currency,
        lines=tuple(_line(line, gross[line.number], taxes[line.number], names) for line in bill.lines),
        charges=tuple(
            ReceiptCharge(
                kind=charge.kind,
                amount=gross.get(charge.number, charge.amount),
                taxes=tuple(taxes.get(charge.number, ())),
            )
            for charge in bill.charges
        ),
        tenders=tuple(
            ReceiptTender(tender=names.tenders[tender.tender], amount=tender.amount) for tender in bill.tenders
        ),
    )


def _line(line: BillLine, gross: Money, taxes: Sequence[ReceiptTax], names: Names) -> ReceiptLine:
    return ReceiptLine(
        sku=names.skus[line.item.lookup],
        quantity=line.quantity,
        unit=line.unit,
        gross=gross,
        taxes=tuple(taxes),
    )


def _shares(part: Discount | DiscountLine | Tax | TaxLine, bill: Bill, net: Mapping[int, Money]) -> dict[int, Money]:
    """How a discount or tax falls on lines and charges, by their number."""
    if part.line is not None:
        return {part.line: part.amount}
    if not part.amount:
        return {}
    numbers = [line.number for line in bill.lines if (line.quantity < 0) == (part.amount.amount < 0)]
    weights = [abs(net[number].amount) for number in numbers]
    if not any(weights):
        numbers = [line.number for line in bill.lines]
        weights = [abs(net[number].amount) or Decimal(1) for number in numbers]
    if not numbers:
        raise ValueError(f"{part.amount} for the whole document has no line to belong to")
    return dict(zip(numbers, part.amount.allocate(weights), strict=True))


def reversed_sale(sale: SaleTransaction, void: SaleTransaction) -> SaleTransaction:
    """A void that repeats nothing, filled with what it voids: every amount and quantity with the opposite sign."""
    return void.model_copy(
        update={
            "currency": sale.currency,
            "lines": tuple(
                line.model_copy(update={"quantity": -line.quantity, "amount": -line.amount}) for line in sale.lines
            ),
            "discounts": tuple(d.model_copy(update={"amount": -d.amount}) for d in sale.discounts),
            "taxes": tuple(t.model_copy(update={"amount": -t.amount}) for t in sale.taxes),
            "charges": tuple(c.model_copy(update={"amount": -c.amount}) for c in sale.charges),
            "tenders": tuple(t.model_copy(update={"amount": -t.amount}) for t in sale.tenders),
        }
    )
