"""Tender control: money that moves in or out of a till without a sale (ARTS TenderControlTransaction)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from lockstep.canonical.identifiers import Code, TransactionId
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Money


class TenderControlKind(StrEnum):
    """Why money moves."""

    LOAN = "loan"
    """From the safe into the till."""
    PICKUP = "pickup"
    """From the till into the safe."""
    DEPOSIT = "deposit"
    """From the safe to the bank."""
    PAID_IN = "paid in"
    PAID_OUT = "paid out"
    EXCHANGE = "exchange"
    """One means of payment for another."""


class TenderMovement(Canonical):
    """One means of payment; positive comes into the till."""

    tender: Code
    amount: Money


class TenderControl(Canonical):
    """Money moved in or out of a till."""

    id: TransactionId
    kind: TenderControlKind
    closed_at: AwareDatetime
    movements: Annotated[tuple[TenderMovement, ...], Field(min_length=1)]
    reason: Code | None = None

    @model_validator(mode="after")
    def _direction(self) -> Self:
        inward = {TenderControlKind.LOAN, TenderControlKind.PAID_IN}
        outward = {TenderControlKind.PICKUP, TenderControlKind.DEPOSIT, TenderControlKind.PAID_OUT}
        for movement in self.movements:
            amount = movement.amount.amount
            if (self.kind in inward and amount < 0) or (self.kind in outward and amount > 0):
                raise ValueError(f"a {self.kind.value} of {movement.amount} goes the wrong way")
        return self

    @property
    def occurred_at(self) -> datetime:
        """When the till closed it."""
        return self.closed_at
