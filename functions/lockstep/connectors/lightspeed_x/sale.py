"""Sales: what a register closed, laid by, parked or voided, each a whole snapshot. Pure.

Lightspeed keeps prices without tax, with five decimals. What a customer pays is their sum with tax, in minor units: so
a line is worth its price with its tax, and the tax is in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from lockstep.canonical.amounts import Amounts, Charge, LineAmount, Tax
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.money import Money
from lockstep.canonical.order import (
    DocumentKind,
    FulfilmentState,
    Order,
    OrderLine,
    OrderStatus,
    OrderTender,
    PaymentState,
    SalesChannel,
    UnbalancedDocument,
)
from lockstep.connectors.lightspeed_x import models
from lockstep.connectors.lightspeed_x.values import Conventions, to_minor, units, written_at
from lockstep.messaging.lenient import code, identifier, number

_CLOSED: Final = (OrderStatus.COMPLETED, FulfilmentState.FULFILLED)
STATUSES: Final[Mapping[str, tuple[OrderStatus, FulfilmentState]]] = {
    "CLOSED": _CLOSED,
    "LAYBY_CLOSED": _CLOSED,
    "ONACCOUNT_CLOSED": _CLOSED,
    "DISPATCHED_CLOSED": _CLOSED,
    "PICKED_UP_CLOSED": _CLOSED,
    "SERVICE_CLOSED": _CLOSED,
    "ONACCOUNT": (OrderStatus.OPEN, FulfilmentState.FULFILLED),
    "LAYBY": (OrderStatus.OPEN, FulfilmentState.UNFULFILLED),
    "SERVICE": (OrderStatus.OPEN, FulfilmentState.UNFULFILLED),
    "AWAITING_DISPATCH": (OrderStatus.OPEN, FulfilmentState.UNFULFILLED),
    "AWAITING_PICKUP": (OrderStatus.OPEN, FulfilmentState.UNFULFILLED),
    "OPEN": (OrderStatus.DRAFT, FulfilmentState.UNFULFILLED),
    "SAVED": (OrderStatus.DRAFT, FulfilmentState.UNFULFILLED),
    "PARKED": (OrderStatus.DRAFT, FulfilmentState.UNFULFILLED),
    "VOIDED": (OrderStatus.CANCELLED, FulfilmentState.UNFULFILLED),
}
"""Statuses of a sale (API reference); a new one is open, and whether it is handed over unknown."""
_ONLINE: Final = frozenset({"ECWID", "SHOPIFY", "WOOCOMMERCE", "BIGCOMMERCE", "ECOM", "ECOMMERCE"})
_VOIDED_LINE: Final = "VOIDED"
_HIGHEST_RATE: Final = 100
_GIFT_CARD: Final = "gift card"
_ONLINE_CHARGE: Final = "ECOM_CUSTOM_CHARGE"
_CHARGES: Final = {"TIP": ChargeKind.TIP, _ONLINE_CHARGE: ChargeKind.SHIPPING}


def translate_sale(sale: models.Sale, path: str, conventions: Conventions) -> Order | UnbalancedDocument:
    """The snapshot of a sale, or what keeps its place when its lines are not what it states.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    currency = conventions.money()
    identity = identifier(sale.id, f"{path}id")
    changed_at = written_at(conventions, f"{path}updated_at", sale.updated_at, sale.sale_date, sale.created_at)
    version = identifier(sale.version, f"{path}version")
    lines = [
        (place, line)
        for place, line in enumerate(sale.lines)
        if (line.status or "").upper() != _VOIDED_LINE and number(line.quantity, f"{path}lines.{place}.quantity")
    ]
    gross = [_gross(line, f"{path}lines.{place}") for place, line in lines]
    stated = Money.rounded(_stated(sale, path), currency)
    amounts = to_minor(gross, currency)
    due = Money.total(amounts, currency)
    charges = () if due == stated else tuple(_charges(sale, path, currency, first=len(lines) + 1))
    due += Money.total((charge.amount for charge, _ in charges), currency)
    if due != stated:
        return UnbalancedDocument(
            document=DocumentKind.ORDER,
            id=identity,
            version=version,
            order=identity,
            changed_at=changed_at,
            due=due,
            stated=stated,
            problem="the lines and adjustments with their taxes are not the total of the sale",
        )
    status, fulfilment = _status(sale)
    tenders = _tenders(sale, path, currency)
    return Order(
        id=identity,
        version=version,
        number=code(sale.invoice_number),
        channel=SalesChannel.WEB if (sale.source or "").upper() in _ONLINE else SalesChannel.STORE,
        status=status,
        payment=_payment(status, stated, Money.total((tender.amount for tender in tenders), currency)),
        fulfilment=fulfilment,
        placed_at=written_at(conventions, f"{path}sale_date", sale.sale_date, sale.created_at, sale.updated_at),
        changed_at=changed_at,
        location=code(sale.outlet_id) or code(sale.register_id),
        workstation=code(sale.register_id),
        customer=code(sale.customer_id),
        lines=tuple(_line(line, at + 1, f"{path}lines.{place}") for at, (place, line) in enumerate(lines)),
        shop=Amounts(
            currency=currency,
            total=stated,
            lines=tuple(LineAmount(line=at + 1, amount=amount) for at, amount in enumerate(amounts)),
            charges=tuple(charge for charge, _ in charges),
            taxes=(*_taxes(sale, [line for _, line in lines], path, currency), *_charge_taxes(sale, charges)),
        ),
        tenders=tenders,
        original=code(sale.return_for),
    )


def _gross(line: models.Line, path: str) -> Decimal:
    """What the customer pays for a line."""
    quantity = number(line.quantity, f"{path}.quantity")
    price = number(line.price_total, f"{path}.price_total") if line.price_total else None
    tax = number(line.tax_total, f"{path}.tax_total") if line.tax_total else None
    return (quantity * number(line.price, f"{path}.price") if price is None else price) + (
        quantity * number(line.tax or "0", f"{path}.tax") if tax is None else tax
    )


def _charges(sale: models.Sale, path: str, currency: str, first: int) -> Iterator[tuple[Charge, Money]]:
    """What is paid beside goods, with its tax and what that is, where the sale's total holds it.

    A discount is a charge below zero.
    """
    found = [
        (one.adjustment_type or one.type, one.name, one.value, [part.total_tax for part in one.tax_components or ()])
        for one in sale.adjustments or ()
    ]
    online = sale.ecom_custom_charges
    if online is not None and all(kind != _ONLINE_CHARGE for kind, _, _, _ in found):
        found.append((_ONLINE_CHARGE, None, online.total, [online.total_tax]))
    for place, (kind, name, value, taxes) in enumerate(found):
        where = f"{path}adjustments.{place}"
        tax = sum((number(part or "0", f"{where}.total_tax") for part in taxes), Decimal(0))
        amount = Money.rounded(number(value or "0", f"{where}.value") + tax, currency)
        if amount:
            charge = Charge(
                number=first + place, kind=_CHARGES.get(kind or "", ChargeKind.FEE), amount=amount, code=code(name)
            )
            yield charge, Money.rounded(tax, currency)


def _stated(sale: models.Sale, path: str) -> Decimal:
    """What the sale says of itself, with tax."""
    if sale.totals is not None:
        return number(sale.totals.total_price, f"{path}totals.total_price") + number(
            sale.totals.total_tax, f"{path}totals.total_tax"
        )
    return number(sale.total_price, f"{path}total_price") + number(sale.total_tax, f"{path}total_tax")


def _status(sale: models.Sale) -> tuple[OrderStatus, FulfilmentState]:
    if sale.deleted_at:
        return OrderStatus.CANCELLED, FulfilmentState.UNFULFILLED
    return STATUSES.get((sale.status or sale.state or "").upper(), (OrderStatus.OPEN, FulfilmentState.UNKNOWN))


def _payment(status: OrderStatus, total: Money, paid: Money) -> PaymentState:
    if status is OrderStatus.CANCELLED and not paid:
        return PaymentState.VOIDED
    if paid == total or abs(paid.amount) > abs(total.amount):
        return PaymentState.PAID
    return PaymentState.PARTIALLY_PAID if paid else PaymentState.UNPAID


def _line(line: models.Line, place: int, path: str) -> OrderLine:
    product = identifier(line.product_id, f"{path}.product_id")
    return OrderLine(
        number=place,
        key=code(line.id) or str(place),
        item=ItemReference(value=product),
        quantity=units(line.quantity, f"{path}.quantity"),
    )


def _taxes(sale: models.Sale, lines: list[models.Line], path: str, currency: str) -> list[Tax]:
    """Each line's tax, under the name that the sale gives it."""
    known = {tax.id: tax for tax in sale.taxes or ()}
    single = next(iter(known.values())) if len(known) == 1 else None
    exact = [
        number(line.tax_total, f"{path}tax_total")
        if line.tax_total
        else number(line.quantity, f"{path}quantity") * number(line.tax or "0", f"{path}tax")
        for line in lines
    ]
    taxes = []
    for place, (line, amount) in enumerate(zip(lines, to_minor(exact, currency), strict=True)):
        tax = known.get(line.tax_id) or single
        if amount:
            taxes.append(
                Tax(
                    code=code(tax.name if tax else None) or code(line.tax_id) or "tax",
                    rate=_rate(tax, f"{path}taxes.rate"),
                    amount=amount,
                    included=True,
                    line=place + 1,
                )
            )
    return taxes


def _charge_taxes(sale: models.Sale, charges: Iterable[tuple[Charge, Money]]) -> Iterator[Tax]:
    """The tax in each charge, under the name of the lines' only tax."""
    named = {code(line.tax_id) for line in sale.lines}
    name = next(iter(named)) if len(named) == 1 else None
    for charge, amount in charges:
        if amount:
            yield Tax(code=name or "tax", amount=amount, included=True, line=charge.number)


def _rate(tax: models.SaleTax | None, path: str) -> Decimal | None:
    """Per cent; one that no tax has only describes, and is left out."""
    rate = number(tax.rate, path) * 100 if tax is not None and tax.rate else None
    return rate if rate is not None and 0 <= rate <= _HIGHEST_RATE else None


def _tenders(sale: models.Sale, path: str, currency: str) -> tuple[OrderTender, ...]:
    tenders = []
    for place, payment in enumerate(sale.paid):
        kinds = (payment.retailer_payment_type, payment.payment_type)
        name = next((kind.name for kind in kinds if kind is not None and kind.name), payment.name)
        amount = Money.rounded(number(payment.amount, f"{path}payments.{place}.amount"), currency)
        tender = code(name) or code(payment.retailer_payment_type_id) or "unknown"
        tenders.append(OrderTender(tender=tender, amount=amount, is_gift_card=_GIFT_CARD in tender.casefold()))
    return tuple(tender for tender in tenders if tender.amount)
