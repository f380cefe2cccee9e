"""Products and their prices, customers, and what the shop can sell."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from lockstep.canonical.customer import Address, CustomerStatus
from lockstep.canonical.customer import Customer as CanonicalCustomer
from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.inventory import InventoryCount, InventoryLevelReport
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.canonical.product import Component, Price, PriceReport, ProductStatus
from lockstep.canonical.product import Product as CanonicalProduct
from lockstep.canonical.product import Variant as CanonicalVariant
from lockstep.connectors.shopify.models.base import MoneyIn
from lockstep.connectors.shopify.models.catalogue import (
    AddressIn,
    Customer,
    Deleted,
    InventoryLevel,
    Product,
    Variant,
)
from lockstep.connectors.shopify.reports.envelope import Reading, Report
from lockstep.connectors.shopify.reports.values import dated, global_id, item, problem_of, words
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import code

DELETED: Final = "deleted"
_UNTRACKED: Final = frozenset({None, ""})

STATUSES: Final[dict[str, ProductStatus]] = {
    "active": ProductStatus.ACTIVE,
    "draft": ProductStatus.DRAFT,
    "archived": ProductStatus.ARCHIVED,
    "unlisted": ProductStatus.ACTIVE,
}


def report_product(product: Product, report: Report) -> None:
    """A product with its variants, and what they cost. Every product has one: a message without leaves them out."""
    if not product.variants and not report.was_read:
        report.reread("product", product.id)
        return
    changed_at = product.updated_at or report.told_at
    version = dated(product.updated_at, (product.status, product.title, [_content(one) for one in product.variants]))
    names = {option.position: words(option.name, 128) for option in product.options if option.position}
    try:
        report.add(
            CanonicalProduct(
                id=product.id,
                version=version,
                status=STATUSES.get((product.status or "").lower(), ProductStatus.UNKNOWN),
                title=words(product.title, 1024),
                brand=words(product.vendor, 1024),
                category=words(product.product_type, 1024),
                variants=tuple(_variant(variant, names) for variant in product.variants),
                changed_at=changed_at,
            ),
        )
        prices = tuple(
            price for variant in product.variants for price in _prices(variant, product.currency or report.currency)
        )
        if prices:
            report.add(PriceReport(id=product.id, version=version, prices=prices, changed_at=changed_at))
        elif any(variant.price is not None for variant in product.variants):
            report.ignore("prices: neither the message nor the account says in which currency they are")
    except ValueError as error:
        raise MessageMalformed(f"product {product.id}: {problem_of(error)}") from error


def report_variant(variant: Variant, report: Report) -> None:
    """What a variant costs. What it is comes with its product, which is a snapshot of all of them."""
    changed_at = variant.updated_at or report.told_at
    version = dated(variant.updated_at, _content(variant))
    try:
        prices = tuple(_prices(variant, variant.currency or report.currency))
        if not prices:
            report.ignore("price: neither the message nor the account says in which currency it is")
            return
        data = PriceReport(id=f"variant/{variant.id}", version=version, prices=prices, changed_at=changed_at)
        report.add(data)
    except ValueError as error:
        raise MessageMalformed(f"variant {variant.id}: {problem_of(error)}") from error


def report_deleted_product(deleted: Deleted, report: Report) -> None:
    """A product that is no more."""
    report.add(
        CanonicalProduct(id=deleted.id, version=DELETED, status=ProductStatus.DELETED, changed_at=report.told_at),
    )


def report_customer(customer: Customer, report: Report) -> None:
    """A customer. `state` is about the account for signing in, not about who may buy, so that it changes nothing."""
    version = dated(customer.updated_at, customer.model_dump(exclude={"updated_at", "created_at"}))
    addresses = customer.addresses or ((customer.default_address,) if customer.default_address else ())
    try:
        report.add(
            CanonicalCustomer(
                id=customer.id,
                version=version,
                status=CustomerStatus.ACTIVE,
                first_name=words(customer.first_name),
                last_name=words(customer.last_name),
                company=words(next((address.company for address in addresses if address.company), None)),
                email=words(customer.email),
                phone=words(customer.phone),
                addresses=tuple(_address(address) for address in addresses),
                accepts_marketing=_accepts_marketing(customer),
                is_tax_exempt=customer.tax_exempt,
                changed_at=customer.updated_at or report.told_at,
            ),
        )
    except ValueError as error:
        raise MessageMalformed(f"customer {customer.id}: {problem_of(error)}") from error


def report_deleted_customer(deleted: Deleted, report: Report) -> None:
    """A customer that is no more."""
    report.add(
        CanonicalCustomer(id=deleted.id, version=DELETED, status=CustomerStatus.DELETED, changed_at=report.told_at),
    )


def report_level(level: InventoryLevel, report: Report) -> None:
    """What the shop can sell of an item at a location: what is there less what its own orders have claimed.

    A consumer must not take it for a count where the shop is told what to show.
    """
    if level.available is None:
        report.ignore("the shop keeps no stock of this item there")
        return
    changed_at = level.updated_at or report.told_at
    name = dated(level.updated_at or report.triggered_at, level.available)
    try:
        report.add(
            InventoryLevelReport(
                document=f"{level.inventory_item_id}@{name}",
                location=level.location_id,
                counted_at=changed_at,
                counts=(
                    InventoryCount(
                        item=ItemReference(value=global_id("InventoryItem", level.inventory_item_id)),
                        on_hand=Decimal(level.available),
                    ),
                ),
            ),
        )
    except ValueError as error:
        raise MessageMalformed(f"inventory level: {problem_of(error)}") from error


def _content(variant: Variant) -> object:
    """What makes a variant what it is; prices in one form, however they are written."""
    prices = [price and price.normalize() for price in (variant.price, variant.compare_at_price)]
    return (variant.id, variant.sku, variant.barcode, prices)


def _variant(variant: Variant, names: dict[int, str]) -> CanonicalVariant:
    given = ((1, variant.option1), (2, variant.option2), (3, variant.option3))
    return CanonicalVariant(
        key=variant.id,
        sku=code(variant.sku),
        barcode=code(variant.barcode),
        title=words(variant.title, 1024),
        options=tuple((names.get(place) or f"option {place}", words(value)) for place, value in given if value),
        is_stocked=variant.inventory_management not in _UNTRACKED,
        inventory_item=global_id("InventoryItem", variant.inventory_item_id) if variant.inventory_item_id else None,
        components=tuple(
            Component(item=article, quantity=Decimal(part.quantity))
            for part in variant.components
            if (article := item(part.sku, part.variant_id)) is not None
        ),
    )


def _prices(variant: Variant, currency: str | None) -> Iterator[Price]:
    article = item(variant.sku, variant.id)
    if article is None:
        return
    said = {
        pair.price.currency_code: (pair.price, pair.compare_at_price)
        for pair in variant.presentment_prices
        if pair.price is not None and pair.price.currency_code in EXPONENTS
    }
    if variant.price is not None and currency in EXPONENTS and currency not in said:
        own = MoneyIn(amount=variant.price, currency_code=currency)
        struck = MoneyIn(amount=variant.compare_at_price, currency_code=currency)
        said = {currency: (own, struck), **said}
    for name, (price, struck_through) in said.items():
        if price.amount is None or name is None:
            continue
        amount = Money.rounded(price.amount, name)
        listed = struck_through.amount if struck_through else None
        yield Price(
            item=article,
            amount=amount,
            list_price=Money.rounded(listed, name) if listed is not None and listed > price.amount else None,
        )


def _accepts_marketing(customer: Customer) -> bool | None:
    consent = customer.email_marketing_consent
    if consent is not None and consent.state:
        return consent.state.lower() == "subscribed"
    return customer.accepts_marketing


def _address(address: AddressIn) -> Address:
    name = address.name or " ".join(part for part in (address.first_name, address.last_name) if part)
    return Address(
        name=words(name),
        company=words(address.company),
        lines=tuple(words(line) for line in (address.address1, address.address2) if line and line.strip()),
        city=words(address.city),
        region=words(address.province_code or address.province),
        postal_code=words(address.zip),
        country=words(address.country_code or address.country),
        phone=words(address.phone),
    )


READINGS: Final = {
    "product": Reading(Product, report_product),
    "deleted_product": Reading(Deleted, report_deleted_product),
    "variant": Reading(Variant, report_variant),
    "customer": Reading(Customer, report_customer),
    "deleted_customer": Reading(Deleted, report_deleted_customer),
    "level": Reading(InventoryLevel, report_level),
}
