"""Turns a sale transaction into a sales receipt: discounts and taxes brought down to the lines. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import DiscountLine, SaleLine, SaleTransaction, TaxLine
from lockstep.canonical.sales_receipt import ReceiptCharge, ReceiptLine, ReceiptTax, ReceiptTender, SalesReceipt


class Names:
    """The retailer's codes for what the till calls otherwise."""

    def __init__(
        self, store: str, skus: Mapping[str, str], tenders: Mapping[str, str], taxes: Mapping[str, str]
    ) -> None:
        """Args:
        store: Code of the store.
        skus: SKU by an item's lookup form.
        tenders: By the till's name.
        taxes: By the till's code.
        """
        self.store = store
        self.skus = skus
        self.tenders = tenders
        self.taxes = taxes


def receipt_of(sale: SaleTransaction, names: Names) -> SalesReceipt:
    """The receipt of a transaction.

    A discount or tax of the whole transaction is shared out among the lines it can belong to, by their amount, so that
    the parts add up to it to the minor unit.

    Raises:
        ValueError: A discount or tax of the whole transaction has no line to belong to.
    """
    net = {line.number: line.amount for line in sale.lines}
    for discount in sale.discounts:
        for number, share in _shares(discount, sale, net).items():
            net[number] -= share
    gross = dict(net)
    taxes: dict[int, list[ReceiptTax]] = {line.number: [] for line in sale.lines}
    for tax in sale.taxes:
        for number, share in _shares(tax, sale, net).items():
            taxes[number].append(ReceiptTax(code=names.taxes[tax.code], rate=tax.rate, amount=share))
            if not tax.included:
                gross[number] += share
    return SalesReceipt(
        transaction=sale.id,
        store=names.store,
        business_day=sale.id.business_day,
        closed_at=sale.closed_at,
        kind=sale.kind,
        currency=sale.currency,
        lines=tuple(_line(line, gross[line.number], taxes[line.number], names) for line in sale.lines),
        charges=tuple(ReceiptCharge(kind=charge.kind, amount=charge.amount) for charge in sale.charges),
        tenders=tuple(
            ReceiptTender(tender=names.tenders[tender.tender], amount=tender.amount) for tender in sale.tenders
        ),
    )


def _line(line: SaleLine, gross: Money, taxes: Sequence[ReceiptTax], names: Names) -> ReceiptLine:
    return ReceiptLine(
        sku=names.skus[line.item.lookup],
        quantity=line.quantity,
        unit=line.unit,
        gross=gross,
        taxes=tuple(taxes),
    )


def _shares(part: DiscountLine | TaxLine, sale: SaleTransaction, net: Mapping[int, Money]) -> dict[int, Money]:
    """How a discount or tax falls on lines, by line number."""
    if part.line is not None:
        return {part.line: part.amount}
    if not part.amount:
        return {}
    numbers = [line.number for line in sale.lines if line.is_return == (part.amount.amount < 0)]
    weights = [abs(net[number].amount) for number in numbers]
    if not any(weights):
        numbers = [line.number for line in sale.lines]
        weights = [abs(net[number].amount) or Decimal(1) for number in numbers]
    if not numbers:
        raise ValueError(f"{part.amount} for the whole transaction has no line to belong to")
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
