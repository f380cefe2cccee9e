"""Shipments and returns."""

from decimal import Decimal
from typing import Any, Final

from lockstep.canonical.refund import Return as CanonicalReturn
from lockstep.canonical.refund import ReturnLine as CanonicalReturnLine
from lockstep.canonical.refund import ReturnStatus
from lockstep.canonical.shipment import Package, Shipment, ShipmentLine, ShipmentStatus
from lockstep.connectors.shopify.models.base import read
from lockstep.connectors.shopify.models.fulfilment import (
    Fulfillment,
    FulfillmentEvent,
    FulfillmentOrder,
    FulfillmentOrderNotice,
    Return,
    ReturnLine,
)
from lockstep.connectors.shopify.reports.envelope import Reading, Report
from lockstep.connectors.shopify.reports.values import dated, item, location, problem_of
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code

STATUSES: Final[dict[str, ShipmentStatus]] = {
    "pending": ShipmentStatus.PENDING,
    "open": ShipmentStatus.PENDING,
    "success": ShipmentStatus.SHIPPED,
    "cancelled": ShipmentStatus.CANCELLED,
    "canceled": ShipmentStatus.CANCELLED,
    "error": ShipmentStatus.EXCEPTION,
    "failure": ShipmentStatus.EXCEPTION,
}
"""Of a fulfilment: whether it came about."""
PROGRESS: Final[dict[str, ShipmentStatus]] = {
    "label_printed": ShipmentStatus.LABELLED,
    "label_purchased": ShipmentStatus.LABELLED,
    "confirmed": ShipmentStatus.SHIPPED,
    "carrier_picked_up": ShipmentStatus.SHIPPED,
    "picked_up": ShipmentStatus.DELIVERED,
    "in_transit": ShipmentStatus.IN_TRANSIT,
    "delayed": ShipmentStatus.IN_TRANSIT,
    "out_for_delivery": ShipmentStatus.OUT_FOR_DELIVERY,
    "ready_for_pickup": ShipmentStatus.READY_FOR_PICKUP,
    "attempted_delivery": ShipmentStatus.ATTEMPTED,
    "delivered": ShipmentStatus.DELIVERED,
    "failure": ShipmentStatus.EXCEPTION,
    "not_delivered": ShipmentStatus.EXCEPTION,
}
"""Of a parcel: where the carrier has it."""
ASKED: Final[dict[str, ShipmentStatus]] = {
    "open": ShipmentStatus.PENDING,
    "in_progress": ShipmentStatus.PENDING,
    "scheduled": ShipmentStatus.PENDING,
    "on_hold": ShipmentStatus.PENDING,
    "cancelled": ShipmentStatus.CANCELLED,
    "incomplete": ShipmentStatus.EXCEPTION,
}
"""Of a fulfilment order. `closed` is missing: then its fulfilments say what left."""
RETURNS: Final[dict[str, ReturnStatus]] = {
    "requested": ReturnStatus.REQUESTED,
    "open": ReturnStatus.APPROVED,
    "approved": ReturnStatus.APPROVED,
    "declined": ReturnStatus.DECLINED,
    "closed": ReturnStatus.CLOSED,
    "canceled": ReturnStatus.CANCELLED,
    "cancelled": ReturnStatus.CANCELLED,
}


def report_fulfillment(fulfillment: Fulfillment, report: Report) -> None:
    """What left together, and how far it is."""
    known = fulfillment.updated_at or fulfillment.created_at
    progress = (fulfillment.shipment_status or "").lower()
    state = (fulfillment.status or "").lower()
    status = STATUSES.get(state, ShipmentStatus.UNKNOWN)
    if status is ShipmentStatus.SHIPPED and progress:
        status = PROGRESS.get(progress, status)
    try:
        report.add(
            Shipment(
                id=fulfillment.id,
                version=dated(known, (state, progress, _tracking(fulfillment))),
                order=fulfillment.order_id,
                reference=code(fulfillment.name),
                status=status,
                location=location(fulfillment.location_id),
                packages=_packages(fulfillment),
                lines=tuple(
                    ShipmentLine(
                        key=line.id,
                        order_line=line.id,
                        item=item(line.sku, line.variant_id),
                        quantity=Decimal(line.quantity),
                    )
                    for line in fulfillment.line_items
                ),
                shipped_at=fulfillment.created_at,
                estimated_at=fulfillment.estimated_delivery_at,
                delivered_at=fulfillment.delivered_at,
                detail=code(progress or state),
                changed_at=known or report.told_at,
            ),
        )
    except ValueError as error:
        raise MessageMalformed(f"fulfillment {fulfillment.id}: {problem_of(error)}") from error


def report_fulfillment_event(event: FulfillmentEvent, report: Report) -> None:
    """What a carrier said of a fulfilment."""
    at = event.happened_at or event.updated_at or event.created_at or report.told_at
    progress = (event.status or "").lower()
    status = PROGRESS.get(progress, ShipmentStatus.UNKNOWN)
    report.add(
        Shipment(
            id=event.fulfillment_id,
            version=f"event/{event.id}",
            order=event.order_id,
            status=status,
            estimated_at=event.estimated_delivery_at,
            delivered_at=at if status is ShipmentStatus.DELIVERED else None,
            detail=code(progress),
            changed_at=at,
        ),
    )


def report_fulfillment_order(asked: FulfillmentOrder, report: Report) -> None:
    """What a location is asked to hand over; it has a number of its own beside those of fulfilments."""
    state = (asked.status or "").lower()
    if state == "closed":
        report.ignore("a fulfilment order that is closed: its fulfilments say what left")
        return
    known = asked.updated_at or asked.created_at
    try:
        report.add(
            Shipment(
                id=f"fulfillment_order/{asked.id}",
                version=dated(known, (state, asked.assigned_location_id)),
                order=asked.order_id,
                reference=code(asked.order_name),
                status=ASKED.get(state, ShipmentStatus.UNKNOWN),
                location=location(asked.assigned_location_id),
                lines=tuple(
                    ShipmentLine(
                        key=line.id,
                        order_line=line.line_item_id,
                        item=item(line.sku, line.variant_id),
                        quantity=Decimal(line.quantity),
                    )
                    for line in asked.line_items
                ),
                detail=code(state),
                changed_at=known or report.told_at,
            ),
        )
    except ValueError as error:
        raise MessageMalformed(f"fulfillment order {asked.id}: {problem_of(error)}") from error


def reread_fulfillment_order(notice: FulfillmentOrderNotice, report: Report) -> None:
    """Topics of fulfilment orders name them, and little more."""
    named = (notice.fulfillment_order, notice.moved_fulfillment_order, notice.original_fulfillment_order)
    whole = [read(FulfillmentOrder, order) for order in named if order]
    if not whole:
        raise MessageMalformed("fulfillment_order is missing")
    for order in whole:
        report.reread("fulfillment_order", order.id)


def report_return(returned: Return, report: Report) -> None:
    """A return, with its lines where the message has them: `close`, `cancel` and `reopen` say the status alone.

    It is read at the shop where the message says only what changed.
    """
    number = returned.id or returned.admin_graphql_api_id
    if number is None:
        raise MessageMalformed("id is missing")
    order = returned.order.id if returned.order else returned.order_id
    rows = returned.return_line_items
    if order is None or not returned.status or isinstance(rows, dict):
        report.reread("return", number)
        return
    lines = [read(ReturnLine, row) if isinstance(row, dict) else _no_line() for row in _listed(rows)]
    status = RETURNS.get(returned.status.lower(), ReturnStatus.UNKNOWN)
    content = (returned.status.lower(), [(line.id, line.quantity) for line in lines])
    try:
        report.add(
            CanonicalReturn(
                id=number,
                version=dated(returned.updated_at or report.triggered_at, content),
                order=order,
                number=code(returned.name),
                status=status,
                changed_at=returned.updated_at or report.told_at,
                lines=tuple(_return_line(line) for line in lines),
            ),
        )
    except ValueError as error:
        raise MessageMalformed(f"return {number}: {problem_of(error)}") from error


def _listed(rows: Any) -> list[Any]:
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise MessageMalformed("return_line_items is no list")
    return rows


def _no_line() -> Any:
    raise MessageMalformed("return_line_items: a line is no object")


def _return_line(line: ReturnLine) -> CanonicalReturnLine:
    sold = line.fulfillment_line_item.line_item if line.fulfillment_line_item else None
    return CanonicalReturnLine(
        key=line.id,
        order_line=sold.id if sold else None,
        item=item(sold.sku, sold.variant_id) if sold else None,
        quantity=Decimal(line.quantity),
        reason=code(line.return_reason.lower()) if line.return_reason else None,
    )


def _tracking(fulfillment: Fulfillment) -> list[str]:
    numbers = [number for number in (*fulfillment.tracking_numbers, fulfillment.tracking_number) if number]
    return list(dict.fromkeys(found for number in numbers if (found := code(number))))


def _packages(fulfillment: Fulfillment) -> tuple[Package, ...]:
    urls = [url or "" for url in fulfillment.tracking_urls] or [fulfillment.tracking_url or ""]
    numbers = _tracking(fulfillment)
    return tuple(
        Package(
            tracking_number=number,
            carrier=code(fulfillment.tracking_company),
            tracking_url=urls[place][:2048] if place < len(urls) else "",
        )
        for place, number in enumerate(numbers)
    )


READINGS: Final = {
    "return": Reading(Return, report_return),
    "fulfillment": Reading(Fulfillment, report_fulfillment),
    "event": Reading(FulfillmentEvent, report_fulfillment_event),
    "asked": Reading(FulfillmentOrderNotice, reread_fulfillment_order),
    "fulfillment_order": Reading(FulfillmentOrder, report_fulfillment_order),
}
