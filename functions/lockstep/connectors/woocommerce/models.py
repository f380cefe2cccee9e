"""WooCommerce resources as their REST API (v3, and v2 where it differs) writes them; webhooks carry the same bodies."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator

from lockstep.connectors.woocommerce.values import Flag, ItemNumber, MaybeRecordId, Raw, items
from lockstep.messaging.lenient import Lenient
from lockstep.messaging.loosely_typed import Number, RecordId, RequiredNumber, RequiredRecordId, Text, mapping, text

_Empty = BeforeValidator(items)


class TaxOfItem(Lenient):
    """What one rate takes of one item, often finer than the minor unit."""

    id: RecordId = ""
    total: Number = None


class Item(Lenient):
    """What all items of an order have. `total` is without tax, whatever the shop's prices hold."""

    id: ItemNumber
    total: RequiredNumber
    total_tax: Number = None
    taxes: Annotated[tuple[TaxOfItem, ...], _Empty] = ()


class LineItem(Item):
    """Goods. `subtotal` is before discounts, `total` after them, both without tax."""

    name: Text = ""
    product_id: RecordId = ""
    variation_id: RecordId = ""
    quantity: RequiredNumber
    subtotal: Number = None
    sku: Text = ""
    price: Number = None
    """Of one unit, after discounts, unrounded."""
    meta_data: Raw = Field(default_factory=list, exclude=True)
    bundled_by: RecordId = ""
    """Of the Product Bundles extension: the item of the bundle."""
    bundled_items: Raw = Field(default_factory=list, exclude=True)
    composite_parent: RecordId = ""
    """Of the Composite Products extension."""
    composite_children: Raw = Field(default_factory=list, exclude=True)


class ShippingLine(Item):
    """A shipping method."""

    method_id: Text = ""
    method_title: Text = ""


class FeeLine(Item):
    """A fee; below zero where the shop takes something off."""

    name: Text = ""


class TaxLine(Lenient):
    """One rate over the whole order."""

    rate_id: RecordId = ""
    rate_code: Text = ""
    label: Text = ""
    rate_percent: Number = None
    tax_total: Number = None
    shipping_tax_total: Number = None


class CouponLine(Lenient):
    """A coupon that was used. What it took off is in the lines already."""

    code: Text = ""


class GiftCardLine(Lenient):
    """Stored value that was used: the order's total is what was left to pay."""

    id: RecordId = ""
    amount: Number = None


class RefundOfOrder(Lenient):
    """That there is a refund; what it is must be read. One that was deleted is still told of, without a number."""

    id: MaybeRecordId
    total: Number = None
    """Below zero."""


class Order(Lenient):
    """An order."""

    id: RequiredRecordId
    number: Text = ""
    status: Text = ""
    created_via: Text = ""
    currency: Text
    date_created: Text = ""
    date_created_gmt: Text = ""
    date_modified: Text = ""
    date_modified_gmt: Text = ""
    date_paid: Text = ""
    date_paid_gmt: Text = ""
    date_completed: Text = ""
    date_completed_gmt: Text = ""
    total: RequiredNumber
    total_tax: Number = None
    customer_id: RecordId = ""
    payment_method: Text = ""
    line_items: Annotated[tuple[LineItem, ...], _Empty] = ()
    tax_lines: Annotated[tuple[TaxLine, ...], _Empty] = ()
    shipping_lines: Annotated[tuple[ShippingLine, ...], _Empty] = ()
    fee_lines: Annotated[tuple[FeeLine, ...], _Empty] = ()
    coupon_lines: Annotated[tuple[CouponLine, ...], _Empty] = ()
    gift_cards: Annotated[tuple[GiftCardLine, ...], _Empty] = ()
    """Of the Gift Cards extension."""
    pw_gift_card_lines: Annotated[tuple[GiftCardLine, ...], _Empty] = ()
    """Of PW Gift Cards."""
    refunds: Annotated[tuple[RefundOfOrder, ...], _Empty] = ()
    meta_data: Raw = Field(default_factory=list, exclude=True)
    """Of extensions, which write here what is no state of the order, too: it is no part of its version."""


class RefundedItem(Lenient):
    """What is refunded of an item: amounts and quantities are below zero."""

    id: ItemNumber
    total: RequiredNumber
    total_tax: Number = None
    taxes: Annotated[tuple[TaxOfItem, ...], _Empty] = ()
    quantity: Number = None
    product_id: RecordId = ""
    variation_id: RecordId = ""
    sku: Text = ""
    name: Text = ""
    method_id: Text = ""
    meta_data: Raw = Field(default_factory=list, exclude=True)


class Refund(Lenient):
    """A refund of an order. `amount` is what went back, above zero; it rules where the lines say something else."""

    id: RequiredRecordId
    parent_id: RecordId = ""
    date_created: Text = ""
    date_created_gmt: Text = ""
    amount: RequiredNumber
    refunded_payment: Flag = False
    """Whether the gateway was told to pay it back."""
    line_items: Annotated[tuple[RefundedItem, ...], _Empty] = ()
    shipping_lines: Annotated[tuple[RefundedItem, ...], _Empty] = ()
    fee_lines: Annotated[tuple[RefundedItem, ...], _Empty] = ()
    tax_lines: Annotated[tuple[TaxLine, ...], _Empty] = ()
    links: Annotated[Any, BeforeValidator(mapping)] = Field(default_factory=dict, alias="_links", exclude=True)


class Option(Lenient):
    """One attribute of a variation."""

    name: Text = ""
    option: Text = ""


class Product(Lenient):
    """A product, or a variation of one."""

    id: RequiredRecordId
    name: Text = ""
    type: Text = ""
    status: Annotated[str, PlainValidator(lambda value: "publish" if value is True else text(value))] = ""
    date_created: Text = ""
    date_created_gmt: Text = ""
    date_modified: Text = ""
    date_modified_gmt: Text = ""
    sku: Text = ""
    global_unique_id: Text = ""
    """GTIN, UPC, EAN or ISBN (since 9.2)."""
    price: Number = None
    """What it costs now; empty for a variable product without variations, and for what is not for sale."""
    regular_price: Number = None
    on_sale: Flag = False
    date_on_sale_from: Text = ""
    date_on_sale_from_gmt: Text = ""
    date_on_sale_to: Text = ""
    date_on_sale_to_gmt: Text = ""
    virtual: Flag = False
    categories: Raw = Field(default_factory=list)
    brands: Raw = Field(default_factory=list)
    attributes: Annotated[tuple[Option, ...], _Empty] = ()
    variations: Raw = Field(default_factory=list)
    """Ids of the variations of a variable product; older versions write the variations themselves."""
    bundled_items: Raw = Field(default_factory=list)
    composite_components: Raw = Field(default_factory=list)


class Address(Lenient):
    """A customer's address."""

    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    address_1: Text = ""
    address_2: Text = ""
    city: Text = ""
    state: Text = ""
    postcode: Text = ""
    country: Text = ""
    phone: Text = ""


_Address = Annotated[Address, BeforeValidator(mapping)]


class Customer(Lenient):
    """A registered customer."""

    id: RequiredRecordId
    date_created: Text = ""
    date_created_gmt: Text = ""
    date_modified: Text = ""
    date_modified_gmt: Text = ""
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    billing: _Address = Field(default_factory=Address)
    shipping: _Address = Field(default_factory=Address)


class Coupon(Lenient):
    """A coupon."""

    id: RequiredRecordId
    code: Text = ""
    status: Text = ""
    amount: Number = None
    discount_type: Text = ""
    date_created: Text = ""
    date_created_gmt: Text = ""
    date_modified: Text = ""
    date_modified_gmt: Text = ""
    date_expires: Text = ""
    date_expires_gmt: Text = ""
    free_shipping: Flag = False
    minimum_amount: Number = None
    product_ids: Raw = Field(default_factory=list)
    usage_limit: Number = None
    usage_count: Number = None


class ShipmentTracking(Lenient):
    """A parcel of an order, of the Shipment Tracking extension: read by REST, or kept in the order's meta data."""

    tracking_id: Text
    tracking_provider: Text = ""
    custom_tracking_provider: Text = ""
    tracking_link: Text = ""
    custom_tracking_link: Text = ""
    tracking_number: Text = ""
    date_shipped: Text = ""
    """A date, or a Unix time."""
    links: Annotated[Any, BeforeValidator(mapping)] = Field(default_factory=dict, alias="_links", exclude=True)


class Deleted(Lenient):
    """All that a `deleted` topic carries."""

    id: RequiredRecordId
