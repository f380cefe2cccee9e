"""Payouts: what a payment service sends to the retailer's bank account."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, model_validator

from lockstep.canonical.identifiers import Code
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Money


class PayoutStatus(StrEnum):
    """How far it is."""

    PENDING = "pending"
    IN_TRANSIT = "in transit"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class PayoutPart(Canonical):
    """Why a payout is as high as it is: signed as it changes what is paid out."""

    kind: Code
    """As the source names it: charges, refunds, adjustments, fees."""
    amount: Money


class Payout(Canonical):
    """A snapshot of a payout."""

    id: Code
    version: Code
    status: PayoutStatus
    amount: Money
    """What arrives; negative where the retailer owes."""
    parts: tuple[PayoutPart, ...] = ()
    """Where the source breaks it down completely: they add up to the amount."""
    fees: Money | None = None
    """What the service keeps, where the source says."""
    arrives_on: date | None = None
    bank_reference: Code | None = None
    changed_at: AwareDatetime

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.parts:
            parts = Money.total((part.amount for part in self.parts), self.amount.currency)
            if parts != self.amount:
                raise ValueError(f"unbalanced: parts = {parts}, payout = {self.amount}")
        return self

    @property
    def occurred_at(self) -> datetime:
        """When it became what it is here."""
        return self.changed_at
