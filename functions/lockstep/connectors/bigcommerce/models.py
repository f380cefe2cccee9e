"""BigCommerce's messages, its V2 orders and shipments, and its V3 refunds, products, inventory and customers."""

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from lockstep.connectors.bigcommerce.values import Flag, MaybeFlag, items
from lockstep.messaging.lenient import Lenient
from lockstep.messaging.loosely_typed import (
    Number,
    NumberOrZero,
    RecordId,
    RequiredNumber,
    RequiredRecordId,
    Text,
    mapping,
)

ZERO: Final = Decimal(0)
NO_DATA: Final[dict[str, Any]] = {}
_List = BeforeValidator(items)
_Object = BeforeValidator(mapping)


class Discount(Lenient):
    """What a promotion took off one product of an order."""

    amount: NumberOrZero = ZERO
    code: Text = ""


class OrderProduct(Lenient):
    """A line of an order. Totals are before what is taken off the order as a whole."""

    id: RequiredRecordId
    product_id: RecordId = ""
    variant_id: RecordId = ""
    name: Text = ""
    sku: Text = ""
    type: Text = ""
    quantity: RequiredNumber
    quantity_shipped: NumberOrZero = ZERO
    price_ex_tax: Number = None
    price_inc_tax: Number = None
    total_ex_tax: RequiredNumber
    total_inc_tax: RequiredNumber
    total_tax: NumberOrZero = ZERO
    parent_order_product_id: RecordId = ""
    gift_certificate_id: RecordId = ""
    applied_discounts: Annotated[tuple[Discount, ...], _List] = ()


class OrderTax(Lenient):
    """One tax of an order; with details it names what it is on."""

    name: Text = ""
    rate: Number = None
    line_amount: NumberOrZero = ZERO
    order_product_id: RecordId = ""
    line_item_type: Text = ""


class OrderCoupon(Lenient):
    """A coupon that was used."""

    code: Text = ""


class OrderFee(Lenient):
    """A fee."""

    id: RequiredRecordId
    display_name_merchant: Text = ""
    display_name_customer: Text = ""
    cost_ex_tax: NumberOrZero = ZERO
    cost_inc_tax: NumberOrZero = ZERO


class Order(Lenient):
    """An order of V2. Its amounts are in the currency that the shopper pays in (`default_currency_code`)."""

    id: RequiredRecordId
    date_created: Text = ""
    date_modified: Text = ""
    status_id: RecordId = ""
    customer_id: RecordId = ""
    order_source: Text = ""
    external_source: Text = ""
    order_is_digital: Flag = False
    items_total: NumberOrZero = ZERO
    items_shipped: NumberOrZero = ZERO
    payment_method: Text = ""
    payment_status: Text = ""
    is_tax_inclusive_pricing: Flag = False
    currency_code: Text = ""
    default_currency_code: Text = ""
    subtotal_ex_tax: NumberOrZero = ZERO
    subtotal_inc_tax: NumberOrZero = ZERO
    shipping_cost_ex_tax: NumberOrZero = ZERO
    shipping_cost_inc_tax: NumberOrZero = ZERO
    handling_cost_ex_tax: NumberOrZero = ZERO
    handling_cost_inc_tax: NumberOrZero = ZERO
    wrapping_cost_ex_tax: NumberOrZero = ZERO
    wrapping_cost_inc_tax: NumberOrZero = ZERO
    discount_amount: NumberOrZero = ZERO
    coupon_discount: NumberOrZero = ZERO
    store_credit_amount: NumberOrZero = ZERO
    gift_certificate_amount: NumberOrZero = ZERO
    total_tax: NumberOrZero = ZERO
    total_inc_tax: RequiredNumber
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
    item_id: RecordId = ""
    quantity: NumberOrZero = ZERO
    requested_amount: Number = None


class RefundPayment(Lenient):
    """Where the money goes."""

    provider_id: Text = ""
    amount: NumberOrZero = ZERO
    is_declined: Flag = False


class Refund(Lenient):
    """A refund of V3."""

    id: RequiredRecordId
    order_id: RecordId = ""
    created: Text = ""
    total_amount: RequiredNumber
    total_tax: NumberOrZero = ZERO
    items: Annotated[tuple[RefundItem, ...], _List] = ()
    payments: Annotated[tuple[RefundPayment, ...], _List] = ()


class Transaction(Lenient):
    """A movement of a payment, of V3."""

    id: RequiredRecordId
    order_id: RecordId = ""
    event: Text = ""
    method: Text = ""
    amount: RequiredNumber
    currency: Text
    gateway: Text = ""
    gateway_transaction_id: Text = ""
    status: Text = ""
    test: Flag = False
    reference_transaction_id: RecordId = ""
    """The transaction on which it acts."""
    date_created: Text = ""


class OptionValue(Lenient):
    """An option of a variant."""

    option_display_name: Text = ""
    label: Text = ""


class Variant(Lenient):
    """A variant of V3. Each product has one at least, its base variant."""

    id: RequiredRecordId
    sku: Text = ""
    upc: Text = ""
    gtin: Text = ""
    price: Number = None
    """None: the product's."""
    sale_price: Number = None
    calculated_price: Number = None
    purchasing_disabled: Flag = False
    option_values: Annotated[tuple[OptionValue, ...], _List] = ()


class Product(Lenient):
    """A product of V3."""

    id: RequiredRecordId
    name: Text = ""
    type: Text = ""
    sku: Text = ""
    upc: Text = ""
    gtin: Text = ""
    price: Number = None
    sale_price: Number = None
    calculated_price: Number = None
    is_visible: MaybeFlag = None
    availability: Text = ""
    date_created: Text = ""
    date_modified: Text = ""
    variants: Annotated[tuple[Variant, ...], _List] = ()


class ItemIdentity(Lenient):
    """Of which item a level is."""

    sku: Text = ""
    variant_id: RecordId = ""
    product_id: RecordId = ""


class LocationLevel(Lenient):
    """How much there is at one place."""

    location_id: RecordId = ""
    location_code: Text = ""
    total_inventory_onhand: Number = None


class InventoryItem(Lenient):
    """Levels of one item."""

    identity: Annotated[ItemIdentity, _Object]
    locations: Annotated[tuple[LocationLevel, ...], _List] = ()


class ShipmentItem(Lenient):
    """Goods in a shipment."""

    order_product_id: RequiredRecordId
    quantity: RequiredNumber


class Shipment(Lenient):
    """A shipment of V2."""

    id: RequiredRecordId
    order_id: RecordId = ""
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

    id: RequiredRecordId
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
