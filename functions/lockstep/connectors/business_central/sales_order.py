"""Sales orders: each a whole snapshot. Pure.

Amounts of lines are without tax, after the line's own discount; the order's discount is allocated to lines. A line is
worth `amountExcludingTax`, takes `invoiceDiscountAllocation` off, and has `netTaxAmount` on top (API v2.0, sales order
line).
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from lockstep.canonical.amounts import Amounts, Discount, LineAmount, Tax
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.money import Money
from lockstep.canonical.order import (
    DocumentKind,
    FulfilmentState,
    Order,
    OrderLine,
    OrderStatus,
    PaymentState,
    SalesChannel,
    UnbalancedDocument,
)
from lockstep.connectors.business_central import models
from lockstep.connectors.business_central.values import Conventions, changed_at
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code, identifier, number

_ITEM: Final = "Item"
_UNITS: Final = Decimal("0.0001")
_HIGHEST_RATE: Final = 100
_LONGEST_TEXT: Final = 512


def translate_order(order: models.SalesOrder, path: str, conventions: Conventions) -> Order | UnbalancedDocument:
    """The snapshot of an order, or what keeps its place when its lines are not what it states.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    identity = identifier(order.id, f"{path}id")
    at = changed_at(order.lastModifiedDateTime, f"{path}lastModifiedDateTime")
    currency = conventions.money(code(order.currencyCode), f"{path}currencyCode")
    stated = Money.rounded(number(order.totalAmountIncludingTax, f"{path}totalAmountIncludingTax"), currency)
    lines = [
        (line, f"{path}salesOrderLines.{place}")
        for place, line in enumerate(order.salesOrderLines or ())
        if (line.lineType or _ITEM) != "Comment"
    ]
    goods, amounts = _amounts(lines, currency)
    due = _due(amounts, currency)
    if due != stated:
        return UnbalancedDocument(
            document=DocumentKind.ORDER,
            id=identity,
            version=at.isoformat(),
            order=identity,
            changed_at=at,
            due=due,
            stated=stated,
            problem="the lines with their taxes are not the total of the order"
            if lines
            else "the answer holds no lines of the order",
        )
    return Order(
        id=identity,
        version=at.isoformat(),
        number=code(order.number),
        channel=SalesChannel.STAFF,
        status=OrderStatus.DRAFT if (order.status or "") in {"Draft", "In Review"} else OrderStatus.OPEN,
        payment=PaymentState.UNKNOWN,
        fulfilment=FulfilmentState.FULFILLED if order.fullyShipped else FulfilmentState.UNKNOWN,
        placed_at=_placed_at(order, path, conventions, at),
        changed_at=at,
        customer=code(order.customerId),
        lines=goods,
        shop=Amounts(currency=currency, total=stated, lines=amounts[0], discounts=amounts[1], taxes=amounts[2]),
    )


_Parts = tuple[tuple[LineAmount, ...], tuple[Discount, ...], tuple[Tax, ...]]


def _amounts(lines: list[tuple[models.SalesOrderLine, str]], currency: str) -> tuple[tuple[OrderLine, ...], _Parts]:
    goods: list[OrderLine] = []
    worth: list[LineAmount] = []
    discounts: list[Discount] = []
    taxes: list[Tax] = []
    for line, path in lines:
        quantity = number(line.quantity, f"{path}.quantity").quantize(_UNITS)
        place = len(worth) + 1
        amount = Money.rounded(number(line.amountExcludingTax, f"{path}.amountExcludingTax"), currency)
        off = Money.rounded(
            number(line.invoiceDiscountAllocation or "0", f"{path}.invoiceDiscountAllocation"), currency
        )
        tax = Money.rounded(number(line.netTaxAmount or "0", f"{path}.netTaxAmount"), currency)
        if not quantity and not amount:
            continue
        worth.append(LineAmount(line=place, amount=amount))
        goods.append(_line(line, place, quantity, path))
        if off:
            discounts.append(Discount(amount=off, line=place))
        if tax:
            rate = number(line.taxPercent, f"{path}.taxPercent") if line.taxPercent else None
            known = rate is not None and 0 <= rate <= _HIGHEST_RATE
            taxes.append(
                Tax(
                    code=code(line.taxCode) or "tax",
                    rate=rate if known else None,
                    amount=tax,
                    included=False,
                    line=place,
                )
            )
    return tuple(goods), (tuple(worth), tuple(discounts), tuple(taxes))


def _due(parts: _Parts, currency: str) -> Money:
    lines, discounts, taxes = parts
    added = Money.total((*(line.amount for line in lines), *(tax.amount for tax in taxes)), currency)
    return added - Money.total((discount.amount for discount in discounts), currency)


def _line(line: models.SalesOrderLine, place: int, quantity: Decimal, path: str) -> OrderLine:
    article = code(line.lineObjectNumber) if (line.lineType or _ITEM) == _ITEM else None
    shipped = number(line.shippedQuantity, f"{path}.shippedQuantity") if line.shippedQuantity else None
    return OrderLine(
        number=place,
        key=code(line.id) or code(line.sequence) or str(place),
        item=ItemReference(value=article) if article else None,
        description="" if article else (line.description or "")[:_LONGEST_TEXT],
        quantity=quantity,
        fulfilled=shipped.quantize(_UNITS) if shipped is not None else None,
        unit=code(line.unitOfMeasureCode) or "EA",
        is_stocked=article is not None,
    )


def _placed_at(order: models.SalesOrder, path: str, conventions: Conventions, otherwise: datetime) -> datetime:
    """The order's date, at the beginning of the company's day."""
    text = order.orderDate or ""
    if not text or text.startswith("0001-"):
        return otherwise
    try:
        return datetime.fromisoformat(text).replace(tzinfo=conventions.zone)
    except ValueError as error:
        raise MessageMalformed(f"{path}orderDate is no date") from error
