"""Business Central's objects, as far as they are used (API v2.0; names are the vendor's)."""
# ruff: noqa: N815

from typing import Any

from lockstep.messaging.lenient import Lenient


class Notification(Lenient):
    """One thing that changed."""

    subscriptionId: str | None = None
    clientState: str | None = None
    resource: str | None = None
    changeType: str | None = None
    lastModifiedDateTime: str | None = None


class Notifications(Lenient):
    """What is sent."""

    value: tuple[Notification, ...] | None = None


class Listed(Lenient):
    """A page of a list, or one record as it stands."""

    value: tuple[dict[str, Any], ...] | None = None


class Item(Lenient):
    """An article."""

    id: str | None = None
    number: str | None = None
    displayName: str | None = None
    type: str | None = None
    itemCategoryCode: str | None = None
    blocked: bool | None = None
    gtin: str | None = None
    unitPrice: str | None = None
    priceIncludesTax: bool | None = None
    lastModifiedDateTime: str | None = None


class Customer(Lenient):
    """A customer."""

    id: str | None = None
    number: str | None = None
    displayName: str | None = None
    type: str | None = None
    addressLine1: str | None = None
    addressLine2: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    postalCode: str | None = None
    phoneNumber: str | None = None
    email: str | None = None
    taxLiable: bool | None = None
    taxRegistrationNumber: str | None = None
    blocked: str | None = None
    lastModifiedDateTime: str | None = None


class SalesOrderLine(Lenient):
    """A line of a sales order; amounts are without tax unless they say otherwise."""

    id: str | None = None
    sequence: str | None = None
    lineType: str | None = None
    lineObjectNumber: str | None = None
    description: str | None = None
    unitOfMeasureCode: str | None = None
    quantity: str | None = None
    amountExcludingTax: str | None = None
    taxCode: str | None = None
    taxPercent: str | None = None
    invoiceDiscountAllocation: str | None = None
    netAmount: str | None = None
    netTaxAmount: str | None = None
    netAmountIncludingTax: str | None = None
    shippedQuantity: str | None = None


class SalesOrder(Lenient):
    """A sales order."""

    id: str | None = None
    number: str | None = None
    externalDocumentNumber: str | None = None
    orderDate: str | None = None
    customerId: str | None = None
    currencyCode: str | None = None
    totalAmountIncludingTax: str | None = None
    fullyShipped: bool | None = None
    status: str | None = None
    lastModifiedDateTime: str | None = None
    salesOrderLines: tuple[SalesOrderLine, ...] | None = None
