"""The order, its refunds and its transactions, as webhooks and the REST resources write them (Admin API, 2019 to 2026).

Fields that only newer versions have are optional. `..._set` gives an amount in both currencies; the plain field of the
same name is the shop's currency.
"""

from typing import Annotated, Any

from pydantic import Field

from lockstep.connectors.shopify.models.base import (
    Amount,
    Count,
    Flag,
    Id,
    MoneyBag,
    OptionalAmount,
    OptionalId,
    OptionalTime,
    Rows,
    Time,
    Vendor,
)


class TaxLine(Vendor):
    """One tax on a line, a shipping line, a duty, or on the order."""

    title: str | None = None
    rate: OptionalAmount = None
    """A fraction: 0.2 is 20 per cent."""
    price: OptionalAmount = None
    price_set: MoneyBag | None = None


class DiscountApplication(Vendor):
    """A discount of the order, to which allocations refer by its place."""

    type: str | None = None
    code: str | None = None
    title: str | None = None
    description: str | None = None


class DiscountAllocation(Vendor):
    """What a discount takes off one line."""

    amount: OptionalAmount = None
    amount_set: MoneyBag | None = None
    discount_application_index: int | None = None


class Duty(MoneyBag):
    """Import duty on a line: the amounts stand in it."""

    tax_lines: Rows[TaxLine] = ()


class Line(Vendor):
    """What lines of orders and of drafts have in common."""

    variant_id: OptionalId = None
    product_id: OptionalId = None
    sku: str | None = None
    title: str | None = None
    name: str | None = None
    quantity: Count
    gift_card: Flag = False
    price: OptionalAmount = None
    price_set: MoneyBag | None = None
    tax_lines: Rows[TaxLine] = ()


class LineItem(Line):
    """A line of an order. It stays when its units are taken out again: `current_quantity` goes down."""

    id: Id
    current_quantity: Count | None = None
    fulfillable_quantity: Count | None = None
    fulfillment_status: str | None = None
    tip: dict[str, Any] | None = None
    """There on tips only."""
    total_discount: OptionalAmount = None
    total_discount_set: MoneyBag | None = None
    discount_allocations: Rows[DiscountAllocation] = ()
    duties: Rows[Duty] = ()
    sales_line_item_group_id: OptionalId = None
    """The bundle it is part of."""


class LineItemGroup(Vendor):
    """A bundle whose components are lines."""

    id: Id
    title: str | None = None
    quantity: Count | None = None
    variant_id: OptionalId = None
    variant_sku: str | None = None


class ShippingLine(Vendor):
    """A shipping method and what it costs."""

    id: OptionalId = None
    title: str | None = None
    code: str | None = None
    price: OptionalAmount = None
    price_set: MoneyBag | None = None
    discounted_price: OptionalAmount = None
    discounted_price_set: MoneyBag | None = None
    discount_allocations: Rows[DiscountAllocation] = ()
    tax_lines: Rows[TaxLine] = ()
    is_removed: Flag = False


class Transaction(Vendor):
    """A movement of money, as a topic of its own or inside a refund."""

    id: OptionalId = None
    order_id: OptionalId = None
    parent_id: OptionalId = None
    kind: str = ""
    status: str | None = None
    gateway: str | None = None
    amount: OptionalAmount = None
    currency: str | None = None
    amount_set: MoneyBag | None = None
    amount_rounding: Annotated[MoneyBag | OptionalAmount, Field(union_mode="left_to_right")] = None
    """What cash rounding adds to the amount."""
    error_code: str | None = None
    test: Flag = False
    location_id: OptionalId = None
    payment_id: str | None = None
    receipt: Any = None
    created_at: OptionalTime = None
    processed_at: OptionalTime = None


class RefundLineItem(Vendor):
    """What is refunded of a line. `subtotal` is net of discounts; whether it holds the tax is the order's affair."""

    id: OptionalId = None
    line_item_id: OptionalId = None
    quantity: Count
    restock_type: str | None = None
    location_id: OptionalId = None
    subtotal: OptionalAmount = None
    subtotal_set: MoneyBag | None = None
    total_tax: OptionalAmount = None
    total_tax_set: MoneyBag | None = None
    line_item: LineItem | None = None


class RefundShippingLine(Vendor):
    """What is refunded of shipping (newer versions); `order_adjustments` then says the same again."""

    subtotal_amount_set: MoneyBag | None = None
    tax_amount_set: MoneyBag | None = None
    shipping_line: ShippingLine | None = None


class OrderAdjustment(Vendor):
    """What a refund gives back beside lines: below zero is given to the customer, above zero is kept back."""

    kind: str | None = None
    reason: str | None = None
    amount: OptionalAmount = None
    amount_set: MoneyBag | None = None
    tax_amount: OptionalAmount = None
    tax_amount_set: MoneyBag | None = None


class Refund(Vendor):
    """A refund, as `refunds/create` has it and as it stands inside its order."""

    id: OptionalId = None
    order_id: OptionalId = None
    created_at: OptionalTime = None
    processed_at: OptionalTime = None
    refund_line_items: Rows[RefundLineItem] = ()
    refund_shipping_lines: Rows[RefundShippingLine] = ()
    order_adjustments: Rows[OrderAdjustment] = ()
    transactions: Rows[Transaction] = ()
    total_duties_set: MoneyBag | None = None
    total_additional_fees_set: MoneyBag | None = None
    of_return: Any = Field(default=None, alias="return")
    """The return that it belongs to, where it does."""
    taxes_included: bool | None = None
    """Of its order; only where we read it ourselves."""
    currency: str | None = None
    """Of the shop; only where we read it ourselves."""


class FulfilledLine(Vendor):
    """A line in a fulfilment: how much of it goes out there."""

    id: Id
    quantity: Count | None = None


class FulfillmentIn(Vendor):
    """A fulfilment inside its order: what of it has been handed over."""

    status: str | None = None
    line_items: Rows[FulfilledLine] = ()


class CustomerIn(Vendor):
    """Who ordered."""

    id: OptionalId = None


class Order(Vendor):
    """A snapshot of an order."""

    id: Id
    name: str | None = None
    created_at: OptionalTime = None
    processed_at: OptionalTime = None
    updated_at: OptionalTime = None
    cancelled_at: OptionalTime = None
    closed_at: OptionalTime = None
    test: Flag = False
    source_name: str | None = None
    location_id: OptionalId = None
    device_id: OptionalId = None
    financial_status: str | None = None
    fulfillment_status: str | None = None
    payment_gateway_names: Rows[str] = ()
    currency: str | None = None
    presentment_currency: str | None = None
    taxes_included: Flag = False
    duties_included: Flag = False
    total_price: Amount
    total_price_set: MoneyBag | None = None
    current_total_price: OptionalAmount = None
    total_tax: OptionalAmount = None
    total_tax_set: MoneyBag | None = None
    total_discounts: OptionalAmount = None
    total_discounts_set: MoneyBag | None = None
    total_tip_received: OptionalAmount = None
    total_tip_received_set: MoneyBag | None = None
    total_shipping_price_set: MoneyBag | None = None
    original_total_duties_set: MoneyBag | None = None
    original_total_additional_fees_set: MoneyBag | None = None
    total_cash_rounding_payment_adjustment_set: MoneyBag | None = None
    customer: CustomerIn | None = None
    line_items: Rows[LineItem]
    line_item_groups: Rows[LineItemGroup] = ()
    shipping_lines: Rows[ShippingLine] = ()
    tax_lines: Rows[TaxLine] = ()
    discount_applications: Rows[DiscountApplication] = ()
    refunds: Rows[Refund] = ()
    fulfillments: Rows[FulfillmentIn] = ()
    transactions: Rows[Transaction] = ()
    """Only where we read it ourselves."""


class OrderEdit(Vendor):
    """What was put in and taken out."""

    id: Id
    order_id: Id


class OrderEdited(Vendor):
    """`orders/edited`, which is no snapshot."""

    order_edit: OrderEdit | None = None


class AppliedDiscount(Vendor):
    """A discount that staff gave on a draft, or on a line of it."""

    title: str | None = None
    amount: OptionalAmount = None


class DraftLine(Line):
    """A line of a draft; some versions give it no number of its own."""

    id: OptionalId = None
    applied_discount: AppliedDiscount | None = None


class DraftOrder(Vendor):
    """A snapshot of a draft: a quotation, until it becomes an order of its own."""

    id: Id
    name: str | None = None
    status: str | None = None
    created_at: Time
    updated_at: OptionalTime = None
    currency: str
    presentment_currency: str | None = None
    taxes_included: Flag = False
    total_price: Amount
    total_price_set: MoneyBag | None = None
    total_tax: OptionalAmount = None
    total_tax_set: MoneyBag | None = None
    total_duties_set: MoneyBag | None = None
    total_additional_fees_set: MoneyBag | None = None
    customer: CustomerIn | None = None
    line_items: Rows[DraftLine]
    shipping_line: ShippingLine | None = None
    applied_discount: AppliedDiscount | None = None
    tax_lines: Rows[TaxLine] = ()
