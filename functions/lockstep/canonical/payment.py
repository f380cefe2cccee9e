"""Payments as gateways and channels record them: movements of money, disputes about them, gift cards."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, model_validator

from lockstep.canonical.identifiers import Code
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Money


class PaymentKind(StrEnum):
    """What a movement does."""

    AUTHORIZATION = "authorization"
    """Money is promised."""
    CAPTURE = "capture"
    """Promised money is taken."""
    SALE = "sale"
    """Money is promised and taken at once."""
    VOID = "void"
    """A promise is given up."""
    REFUND = "refund"
    REFUND_REVERSAL = "refund reversal"
    """A refund that had succeeded did not arrive after all: the money is back."""
    CHARGEBACK = "chargeback"
    """The customer's bank takes the money back."""
    CHARGEBACK_REVERSAL = "chargeback reversal"
    PAYOUT = "payout"
    """Money is sent to somebody who is not a customer of a sale."""
    OTHER = "other"
    """A movement in a word that is new to us; nothing is booked for it before a person has looked."""


class PaymentStatus(StrEnum):
    """How far a movement is."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Payment(Canonical):
    """One movement of a payment. Its amount is never negative: the kind says which way it goes."""

    id: Code
    """The source's own identifier of the movement."""
    payment: Code
    """The payment it belongs to; the movement's own identifier where the source knows no other."""
    kind: PaymentKind
    status: PaymentStatus
    amount: Money
    """In the currency the customer paid."""
    shop_amount: Money | None = None
    """In the currency of the shop, where the source gives both."""
    fee: Money | None = None
    """What the gateway keeps, where the message says."""
    order: Code | None = None
    """The order, as the source identifies it."""
    reference: Code | None = None
    """The merchant's own reference of it."""
    tender: Code | None = None
    """Gateway or method, as the source names it."""
    is_gift_card: bool = False
    location: Code | None = None
    reason: Code | None = None
    """The source's code for a failure or a reversal."""
    moved_at: AwareDatetime

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.amount.amount < 0:
            raise ValueError("the amount is negative; the kind says which way a movement goes")
        return self

    @property
    def occurred_at(self) -> datetime:
        """When it happened."""
        return self.moved_at


class DisputeStatus(StrEnum):
    """How far a dispute is."""

    INQUIRY = "inquiry"
    """A warning: no money has moved."""
    OPEN = "open"
    """The money is held; evidence may be asked for."""
    UNDER_REVIEW = "under review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"
    """Ended without saying for whom, as a warning that came to nothing."""
    UNKNOWN = "unknown"


class Dispute(Canonical):
    """A customer or a bank disputes a payment: a snapshot."""

    id: Code
    version: Code
    payment: Code
    order: Code | None = None
    reference: Code | None = None
    status: DisputeStatus
    amount: Money
    fee: Money | None = None
    reason: Code | None = None
    due_by: AwareDatetime | None = None
    """Until when evidence is taken."""
    opened_at: AwareDatetime
    changed_at: AwareDatetime

    @property
    def occurred_at(self) -> datetime:
        """When it became what it is here."""
        return self.changed_at


class GiftCardMovementKind(StrEnum):
    """What happens to stored value."""

    ISSUED = "issued"
    LOADED = "loaded"
    REDEEMED = "redeemed"
    REFUNDED = "refunded"
    """Put back on the card."""
    ADJUSTED = "adjusted"
    DEACTIVATED = "deactivated"
    IMPORTED = "imported"
    REPORTED = "reported"
    """Nothing moved: the source says what the card is worth."""


class GiftCardMovement(Canonical):
    """Stored value moves, or is reported. A card is named by its identifier, never by its code."""

    id: Code
    card: Code
    kind: GiftCardMovementKind
    amount: Money
    """Positive raises what the card is worth."""
    balance: Money | None = None
    """What the card is worth afterwards, where the source says."""
    order: Code | None = None
    payment: Code | None = None
    location: Code | None = None
    moved_at: AwareDatetime

    @property
    def occurred_at(self) -> datetime:
        """When it happened."""
        return self.moved_at
