"""The catalogue: items with their variations and prices, and discounts."""

from collections.abc import Iterable, Iterator
from typing import Final

from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.product import (
    Price,
    PriceReport,
    Product,
    ProductStatus,
    Promotion,
    PromotionKind,
    Variant,
)
from lockstep.connectors.square import answers
from lockstep.connectors.square.values import first_moment, money_of
from lockstep.messaging.lenient import code, required

_ITEM: Final = "ITEM"
_VARIATION: Final = "ITEM_VARIATION"
_DISCOUNT: Final = "DISCOUNT"
_FIXED: Final = "FIXED_PRICING"
_NOT_STOCKED: Final = frozenset(
    {
        "APPOINTMENTS_SERVICE",
        "DIGITAL",
        "DONATION",
        "EVENT",
        "GIFT_CARD",
        "LEGACY_SQUARE_ONLINE_MEMBERSHIP",
        "LEGACY_SQUARE_ONLINE_SERVICE",
    }
)
_LONGEST: Final = 1024


def translate_objects(
    objects: Iterable[answers.CatalogObject], related: Iterable[answers.CatalogObject], path: str
) -> Iterator[Product | PriceReport | Promotion | tuple[str, answers.CatalogObject] | str]:
    """What a read of the catalogue says, object by object.

    A variation that changed alone is told by its item, which is among the related objects; where it is not, the item's
    id comes back with the variation, to be read.

    Raises:
        MessageMalformed: What identity or money needs is missing.
    """
    objects = list(objects)
    items = {found.id: found for found in (*related, *objects) if found.type == _ITEM and found.id}
    told: set[str] = set()
    for place, found in enumerate(objects):
        where = f"{path}.{place}"
        if found.type == _DISCOUNT:
            yield _promotion(found, where)
        elif found.type == _VARIATION:
            data = found.item_variation_data or answers.VariationData()
            parent = required(data.item_id, f"{where}.item_variation_data.item_id")
            if parent not in items:
                yield parent, found
            elif parent not in told:
                told.add(parent)
                yield from _item(items[parent], where)
        elif found.type != _ITEM:
            yield "an object of the catalogue that is neither item nor discount"
        elif (identity := required(found.id, f"{where}.id")) not in told:
            told.add(identity)
            yield from _item(found, where)


def _item(item: answers.CatalogObject, path: str) -> Iterator[Product | PriceReport]:
    identity = required(item.id, f"{path}.id")
    data = item.item_data or answers.ItemData()
    variations = [variation for variation in data.variations or () if not variation.is_deleted]
    changed = [part.updated_at for part in (item, *variations) if part.updated_at is not None]
    changed_at = first_moment((max(changed, default=None),), f"{path}.updated_at")
    versions = [part.version for part in (item, *(data.variations or ())) if part.version is not None]
    version = str(max(versions)) if versions else changed_at.isoformat()
    is_stocked = data.product_type not in _NOT_STOCKED
    yield Product(
        id=identity,
        version=version,
        status=_status(item, data),
        title=(data.name or "")[:_LONGEST],
        variants=tuple(_variant(variation, path, is_stocked=is_stocked) for variation in variations),
        changed_at=changed_at,
    )
    prices = tuple(price for variation in variations for price in _prices(variation, path))
    if prices and not item.is_deleted:
        yield PriceReport(id=identity, version=version, prices=prices, changed_at=changed_at)


def _status(item: answers.CatalogObject, data: answers.ItemData) -> ProductStatus:
    if item.is_deleted:
        return ProductStatus.DELETED
    return ProductStatus.ARCHIVED if data.is_archived else ProductStatus.ACTIVE


def _variant(variation: answers.CatalogObject, path: str, *, is_stocked: bool) -> Variant:
    data = variation.item_variation_data or answers.VariationData()
    return Variant(
        key=required(variation.id, f"{path}.item_data.variations.id"),
        sku=code(data.sku),
        barcode=code(data.upc),
        title=(data.name or "")[:_LONGEST],
        is_stocked=is_stocked,
    )


def _prices(variation: answers.CatalogObject, path: str) -> Iterator[Price]:
    """The price of a variation, and those of locations that have their own; none where it is asked for at the till."""
    data = variation.item_variation_data or answers.VariationData()
    item = ItemReference(value=required(variation.id, f"{path}.item_data.variations.id"))
    where = f"{path}.item_data.variations.item_variation_data"
    if data.price_money is not None and data.pricing_type in (None, _FIXED):
        yield Price(item=item, amount=money_of(data.price_money, f"{where}.price_money"))
    for override in data.location_overrides or ():
        if override.price_money is not None and override.pricing_type in (None, _FIXED):
            amount = money_of(override.price_money, f"{where}.location_overrides.price_money")
            yield Price(item=item, amount=amount, location=code(override.location_id))


def _promotion(found: answers.CatalogObject, path: str) -> Promotion:
    data = found.discount_data or answers.DiscountData()
    changed_at = first_moment((found.updated_at,), f"{path}.updated_at")
    is_percent = data.discount_type == "FIXED_PERCENTAGE" and data.percentage is not None
    is_amount = data.discount_type == "FIXED_AMOUNT" and data.amount_money is not None
    kind = PromotionKind.OTHER
    if is_percent:
        kind = PromotionKind.PERCENT_OFF
    elif is_amount:
        kind = PromotionKind.AMOUNT_OFF
    return Promotion(
        id=required(found.id, f"{path}.id"),
        version=changed_at.isoformat() if found.version is None else str(found.version),
        is_active=not found.is_deleted,
        is_deleted=bool(found.is_deleted),
        kind=kind,
        percent=data.percentage if is_percent else None,
        amount=money_of(data.amount_money, f"{path}.discount_data.amount_money") if is_amount else None,
        changed_at=changed_at,
    )
