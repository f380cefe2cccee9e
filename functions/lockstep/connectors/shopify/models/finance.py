"""Payouts, disputes, gift cards and tender transactions, as webhooks and the REST resources write them."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from lockstep.connectors.shopify.models.base import (
    Amount,
    Flag,
    Id,
    OptionalAmount,
    OptionalDay,
    OptionalId,
    OptionalTime,
    Vendor,
)


def _amounts(value: Any) -> Any:
    """Those of its fields that are amounts, by their names: there are more of them in newer versions."""
    return {name: one for name, one in value.items() if name.endswith("_amount")} if isinstance(value, dict) else value


class Payout(Vendor):
    """A payout. Of the summary's amounts, those named `gross` raise it and those named `fee` lower it."""

    id: Id
    status: str | None = None
    date: OptionalDay = None
    currency: str
    amount: Amount
    summary: Annotated[dict[str, OptionalAmount], BeforeValidator(_amounts)] | None = None


class Dispute(Vendor):
    """A snapshot of a dispute."""

    id: Id
    order_id: OptionalId = None
    type: str | None = None
    amount: Amount
    currency: str
    reason: str | None = None
    network_reason_code: str | None = None
    status: str | None = None
    evidence_due_by: OptionalTime = None
    evidence_sent_on: OptionalTime = None
    finalized_on: OptionalTime = None
    initiated_at: OptionalTime = None


class GiftCard(Vendor):
    """A gift card, by its number; its code is nowhere."""

    id: Id
    balance: Amount
    initial_value: Amount
    currency: str
    created_at: OptionalTime = None
    updated_at: OptionalTime = None
    disabled_at: OptionalTime = None
    order_id: OptionalId = None


class TenderTransaction(Vendor):
    """Money that passed: the same as an order's transactions say, without saying which of them."""

    id: Id
    order_id: OptionalId = None
    amount: OptionalAmount = None
    currency: str | None = None
    test: Flag = False
