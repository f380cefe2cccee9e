"""Fulfilments of an order as shipments: what is handed over otherwise than at the till."""

from collections.abc import Iterator
from typing import Final

from lockstep.canonical.order import Order
from lockstep.canonical.shipment import Package, Shipment, ShipmentLine, ShipmentStatus
from lockstep.connectors.square import answers
from lockstep.connectors.square.values import quantity_of
from lockstep.messaging.lenient import code

_STATUS: Final = ShipmentStatus
_STATUSES: Final = {
    "PROPOSED": _STATUS.PENDING,
    "RESERVED": _STATUS.PENDING,
    "PREPARED": _STATUS.PACKED,
    "COMPLETED": _STATUS.SHIPPED,
    "CANCELED": _STATUS.CANCELLED,
    "FAILED": _STATUS.EXCEPTION,
}
_OF_A_PICKUP: Final = {"PREPARED": _STATUS.READY_FOR_PICKUP, "COMPLETED": _STATUS.DELIVERED}
_OF_A_DELIVERY: Final = {"COMPLETED": _STATUS.DELIVERED}
_BY_TYPE: Final = {"PICKUP": _OF_A_PICKUP, "DELIVERY": _OF_A_DELIVERY}
_ENTRIES: Final = "ENTRY_LIST"


def translate_fulfillments(told: answers.Order, order: Order, path: str) -> Iterator[Shipment]:
    """One shipment for each fulfilment of an order that is no draft; who receives it is not read.

    Raises:
        MessageMalformed: A quantity is missing or out of range.
    """
    for place, part in enumerate(told.fulfillments or ()):
        where = f"{path}.fulfillments.{place}"
        details = part.shipment_details or answers.ShipmentDetails()
        status = _BY_TYPE.get(part.type or "", {}).get(part.state or "") or _STATUSES.get(part.state or "")
        tracking = code(details.tracking_number)
        yield Shipment(
            id=f"{order.id}/{part.uid or place + 1}",
            version=order.version,
            order=order.id,
            reference=order.number,
            status=status or ShipmentStatus.UNKNOWN,
            location=order.location,
            packages=()
            if tracking is None
            else (
                Package(
                    tracking_number=tracking,
                    carrier=code(details.carrier),
                    tracking_url=(details.tracking_url or "")[:2048],
                ),
            ),
            lines=tuple(_lines(part, order, where)),
            shipped_at=details.shipped_at,
            detail=code(part.state),
            changed_at=order.changed_at,
        )


def _lines(part: answers.Fulfillment, order: Order, path: str) -> Iterator[ShipmentLine]:
    """What it holds: its entries, or all that is sold."""
    sold = {line.key: line for line in order.lines if line.quantity > 0}
    if part.line_item_application != _ENTRIES:
        for line in sold.values():
            yield ShipmentLine(key=line.key, order_line=line.key, item=line.item, quantity=line.quantity)
        return
    for place, entry in enumerate(part.entries or ()):
        uid = entry.line_item_uid or ""
        item = sold[uid].item if uid in sold else None
        quantity = quantity_of(entry.quantity, f"{path}.entries.{place}.quantity")
        if quantity > 0:
            yield ShipmentLine(key=entry.uid or str(place + 1), order_line=code(uid), item=item, quantity=quantity)
