"""An order, its parcels, and notices of its refunds."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.events import Event
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.money import EXPONENTS
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
from lockstep.connectors.woocommerce import models
from lockstep.connectors.woocommerce.amounts import Part, Unbalanced, amounts_of
from lockstep.connectors.woocommerce.shipment import trackings_of_order
from lockstep.connectors.woocommerce.shop import Shop
from lockstep.connectors.woocommerce.values import moment, optional_moment, plain_text
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code
from lockstep.messaging.loosely_typed import stamp
from lockstep.messaging.versions import state_of

REFUND: Final = "order_refund"
"""The resource that a refund is read as; its key is `<order>/<refund>`."""

_NOTHING: Final = Decimal(0)
_STATUS: Final = {
    "pending": OrderStatus.OPEN,
    "on-hold": OrderStatus.OPEN,
    "processing": OrderStatus.OPEN,
    "completed": OrderStatus.COMPLETED,
    "refunded": OrderStatus.COMPLETED,
    "cancelled": OrderStatus.CANCELLED,
    "failed": OrderStatus.CANCELLED,
    "trash": OrderStatus.CANCELLED,
    "draft": OrderStatus.DRAFT,
    "checkout-draft": OrderStatus.DRAFT,
}
"""A status of an extension's own is an open order."""
_PLACEHOLDER: Final = "auto-draft"
"""What WordPress stores when somebody opens the form for a new order."""
_FULFILMENT: Final = {
    "completed": FulfilmentState.FULFILLED,
    "refunded": FulfilmentState.UNKNOWN,
}
_CHANNELS: Final = {
    "checkout": SalesChannel.WEB,
    "store-api": SalesChannel.WEB,
    "subscription": SalesChannel.WEB,
    "admin": SalesChannel.STAFF,
    "pos-rest-api": SalesChannel.STORE,
    "amazon": SalesChannel.MARKETPLACE,
    "ebay": SalesChannel.MARKETPLACE,
}
_FEES: Final = {
    "tip": ChargeKind.TIP,
    "tips": ChargeKind.TIP,
    "gratuity": ChargeKind.TIP,
    "donation": ChargeKind.DONATION,
    "rounding": ChargeKind.ROUNDING,
}
"""A fee has nothing but a name: others are fees."""
_SOLD_GIFT_CARD: Final = ("wc_gc_giftcard", "pw_gift_card", "ywgc_")
"""How the meta keys begin that gift card extensions give to the line of a card that is sold."""
_DESCRIPTION: Final = 512

_Item = TypeVar("_Item", bound=models.Item)


def translate_order(order: models.Order, delivery: Delivery, shop: Shop) -> Translation:
    """An order's event, those of its parcels, and a notice for each of its refunds.

    Raises:
        MessageMalformed: Money or identity is missing; names the field.
    """
    if order.status == _PLACEHOLDER:
        return Translation((), ignored=("auto-draft: nobody has ordered anything yet",))
    if _STATUS.get(order.status) is OrderStatus.DRAFT and not (order.date_modified_gmt or order.date_modified):
        return Translation((), ignored=("a draft that was never saved: nobody has ordered anything yet",))
    changed_at = moment(order.date_modified_gmt, order.date_modified, shop.zone, "date_modified")
    event = _event(order, delivery, shop, changed_at)
    notices = tuple(
        ResourceNotice(
            resource=REFUND,
            key=f"{order.id}/{refund.id}",
            version=refund.id,
            notified_at=changed_at,
            delivery_id=delivery.delivery_id,
        )
        for refund in order.refunds
        if refund.id
    )
    return Translation((event, *trackings_of_order(order, delivery, changed_at)), notices=notices)


def currency_of(written: str) -> str:
    """A currency that is known.

    Raises:
        MessageMalformed: It is none.
    """
    found = written.upper()
    if found not in EXPONENTS:
        raise MessageMalformed("currency is no ISO 4217 code")
    return found


def item_of(sku: str, product_id: str, variation_id: str) -> ItemReference | None:
    """An article by its SKU, else by its id in the shop; None where it is neither."""
    named = code(sku)
    if named:
        return ItemReference(value=named)
    if variation_id:
        return ItemReference(value=f"variation/{variation_id}")
    return ItemReference(value=f"product/{product_id}") if product_id else None


def _event(order: models.Order, delivery: Delivery, shop: Shop, changed_at: datetime) -> Event:
    currency = currency_of(order.currency)
    goods = _once(order.line_items)
    sold = [line for line in goods if line.quantity and not _is_gift_card(line)]
    coupons = {name for coupon in order.coupon_lines if (name := code(coupon.code))}
    amounts = amounts_of(
        list(_parts(order, goods)),
        order.tax_lines,
        stated=order.total,
        stated_tax=order.total_tax,
        currency=currency,
        coupon=coupons.pop() if len(coupons) == 1 else None,
    )
    version = f"{stamp(changed_at)}/{code(order.status) or 'unknown'}/{state_of(order)}"
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
    paid_at = optional_moment(order.date_paid_gmt, order.date_paid, shop.zone, "date_paid")
    completed_at = optional_moment(order.date_completed_gmt, order.date_completed, shop.zone, "date_completed")
    fulfilled = order.status == "completed" or (completed_at is not None and order.status == "processing")
    tender = code(order.payment_method)
    data = Order(
        id=order.id,
        version=version,
        number=code(order.number),
        channel=_CHANNELS.get(order.created_via, SalesChannel.OTHER),
        status=_STATUS.get(order.status, OrderStatus.OPEN),
        payment=_payment(order, paid=paid_at is not None),
        fulfilment=FulfilmentState.FULFILLED
        if fulfilled
        else _FULFILMENT.get(order.status, FulfilmentState.UNFULFILLED),
        placed_at=moment(order.date_created_gmt, order.date_created, shop.zone, "date_created"),
        changed_at=changed_at,
        customer=order.customer_id or None,
        lines=tuple(_line(line) for line in sold),
        shop=amounts,
        tenders=(OrderTender(tender=tender, amount=amounts.total),) if paid_at and tender and amounts.total else (),
    )
    return event_of(data, delivery)


def _payment(order: models.Order, *, paid: bool) -> PaymentState:
    if order.status == "refunded":
        return PaymentState.REFUNDED
    if not paid:
        return PaymentState.PAID if order.status == "completed" and not order.total else PaymentState.UNPAID
    if not order.refunds:
        return PaymentState.PAID
    back = sum((abs(refund.total or _NOTHING) for refund in order.refunds), _NOTHING)
    return PaymentState.REFUNDED if back >= order.total else PaymentState.PARTIALLY_REFUNDED


def _once(items: Sequence[_Item]) -> list[_Item]:
    """Each item once: some versions write an item twice, and no two have the same id.

    Raises:
        MessageMalformed: Two that differ have the same id.
    """
    found: dict[int, _Item] = {}
    for place, item in enumerate(items):
        if found.setdefault(item.id, item) != item:
            raise MessageMalformed(f"line_items.{place}.id is that of another item")
    return list(found.values())


def _parts(order: models.Order, goods: Sequence[models.LineItem]) -> Iterator[Part]:
    for line in goods:
        # An amount without a quantity is nothing that leaves the shelf.
        kind = ChargeKind.GIFT_CARD if _is_gift_card(line) else None if line.quantity else ChargeKind.FEE
        yield Part(
            number=line.id,
            total=line.total,
            tax=_tax(line),
            taxes=line.taxes,
            before=line.subtotal,
            unrounded=line.price * line.quantity if line.price is not None else None,
            quantity=line.quantity,
            kind=kind,
            code=None if kind is None else code(line.sku) or code(plain_text(line.name, _DESCRIPTION)),
        )
    for shipping in _once(order.shipping_lines):
        yield _charge(shipping, ChargeKind.SHIPPING, shipping.method_id or shipping.method_title)
    for fee in _once(order.fee_lines):
        yield _charge(fee, _FEES.get(fee.name.casefold(), ChargeKind.FEE), fee.name)
    highest = max((i.id for i in (*goods, *order.shipping_lines, *order.fee_lines)), default=0)
    used = [card for card in (*order.gift_cards, *order.pw_gift_card_lines) if card.amount]
    for place, card in enumerate(used, 1):
        yield Part(
            number=highest + place,
            total=-abs(card.amount or _NOTHING),
            tax=_NOTHING,
            taxes=(),
            kind=ChargeKind.GIFT_CARD,
            code=code(card.id),
        )


def _tax(item: models.Item) -> Decimal:
    """What an item is taxed, or what its rates take where it does not say."""
    if item.total_tax is not None:
        return item.total_tax
    return sum((tax.total for tax in item.taxes if tax.total is not None), _NOTHING)


def _charge(item: models.Item, kind: ChargeKind, named: str) -> Part:
    return Part(
        number=item.id,
        total=item.total,
        tax=_tax(item),
        taxes=item.taxes,
        kind=kind,
        code=code(plain_text(named, _DESCRIPTION)),
    )


def _is_gift_card(line: models.LineItem) -> bool:
    return any(
        isinstance(entry, dict) and str(entry.get("key", "")).lstrip("_").startswith(_SOLD_GIFT_CARD)
        for entry in line.meta_data
    )


def _line(line: models.LineItem) -> OrderLine:
    item = item_of(line.sku, line.product_id, line.variation_id)
    return OrderLine(
        number=line.id,
        key=str(line.id),
        item=item,
        description="" if item else plain_text(line.name, _DESCRIPTION),
        quantity=line.quantity,
        part_of=code(line.bundled_by) or code(line.composite_parent),
        is_stocked=item is not None and not line.bundled_items and not line.composite_children,
    )
