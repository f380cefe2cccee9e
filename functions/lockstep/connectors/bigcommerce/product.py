"""Products with their variants, and their prices."""

from collections.abc import Iterator, Mapping
from typing import Any

from lockstep.canonical.money import Money
from lockstep.canonical.product import Price, PriceReport, Product, ProductStatus, Variant
from lockstep.connectors.bigcommerce import models
from lockstep.connectors.bigcommerce.order import item_of
from lockstep.connectors.bigcommerce.values import moment
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code
from lockstep.messaging.loosely_typed import stamp
from lockstep.messaging.versions import state_of

_TEXT = 1024
_OPTION = 256


def translate_product(read: Mapping[str, Any], delivery: Delivery, currency: str | None) -> Translation:
    """A product's event, and that of its prices where the account names a currency: V3 names none.

    Raises:
        MessageMalformed: Identity is missing; names the field.
    """
    product = models.Product.model_validate(read)
    changed_at = moment(product.date_modified or product.date_created, "date_modified")
    version = f"{stamp(changed_at)}/{state_of(product)}"
    data = Product(
        id=product.id,
        version=version,
        status=_status(product),
        title=product.name[:_TEXT],
        variants=tuple(_variants(product)),
        changed_at=changed_at,
    )
    events = [event_of(data, delivery)]
    if currency is None:
        has_price = product.price is not None
        return Translation(tuple(events), ignored=("price: the account names no currency",) if has_price else ())
    ignored: list[str] = []
    prices = tuple(_prices(product, currency, ignored))
    if prices:
        stated = PriceReport(id=product.id, version=version, prices=prices, changed_at=changed_at)
        events.append(event_of(stated, delivery))
    return Translation(tuple(events), ignored=tuple(ignored))


def _status(product: models.Product) -> ProductStatus:
    if product.is_visible is None:
        return ProductStatus.UNKNOWN
    return ProductStatus.ACTIVE if product.is_visible and product.availability != "disabled" else ProductStatus.DRAFT


def _variants(product: models.Product) -> Iterator[Variant]:
    is_stocked = product.type != "digital"
    for variant in product.variants:
        alone = len(product.variants) == 1
        yield Variant(
            key=variant.id,
            sku=code(variant.sku) or (code(product.sku) if alone else None),
            barcode=code(variant.gtin or variant.upc) or (code(product.gtin or product.upc) if alone else None),
            title=product.name[:_TEXT],
            options=tuple(
                (option.option_display_name[:_OPTION], option.label[:_OPTION]) for option in variant.option_values
            ),
            is_stocked=is_stocked,
        )
    if not product.variants:
        yield Variant(
            key=product.id,
            sku=code(product.sku),
            barcode=code(product.gtin or product.upc),
            title=product.name[:_TEXT],
            is_stocked=is_stocked,
        )


def _prices(product: models.Product, currency: str, ignored: list[str]) -> Iterator[Price]:
    """Of each variant, or of a product that was read without them."""
    sold = [
        (
            variant.sku or (product.sku if len(product.variants) == 1 else ""),
            variant.id,
            variant.calculated_price if variant.calculated_price is not None else variant.price,
            variant.price if variant.price is not None else product.price,
        )
        for variant in product.variants
    ]
    if not sold:
        now = product.calculated_price or product.sale_price or product.price
        sold = [(product.sku, "", now, product.price)]
    for sku, variant_id, now, regular in sold:
        item = item_of(sku, product.id, variant_id)
        amount = now if now is not None else product.price
        if item is None or amount is None:
            continue
        try:
            price = Money(amount=amount, currency=currency)
            before = Money(amount=regular, currency=currency) if regular is not None else None
        except ValueError:
            ignored.append("price: finer than the currency's minor unit")
            continue
        if amount < 0:
            ignored.append("price: below zero")
            continue
        yield Price(item=item, amount=price, list_price=before if before is not None and price < before else None)
