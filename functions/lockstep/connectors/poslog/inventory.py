"""Inventory documents that a till or back office writes into a POSLog (`InventoryControlTransaction`).

`InventoryLoss`, `ReceiveInventory`, `ReturnToVendor`, `Transfer` and `Order` are ARTS' own names, seen in documents and
integrations of several vendors. `InventoryAdjustment` (signed quantities) and the counts are written by some; their
names could not be confirmed against the schema.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from typing import Final

from pydantic import ValidationError

from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import InventoryAdjustment, InventoryCount, InventoryLevelReport, InventoryMovement
from lockstep.connectors.poslog.document import Node
from lockstep.connectors.poslog.models import Header
from lockstep.connectors.poslog.parse import item_of
from lockstep.connectors.poslog.values import number, problem_of

_IN: Final = frozenset({"ReceiveInventory", "InventoryReceive", "InventoryAdjustment"})
_OUT: Final = frozenset({"InventoryLoss", "ReturnToVendor", "InventoryReturn"})
_TRANSFER: Final = frozenset({"Transfer", "InventoryTransfer"})
_COUNT: Final = frozenset({"InventoryCount", "PhysicalCount", "StockCount"})
_QUANTITIES: Final = (
    "QuantityReceived",
    "QuantityShipped",
    "QuantityCounted",
    "Quantity",
    "UnitCount",
    "QuantityOrdered",
)
"""Where a line says how much, the most telling first."""


def translate_inventory(control: Node, header: Header) -> Iterator[InventoryAdjustment | InventoryLevelReport]:
    """The movements and counts of one transaction, those of one kind and reason together.

    Raises:
        MessageMalformed: An item or a quantity is missing or malformed.
    """
    kinds = _IN | _OUT | _TRANSFER | _COUNT
    parts = [part for part in control.children if part.tag in kinds]
    for place, ((tag, reason), group) in enumerate(groupby(parts, key=lambda part: (part.tag, _reason(part)))):
        identity = header.id
        document = f"{identity.workstation}/{identity.business_day.isoformat()}/{identity.sequence}"
        if place:
            document = f"{document}/{place + 1}"
        try:
            quantities = list(_quantities(group, 1 if tag in _COUNT else _direction(tag, control, identity.store)))
            if tag in _COUNT:
                yield InventoryLevelReport(
                    document=document,
                    location=identity.store,
                    counted_at=header.closed_at,
                    counts=tuple(InventoryCount(item=item, on_hand=quantity) for item, quantity in quantities),
                )
                continue
            movements = tuple(InventoryMovement(item=item, delta=quantity) for item, quantity in quantities if quantity)
            if movements:
                yield InventoryAdjustment(
                    document=document,
                    location=identity.store,
                    reason=reason,
                    adjusted_at=header.closed_at,
                    movements=movements,
                )
        except ValidationError as error:
            raise control.wrong(f"cannot be used: {problem_of(error)}") from error


def _direction(tag: str, control: Node, store: str) -> int:
    if tag in _TRANSFER:
        return 1 if _destination(control) == store else -1
    return 1 if tag in _IN else -1


def _destination(control: Node) -> str | None:
    for transfer in control.all(*_TRANSFER):
        unit = transfer.find("DestinationBusinessUnit")
        named = None if unit is None else unit.value("UnitID") or unit.text
        return transfer.value("ToParty", "DestinationRetailStoreID") or named
    return None


def _reason(part: Node) -> str:
    detail = part.attributes.get("TypeCode") or part.value("Reason", "ReasonCode")
    return f"{part.tag}/{detail}"[:128].strip() if detail else part.tag


def _quantities(parts: Iterable[Node], sign: int) -> Iterator[tuple[ItemReference, Decimal]]:
    for part in parts:
        for line in [*part.all("LineItem"), *part.all("LineItems")] or [part]:
            quantity = line.find(*_QUANTITIES)
            if quantity is None:
                raise line.missing(*_QUANTITIES)
            yield ItemReference(value=item_of(line)), sign * number(quantity)
