"""An order: from an event where that holds all of it, else a notice to read it."""

from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Final

from lockstep.canonical.events import Event
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
from lockstep.connectors.adobe_commerce.amounts import Item, Unbalanced, amounts_of, currency_of
from lockstep.connectors.adobe_commerce.fields import Fields
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code
from lockstep.messaging.loosely_typed import stamp

_NOTHING: Final = Decimal(0)
_STATUS: Final = {
    "complete": OrderStatus.COMPLETED,
    "closed": OrderStatus.COMPLETED,
    "canceled": OrderStatus.CANCELLED,
}
"""`state`, which shops cannot rename as they can `status`. Others (new, pending_payment, processing, holded,
payment_review) are open."""
_NEEDED: Final = (
    "items",
    "base_grand_total",
    "base_subtotal",
    "base_currency_code",
    "updated_at",
    "state",
)
"""Without one of these an event is no order: its subscription selects less, or the object was not stored yet."""
_NEEDED_OF_ITEM: Final = ("item_id", "sku", "qty_ordered", "base_row_total")
_CONTAINERS: Final = frozenset({"bundle", "configurable", "grouped"})
_WITHOUT_STOCK: Final = frozenset({"virtual", "downloadable", *_CONTAINERS})
_GIFT_CARD: Final = "giftcard"
_DESCRIPTION: Final = 512
_ITEM_COUNTS: Final = ("qty_ordered", "qty_canceled", "qty_invoiced", "qty_shipped", "qty_refunded")
_ORDER_SUMS: Final = (
    "base_grand_total",
    "base_tax_amount",
    "base_shipping_amount",
    "base_discount_amount",
    "base_total_paid",
    "base_total_refunded",
    "base_total_canceled",
)


def is_whole(order: Fields) -> bool:
    """Whether an event holds what an order's money and identity need, and its lines."""
    items = list(order.list("items"))
    return (
        all(order.has(name) for name in _NEEDED)
        and _is_numbered(order)
        and bool(items)
        and all(item.has(name) for item in items if not _parent_id(item) for name in _NEEDED_OF_ITEM)
        and all(item.has("item_id") for item in items)
    )


def _is_numbered(order: Fields) -> bool:
    holder, *names = _numbered(order)
    return bool(holder.id(*names))


def key_of(order: Fields) -> str:
    """The number of an order; where a subscription leaves it out, the one that its parts say they belong to.

    Raises:
        MessageMalformed: It is missing, or is no number.
    """
    holder, *names = _numbered(order)
    return holder.key(*names)


def _numbered(order: Fields) -> tuple[Fields, *tuple[str, ...]]:
    """What says the number of an order, and in which fields."""
    if not order.id("entity_id", "id"):
        parts = (*((item, "order_id") for item in order.list("items")), (order.inner("payment"), "parent_id"))
        for part, name in parts:
            if part.id(name):
                return part, name
    return order, "entity_id", "id"


def reported(order: Fields, delivery: Delivery, _currency: str | None) -> Translation:
    """An order's event.

    Raises:
        MessageMalformed: Money or identity is missing; names the field.
    """
    return Translation((_event(order, delivery),))


def _event(order: Fields, delivery: Delivery) -> Event:
    identity = key_of(order)
    changed_at = order.time("updated_at", "created_at")
    items = _items(order)
    version = f"{stamp(changed_at)}/{_progress(order, items)}"
    currency = currency_of(order, "base_currency_code")
    shop = amounts_of(order, items, currency, base=True)
    seen = currency_of(order, "order_currency_code", currency)
    presentment = amounts_of(order, items, seen, base=False) if seen != currency else None
    if isinstance(shop, Unbalanced):
        return event_of(_unbalanced(shop, identity, version, changed_at), delivery)
    if isinstance(presentment, Unbalanced):
        return event_of(_unbalanced(presentment, identity, version, changed_at), delivery)
    state = order.text("state")
    data = Order(
        id=identity,
        version=version,
        number=code(order.text("increment_id")),
        channel=SalesChannel.STAFF if _by_staff(order) else SalesChannel.WEB,
        status=_STATUS.get(state, OrderStatus.OPEN),
        payment=_payment(order, state),
        fulfilment=_fulfilment(items),
        placed_at=order.time("created_at", "updated_at"),
        changed_at=changed_at,
        location=code(order.text("pickup_location_code")),
        customer=order.id("customer_id") or None,
        lines=tuple(_lines(items)),
        shop=shop,
        presentment=presentment,
        tenders=_tenders(order, currency),
    )
    return event_of(data, delivery)


def item_of(sku: str) -> ItemReference | None:
    """An article by its SKU, by which Commerce names its products everywhere."""
    named = code(sku)
    return ItemReference(value=named) if named else None


def _items(order: Fields) -> list[Item]:
    found = list(order.list("items"))
    parents = {parent for item in found if (parent := _parent_id(item))}
    numbers = {item.id("item_id"): int(item.key("item_id")) for item in found}
    return [
        Item(
            number=numbers[item.id("item_id")],
            fields=item,
            quantity=item.number("qty_ordered") or _NOTHING,
            parent=numbers.get(_parent_id(item)),
            has_children=item.id("item_id") in parents,
            is_gift_card=item.text("product_type") == _GIFT_CARD,
        )
        for item in found
    ]


def _parent_id(item: Fields) -> str:
    return item.id("parent_item_id") or item.inner("parent_item").id("item_id")


def _progress(order: Fields, items: list[Item]) -> str:
    """What has become of the order, in short.

    The time of change has seconds, an order is saved several times in one, and an event may carry the time of the save
    before. So what was paid, shipped and refunded makes a snapshot itself too.
    """
    said = [order.text("state"), order.text("status"), *(str(order.number(name) or _NOTHING) for name in _ORDER_SUMS)]
    counts = [str(item.fields.number(name) or _NOTHING) for item in items for name in _ITEM_COUNTS]
    plain = [_plain(figure) for figure in (*said, *counts)]
    return sha256("|".join(plain).encode()).hexdigest()[:12]


def _plain(figure: str) -> str:
    """A number without what REST and events write differently of it."""
    return figure.rstrip("0").rstrip(".") or "0" if "." in figure else figure


def _lines(items: list[Item]) -> list[OrderLine]:
    by_id = {item.fields.id("item_id"): item for item in items}
    return [_line(item, by_id.get(_parent_id(item.fields))) for item in items if not item.is_gift_card]


def _line(item: Item, parent: Item | None) -> OrderLine:
    reference = item_of(item.fields.text("sku"))
    kind = item.fields.text("product_type")
    return OrderLine(
        number=item.number,
        key=item.fields.key("item_id"),
        item=reference,
        description="" if reference else item.fields.text("name")[:_DESCRIPTION],
        quantity=_remaining(item, parent),
        fulfilled=_with_whole(item, parent, "qty_shipped"),
        part_of=parent.fields.key("item_id") if parent else None,
        is_stocked=reference is not None and not item.has_children and kind not in _WITHOUT_STOCK,
    )


def _remaining(item: Item, parent: Item | None) -> Decimal:
    return item.quantity - _with_whole(item, parent, "qty_canceled")


def _with_whole(item: Item, parent: Item | None, count: str) -> Decimal:
    """How many so far: what is shipped or cancelled together is counted on the parent alone."""
    own = item.fields.number(count) or _NOTHING
    if parent is None or not parent.quantity:
        return own
    whole = (parent.fields.number(count) or _NOTHING) * item.quantity / parent.quantity
    return max(own, round(whole, 4))


def _by_staff(order: Fields) -> bool:
    """Orders that staff enter carry no address of a caller (`remote_ip`)."""
    return order.has("store_id") and order.has("quote_id") and not order.has("remote_ip")


def _payment(order: Fields, state: str) -> PaymentState:
    total = order.amount("grand_total", base=True)
    paid, refunded = order.amount("total_paid", base=True), order.amount("total_refunded", base=True)
    if refunded > 0:
        return PaymentState.REFUNDED if refunded >= max(paid, total) else PaymentState.PARTIALLY_REFUNDED
    if paid > 0:
        return PaymentState.PAID if paid >= total else PaymentState.PARTIALLY_PAID
    authorized = order.inner("payment").amount("amount_authorized", base=True) > 0
    if state == "canceled":
        return PaymentState.VOIDED if authorized else PaymentState.UNPAID
    if authorized:
        return PaymentState.AUTHORIZED
    return PaymentState.PAID if not total and state in ("processing", "complete") else PaymentState.UNPAID


def _fulfilment(items: list[Item]) -> FulfilmentState:
    """From what can be shipped: a part is shipped with its whole, or by itself."""
    ordered = shipped = _NOTHING
    by_id = {item.fields.id("item_id"): item for item in items}
    for item in items:
        if item.has_children or item.is_gift_card or item.fields.text("product_type") in _WITHOUT_STOCK:
            continue
        parent = by_id.get(_parent_id(item.fields))
        ordered += _remaining(item, parent)
        shipped += _with_whole(item, parent, "qty_shipped")
    if not shipped:
        return FulfilmentState.UNFULFILLED
    return FulfilmentState.FULFILLED if shipped >= ordered else FulfilmentState.PARTIALLY_FULFILLED


def _tenders(order: Fields, currency: str) -> tuple[OrderTender, ...]:
    """What was taken of it so far."""
    method = code(order.inner("payment").text("method"))
    paid = order.amount("total_paid", base=True)
    return (OrderTender(tender=method, amount=Money.rounded(paid, currency)),) if method and paid > 0 else ()


def _unbalanced(amounts: Unbalanced, identity: str, version: str, changed_at: datetime) -> UnbalancedDocument:
    return UnbalancedDocument(
        document=DocumentKind.ORDER,
        id=identity,
        version=version,
        order=identity,
        changed_at=changed_at,
        due=amounts.due,
        stated=amounts.stated,
        problem=amounts.problem,
    )
