"""What Square answers when it is read: orders, the catalogue, and lists.

A door, which hears webhooks, never loads it. As lenient as `models`, for the same reasons.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, AwareDatetime, Field

from lockstep.connectors.square.models import Amount, InventoryCount, Payment, PaymentRefund, Payout, Vendor


class AppliedPart(Vendor):
    """What a tax, a discount or a service charge comes to on one line."""

    tax_uid: str | None = None
    discount_uid: str | None = None
    applied_money: Amount | None = None


class Modifier(Vendor):
    """An addition to a line, as a size or a topping."""

    quantity: Decimal | None = None
    base_price_money: Amount | None = None
    total_price_money: Amount | None = None


class MeasurementUnit(Vendor):
    """What a quantity is measured in; one of these."""

    area_unit: str | None = None
    length_unit: str | None = None
    volume_unit: str | None = None
    weight_unit: str | None = None
    generic_unit: str | None = None
    time_unit: str | None = None


class QuantityUnit(Vendor):
    """The unit of a line's quantity."""

    measurement_unit: MeasurementUnit | None = None


class LineItem(Vendor):
    """A line that is sold, or one that comes back (`return_line_items`)."""

    uid: str | None = None
    source_line_item_uid: str | None = None
    name: str | None = None
    variation_name: str | None = None
    item_type: str | None = None
    catalog_object_id: str | None = None
    quantity: Decimal | None = None
    quantity_unit: QuantityUnit | None = None
    modifiers: Annotated[
        tuple[Modifier, ...] | None, Field(validation_alias=AliasChoices("modifiers", "return_modifiers"))
    ] = None
    applied_taxes: tuple[AppliedPart, ...] | None = None
    applied_discounts: tuple[AppliedPart, ...] | None = None
    base_price_money: Amount | None = None
    variation_total_price_money: Amount | None = None
    gross_money: Annotated[
        Amount | None, Field(validation_alias=AliasChoices("gross_sales_money", "gross_return_money"))
    ] = None
    total_tax_money: Amount | None = None
    total_discount_money: Amount | None = None
    total_service_charge_money: Amount | None = None
    total_money: Amount | None = None


class OrderTax(Vendor):
    """A tax of the order; how much falls on each line is said there."""

    uid: str | None = None
    catalog_object_id: str | None = None
    name: str | None = None
    type: str | None = None
    percentage: Decimal | None = None
    applied_money: Amount | None = None


class OrderDiscount(Vendor):
    """A discount of the order; how much falls on each line is said there."""

    uid: str | None = None
    catalog_object_id: str | None = None
    name: str | None = None
    applied_money: Amount | None = None


class ServiceCharge(Vendor):
    """What is charged beside the lines."""

    uid: str | None = None
    catalog_object_id: str | None = None
    name: str | None = None
    type: str | None = None
    amount_money: Amount | None = None
    applied_money: Amount | None = None
    total_money: Amount | None = None
    total_tax_money: Amount | None = None
    applied_taxes: tuple[AppliedPart, ...] | None = None


class Rounding(Vendor):
    """What rounding to the smallest coin adds."""

    amount_money: Amount | None = None


class ReturnTip(Vendor):
    """A tip given back."""

    applied_money: Amount | None = None


class MoneyAmounts(Vendor):
    """Sums over an order."""

    total_money: Amount | None = None
    tax_money: Amount | None = None


class OrderReturn(Vendor):
    """What of one earlier order comes back in this one."""

    source_order_id: str | None = None
    return_line_items: tuple[LineItem, ...] | None = None
    return_service_charges: tuple[ServiceCharge, ...] | None = None
    return_taxes: tuple[OrderTax, ...] | None = None
    return_discounts: tuple[OrderDiscount, ...] | None = None
    return_tips: tuple[ReturnTip, ...] | None = None
    rounding_adjustment: Rounding | None = None
    return_amounts: MoneyAmounts | None = None


class CardStatus(Vendor):
    """How far a card tender is."""

    status: str | None = None


class Tender(Vendor):
    """A means of payment of an order; the amount holds the tip."""

    id: str | None = None
    type: str | None = None
    amount_money: Amount | None = None
    tip_money: Amount | None = None
    customer_id: str | None = None
    card_details: CardStatus | None = None


class OrderRefund(Vendor):
    """Money given back in an order."""

    tender_id: str | None = None
    status: str | None = None
    amount_money: Amount | None = None


class FulfillmentEntry(Vendor):
    """Part of a line in a fulfilment."""

    uid: str | None = None
    line_item_uid: str | None = None
    quantity: Decimal | None = None


class ShipmentDetails(Vendor):
    """How goods are on their way; to whom is not read."""

    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    shipped_at: AwareDatetime | None = None


class Fulfillment(Vendor):
    """How goods get to the customer."""

    uid: str | None = None
    type: str | None = None
    state: str | None = None
    line_item_application: str | None = None
    entries: tuple[FulfillmentEntry, ...] | None = None
    shipment_details: ShipmentDetails | None = None


class OrderSource(Vendor):
    """Where an order was made."""

    name: str | None = None


class Order(Vendor):
    """An order: a sale, a return, or both."""

    id: str | None = None
    version: int | None = None
    state: str | None = None
    location_id: str | None = None
    reference_id: str | None = None
    customer_id: str | None = None
    source: OrderSource | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    line_items: tuple[LineItem, ...] | None = None
    taxes: tuple[OrderTax, ...] | None = None
    discounts: tuple[OrderDiscount, ...] | None = None
    service_charges: tuple[ServiceCharge, ...] | None = None
    fulfillments: tuple[Fulfillment, ...] | None = None
    returns: tuple[OrderReturn, ...] | None = None
    return_amounts: MoneyAmounts | None = None
    net_amounts: MoneyAmounts | None = None
    rounding_adjustment: Rounding | None = None
    tenders: tuple[Tender, ...] | None = None
    refunds: tuple[OrderRefund, ...] | None = None
    total_money: Amount | None = None
    total_discount_money: Amount | None = None
    total_tip_money: Amount | None = None


class OrderEntry(Vendor):
    """An order in a list: only that it is."""

    order_id: str | None = None
    version: int | None = None


class LocationOverride(Vendor):
    """What differs at one location."""

    location_id: str | None = None
    pricing_type: str | None = None
    price_money: Amount | None = None


class VariationData(Vendor):
    """A variation of an item."""

    item_id: str | None = None
    name: str | None = None
    sku: str | None = None
    upc: str | None = None
    pricing_type: str | None = None
    price_money: Amount | None = None
    location_overrides: tuple[LocationOverride, ...] | None = None


class DiscountData(Vendor):
    """A discount."""

    name: str | None = None
    discount_type: str | None = None
    percentage: Decimal | None = None
    amount_money: Amount | None = None


class ItemData(Vendor):
    """An item with its variations."""

    name: str | None = None
    product_type: str | None = None
    is_archived: bool | None = None
    variations: "tuple[CatalogObject, ...] | None" = None


class CatalogObject(Vendor):
    """Anything of the catalogue."""

    type: str | None = None
    id: str | None = None
    version: int | None = None
    updated_at: AwareDatetime | None = None
    is_deleted: bool | None = None
    item_data: ItemData | None = None
    item_variation_data: VariationData | None = None
    discount_data: DiscountData | None = None


class ApiAnswer(Vendor):
    """An answer of the API: one resource, or a page of a list."""

    order: Order | None = None
    orders: tuple[Order, ...] | None = None
    order_entries: tuple[OrderEntry, ...] | None = None
    payment: Payment | None = None
    payments: tuple[Payment, ...] | None = None
    refund: PaymentRefund | None = None
    refunds: tuple[PaymentRefund, ...] | None = None
    payout: Payout | None = None
    payouts: tuple[Payout, ...] | None = None
    counts: tuple[InventoryCount, ...] | None = None
    object: CatalogObject | None = None
    objects: tuple[CatalogObject, ...] | None = None
    related_objects: tuple[CatalogObject, ...] | None = None
