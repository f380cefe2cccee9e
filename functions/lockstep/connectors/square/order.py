"""Orders: sales, returns and exchanges, each a whole snapshot."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final

from lockstep.canonical.amounts import Amounts, Charge, Discount, LineAmount, Tax
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
from lockstep.connectors.square import answers
from lockstep.connectors.square.pricing import Ledger, PricedLine, is_return, read_prices
from lockstep.connectors.square.units import unit_code
from lockstep.connectors.square.values import minor, money_in, quantity_of, snapshot_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code, required

GIFT_CARD_TENDER: Final = "SQUARE_GIFT_CARD"

_STATUSES: Final = {
    "DRAFT": OrderStatus.DRAFT,
    "OPEN": OrderStatus.OPEN,
    "COMPLETED": OrderStatus.COMPLETED,
    "CANCELED": OrderStatus.CANCELLED,
}
_CUSTOM: Final = "CUSTOM_AMOUNT"
_REFUND_TENDER: Final = "REFUND"
"""Money given back without saying to which tender."""
_NOT_TAKEN: Final = frozenset({"VOIDED", "FAILED"})
_NOT_GIVEN: Final = frozenset({"REJECTED", "FAILED"})
_SHIPPED: Final = frozenset({"SHIPMENT", "DELIVERY"})
_SOURCES: Final = (
    (("point of sale", "pos", "terminal", "register", "retail", "restaurants", "kiosk"), SalesChannel.STORE),
    (("doordash", "uber", "grubhub", "deliveroo", "postmates", "marketplace"), SalesChannel.MARKETPLACE),
    (("online", "ecommerce", "e-commerce", "web", "checkout", "payment link", "weebly"), SalesChannel.WEB),
    (("invoice", "dashboard", "virtual terminal", "appointments"), SalesChannel.STAFF),
)
"""Words in the name of the place where an order was made; there is no list of them."""


def translate_order(order: answers.Order, path: str, *, told_at: datetime, zone: tzinfo) -> Order | UnbalancedDocument:
    """The snapshot of an order, or what keeps its place when its parts are not what Square states.

    Args:
        order: As Square has it.
        path: Where it stands in the message, for errors.
        told_at: When it was told, for an order that does not say when it changed.
        zone: Where the seller's day begins and ends: Square writes all times in UTC.

    Raises:
        MessageMalformed: What identity or money needs is missing, or out of all proportion.
    """
    identity = required(order.id, f"{path}.id")
    moments = (order.updated_at, order.closed_at, order.created_at)
    version, changed_at = snapshot_of(order.version, moments, told_at, f"{path}.updated_at")
    try:
        ledger = read_prices(order, path)
    except InvalidOperation as error:
        raise MessageMalformed(f"{path} has amounts or quantities out of all proportion") from error
    if ledger.due != ledger.stated:
        return UnbalancedDocument(
            document=DocumentKind.ORDER,
            id=identity,
            version=version,
            changed_at=changed_at,
            due=money_in(ledger.due, ledger.currency, path),
            stated=money_in(ledger.stated, ledger.currency, f"{path}.total_money"),
            problem="lines, charges, taxes and discounts are not the total of the order",
        )
    status = _STATUSES.get(order.state or "", OrderStatus.OPEN)
    tenders = tuple(_tenders(order, ledger.currency, path))
    return Order(
        id=identity,
        version=version,
        number=code(order.reference_id),
        channel=_channel(order),
        status=status,
        payment=_payment(order, ledger, status, tenders),
        fulfilment=_fulfilment(order, status),
        placed_at=_told_in(zone, order.created_at or changed_at),
        changed_at=changed_at,
        location=code(order.location_id),
        customer=code(order.customer_id) or _payer(order),
        lines=tuple(_line(line, order) for line in ledger.lines),
        shop=_amounts(ledger, path),
        tenders=tenders,
        original=_original(order),
        cancelled_at=(order.closed_at or changed_at) if status is OrderStatus.CANCELLED else None,
    )


def _line(line: PricedLine, order: answers.Order) -> OrderLine:
    item = line.item
    if item is None:
        return OrderLine(
            number=line.number,
            key=str(line.number),
            description="amount without goods",
            quantity=Decimal(-1) if line.is_back else Decimal(1),
            is_stocked=False,
        )
    quantity = quantity_of(item.quantity, f"{line.path}.quantity")
    is_custom = item.item_type == _CUSTOM or not item.catalog_object_id
    return OrderLine(
        number=line.number,
        key=item.uid or str(line.number),
        item=None if is_custom or not item.catalog_object_id else ItemReference(value=item.catalog_object_id),
        description=(item.name or item.variation_name or "")[:512] if is_custom else "",
        quantity=-quantity if line.is_back else quantity,
        fulfilled=None if line.is_back else _fulfilled(item, quantity, order.fulfillments or ()),
        unit=unit_code(item.quantity_unit),
        is_stocked=not is_custom,
    )


def _amounts(ledger: Ledger, path: str) -> Amounts:
    def money(amount: int) -> Money:
        return money_in(amount, ledger.currency, path)

    return Amounts(
        currency=ledger.currency,
        total=money(ledger.stated),
        lines=tuple(
            LineAmount(
                line=line.number,
                amount=money(line.amount),
                unit_price=None if line.unit_price is None else money(line.unit_price),
            )
            for line in ledger.lines
        ),
        charges=tuple(
            Charge(number=charge.number, kind=charge.kind, amount=money(charge.amount), code=charge.code)
            for charge in ledger.charges
        ),
        discounts=tuple(
            Discount(amount=money(part.amount), line=part.line, code=part.code) for part in ledger.discounts
        ),
        taxes=tuple(
            Tax(code=tax.code, rate=tax.rate, amount=money(tax.amount), included=tax.included, line=tax.line)
            for tax in ledger.taxes
        ),
    )


def _tenders(order: answers.Order, currency: str, path: str) -> Iterator[OrderTender]:
    """What was paid, and, in a return, what was given back; what was voided or has failed moved nothing.

    A sale that is refunded later may list its refunds, too: they are those of the return, an order of its own.
    """
    types = {tender.id: tender.type for tender in order.tenders or () if tender.id}
    for place, tender in enumerate(order.tenders or ()):
        amount = minor(tender.amount_money, currency, f"{path}.tenders.{place}.amount_money")
        if not amount or (tender.card_details and tender.card_details.status in _NOT_TAKEN):
            continue
        yield _tender(tender.type or "OTHER", money_in(amount, currency, path))
    if not is_return(order):
        return
    for place, refund in enumerate(order.refunds or ()):
        amount = minor(refund.amount_money, currency, f"{path}.refunds.{place}.amount_money")
        if amount and refund.status not in _NOT_GIVEN:
            named = types.get(refund.tender_id or "") or _REFUND_TENDER
            yield _tender(named, money_in(-amount, currency, path))


def _tender(name: str, amount: Money) -> OrderTender:
    return OrderTender(tender=code(name) or "OTHER", amount=amount, is_gift_card=name == GIFT_CARD_TENDER)


def _payment(order: answers.Order, ledger: Ledger, status: OrderStatus, tenders: Sequence[OrderTender]) -> PaymentState:
    received = sum(tender.amount.minor for tender in tenders if tender.amount.amount > 0)
    given = _given_back(order)
    if ledger.stated < 0:
        return PaymentState.REFUNDED if given or status is OrderStatus.COMPLETED else PaymentState.UNPAID
    if given and received and not is_return(order):
        return PaymentState.REFUNDED if given >= received else PaymentState.PARTIALLY_REFUNDED
    if status is OrderStatus.CANCELLED:
        return PaymentState.VOIDED if order.tenders else PaymentState.UNPAID
    if status is OrderStatus.COMPLETED:  # "Completed orders are fully paid" (API reference, OrderState)
        return PaymentState.PAID
    return _paid_so_far(order, received, ledger.stated)


def _given_back(order: answers.Order) -> int:
    refunds = [refund.amount_money for refund in order.refunds or () if refund.status not in _NOT_GIVEN]
    return sum(amount.amount or 0 for amount in refunds if amount is not None)


def _paid_so_far(order: answers.Order, received: int, stated: int) -> PaymentState:
    if not received:
        return PaymentState.UNPAID
    if all(tender.card_details and tender.card_details.status == "AUTHORIZED" for tender in order.tenders or ()):
        return PaymentState.AUTHORIZED
    return PaymentState.PAID if received >= stated else PaymentState.PARTIALLY_PAID


def _fulfilment(order: answers.Order, status: OrderStatus) -> FulfilmentState:
    """At a till goods are handed over as the order is completed; otherwise its fulfilments say how far it is."""
    if is_return(order) and not order.line_items:
        return FulfilmentState.RETURNED
    states = [part.state for part in order.fulfillments or () if part.state not in {"CANCELED", "FAILED"}]
    if not states:
        done = status is OrderStatus.COMPLETED and not order.fulfillments
        return FulfilmentState.FULFILLED if done else FulfilmentState.UNFULFILLED
    if all(state == "COMPLETED" for state in states):
        return FulfilmentState.FULFILLED
    return FulfilmentState.PARTIALLY_FULFILLED if "COMPLETED" in states else FulfilmentState.UNFULFILLED


def _fulfilled(item: answers.LineItem, quantity: Decimal, parts: Sequence[answers.Fulfillment]) -> Decimal | None:
    """How much of a line is handed over; None where the order has no fulfilments."""
    if not parts:
        return None
    done = Decimal(0)
    for part in parts:
        if part.state != "COMPLETED":
            continue
        if part.line_item_application != "ENTRY_LIST":
            return quantity
        entries = (entry for entry in part.entries or () if entry.line_item_uid == item.uid)
        done += sum((quantity_of(entry.quantity, "fulfillments.entries.quantity") for entry in entries), Decimal(0))
    return done


def _told_in(zone: tzinfo, moment: datetime) -> datetime:
    """A time by the clock of the seller.

    Raises:
        MessageMalformed: It lies at an end of the calendar.
    """
    try:
        return moment.astimezone(zone)
    except OverflowError as error:
        raise MessageMalformed("order.created_at is no time of a usual year") from error


def _channel(order: answers.Order) -> SalesChannel:
    name = (order.source.name or "").lower() if order.source else ""
    for words, channel in _SOURCES:
        if any(word in name for word in words):
            return channel
    shipped = any(part.type in _SHIPPED for part in order.fulfillments or ())
    return SalesChannel.WEB if shipped else SalesChannel.STORE


def _payer(order: answers.Order) -> str | None:
    return next((code(tender.customer_id) for tender in order.tenders or () if tender.customer_id), None)


def _original(order: answers.Order) -> str | None:
    """The order that is returned; None where several are, or none is known."""
    originals = {back.source_order_id for back in order.returns or () if back.source_order_id}
    return code(originals.pop()) if len(originals) == 1 else None
