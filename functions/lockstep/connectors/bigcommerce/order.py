"""An order, as it is read: composed of several calls, or by itself."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from lockstep.canonical.amounts import Amounts
from lockstep.canonical.events import Event
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.notices import ResourceNotice
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
from lockstep.connectors.bigcommerce import models
from lockstep.connectors.bigcommerce.amounts import (
    GIFT_CERTIFICATE,
    SUMMARY,
    Unbalanced,
    amounts_of,
    leaves_stored_value_out,
)
from lockstep.connectors.bigcommerce.values import moment
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code
from lockstep.messaging.loosely_typed import stamp
from lockstep.messaging.versions import state_of

_NOTHING: Final = Decimal(0)
_STATUS: Final = {
    "": OrderStatus.DRAFT,
    "2": OrderStatus.COMPLETED,
    "4": OrderStatus.COMPLETED,
    "5": OrderStatus.CANCELLED,
    "6": OrderStatus.CANCELLED,
    "10": OrderStatus.COMPLETED,
}
"""0 (written as no id) is Incomplete; shipped, refunded, cancelled, declined, completed. Others are on their way."""
_REFUNDED: Final = "4"
_PAYMENT: Final = {
    "authorized": PaymentState.AUTHORIZED,
    "captured": PaymentState.PAID,
    "capture pending": PaymentState.AUTHORIZED,
    "declined": PaymentState.UNPAID,
    "held for review": PaymentState.AUTHORIZED,
    "paid": PaymentState.PAID,
    "partially refunded": PaymentState.PARTIALLY_REFUNDED,
    "pending": PaymentState.UNPAID,
    "refunded": PaymentState.REFUNDED,
    "void": PaymentState.VOIDED,
    "void pending": PaymentState.AUTHORIZED,
}
_CHANNELS: Final = {
    "www": SalesChannel.WEB,
    "iphone": SalesChannel.WEB,
    "ipad": SalesChannel.WEB,
    "android": SalesChannel.WEB,
    "mobile": SalesChannel.WEB,
    "buybutton": SalesChannel.WEB,
    "checkout_api": SalesChannel.WEB,
    "manual": SalesChannel.STAFF,
    "amazon": SalesChannel.MARKETPLACE,
    "ebay": SalesChannel.MARKETPLACE,
    "facebookshop": SalesChannel.MARKETPLACE,
    "facebookcheckout": SalesChannel.MARKETPLACE,
    "facebookmarketplace": SalesChannel.MARKETPLACE,
    "instagramcheckout": SalesChannel.MARKETPLACE,
    "pos": SalesChannel.STORE,
    "square": SalesChannel.STORE,
}
_PAID: Final = frozenset({PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED})
_DESCRIPTION: Final = 512


def translate_order(read: Mapping[str, Any], delivery: Delivery, currency: str | None) -> Translation:
    """The event of an order: `{"order", "products", "taxes", "coupons"}`, or an order of V2 by itself.

    Raises:
        MessageMalformed: Money or identity is missing; names the field.
    """
    if "order" in read:
        whole = models.WholeOrder.model_validate(read)
        return Translation((_event(whole.order, whole, delivery, currency),))
    order = models.Order.model_validate(read)
    return Translation((_event(order, order, delivery, currency),))


def notice_of(read: Mapping[str, Any], delivery: Delivery) -> ResourceNotice:
    """A notice of an order in a list: lists hold no products.

    Raises:
        MessageMalformed: Its identity is missing.
    """
    order = models.Order.model_validate({**read, "total_inc_tax": read.get("total_inc_tax") or 0})
    changed_at = moment(order.date_modified or order.date_created, "date_modified")
    return ResourceNotice(
        resource="order",
        key=order.id,
        version=_version(order, stamp(changed_at), order),
        notified_at=changed_at,
        delivery_id=delivery.delivery_id,
    )


def currency_of(order: models.Order, otherwise: str | None) -> str:
    """The currency that the shopper pays in, in which V2 writes an order's amounts.

    Raises:
        MessageMalformed: There is none that is known.
    """
    written = order.default_currency_code or order.currency_code or otherwise or ""
    if written.upper() not in EXPONENTS:
        raise MessageMalformed("default_currency_code is no ISO 4217 code")
    return written.upper()


def item_of(sku: str, product_id: str, variant_id: str) -> ItemReference | None:
    """An article by its SKU, else by its id in the store; None for a custom product."""
    named = code(sku)
    if named:
        return ItemReference(value=named)
    if variant_id:
        return ItemReference(value=f"variant/{variant_id}")
    return ItemReference(value=f"product/{product_id}") if product_id else None


def _version(order: models.Order, changed: str, said: models.WholeOrder | models.Order) -> str:
    return f"{changed}/{order.status_id or '0'}/{state_of(said)}"


def _event(
    order: models.Order, whole: models.WholeOrder | models.Order, delivery: Delivery, otherwise: str | None
) -> Event:
    currency = currency_of(order, otherwise)
    changed_at = moment(order.date_modified or order.date_created, "date_modified")
    version = _version(order, stamp(changed_at), whole)
    if whole is order:
        version += "/summary"  # the whole order must not be taken for this one, come again
    amounts = amounts_of(whole, currency)
    if isinstance(amounts, Unbalanced):
        unbalanced = UnbalancedDocument(
            document=DocumentKind.ORDER,
            id=order.id,
            version=version,
            order=order.id,
            changed_at=changed_at,
            due=amounts.due,
            stated=amounts.stated,
            problem=amounts.problem,
        )
        return event_of(unbalanced, delivery)
    payment = _payment(order)
    data = Order(
        id=order.id,
        version=version,
        number=order.id,
        channel=_channel(order),
        status=_STATUS.get(order.status_id, OrderStatus.OPEN),
        payment=payment,
        fulfilment=_fulfilment(order),
        placed_at=moment(order.date_created or order.date_modified, "date_created"),
        changed_at=changed_at,
        customer=order.customer_id or None,
        lines=_lines(whole, {line.line for line in amounts.lines}),
        shop=amounts,
        tenders=tuple(_tenders(order, amounts, is_paid=payment in _PAID)),
    )
    return event_of(data, delivery)


def _lines(whole: models.WholeOrder | models.Order, numbers: set[int]) -> tuple[OrderLine, ...]:
    if not isinstance(whole, models.WholeOrder):
        summary = OrderLine(
            number=SUMMARY,
            key="products",
            description="all products of the order, which were not read",
            quantity=whole.items_total or Decimal(1),
            is_stocked=False,
        )
        return (summary,) if SUMMARY in numbers else ()
    return tuple(_line(product) for product in whole.products if product.type != GIFT_CERTIFICATE)


def _line(product: models.OrderProduct) -> OrderLine:
    item = item_of(product.sku, product.product_id, product.variant_id)
    return OrderLine(
        number=int(product.id),
        key=product.id,
        item=item,
        description="" if item else product.name[:_DESCRIPTION],
        quantity=product.quantity,
        fulfilled=product.quantity_shipped,
        part_of=product.parent_order_product_id or None,
        is_stocked=item is not None and product.type != "digital",
    )


def _tenders(order: models.Order, amounts: Amounts, *, is_paid: bool) -> list[OrderTender]:
    """Stored value first, then what was left to pay."""
    found = []
    left = amounts.total
    stored = (("gift certificate", order.gift_certificate_amount), ("store credit", order.store_credit_amount))
    for name, amount in () if leaves_stored_value_out(amounts) else stored:
        if amount > 0:
            used = Money.rounded(amount, left.currency)
            found.append(OrderTender(tender=name, amount=used, is_gift_card=True))
            left -= used
    method = code(order.payment_method)
    if is_paid and method and left.amount > 0:
        found.append(OrderTender(tender=method, amount=left))
    return found


def _payment(order: models.Order) -> PaymentState:
    known = _PAYMENT.get(order.payment_status.casefold())
    if known is not None:
        return known
    return PaymentState.REFUNDED if order.status_id == _REFUNDED else PaymentState.UNKNOWN


def _fulfilment(order: models.Order) -> FulfilmentState:
    if order.items_shipped <= 0:
        done = order.order_is_digital and order.status_id == "10"
        return FulfilmentState.FULFILLED if done else FulfilmentState.UNFULFILLED
    is_all = order.items_shipped >= order.items_total
    return FulfilmentState.FULFILLED if is_all else FulfilmentState.PARTIALLY_FULFILLED


def _channel(order: models.Order) -> SalesChannel:
    if order.external_source.upper().startswith("POS"):
        return SalesChannel.STORE
    return _CHANNELS.get(order.order_source.casefold(), SalesChannel.OTHER)
