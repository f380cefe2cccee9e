"""Orders: one snapshot each, with what it was refunded.

**Which total.** `total_price`: everything that was sold, before refunds, returns and removals by editing. The shop
makes a refund of each of those, and each becomes an event of its own; `current_total_price` is this total less those
refunds, so an order of that amount beside its refunds would count them twice. The lines' quantities and prices add up
to `total_price`, in edited and cancelled orders too.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from lockstep.canonical.amounts import Amounts
from lockstep.canonical.events import OrderReported
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.order import (
    DocumentKind,
    FulfilmentState,
    OrderLine,
    OrderStatus,
    OrderTender,
    PaymentState,
    SalesChannel,
)
from lockstep.canonical.order import Order as CanonicalOrder
from lockstep.canonical.sale_transaction import ChargeKind
from lockstep.connectors.shopify.models.order import DiscountAllocation, LineItem, Order, OrderEdited
from lockstep.connectors.shopify.reports.envelope import Report
from lockstep.connectors.shopify.reports.parts import Parts, Side
from lockstep.connectors.shopify.reports.payments import GIFT_CARD, ROUNDING, report_transaction
from lockstep.connectors.shopify.reports.refunds import report_embedded
from lockstep.connectors.shopify.reports.values import (
    code,
    currency,
    dated,
    is_minor,
    item,
    location,
    moment,
    problem_of,
    words,
)
from lockstep.messaging.errors import MessageMalformed

_ZERO: Final = Decimal(0)
_NOISE: Final = Decimal("0.000001")
_HANDED_OVER: Final = "success"

PAYMENT: Final[dict[str, PaymentState]] = {
    "pending": PaymentState.UNPAID,
    "unpaid": PaymentState.UNPAID,
    "expired": PaymentState.UNPAID,
    "authorized": PaymentState.AUTHORIZED,
    "partially_paid": PaymentState.PARTIALLY_PAID,
    "paid": PaymentState.PAID,
    "partially_refunded": PaymentState.PARTIALLY_REFUNDED,
    "refunded": PaymentState.REFUNDED,
    "voided": PaymentState.VOIDED,
}
FULFILMENT: Final[dict[str, FulfilmentState]] = {
    "": FulfilmentState.UNFULFILLED,
    "unfulfilled": FulfilmentState.UNFULFILLED,
    "pending": FulfilmentState.UNFULFILLED,
    "open": FulfilmentState.UNFULFILLED,
    "in_progress": FulfilmentState.UNFULFILLED,
    "on_hold": FulfilmentState.UNFULFILLED,
    "scheduled": FulfilmentState.UNFULFILLED,
    "pending_fulfillment": FulfilmentState.UNFULFILLED,
    "request_declined": FulfilmentState.UNFULFILLED,
    "partial": FulfilmentState.PARTIALLY_FULFILLED,
    "partially_fulfilled": FulfilmentState.PARTIALLY_FULFILLED,
    "fulfilled": FulfilmentState.FULFILLED,
    "restocked": FulfilmentState.RETURNED,
}
CHANNELS: Final[dict[str, SalesChannel]] = {
    "web": SalesChannel.WEB,
    "checkout_next": SalesChannel.WEB,
    "subscription_contract": SalesChannel.WEB,
    "subscription_contract_checkout_one": SalesChannel.WEB,
    "pos": SalesChannel.STORE,
    "shopify_draft_order": SalesChannel.STAFF,
    "iphone": SalesChannel.STAFF,
    "android": SalesChannel.STAFF,
    "amazon": SalesChannel.MARKETPLACE,
    "ebay": SalesChannel.MARKETPLACE,
    "facebook": SalesChannel.MARKETPLACE,
    "instagram": SalesChannel.MARKETPLACE,
    "google": SalesChannel.MARKETPLACE,
    "tiktok": SalesChannel.MARKETPLACE,
}


def report_order(order: Order, report: Report) -> None:
    """The order, its refunds, and what was paid for it where we asked for that too.

    Raises:
        MessageMalformed: Money or identity is missing.
    """
    if order.test:
        report.ignore("test order")
        return
    shop = Side(currency(order.currency, "currency"))
    changed_at = order.updated_at or report.told_at
    version = dated(order.updated_at, _state(order))
    try:
        amounts = _settled(order, shop)
        if isinstance(amounts, _Imbalance):
            report.unbalanced(
                DocumentKind.ORDER,
                id=order.id,
                version=version,
                order=order.id,
                changed_at=changed_at,
                due=amounts.due,
                stated=amounts.stated,
                problem=f"the lines, charges, discounts and taxes of order {order.id} are not its total_price",
            )
        else:
            report.add(
                OrderReported,
                CanonicalOrder(
                    id=order.id,
                    version=version,
                    number=code(order.name),
                    channel=CHANNELS.get((order.source_name or "").lower(), SalesChannel.OTHER),
                    status=_status(order),
                    payment=PAYMENT.get((order.financial_status or "").lower(), PaymentState.UNKNOWN),
                    fulfilment=FULFILMENT.get((order.fulfillment_status or "").lower(), FulfilmentState.UNKNOWN),
                    placed_at=order.processed_at or order.created_at or changed_at,
                    changed_at=changed_at,
                    location=location(order.location_id),
                    workstation=order.device_id,
                    customer=order.customer.id if order.customer else None,
                    lines=tuple(_lines(order)),
                    shop=amounts,
                    presentment=_presentment(order, shop, report),
                    tenders=_tenders(order, shop),
                    cancelled_at=order.cancelled_at,
                ),
            )
    except ValueError as error:
        raise MessageMalformed(f"order {order.id}: {problem_of(error)}") from error
    for refund in order.refunds:
        report_embedded(refund, order, report)
    for transaction in order.transactions:
        report_transaction(transaction, report, order=order.id)


def _status(order: Order) -> OrderStatus:
    if order.cancelled_at is not None:
        return OrderStatus.CANCELLED
    return OrderStatus.COMPLETED if order.closed_at is not None else OrderStatus.OPEN


def _state(order: Order) -> object:
    lines = [(line.id, line.quantity, line.current_quantity, line.fulfillable_quantity) for line in order.line_items]
    money = (order.financial_status or "", str(order.total_price.normalize()))
    goods = FULFILMENT.get((order.fulfillment_status or "").lower(), order.fulfillment_status)
    ended = [at and moment(at) for at in (order.cancelled_at, order.closed_at)]
    return (*money, goods, ended, lines)


# Lines


def _base(order: Order) -> int:
    """Numbers of lines end here: those of charges, of units taken out and of bundles begin at its multiples."""
    return 1000 * (1 + len(order.line_items) // 1000)


def _is_goods(line: LineItem, tips: frozenset[str]) -> bool:
    return not line.gift_card and line.tip is None and line.id not in tips


def _tip_lines(order: Order) -> frozenset[str]:
    """Lines that are the tip: marked as such, or, in versions without the mark, custom lines of its amount."""
    marked = frozenset(line.id for line in order.line_items if line.tip is not None)
    received = order.total_tip_received or _ZERO
    if marked or not received:
        return marked
    custom = [line for line in order.line_items if not (line.variant_id or line.product_id or line.gift_card)]
    return frozenset(line.id for line in custom if (line.price or _ZERO) * line.quantity == received)


def _lines(order: Order) -> Iterator[OrderLine]:
    base, tips = _base(order), _tip_lines(order)
    for number, line in enumerate(order.line_items, start=1):
        if not _is_goods(line, tips):
            continue
        article = item(line.sku, line.variant_id)
        handed_over = _handed_over(order, line)
        out = _taken_out(order, line, handed_over or 0)
        group = line.sales_line_item_group_id
        main = OrderLine(
            number=number,
            key=line.id,
            item=article,
            description="" if article else words(line.name or line.title),
            part_of=f"group/{group}" if group else None,
            quantity=Decimal(line.quantity if out == line.quantity else line.quantity - out),
            fulfilled=None if handed_over is None else Decimal(handed_over),
            is_stocked=article is not None and (out < line.quantity or not out),
        )
        yield main
        if 0 < out < line.quantity:
            apart = {"number": 2 * base + number, "key": f"{line.id}/taken_out", "quantity": Decimal(out)}
            yield main.model_copy(update={**apart, "fulfilled": _ZERO, "is_stocked": False})
    for place, bundle in enumerate(order.line_item_groups, start=1):
        article = item(bundle.variant_sku, bundle.variant_id)
        yield OrderLine(
            number=3 * base + place,
            key=f"group/{bundle.id}",
            item=article,
            description="" if article else words(bundle.title),
            quantity=Decimal(1 if bundle.quantity is None else bundle.quantity),
            is_stocked=False,
        )


def _handed_over(order: Order, line: LineItem) -> int | None:
    """Units that have left, whether or not they came back; None where the message does not say."""
    out = sum(
        (line.quantity if fulfilled.quantity is None else fulfilled.quantity)
        for fulfilment in order.fulfillments
        if fulfilment.status == _HANDED_OVER
        for fulfilled in fulfilment.line_items
        if fulfilled.id == line.id
    )
    if out:
        return min(out, line.quantity)
    if line.fulfillment_status == "fulfilled":
        return line.quantity
    return 0 if line.fulfillable_quantity is not None or order.fulfillments else None


def _taken_out(order: Order, line: LineItem, handed_over: int) -> int:
    """Units that will never leave: removed by editing, or refunded before they were handed over.

    They are still part of the total, since a refund of their own takes them out of it.
    """
    inside = line.quantity - handed_over
    if not inside:
        return 0
    mine = [row for refund in order.refunds for row in refund.refund_line_items if row.line_item_id == line.id]
    removed = sum(row.quantity for row in mine)
    if line.current_quantity is not None:
        removed = max(line.quantity - line.current_quantity, 0)
    returned = sum(row.quantity for row in mine if row.restock_type == "return")
    out = min(max(removed - returned, 0), inside)
    if line.fulfillable_quantity is not None:
        out = min(out, inside - min(line.fulfillable_quantity, inside))
    return out


# Amounts


@dataclass(frozen=True, slots=True)
class _Imbalance:
    due: Money
    stated: Money


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the total may or may not hold; the message does not say, its total does."""

    removed_shipping: bool = True
    """Whether shipping that was taken out by editing is still in it, as lines are."""
    tip: bool = True
    """Whether a tip that stands in no line comes on top."""
    duties: bool = True
    """Whether duties come on top of the prices."""
    order_taxes: bool = False
    """Whether the order's own tax lines are the whole story, and those of the lines are not."""


def _settled(order: Order, side: Side) -> Amounts | _Imbalance:
    """The amounts in the first reading that adds up to the stated total, best with the stated tax in it.

    The imbalance of the first reading where none adds up.
    """
    total = side.or_nothing(order.total_price_set, order.total_price)
    stated = Money.rounded(total, side.currency)
    tax = side.of(order.total_tax_set, order.total_tax)
    balanced: Parts | None = None
    first: Money | None = None
    for reading in _readings(order, side):
        parts = _parts(order, side, reading)
        due = parts.due()
        first = due if first is None else first
        if due == stated and is_minor(total, stated):
            balanced = balanced or parts
            if tax is None or abs(sum((part.amount for part in parts.taxes), _ZERO) - tax) < _NOISE:
                return parts.amounts(stated)
    if balanced is not None:
        return balanced.amounts(stated)
    return _Imbalance(stated if first is None else first, stated)


def _readings(order: Order, side: Side) -> Iterator[_Reading]:
    removed = any(line.is_removed for line in order.shipping_lines)
    tip = bool(side.or_nothing(order.total_tip_received_set, order.total_tip_received)) and not _tip_lines(order)
    duties = bool(_duties(order, side))
    for duty, shipping, tipped, taxes in itertools.product(
        (not order.duties_included, order.duties_included) if duties else (True,),
        (True, False) if removed else (True,),
        (True, False) if tip else (False,),
        (False, True),
    ):
        yield _Reading(removed_shipping=shipping, tip=tipped, duties=duty, order_taxes=taxes)


def _parts(order: Order, side: Side, reading: _Reading) -> Parts:
    parts, included = Parts(side), order.taxes_included
    base, tips = _base(order), _tip_lines(order)
    for number, line in enumerate(order.line_items, start=1):
        price = side.of(line.price_set, line.price)
        if price is None:
            if side.is_presentment:
                price = _ZERO
            else:
                raise MessageMalformed(f"line_items.{number - 1}.price is missing")
        if _is_goods(line, tips):
            out = _taken_out(order, line, _handed_over(order, line) or 0)
            if 0 < out < line.quantity:
                parts.line(number, price * (line.quantity - out), price)
                parts.line(2 * base + number, price * out, price)
            else:
                parts.line(number, price * line.quantity, price)
        else:
            kind = ChargeKind.GIFT_CARD if line.gift_card else ChargeKind.TIP
            if not parts.charge(number, kind, price * line.quantity, line.sku or line.title):
                continue
        _discounts_of_line(order, line, parts, number)
        if not reading.order_taxes:
            parts.tax_lines(line.tax_lines, included=included, line=number)
    _shipping(order, parts, reading, base)
    _charges(order, parts, reading, base)
    if not parts.discounts:
        off = side.or_nothing(order.total_discounts_set, order.total_discounts)
        parts.discount(off, None, _discount_name(order, 0))
    if reading.order_taxes:
        parts.tax_lines(order.tax_lines, included=included, line=None)
    return parts


def _shipping(order: Order, parts: Parts, reading: _Reading, base: int) -> None:
    side = parts.side
    for number, shipping in enumerate(order.shipping_lines, start=base + 1):
        if shipping.is_removed and not reading.removed_shipping:
            continue
        price = side.or_nothing(shipping.price_set, shipping.price)
        if not parts.charge(number, ChargeKind.SHIPPING, price, shipping.code or shipping.title):
            continue
        discounted = side.of(shipping.discounted_price_set, shipping.discounted_price)
        if shipping.discount_allocations:
            _allocated(order, shipping.discount_allocations, parts, number)
        elif discounted is not None:
            parts.discount(max(price - discounted, _ZERO), number, None)
        if not reading.order_taxes:
            parts.tax_lines(shipping.tax_lines, included=order.taxes_included, line=number)


def _charges(order: Order, parts: Parts, reading: _Reading, base: int) -> None:
    """Duties, fees and a tip that stands in no line, under the numbers after those of shipping."""
    side, number = parts.side, base + len(order.shipping_lines)
    duties, fees, tip = number + 1, number + 2, number + 3
    if reading.duties and parts.charge(duties, ChargeKind.DUTY, _duties(order, side)) and not reading.order_taxes:
        for duty in (duty for line in order.line_items for duty in line.duties):
            parts.tax_lines(duty.tax_lines, included=order.taxes_included, line=duties)
    parts.charge(fees, ChargeKind.FEE, side.or_nothing(order.original_total_additional_fees_set), "additional_fees")
    if reading.tip:
        parts.charge(tip, ChargeKind.TIP, side.or_nothing(order.total_tip_received_set, order.total_tip_received))


def _duties(order: Order, side: Side) -> Decimal:
    stated = side.of(order.original_total_duties_set)
    if stated is not None:
        return stated
    return sum((side.or_nothing(duty) for line in order.line_items for duty in line.duties), _ZERO)


def _discounts_of_line(order: Order, line: LineItem, parts: Parts, number: int) -> None:
    if line.discount_allocations:
        _allocated(order, line.discount_allocations, parts, number)
    else:
        parts.discount(parts.side.or_nothing(line.total_discount_set, line.total_discount), number, None)


def _allocated(order: Order, allocations: tuple[DiscountAllocation, ...], parts: Parts, number: int) -> None:
    for allocation in allocations:
        amount = parts.side.or_nothing(allocation.amount_set, allocation.amount)
        parts.discount(amount, number, _discount_name(order, allocation.discount_application_index))


def _discount_name(order: Order, place: int | None) -> str | None:
    if place is None or not 0 <= place < len(order.discount_applications):
        return None
    application = order.discount_applications[place]
    return application.code or application.title or application.description or application.type


def _presentment(order: Order, shop: Side, report: Report) -> Amounts | None:
    """In the currency that the customer saw, where that is another one.

    Where those amounts do not add up, they are left out, and the reason says so: the books are kept in the shop's.
    """
    seen = order.presentment_currency
    if seen is None or seen == shop.currency or seen not in EXPONENTS:
        return None
    side = Side(seen, is_presentment=True)
    if side.of(order.total_price_set) is None:
        return None
    amounts = _settled(order, side)
    if isinstance(amounts, _Imbalance):
        report.ignore(
            f"order {order.id}: its amounts in the customer's currency come to {amounts.due}, not to {amounts.stated}"
        )
        return None
    return amounts


def _tenders(order: Order, shop: Side) -> tuple[OrderTender, ...]:
    """How it was paid, where that is sure: in one way, all of it, with nothing given back since.

    The shop names the gateways of an order, and not how much went through each: its transactions say that.
    """
    gateways = {name for name in map(code, order.payment_gateway_names) if name}
    changed = order.current_total_price not in {None, order.total_price}
    if order.financial_status != "paid" or len(gateways) != 1 or changed or order.refunds:
        return ()
    gateway = gateways.pop()
    total = Money.rounded(shop.or_nothing(order.total_price_set, order.total_price), shop.currency)
    rounding = Money.rounded(shop.or_nothing(order.total_cash_rounding_payment_adjustment_set), shop.currency)
    if not total:
        return ()
    tenders = (OrderTender(tender=gateway, amount=total + rounding, is_gift_card=gateway == GIFT_CARD),)
    return (*tenders, OrderTender(tender=ROUNDING, amount=-rounding)) if rounding else tenders


def reread_edited(message: OrderEdited, report: Report) -> None:
    """`orders/edited` says what was put in and taken out, and not what the order is now: that is read."""
    if message.order_edit is None:
        raise MessageMalformed("order_edit is missing")
    report.reread("order", message.order_edit.order_id, f"edit/{message.order_edit.id}")
