"""Inventory: a movement and a count are two different things."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from lockstep.canonical.identifiers import Code, ItemReference, StoreId
from lockstep.canonical.model import Canonical
from lockstep.canonical.quantities import Quantity


class InventoryMovement(Canonical):
    """How much of one item moved: positive is more on hand."""

    item: ItemReference
    delta: Quantity

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if not self.delta:
            raise ValueError("a movement of zero is none")
        return self


class InventoryCount(Canonical):
    """How much of one item there is."""

    item: ItemReference
    on_hand: Quantity


class InventoryAdjustment(Canonical):
    """A document of movements at one location: receipt, loss, transfer, correction."""

    document: Code
    """The source's own number of it; unique at the source."""
    location: StoreId
    reason: Code
    adjusted_at: AwareDatetime
    movements: Annotated[tuple[InventoryMovement, ...], Field(min_length=1)]

    @property
    def occurred_at(self) -> datetime:
        """When the goods moved."""
        return self.adjusted_at


class InventoryLevelReport(Canonical):
    """A document of counts at one location, true at one moment."""

    document: Code
    location: StoreId
    counted_at: AwareDatetime
    counts: Annotated[tuple[InventoryCount, ...], Field(min_length=1)]

    @property
    def occurred_at(self) -> datetime:
        """The moment the counts are true of; movements before it are in them."""
        return self.counted_at


class Position(Canonical):
    """What is known of one SKU at one location."""

    on_hand: Quantity = Decimal(0)
    reserved: Quantity = Decimal(0)
    safety_stock: Quantity = Decimal(0)
    counted_at: AwareDatetime | None = None
    """Moment of the newest count; movements up to it are in it."""
    moved: tuple[tuple[AwareDatetime, Quantity], ...] = ()
    """The latest movements, by when they occurred: a count that comes late is told them on top."""

    @property
    def available_to_sell(self) -> Decimal:
        """ATS = on hand - reserved - safety stock; below zero when more was promised than there is."""
        return self.on_hand - self.reserved - self.safety_stock
