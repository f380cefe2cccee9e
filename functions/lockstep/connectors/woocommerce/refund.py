"""A refund, as it is read: with its order, which alone says the currency, or by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.events import Event
from lockstep.canonical.order import DocumentKind, OrderTender, UnbalancedDocument
from lockstep.canonical.refund import Refund, RefundLine
from lockstep.connectors.woocommerce import models
from lockstep.connectors.woocommerce.amounts import Part, Unbalanced, amounts_of
from lockstep.connectors.woocommerce.order import currency_of, item_of
from lockstep.connectors.woocommerce.shipment import order_of
from lockstep.connectors.woocommerce.shop import Shop
from lockstep.connectors.woocommerce.values import meta, moment
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code, malformed
from lockstep.messaging.loosely_typed import mapping, record_id, stamp, text
from lockstep.messaging.versions import state_of

_NOTHING: Final = Decimal(0)
_REFUNDED_ITEM: Final = "_refunded_item_id"
"""Meta key of a refunded item: the item of the order."""
UNALLOCATED: Final = "unallocated"
"""Code of the charge that stands for an amount given back for no item in particular."""


def translate_refund(read: Mapping[str, Any], delivery: Delivery, shop: Shop) -> Translation:
    """A refund's event.

    Args:
        read: `{"order": ..., "refund": ...}`, or a refund by itself.
        delivery: What brought it.
        shop: What names the currency of a refund by itself.

    Raises:
        MessageMalformed: Money or identity is missing; names the field.
    """
    whole = "refund" in read
    at = "refund" if whole else ""
    try:
        refund = models.Refund.model_validate(read["refund"] if whole else read)
    except ValidationError as error:
        raise malformed(error, at) from error
    order = mapping(read.get("order"))
    written = text(order.get("currency")) or shop.currency
    if not written:
        raise MessageMalformed("order.currency is missing, and the account names none")
    belongs_to = record_id(order.get("id")) or refund.parent_id or order_of(refund.links)
    paid_with = code(text(order.get("payment_method"))) if refund.refunded_payment else None
    refunded_at = moment(refund.date_created_gmt, refund.date_created, shop.zone, "date_created")
    context = _Context(belongs_to or None, paid_with, currency_of(written), refunded_at)
    return Translation((_event(refund, context, delivery),))


@dataclass(frozen=True, slots=True)
class _Context:
    """What surrounds a refund."""

    order: str | None
    paid_with: str | None
    """The gateway that paid it back; None where it was done by hand, or is not known."""
    currency: str
    refunded_at: datetime


def _event(refund: models.Refund, context: _Context, delivery: Delivery) -> Event:
    version = f"{stamp(context.refunded_at)}/{state_of(refund)}"
    amounts = amounts_of(
        list(_parts(refund)), refund.tax_lines, stated=abs(refund.amount), stated_tax=None, currency=context.currency
    )
    if isinstance(amounts, Unbalanced):
        unbalanced = UnbalancedDocument(
            document=DocumentKind.REFUND,
            id=refund.id,
            version=version,
            order=context.order,
            changed_at=context.refunded_at,
            due=amounts.due,
            stated=amounts.stated,
            problem=amounts.problem,
        )
        return event_of(unbalanced, delivery)
    data = Refund(
        id=refund.id,
        version=version,
        order=context.order,
        refunded_at=context.refunded_at,
        changed_at=context.refunded_at,
        lines=tuple(_line(item) for item in refund.line_items if item.quantity),
        shop=amounts,
        tenders=(OrderTender(tender=context.paid_with, amount=amounts.total),) if context.paid_with else (),
    )
    return event_of(data, delivery)


def _parts(refund: models.Refund) -> Iterator[Part]:
    """The refund's items, above zero. An amount of a line without a quantity brings no goods back: it is a charge."""
    found = False
    for item, kind in (
        *((line, None if line.quantity else ChargeKind.FEE) for line in refund.line_items),
        *((shipping, ChargeKind.SHIPPING) for shipping in refund.shipping_lines),
        *((fee, ChargeKind.FEE) for fee in refund.fee_lines),
    ):
        tax = item.total_tax or _NOTHING
        if not (item.total or tax or (item.quantity and kind is None)):
            continue
        found = True
        yield Part(
            number=item.id,
            total=-item.total,
            tax=-tax,
            taxes=[entry.model_copy(update={"total": -entry.total}) for entry in item.taxes if entry.total],
            quantity=abs(item.quantity or _NOTHING),
            kind=kind,
            code=code(_refunded_item(item) or item.method_id or item.name) if kind else None,
        )
    if not found:
        yield Part(number=1, total=abs(refund.amount), tax=_NOTHING, taxes=(), kind=ChargeKind.FEE, code=UNALLOCATED)


def _line(item: models.RefundedItem) -> RefundLine:
    return RefundLine(
        number=item.id,
        order_line=_refunded_item(item) or None,
        item=item_of(item.sku, item.product_id, item.variation_id),
        quantity=abs(item.quantity or _NOTHING),
    )


def _refunded_item(item: models.RefundedItem) -> str:
    return record_id(meta(item.meta_data, _REFUNDED_ITEM))
