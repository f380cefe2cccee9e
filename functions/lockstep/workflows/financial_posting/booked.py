"""What is booked of an order so far, and whether a snapshot or a refund is still to be booked. Pure.

A channel reports an order again and again. It is booked once, when it is paid; money that goes back is booked by its
refunds. A snapshot that is worth something else than what is booked less what was refunded changed afterwards: that is
for a person to look at, and holds nothing up.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from lockstep.canonical.events import Event, OrderReported, RefundReported
from lockstep.canonical.money import Money
from lockstep.canonical.order import Order, OrderStatus, PaymentState
from lockstep.canonical.refund import Refund, RefundStatus
from lockstep.messaging.errors import CaseKey
from lockstep.messaging.workflow import Change, Context
from lockstep.workflows.financial_posting.spec import SPEC

_PAID: Final = frozenset({PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED})


def order_record(source: str, order: str) -> str:
    """Where it stands what is booked of an order."""
    return f"order/{source}/{order}"


def refund_record(source: str, refund: str) -> str:
    """Where it stands that a refund is booked."""
    return f"refund/{source}/{refund}"


def records_of(event: Event) -> list[str]:
    """What is to be read before an event can be booked."""
    if isinstance(event, OrderReported):
        return [order_record(event.source, event.data.id)]
    if isinstance(event, RefundReported):
        keys = [refund_record(event.source, event.data.id)]
        return [*keys, order_record(event.source, event.data.order)] if event.data.order else keys
    return []


def why_not(event: OrderReported | RefundReported, context: Context) -> str:
    """Why there is nothing to book; empty when there is."""
    if event.source in context.targets:
        return "the ledger's own"
    if isinstance(event, OrderReported):
        return _why_not_order(event.data, context.records.get(order_record(event.source, event.data.id)))
    return _why_not_refund(event.data, context.records.get(refund_record(event.source, event.data.id)))


def _why_not_order(order: Order, booked: Mapping[str, Any] | None) -> str:
    if order.status is OrderStatus.DRAFT:
        return "a draft"
    if order.placed_at < SPEC.active_from:
        return "placed before this process began"
    if booked is not None and "total" in booked:
        return "booked before"
    if order.payment not in _PAID:
        return f"not paid: {order.payment.value}"
    return ""


def _why_not_refund(refund: Refund, booked: Mapping[str, Any] | None) -> str:
    if refund.status is not RefundStatus.SUCCEEDED:
        return f"no money has gone back: {refund.status.value}"
    return "booked before" if booked is not None else ""


def noted(event: OrderReported | RefundReported, context: Context) -> tuple[Change, ...]:
    """What is booked once this event is."""
    if isinstance(event, OrderReported):
        key = order_record(event.source, event.data.id)
        known = context.records.get(key, {})
        return (Change(record=key, value={**known, **_written(event.data.total)}),)
    changes = [Change(record=refund_record(event.source, event.data.id), value=_written(event.data.total))]
    if event.data.order is not None:
        key = order_record(event.source, event.data.order)
        known = context.records.get(key, {})
        refunded = Decimal(known.get("refunded", "0")) + event.data.total.amount
        changes.append(Change(record=key, value={**known, "refunded": str(refunded)}))
    return tuple(changes)


def changed_since(event: OrderReported, context: Context) -> Change | None:
    """The case of an order that is worth something else than what is booked of it; None while it is not.

    An order that was refunded may be reported with its first total or with what is left of it.
    """
    key = order_record(event.source, event.data.id)
    booked = context.records.get(key, {})
    if "total" not in booked:
        return None
    total = Money.of(booked["total"], booked["currency"])
    left = total - Money.of(booked.get("refunded", "0"), booked["currency"])
    now = event.data.total
    case = CaseKey("changed_after_booking", event.correlation_id)
    if now in {total, left}:
        return Change(record=key, value=booked, repaired=case) if booked.get("changed") else None
    if booked.get("changed") == str(now):
        return None
    problem = f"it is worth {now} now; {total} is booked, of which {total - left} was refunded"
    return Change(record=key, value={**booked, "changed": str(now)}, case=case, problem=problem)


def _written(total: Money) -> dict[str, str]:
    return {"total": str(total.amount), "currency": total.currency}
