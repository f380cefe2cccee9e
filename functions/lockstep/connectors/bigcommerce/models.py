"""BigCommerce's messages, its V2 orders and shipments, and its V3 refunds, products, inventory and customers."""

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from lockstep.connectors.bigcommerce.values import (
    Amount,
    Flag,
    Id,
    Lenient,
    MaybeFlag,
    Number,
    Optional,
    RequiredId,
    Text,
    items,
    mapping,
)

ZERO: Final = Decimal(0)
NO_DATA: Final[dict[str, Any]] = {}
_List = BeforeValidator(items)
_Object = BeforeValidator(mapping)


class Callback(Lenient):
    """A webhook: what changed, not how."""

    scope: Text = ""
    hash: Text = ""
    created_at: Optional = None
    """Unix time."""
    data: Annotated[dict[str, Any], BeforeValidator(lambda value: dict(mapping(value)))] = NO_DATA


class Discount(Lenient):
    """What a promotion took off one product of an order."""

    amount: Number = ZERO
    code: Text = ""


class OrderProduct(Lenient):
    """A line of an order. Totals are before what is taken off the order as a whole."""

    id: RequiredId
    product_id: Id = ""
    variant_id: Id = ""
    name: Text = ""
    sku: Text = ""
    type: Text = ""
    quantity: Amount
    quantity_shipped: Number = ZERO
    price_ex_tax: Optional = None
    price_inc_tax: Optional = None
    total_ex_tax: Amount
    total_inc_tax: Amount
    total_tax: Number = ZERO
    parent_order_product_id: Id = ""
    gift_certificate_id: Id = ""
    applied_discounts: Annotated[tuple[Discount, ...], _List] = ()


class OrderTax(Lenient):
    """One tax of an order; with details it names what it is on."""

    name: Text = ""
    rate: Optional = None
    line_amount: Number = ZERO
    order_product_id: Id = ""
    line_item_type: Text = ""


class OrderCoupon(Lenient):
    """A coupon that was used."""

    code: Text = ""


class OrderFee(Lenient):
    """A fee."""

    id: RequiredId
    display_name_merchant: Text = ""
    display_name_customer: Text = ""
    cost_ex_tax: Number = ZERO
    cost_inc_tax: Number = ZERO


class Order(Lenient):
    """An order of V2. Its amounts are in the currency that the shopper pays in (`default_currency_code`)."""

    id: RequiredId
    date_created: Text = ""
    date_modified: Text = ""
    status_id: Id = ""
    customer_id: Id = ""
    order_source: Text = ""
    external_source: Text = ""
    order_is_digital: Flag = False
    items_total: Number = ZERO
    items_shipped: Number = ZERO
    payment_method: Text = ""
    payment_status: Text = ""
    is_tax_inclusive_pricing: Flag = False
    currency_code: Text = ""
    default_currency_code: Text = ""
    subtotal_ex_tax: Number = ZERO
    subtotal_inc_tax: Number = ZERO
    shipping_cost_ex_tax: Number = ZERO
    shipping_cost_inc_tax: Number = ZERO
    handling_cost_ex_tax: Number = ZERO
    handling_cost_inc_tax: Number = ZERO
    wrapping_cost_ex_tax: Number = ZERO
    wrapping_cost_inc_tax: Number = ZERO
    discount_amount: Number = ZERO
    coupon_discount: Number = ZERO
    store_credit_amount: Number = ZERO
    gift_certificate_amount: Number = ZERO
    total_tax: Number = ZERO
    total_inc_tax: Amount
    fees: Annotated[tuple[OrderFee, ...], _List] = ()
    """With `include=fees`; else the address where they are."""


class WholeOrder(Lenient):
    """An order as `fetch` composes it of several calls."""

    order: Order
    products: tuple[OrderProduct, ...]
    taxes: Annotated[tuple[OrderTax, ...], _List] = ()
    coupons: Annotated[tuple[OrderCoupon, ...], _List] = ()


class RefundItem(Lenient):
    """What is refunded: a product (`item_id` is the line), or an amount of something else."""

    item_type: Text = ""
    item_id: Id = ""
    quantity: Number = ZERO
    requested_amount: Optional = None


class RefundPayment(Lenient):
    """Where the money goes."""

    provider_id: Text = ""
    amount: Number = ZERO
    is_declined: Flag = False


class Refund(Lenient):
    """A refund of V3."""

    id: RequiredId
    order_id: Id = ""
    created: Text = ""
    total_amount: Amount
    total_tax: Number = ZERO
    items: Annotated[tuple[RefundItem, ...], _List] = ()
    payments: Annotated[tuple[RefundPayment, ...], _List] = ()


class Transaction(Lenient):
    """A movement of a payment, of V3."""

    id: RequiredId
    order_id: Id = ""
    event: Text = ""
    method: Text = ""
    amount: Amount
    currency: Text
    gateway: Text = ""
    gateway_transaction_id: Text = ""
    status: Text = ""
    test: Flag = False
    reference_transaction_id: Id = ""
    """The transaction on which it acts."""
    date_created: Text = ""


class OptionValue(Lenient):
    """An option of a variant."""

    option_display_name: Text = ""
    label: Text = ""


class Variant(Lenient):
    """A variant of V3. Each product has one at least, its base variant."""

    id: RequiredId
    sku: Text = ""
    upc: Text = ""
    gtin: Text = ""
    price: Optional = None
    """None: the product's."""
    sale_price: Optional = None
    calculated_price: Optional = None
    purchasing_disabled: Flag = False
    option_values: Annotated[tuple[OptionValue, ...], _List] = ()


class Product(Lenient):
    """A product of V3."""

    id: RequiredId
    name: Text = ""
    type: Text = ""
    sku: Text = ""
    upc: Text = ""
    gtin: Text = ""
    price: Optional = None
    sale_price: Optional = None
    calculated_price: Optional = None
    is_visible: MaybeFlag = None
    availability: Text = ""
    date_created: Text = ""
    date_modified: Text = ""
    variants: Annotated[tuple[Variant, ...], _List] = ()


class ItemIdentity(Lenient):
    """Of which item a level is."""

    sku: Text = ""
    variant_id: Id = ""
    product_id: Id = ""


class LocationLevel(Lenient):
    """How much there is at one place."""

    location_id: Id = ""
    location_code: Text = ""
    total_inventory_onhand: Optional = None


class InventoryItem(Lenient):
    """Levels of one item."""

    identity: Annotated[ItemIdentity, _Object]
    locations: Annotated[tuple[LocationLevel, ...], _List] = ()


class ShipmentItem(Lenient):
    """Goods in a shipment."""

    order_product_id: RequiredId
    quantity: Amount


class Shipment(Lenient):
    """A shipment of V2."""

    id: RequiredId
    order_id: Id = ""
    date_created: Text = ""
    tracking_number: Text = ""
    tracking_carrier: Text = ""
    shipping_provider: Text = ""
    tracking_link: Text = ""
    generated_tracking_link: Text = ""
    items: Annotated[tuple[ShipmentItem, ...], _List] = ()


class Address(Lenient):
    """An address of a customer."""

    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    address1: Text = ""
    address2: Text = ""
    city: Text = ""
    state_or_province: Text = ""
    postal_code: Text = ""
    country_code: Text = ""
    phone: Text = ""


class Customer(Lenient):
    """A customer of V3."""

    id: RequiredId
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    phone: Text = ""
    tax_exempt_category: Text = ""
    accepts_product_review_abandoned_cart_emails: MaybeFlag = None
    date_created: Text = ""
    date_modified: Text = ""
    addresses: Annotated[tuple[Address, ...], _List] = ()
