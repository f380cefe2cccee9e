"""Square's objects, as far as they are read: names and nesting of its API reference, everything optional.

Unknown fields are ignored, unknown enum values are kept as text, and numbers may come as text. What money or identity
needs is asked for where it is used, so that the error can name it. Amounts are whole numbers: a decimal one would be in
another unit than the API's.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field

from lockstep.messaging.loosely_typed import MinorUnits


class Vendor(BaseModel):
    """An object of Square's."""

    model_config = ConfigDict(
        extra="ignore", coerce_numbers_to_str=True, defer_build=True, populate_by_name=True, allow_inf_nan=False
    )


class Amount(Vendor):
    """Money: whole minor units of a currency. Payout webhooks write `currency_code` for the currency."""

    amount: MinorUnits | None = None
    currency: Annotated[str | None, Field(validation_alias=AliasChoices("currency", "currency_code"))] = None


class OrderNotice(Vendor):
    """What an order's webhook says: that there is a new version."""

    order_id: str | None = None
    version: int | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class ProcessingFee(Vendor):
    """What Square keeps, or gives back where it is negative."""

    amount_money: Amount | None = None


class Card(Vendor):
    """A card, by its brand."""

    card_brand: str | None = None


class CardTimeline(Vendor):
    """When a card payment went on."""

    authorized_at: AwareDatetime | None = None
    captured_at: AwareDatetime | None = None
    voided_at: AwareDatetime | None = None


class PaymentError(Vendor):
    """Why a payment failed."""

    code: str | None = None


class CardDetails(Vendor):
    """A card payment."""

    card: Card | None = None
    card_payment_timeline: CardTimeline | None = None
    errors: tuple[PaymentError, ...] | None = None


class Payment(Vendor):
    """A payment; the total holds the tip."""

    id: str | None = None
    status: str | None = None
    source_type: str | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    amount_money: Amount | None = None
    tip_money: Amount | None = None
    total_money: Amount | None = None
    processing_fee: tuple[ProcessingFee, ...] | None = None
    card_details: CardDetails | None = None
    order_id: str | None = None
    reference_id: str | None = None
    location_id: str | None = None


class PaymentRefund(Vendor):
    """Money of a payment given back."""

    id: str | None = None
    status: str | None = None
    destination_type: str | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    amount_money: Amount | None = None
    processing_fee: tuple[ProcessingFee, ...] | None = None
    payment_id: str | None = None
    order_id: str | None = None
    location_id: str | None = None


class Payout(Vendor):
    """Money on its way to the seller's bank account."""

    id: str | None = None
    version: int | None = None
    status: str | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    amount_money: Amount | None = None
    payout_fee: tuple[ProcessingFee, ...] | None = None
    arrival_date: date | None = None
    end_to_end_id: str | None = None


class DisputedPayment(Vendor):
    """The payment that is disputed."""

    payment_id: str | None = None


class Dispute(Vendor):
    """A dispute; older versions of the API write `dispute_id` and a list of payments."""

    id: Annotated[str | None, Field(validation_alias=AliasChoices("id", "dispute_id"))] = None
    version: int | None = None
    state: str | None = None
    reason: str | None = None
    amount_money: Amount | None = None
    disputed_payment: DisputedPayment | None = None
    disputed_payments: tuple[DisputedPayment, ...] | None = None
    due_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class ActivityDetails(Vendor):
    """What is said of one kind of activity of a gift card."""

    amount_money: Amount | None = None
    order_id: str | None = None
    payment_id: str | None = None
    status: str | None = None


class GiftCardActivity(Vendor):
    """What happened to a gift card; details stand under the name of the kind. The card's number is not read."""

    id: str | None = None
    type: str | None = None
    gift_card_id: str | None = None
    gift_card_balance_money: Amount | None = None
    location_id: str | None = None
    created_at: AwareDatetime | None = None
    activate_activity_details: ActivityDetails | None = None
    load_activity_details: ActivityDetails | None = None
    redeem_activity_details: ActivityDetails | None = None
    adjust_increment_activity_details: ActivityDetails | None = None
    adjust_decrement_activity_details: ActivityDetails | None = None
    refund_activity_details: ActivityDetails | None = None
    unlinked_activity_refund_activity_details: ActivityDetails | None = None
    import_activity_details: ActivityDetails | None = None
    import_reversal_activity_details: ActivityDetails | None = None
    transfer_balance_to_activity_details: ActivityDetails | None = None
    transfer_balance_from_activity_details: ActivityDetails | None = None


class GiftCard(Vendor):
    """A gift card. Its number is not read."""

    id: str | None = None
    balance_money: Amount | None = None


class InventoryCount(Vendor):
    """How much of one variation is in one state at one location."""

    catalog_object_id: str | None = None
    state: str | None = None
    location_id: str | None = None
    quantity: Decimal | None = None
    calculated_at: AwareDatetime | None = None


class Address(Vendor):
    """A customer's address."""

    address_line_1: str | None = None
    address_line_2: str | None = None
    address_line_3: str | None = None
    locality: str | None = None
    administrative_district_level_1: str | None = None
    postal_code: str | None = None
    country: str | None = None


class Preferences(Vendor):
    """What a customer wants."""

    email_unsubscribed: bool | None = None


class TaxIds(Vendor):
    """Tax numbers of a customer."""

    eu_vat: str | None = None


class Customer(Vendor):
    """A customer."""

    id: str | None = None
    version: int | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    given_name: str | None = None
    family_name: str | None = None
    company_name: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    reference_id: str | None = None
    address: Address | None = None
    preferences: Preferences | None = None
    tax_ids: TaxIds | None = None


class CatalogVersion(Vendor):
    """When the catalogue last changed."""

    updated_at: AwareDatetime | None = None


class Carried(Vendor):
    """What a webhook carries, under the name of its kind."""

    order_created: OrderNotice | None = None
    order_updated: OrderNotice | None = None
    order_fulfillment_updated: OrderNotice | None = None
    payment: Payment | None = None
    refund: PaymentRefund | None = None
    payout: Payout | None = None
    dispute: Dispute | None = None
    gift_card: GiftCard | None = None
    gift_card_activity: GiftCardActivity | None = None
    inventory_counts: tuple[InventoryCount, ...] | None = None
    customer: Customer | None = None
    catalog_version: CatalogVersion | None = None


class WebhookData(Vendor):
    """The part of a webhook that says what it is about."""

    id: str | None = None
    object: Carried | None = None


class WebhookHead(Vendor):
    """The beginning of a webhook, enough to know what it is."""

    type: str | None = None
    event_id: str | None = None
    merchant_id: str | None = None
    created_at: AwareDatetime | None = None


class Webhook(WebhookHead):
    """A webhook whose kind is translated."""

    data: WebhookData | None = None
