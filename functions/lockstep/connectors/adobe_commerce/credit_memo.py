"""A credit memo, which is a refund."""

from decimal import Decimal
from typing import Final

from lockstep.canonical.events import Event
from lockstep.canonical.order import DocumentKind, UnbalancedDocument
from lockstep.canonical.refund import Refund, RefundLine, RefundStatus
from lockstep.connectors.adobe_commerce.amounts import Item, Unbalanced, amounts_of, currency_of
from lockstep.connectors.adobe_commerce.fields import Fields
from lockstep.connectors.adobe_commerce.order import item_of
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.loosely_typed import stamp

_NOTHING: Final = Decimal(0)
_STATUS: Final = {"1": RefundStatus.PENDING, "3": RefundStatus.FAILED}
"""`state`: open, (refunded,) cancelled."""
_NEEDED: Final = ("entity_id", "order_id", "base_grand_total", "base_currency_code", "created_at", "items")


def is_whole(memo: Fields) -> bool:
    """Whether an event holds what a refund's money and identity need."""
    return all(memo.has(name) for name in _NEEDED)


def reported(memo: Fields, delivery: Delivery, _currency: str | None) -> Translation:
    """A refund's event.

    Raises:
        MessageMalformed: Money or identity is missing; names the field.
    """
    return Translation((_event(memo, delivery),))


def _event(memo: Fields, delivery: Delivery) -> Event:
    identity = memo.key("entity_id", "id")
    order = memo.key("order_id")
    changed_at = memo.time("updated_at", "created_at")
    version = f"{stamp(changed_at)}/{memo.text('state') or '0'}"
    listed = [Item(number, item, item.number("qty") or _NOTHING) for number, item in enumerate(memo.list("items"), 1)]
    items = [item for item in listed if item.quantity > 0 and _comes_back(item, listed)]
    currency = currency_of(memo, "base_currency_code")
    shop = amounts_of(memo, items, currency, base=True, adjusts=True)
    seen = currency_of(memo, "order_currency_code", currency)
    presentment = amounts_of(memo, items, seen, base=False, adjusts=True) if seen != currency else None
    if isinstance(shop, Unbalanced):
        return event_of(_unbalanced(memo, shop, version), delivery)
    if isinstance(presentment, Unbalanced):
        return event_of(_unbalanced(memo, presentment, version), delivery)
    data = Refund(
        id=identity,
        version=version,
        order=order,
        status=_STATUS.get(memo.text("state"), RefundStatus.SUCCEEDED),
        refunded_at=memo.time("created_at", "updated_at"),
        changed_at=changed_at,
        lines=tuple(_line(item) for item in items),
        shop=shop,
        presentment=presentment,
    )
    return event_of(data, delivery)


def _comes_back(item: Item, items: list[Item]) -> bool:
    """Whether a line stands for goods of its own.

    The child of a configurable product repeats the SKU of the line that has the price; a bundle whose parts have prices
    has a price and no total.
    """
    if item.fields.has("base_row_total"):
        return True
    if item.fields.amount("price", base=True):
        return False
    sku = item.fields.text("sku")
    return not any(other.fields.text("sku") == sku for other in items if other is not item)


def _unbalanced(memo: Fields, amounts: Unbalanced, version: str) -> UnbalancedDocument:
    return UnbalancedDocument(
        document=DocumentKind.REFUND,
        id=memo.key("entity_id", "id"),
        version=version,
        order=memo.key("order_id"),
        changed_at=memo.time("updated_at", "created_at"),
        due=amounts.due,
        stated=amounts.stated,
        problem=amounts.problem,
    )


def _line(item: Item) -> RefundLine:
    return RefundLine(
        number=item.number,
        order_line=item.fields.id("order_item_id") or None,
        item=item_of(item.fields.text("sku")),
        quantity=item.quantity,
    )
