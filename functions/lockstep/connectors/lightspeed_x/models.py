"""Lightspeed's objects, as far as they are used: of webhooks (API 1.0) and of lists (API 2.0), under both names.

Numbers come as numbers or as text, in either.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from lockstep.messaging.lenient import Lenient


class Line(Lenient):
    """A line of a sale; prices are without tax, and after the discount."""

    id: str | None = None
    product_id: str | None = None
    quantity: str | None = None
    price: str | None = None
    tax: str | None = None
    price_total: str | None = None
    tax_total: str | None = None
    discount: str | None = None
    tax_id: str | None = None
    is_return: bool | None = None
    status: str | None = None
    note: str | None = None


class PaymentType(Lenient):
    """A means of payment."""

    name: str | None = None


class Payment(Lenient):
    """What was paid, or given back."""

    amount: str | None = None
    name: str | None = None
    retailer_payment_type: PaymentType | None = None
    payment_type: PaymentType | None = None
    retailer_payment_type_id: str | None = None


class SaleTax(Lenient):
    """One tax of a sale."""

    id: str | None = None
    name: str | None = None
    rate: str | None = None


class Totals(Lenient):
    """What a sale adds up to (API 1.0)."""

    total_price: str | None = None
    total_tax: str | None = None
    total_payment: str | None = None


class TaxComponent(Lenient):
    """A share of a tax."""

    total_tax: str | None = None


class Adjustment(Lenient):
    """What changes the price of a whole sale: a fee, a tip, a discount (below zero)."""

    type: str | None = None
    adjustment_type: str | None = None
    name: str | None = None
    value: str | None = None
    tax_components: tuple[TaxComponent, ...] | None = None


class OnlineCharges(Lenient):
    """What an online shop charges beside goods: delivery, as a rule."""

    total: str | None = None
    total_tax: str | None = None


class Sale(Lenient):
    """A sale."""

    id: str | None = None
    version: str | None = None
    invoice_number: str | None = None
    status: str | None = None
    state: str | None = None
    outlet_id: str | None = None
    register_id: str | None = None
    customer_id: str | None = None
    source: str | None = None
    return_for: str | None = None
    sale_date: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    deleted_at: str | None = None
    register_sale_products: tuple[Line, ...] | None = None
    line_items: tuple[Line, ...] | None = None
    register_sale_payments: tuple[Payment, ...] | None = None
    payments: tuple[Payment, ...] | None = None
    taxes: tuple[SaleTax, ...] | None = None
    totals: Totals | None = None
    total_price: str | None = None
    total_tax: str | None = None
    adjustments: tuple[Adjustment, ...] | None = None
    ecom_custom_charges: OnlineCharges | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its lines, in either version."""
        return self.register_sale_products or self.line_items or ()

    @property
    def paid(self) -> tuple[Payment, ...]:
        """Its payments, in either version."""
        return self.register_sale_payments or self.payments or ()


class ProductCode(Lenient):
    """A barcode or another code of an article."""

    type: str | None = None
    code: str | None = None


class PriceBookEntry(Lenient):
    """A price of an article, without tax: `BASE` is the one that everybody pays who has no better."""

    type: str | None = None
    price: str | None = None
    tax: str | None = None


class Product(Lenient):
    """An article; webhooks state its price as `price` and `tax`, or in the entries of price books alone."""

    id: str | None = None
    version: str | None = None
    name: str | None = None
    variant_name: str | None = None
    handle: str | None = None
    sku: str | None = None
    active: bool | None = None
    has_inventory: bool | None = None
    is_composite: bool | None = None
    price_including_tax: str | None = None
    price_excluding_tax: str | None = None
    price: str | None = None
    tax: str | None = None
    price_book_entries: tuple[PriceBookEntry, ...] | None = None
    variant_parent_id: str | None = None
    product_codes: tuple[ProductCode, ...] | None = None
    updated_at: str | None = None
    deleted_at: str | None = None


class Contact(Lenient):
    """Where a customer lives, as webhooks say it."""

    physical_address1: str | None = None
    physical_address2: str | None = None
    physical_suburb: str | None = None
    physical_city: str | None = None
    physical_postcode: str | None = None
    physical_state: str | None = None
    physical_country_id: str | None = None


class Customer(Lenient):
    """A customer."""

    id: str | None = None
    version: str | None = None
    customer_code: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    do_not_email: bool | None = None
    loyalty_balance: str | None = None
    physical_address_1: str | None = None
    physical_address_2: str | None = None
    physical_suburb: str | None = None
    physical_city: str | None = None
    physical_postcode: str | None = None
    physical_state: str | None = None
    physical_country_id: str | None = None
    contact: Contact | None = None
    updated_at: str | None = None
    deleted_at: str | None = None


class Inventory(Lenient):
    """What there is of one article in one store."""

    id: str | None = None
    product_id: str | None = None
    outlet_id: str | None = None
    version: str | None = None
    count: str | None = None
    inventory_level: str | None = None


class ConsignmentProduct(Lenient):
    """An article of a consignment, as received."""

    id: str | None = None
    consignment_id: str | None = None
    product_id: str | None = None
    outlet_id: str | None = None
    received: str | None = None


def _listed(found: object) -> object:
    return [found] if isinstance(found, dict) else found


class Listed(Lenient):
    """A page of a list, or one object in the same envelope (API 2.0), or without one."""

    data: Annotated[tuple[dict[str, Any], ...], BeforeValidator(_listed)] = ()

    @model_validator(mode="before")
    @classmethod
    def _enveloped(cls, found: Any) -> Any:
        return {"data": found} if isinstance(found, dict) and "id" in found and "data" not in found else found
