"""Products, their prices, and promotions: three snapshots with three owners."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from lockstep.canonical.identifiers import Code, ItemReference
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Money
from lockstep.canonical.quantities import Percent, Quantity

_Text = Annotated[str, Field(max_length=1024)]


class ProductStatus(StrEnum):
    """Whether it can be sold."""

    ACTIVE = "active"
    DRAFT = "draft"
    ARCHIVED = "archived"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class Component(Canonical):
    """What a bundle is made of."""

    item: ItemReference
    quantity: Quantity


class Variant(Canonical):
    """What can be put into a basket."""

    key: Code
    """The source's own identifier."""
    sku: Code | None = None
    barcode: Code | None = None
    """As the source has it: a GTIN, or a code of its own."""
    title: _Text = ""
    options: tuple[tuple[str, str], ...] = ()
    """Name and value, as in size and M."""
    is_stocked: bool = True
    inventory_item: Code | None = None
    """Under which the source keeps its stock, where that is another identifier."""
    components: tuple[Component, ...] = ()


class Product(Canonical):
    """A snapshot of a product with its variants."""

    id: Code
    version: Code
    status: ProductStatus
    title: _Text = ""
    brand: _Text = ""
    category: _Text = ""
    variants: tuple[Variant, ...] = ()
    changed_at: AwareDatetime

    @property
    def occurred_at(self) -> datetime:
        """When it became what it is here."""
        return self.changed_at


class Price(Canonical):
    """What one item costs."""

    item: ItemReference
    amount: Money
    """Of one unit; never negative."""
    list_price: Money | None = None
    """What is struck through, where the amount is lower for now."""
    tax_included: bool | None = None
    """None where the source does not say."""
    minimum_quantity: Quantity = Decimal(1)
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    location: Code | None = None
    """Store it is for; None for all."""


class PriceReport(Canonical):
    """Prices of one product or price list, as they stand now."""

    id: Code
    version: Code
    prices: Annotated[tuple[Price, ...], Field(min_length=1)]
    changed_at: AwareDatetime

    @property
    def occurred_at(self) -> datetime:
        """When they became what they are here."""
        return self.changed_at


class PromotionKind(StrEnum):
    """What a promotion does."""

    PERCENT_OFF = "percent off"
    AMOUNT_OFF = "amount off"
    """Off the whole order."""
    AMOUNT_OFF_EACH = "amount off each"
    """Off each unit."""
    FREE_SHIPPING = "free shipping"
    OTHER = "other"


class Promotion(Canonical):
    """A snapshot of a promotion, with or without a code."""

    id: Code
    version: Code
    is_active: bool
    is_deleted: bool = False
    kind: PromotionKind
    code: Code | None = None
    """What customers type in."""
    percent: Percent | None = None
    amount: Money | None = None
    minimum_total: Money | None = None
    items: tuple[ItemReference, ...] = ()
    """None: all."""
    usage_limit: Annotated[int, Field(ge=0)] | None = None
    used: Annotated[int, Field(ge=0)] | None = None
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    changed_at: AwareDatetime

    @model_validator(mode="after")
    def _has_a_value(self) -> Self:
        if self.kind is PromotionKind.PERCENT_OFF and self.percent is None:
            raise ValueError("a promotion of per cents says how many")
        return self

    @property
    def occurred_at(self) -> datetime:
        """When it became what it is here."""
        return self.changed_at
