"""Orders: one snapshot each, with what it was refunded.

**Which total.** `total_price`: everything that was sold, before refunds, returns and removals by editing. The shop
makes a refund of each of those, and each becomes an event of its own; `current_total_price` is this total less those
refunds, so an order of that amount beside its refunds would count them twice. The lines' quantities and prices add up
to `total_price`, in edited and cancelled orders too.
"""

from decimal import Decimal
from typing import Final

from lockstep.canonical.amounts import Amounts
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.order import (
    DocumentKind,
    FulfilmentState,
    OrderStatus,
    OrderTender,
    PaymentState,
    SalesChannel,
)
from lockstep.canonical.order import Order as CanonicalOrder
from lockstep.connectors.shopify.models.order import Order, OrderEdited
from lockstep.connectors.shopify.reports.envelope import Reading, Report
from lockstep.connectors.shopify.reports.order_amounts import Imbalance, settled
from lockstep.connectors.shopify.reports.order_goods import Goods
from lockstep.connectors.shopify.reports.parts import Side
from lockstep.connectors.shopify.reports.payments import GIFT_CARD, ROUNDING, report_transaction
from lockstep.connectors.shopify.reports.refunds import report_embedded
from lockstep.connectors.shopify.reports.values import currency, dated, location, moment, problem_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code

_ZERO: Final = Decimal(0)

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
    if order.test and not report.takes_tests:
        report.ignore("test order")
        return
    shop = Side(currency(_currency(order), "currency"))
    changed_at = order.updated_at or report.told_at
    version = dated(order.updated_at, _state(order))
    try:
        goods = Goods(order)
        amounts = settled(order, goods, shop)
        if isinstance(amounts, Imbalance):
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
                    lines=tuple(goods.lines()),
                    shop=amounts,
                    presentment=_presentment(order, goods, shop, report),
                    tenders=_tenders(order, shop),
                    cancelled_at=order.cancelled_at,
                ),
            )
    except ValueError as error:
        raise MessageMalformed(f"order {order.id}: {problem_of(error)}") from error
    for refund in order.refunds:
        report_embedded(refund, order, shop.currency, report)
    for transaction in order.transactions:
        report_transaction(transaction, report, order=order.id)


def _currency(order: Order) -> str | None:
    """Of the shop: as the order says, or, where a subscription leaves that out, as its amounts do."""
    if order.currency:
        return order.currency
    bags = (order.total_price_set, *(line.price_set for line in order.line_items))
    named = (bag.shop_money.currency_code for bag in bags if bag is not None and bag.shop_money is not None)
    return next((code for code in named if code), None)


def _status(order: Order) -> OrderStatus:
    if order.cancelled_at is not None:
        return OrderStatus.CANCELLED
    return OrderStatus.COMPLETED if order.closed_at is not None else OrderStatus.OPEN


def _state(order: Order) -> object:
    lines = [(line.id, line.quantity, line.current_quantity, line.fulfillable_quantity) for line in order.line_items]
    sums = (order.total_price, order.total_tax, order.total_discounts, *(line.price for line in order.shipping_lines))
    money = (order.financial_status or "", *(str((amount or _ZERO).normalize()) for amount in sums))
    goods = FULFILMENT.get((order.fulfillment_status or "").lower(), order.fulfillment_status)
    ended = [at and moment(at) for at in (order.cancelled_at, order.closed_at)]
    return (*money, goods, ended, lines, order.customer.id if order.customer else None)


def _presentment(order: Order, goods: Goods, shop: Side, report: Report) -> Amounts | None:
    """In the currency that the customer saw, where that is another one.

    Where those amounts do not add up, they are left out, and the reason says so: the books are kept in the shop's.
    """
    seen = order.presentment_currency
    if seen is None or seen == shop.currency or seen not in EXPONENTS:
        return None
    side = Side(seen, is_presentment=True)
    if side.of(order.total_price_set) is None:
        return None
    amounts = settled(order, goods, side)
    if isinstance(amounts, Imbalance):
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


READINGS: Final = {
    "order": Reading(Order, report_order, "order", ("line_items", "total_price")),
    "edited": Reading(OrderEdited, reread_edited),
}
