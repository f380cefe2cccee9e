"""Stripe's objects, as far as they are read: names and nesting of its API reference, everything optional.

Unknown fields are ignored, unknown enum values are kept as text. What money or identity needs is asked for where it is
used, so that the error can name it. Amounts are whole numbers: a decimal one would be in another unit than the API's.
"""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lockstep.messaging.loosely_typed import MinorUnits


def _id_of(value: Any) -> Any:
    """The id of what is either named or expanded in place."""
    return value.get("id") if isinstance(value, dict) else value


def _object(value: Any) -> Any:
    """What is expanded in place; nothing where it is only named."""
    return value if isinstance(value, dict) else None


Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
"""Unix time, up to the end of the year 9999."""
Id = Annotated[str | None, BeforeValidator(_id_of)]


class Vendor(BaseModel):
    """An object of Stripe's."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, defer_build=True, allow_inf_nan=False)


class BalanceTransaction(Vendor):
    """What a movement did to the account's balance, in the currency of that."""

    id: str | None = None
    type: str | None = None
    amount: MinorUnits | None = None
    fee: MinorUnits | None = None
    net: MinorUnits | None = None
    currency: str | None = None


class PaymentMethodCard(Vendor):
    """A card; the time is there where it was authorized to be captured later."""

    capture_before: int | None = None


class PaymentMethodDetails(Vendor):
    """How was paid."""

    type: str | None = None
    card: Annotated[PaymentMethodCard | None, BeforeValidator(_object)] = None


class Refund(Vendor):
    """Money given back."""

    id: str | None = None
    status: str | None = None
    amount: MinorUnits | None = None
    currency: str | None = None
    created: Seconds | None = None
    charge: Id = None
    payment_intent: Id = None
    reason: str | None = None
    failure_reason: str | None = None
    metadata: Annotated[dict[str, Any] | None, BeforeValidator(_object)] = None


class RefundList(Vendor):
    """Refunds of a charge; the list may go on."""

    data: tuple[Refund, ...] | None = None
    has_more: bool | None = None


class Charge(Vendor):
    """An attempt to take money."""

    id: str | None = None
    status: str | None = None
    paid: bool | None = None
    """What there was before there was a status."""
    amount: MinorUnits | None = None
    amount_captured: MinorUnits | None = None
    amount_refunded: MinorUnits | None = None
    application_fee_amount: MinorUnits | None = None
    currency: str | None = None
    captured: bool | None = None
    created: Seconds | None = None
    payment_intent: Id = None
    failure_code: str | None = None
    payment_method_details: PaymentMethodDetails | None = None
    balance_transaction: Annotated[BalanceTransaction | None, BeforeValidator(_object)] = None
    refunds: Annotated[RefundList | None, BeforeValidator(_object)] = None
    metadata: Annotated[dict[str, Any] | None, BeforeValidator(_object)] = None


class ChargeList(Vendor):
    """Charges of a payment intent, up to API version 2022-08-01."""

    data: tuple[Charge, ...] | None = None


class PaymentError(Vendor):
    """Why the last attempt failed."""

    charge: Id = None
    code: str | None = None
    decline_code: str | None = None


class PaymentIntent(Vendor):
    """A payment, through all its attempts."""

    id: str | None = None
    status: str | None = None
    amount: MinorUnits | None = None
    amount_capturable: MinorUnits | None = None
    amount_received: MinorUnits | None = None
    application_fee_amount: MinorUnits | None = None
    currency: str | None = None
    capture_method: str | None = None
    cancellation_reason: str | None = None
    created: Seconds | None = None
    canceled_at: Seconds | None = None
    latest_charge: Id = None
    charges: Annotated[ChargeList | None, BeforeValidator(_object)] = None
    last_payment_error: PaymentError | None = None
    metadata: Annotated[dict[str, Any] | None, BeforeValidator(_object)] = None


class EvidenceDetails(Vendor):
    """Until when evidence is taken."""

    due_by: Seconds | None = None


class Dispute(Vendor):
    """A dispute; those of old API versions have no id of their own."""

    id: str | None = None
    status: str | None = None
    amount: MinorUnits | None = None
    currency: str | None = None
    reason: str | None = None
    created: Seconds | None = None
    charge: Id = None
    payment_intent: Id = None
    evidence_due_by: Seconds | None = None
    evidence_details: Annotated[EvidenceDetails | None, BeforeValidator(_object)] = None
    balance_transactions: tuple[BalanceTransaction, ...] | None = None


class Payout(Vendor):
    """Money on its way to the bank account."""

    id: str | None = None
    status: str | None = None
    amount: MinorUnits | None = None
    currency: str | None = None
    created: Seconds | None = None
    arrival_date: Seconds | None = None
    trace_id: Any = None
    balance_transaction: Annotated[BalanceTransaction | None, BeforeValidator(_object)] = None


class PayoutBreakdown(Vendor):
    """A payout with all movements that it is made of."""

    payout: Payout | None = None
    balance_transactions: tuple[BalanceTransaction, ...] | None = None


class CheckoutSession(Vendor):
    """What a customer went through at a checkout page."""

    id: str | None = None
    mode: str | None = None
    payment_status: str | None = None
    amount_total: MinorUnits | None = None
    currency: str | None = None
    client_reference_id: str | None = None
    created: Seconds | None = None
    payment_intent: Id = None
    invoice: Id = None
    metadata: Annotated[dict[str, Any] | None, BeforeValidator(_object)] = None


class Invoice(Vendor):
    """A bill; its money moves as a charge."""

    id: str | None = None
    status: str | None = None
    paid: bool | None = None
    """What there was before there was a status."""
    number: str | None = None
    amount_due: MinorUnits | None = None
    amount_paid: MinorUnits | None = None
    currency: str | None = None
    created: Seconds | None = None
    charge: Id = None
    payment_intent: Id = None
    paid_out_of_band: bool | None = None
    attempted: bool | None = None


class Product(Vendor):
    """A product."""

    id: str | None = None
    name: str | None = None
    active: bool | None = None
    deleted: bool | None = None
    type: str | None = None
    shippable: bool | None = None
    created: Seconds | None = None
    updated: Seconds | None = None


class Price(Vendor):
    """What a product costs."""

    id: str | None = None
    product: Id = None
    active: bool | None = None
    billing_scheme: str | None = None
    transform_quantity: dict[str, Any] | None = None
    currency: str | None = None
    unit_amount: MinorUnits | None = None
    unit_amount_decimal: Decimal | None = None
    tax_behavior: str | None = None
    created: Seconds | None = None


class Address(Vendor):
    """An address."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class Shipping(Vendor):
    """Where to."""

    name: str | None = None
    phone: str | None = None
    address: Address | None = None


class Customer(Vendor):
    """A customer."""

    id: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    deleted: bool | None = None
    created: Seconds | None = None
    tax_exempt: str | None = None
    address: Address | None = None
    shipping: Shipping | None = None


class RelatedObject(Vendor):
    """What a thin event is about."""

    id: str | None = None
    type: str | None = None


class EventData(Vendor):
    """What an event carries."""

    object: Annotated[dict[str, Any] | None, BeforeValidator(_object)] = None
    previous_attributes: Annotated[dict[str, Any] | None, BeforeValidator(_object)] = None


class Event(Vendor):
    """An event: with the object as it was (a snapshot), or thin, naming it."""

    id: str | None = None
    object: str | None = None
    type: str | None = None
    account: str | None = None
    """The connected account that it is about; thin events say it as their context."""
    context: str | None = None
    created: Any = None
    """Unix time in snapshots, RFC 3339 in thin events."""
    livemode: bool | None = None
    data: Annotated[EventData | None, BeforeValidator(_object)] = None
    related_object: Annotated[RelatedObject | None, BeforeValidator(_object)] = None
