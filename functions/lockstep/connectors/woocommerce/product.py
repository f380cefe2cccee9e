"""Products and variations, with their prices. A variation is a product of its own: it changes by itself."""

from typing import Any, Final

from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.money import Money
from lockstep.canonical.product import Price, PriceReport, Product, ProductStatus, Variant
from lockstep.connectors.woocommerce import models
from lockstep.connectors.woocommerce.order import item_of
from lockstep.connectors.woocommerce.shop import Shop
from lockstep.connectors.woocommerce.values import moment, optional_moment, plain_text
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code
from lockstep.messaging.loosely_typed import mapping, record_id, stamp, text
from lockstep.messaging.versions import state_of

_STATUS: Final = {
    "publish": ProductStatus.ACTIVE,
    "private": ProductStatus.ACTIVE,
    "future": ProductStatus.DRAFT,
    "draft": ProductStatus.DRAFT,
    "auto-draft": ProductStatus.DRAFT,
    "importing": ProductStatus.DRAFT,
    "pending": ProductStatus.DRAFT,
    "trash": ProductStatus.DELETED,
}
_MADE_OF_OTHERS: Final = frozenset({"grouped", "bundle", "composite", "variable", "variable-subscription", "external"})
"""Types of which no stock is kept by themselves."""
_TEXT: Final = 1024


def translate_product(product: models.Product, delivery: Delivery, shop: Shop) -> Translation:
    """A product's event, and its price's where it has one.

    Raises:
        MessageMalformed: Money or identity is missing; names the field.
    """
    changed_at = moment(
        product.date_modified_gmt or product.date_created_gmt,
        product.date_modified or product.date_created,
        shop.zone,
        "date_modified",
    )
    data = Product(
        id=product.id,
        version=stamp(changed_at),
        status=_STATUS.get(product.status, ProductStatus.UNKNOWN),
        title=plain_text(product.name, _TEXT),
        brand=_first_name(product.brands),
        category=_first_name(product.categories),
        variants=_variants(product),
        changed_at=changed_at,
    )
    data = data.model_copy(update={"version": f"{stamp(changed_at)}/{state_of(data)}"})
    events = [event_of(data, delivery)]
    prices, ignored = _prices(product, shop)
    if prices:
        report = PriceReport(id=product.id, version=stamp(changed_at), prices=prices, changed_at=changed_at)
        report = report.model_copy(update={"version": f"{stamp(changed_at)}/{state_of(report)}"})
        events.append(event_of(report, delivery))
    return Translation(tuple(events), ignored=ignored)


def _variants(product: models.Product) -> tuple[Variant, ...]:
    if product.variations:
        return tuple(_variant_of(entry) for entry in product.variations if record_id(_id_of(entry)))
    return (
        Variant(
            key=product.id,
            sku=code(product.sku),
            barcode=code(product.global_unique_id),
            title=plain_text(product.name, _TEXT),
            options=tuple((option.name, option.option) for option in product.attributes if option.option),
            is_stocked=not product.virtual
            and product.type not in _MADE_OF_OTHERS
            and not product.bundled_items
            and not product.composite_components,
        ),
    )


def _variant_of(entry: Any) -> Variant:
    """A variation of a variable product: its id, or in old versions all of it."""
    whole = mapping(entry)
    return Variant(key=record_id(_id_of(entry)), sku=code(text(whole.get("sku"))))


def _id_of(entry: Any) -> Any:
    return entry.get("id") if isinstance(entry, dict) else entry


def _prices(product: models.Product, shop: Shop) -> tuple[tuple[Price, ...], tuple[str, ...]]:
    """What the product costs, and why it is not told. That of a variable product is its cheapest variation's."""
    item = item_of(product.sku, product.id, "") if product.type != "variation" else _variation(product)
    if product.price is None or item is None or product.variations:
        return (), ()
    if shop.currency is None:
        return (), ("price: the account names no currency",)
    try:
        amount = Money(amount=product.price, currency=shop.currency)
        regular = product.regular_price if product.on_sale else None
        list_price = Money(amount=regular, currency=shop.currency) if regular is not None else None
    except ValueError:
        return (), ("price: finer than the currency's minor unit",)
    if product.price < 0:
        return (), ("price: below zero",)
    since = optional_moment(product.date_on_sale_from_gmt, product.date_on_sale_from, shop.zone, "date_on_sale_from")
    until = optional_moment(product.date_on_sale_to_gmt, product.date_on_sale_to, shop.zone, "date_on_sale_to")
    price = Price(
        item=item,
        amount=amount,
        list_price=list_price if list_price is not None and amount < list_price else None,
        valid_from=since if product.on_sale else None,
        valid_until=until if product.on_sale else None,
    )
    return (price,), ()


def _variation(product: models.Product) -> ItemReference | None:
    return item_of(product.sku, "", product.id)


def _first_name(terms: list[Any]) -> str:
    return plain_text(text(mapping(terms[0]).get("name")), _TEXT) if terms else ""
