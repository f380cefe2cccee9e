"""Products with their variants and prices, customers, stock, as webhooks and the REST resources write them."""

from lockstep.connectors.shopify.models.base import (
    Flag,
    Id,
    MoneyIn,
    OptionalAmount,
    OptionalId,
    OptionalTime,
    Rows,
    Vendor,
)


class PresentmentPrice(Vendor):
    """A price in one of the shop's currencies (REST, with one answer for each)."""

    price: MoneyIn | None = None
    compare_at_price: MoneyIn | None = None


class VariantComponent(Vendor):
    """What a bundle is made of; only where we read it ourselves."""

    sku: str | None = None
    variant_id: OptionalId = None
    quantity: int = 1


class Variant(Vendor):
    """What can be put into a basket."""

    id: Id
    product_id: OptionalId = None
    sku: str | None = None
    barcode: str | None = None
    title: str | None = None
    option1: str | None = None
    option2: str | None = None
    option3: str | None = None
    price: OptionalAmount = None
    compare_at_price: OptionalAmount = None
    presentment_prices: Rows[PresentmentPrice] = ()
    inventory_item_id: OptionalId = None
    inventory_management: str | None = "shopify"
    """None where the shop keeps no stock of it; left out in newer versions."""
    updated_at: OptionalTime = None
    components: Rows[VariantComponent] = ()
    currency: str | None = None
    """Of the shop; only where we read it ourselves."""


class ProductOption(Vendor):
    """The name of an option, by its place."""

    name: str | None = None
    position: int | None = None


class Product(Vendor):
    """A snapshot of a product."""

    id: Id
    title: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    status: str | None = None
    updated_at: OptionalTime = None
    created_at: OptionalTime = None
    variants: Rows[Variant] = ()
    options: Rows[ProductOption] = ()
    currency: str | None = None
    """Of the shop; only where we read it ourselves."""


class AddressIn(Vendor):
    """A postal address."""

    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    province_code: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None
    phone: str | None = None


class Consent(Vendor):
    """Whether the customer takes messages."""

    state: str | None = None


class Customer(Vendor):
    """A snapshot of a customer."""

    id: Id
    updated_at: OptionalTime = None
    created_at: OptionalTime = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    tax_exempt: Flag = False
    accepts_marketing: bool | None = None
    email_marketing_consent: Consent | None = None
    addresses: Rows[AddressIn] = ()
    default_address: AddressIn | None = None


class InventoryLevel(Vendor):
    """How much of an item can be sold at a location."""

    inventory_item_id: Id
    location_id: Id
    available: int | None = None
    updated_at: OptionalTime = None


class Deleted(Vendor):
    """All that is left of something."""

    id: Id
