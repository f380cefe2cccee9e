"""Draft orders: quotations and baskets of staff. Nothing is promised; a completed one is replaced by an order."""

from decimal import Decimal
from typing import Final

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.money import Money
from lockstep.canonical.order import DocumentKind, FulfilmentState, OrderLine, OrderStatus, PaymentState, SalesChannel
from lockstep.canonical.order import Order as CanonicalOrder
from lockstep.connectors.shopify.models.order import DraftOrder
from lockstep.connectors.shopify.reports.envelope import Reading, Report
from lockstep.connectors.shopify.reports.parts import Parts, Side
from lockstep.connectors.shopify.reports.values import currency, dated, is_minor, item, problem_of, words
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code

_ZERO: Final = Decimal(0)
_FIRST_CHARGE: Final = 1001
_COMPLETED: Final = "completed"


def report_draft(draft: DraftOrder, report: Report) -> None:
    """A draft, under a number of its own beside those of orders.

    Raises:
        MessageMalformed: Money or identity is missing.
    """
    if (draft.status or "").lower() == _COMPLETED:
        report.ignore("a draft that has become an order, which is reported by itself")
        return
    side = Side(currency(draft.currency, "currency"))
    changed_at = draft.updated_at or draft.created_at
    number = f"draft_order/{draft.id}"
    lines = [(line.sku, line.title, line.quantity) for line in draft.line_items]
    content = (draft.status, str(draft.total_price.normalize()), lines)
    version = dated(changed_at, content)
    try:
        total = side.or_nothing(draft.total_price_set, draft.total_price)
        stated = Money.rounded(total, side.currency)
        parts = _parts(draft, side)
        due = parts.due()
        if due != stated or not is_minor(total, stated):
            report.unbalanced(
                DocumentKind.ORDER,
                id=number,
                version=version,
                order=number,
                changed_at=changed_at,
                due=due,
                stated=stated,
                problem=f"the lines, charges, discounts and taxes of draft {draft.id} are not its total_price",
            )
            return
        report.add(
            CanonicalOrder(
                id=number,
                version=version,
                number=code(draft.name),
                channel=SalesChannel.STAFF,
                status=OrderStatus.DRAFT,
                payment=PaymentState.UNPAID,
                fulfilment=FulfilmentState.UNFULFILLED,
                placed_at=draft.created_at,
                changed_at=changed_at,
                customer=draft.customer.id if draft.customer else None,
                lines=tuple(_lines(draft)),
                shop=parts.amounts(stated),
            ),
        )
    except ValueError as error:
        raise MessageMalformed(f"draft {draft.id}: {problem_of(error)}") from error


def _lines(draft: DraftOrder) -> list[OrderLine]:
    found = []
    for number, line in enumerate(draft.line_items, start=1):
        if line.gift_card:
            continue
        article = item(line.sku, line.variant_id)
        found.append(
            OrderLine(
                number=number,
                key=line.id or f"line/{number}",
                item=article,
                description="" if article else words(line.name or line.title),
                quantity=Decimal(line.quantity),
                fulfilled=_ZERO,
                is_stocked=article is not None,
            )
        )
    return found


def _parts(draft: DraftOrder, side: Side) -> Parts:
    """Taxes of lines where they are those of the draft, its own where they are not."""
    parts, included = Parts(side), draft.taxes_included
    for number, line in enumerate(draft.line_items, start=1):
        price = side.or_nothing(line.price_set, line.price)
        if line.gift_card:
            if not parts.charge(number, ChargeKind.GIFT_CARD, price * line.quantity, line.sku or line.title):
                continue
        else:
            parts.line(number, price * line.quantity, price)
        if line.applied_discount is not None:
            parts.discount(line.applied_discount.amount or _ZERO, number, line.applied_discount.title)
        parts.tax_lines(line.tax_lines, included=included, line=number)
    number = _FIRST_CHARGE + len(draft.line_items)
    shipping = draft.shipping_line
    price = side.or_nothing(shipping.price_set, shipping.price) if shipping else _ZERO
    if shipping is not None and parts.charge(number, ChargeKind.SHIPPING, price, shipping.code or shipping.title):
        parts.tax_lines(shipping.tax_lines, included=included, line=number)
    parts.charge(number + 1, ChargeKind.DUTY, side.or_nothing(draft.total_duties_set))
    parts.charge(number + 2, ChargeKind.FEE, side.or_nothing(draft.total_additional_fees_set), "additional_fees")
    if draft.applied_discount is not None:
        parts.discount(draft.applied_discount.amount or _ZERO, None, draft.applied_discount.title)
    tax = side.of(draft.total_tax_set, draft.total_tax)
    if tax is not None and sum((part.amount for part in parts.taxes), _ZERO) != tax:
        parts.taxes.clear()
        parts.tax_lines(draft.tax_lines, included=included, line=None)
    return parts


READINGS: Final = {
    "draft": Reading(DraftOrder, report_draft),
}
