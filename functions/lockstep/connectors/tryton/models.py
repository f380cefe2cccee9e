"""What is read of Tryton: a sale as it stands there."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field


class SaleState(StrEnum):
    """Where a `sale.point.sale` stands."""

    OPEN = "open"
    DONE = "done"
    """Numbered, not yet booked."""
    POSTED = "posted"
    """Booked in the ledger and taken from stock. The only state that counts."""
    CANCELLED = "cancelled"


class CurrencyRecord(BaseModel):
    """A `currency.currency`."""

    code: str


def _decimal(value: object) -> object:
    # The sum of nothing is a plain 0 in Tryton, not a decimal.
    return Decimal(value) if isinstance(value, int) else value


_Amount = Annotated[Decimal, BeforeValidator(_decimal)]


class SaleRecord(BaseModel):
    """A `sale.point.sale`."""

    id: int
    point: int
    external_ref: str
    number: str | None
    """The receipt number; given when it is processed, and kept from then on."""
    state: SaleState
    total: _Amount
    total_tax: _Amount
    amount_paid: _Amount
    currency: CurrencyRecord = Field(alias="currency.")
    lines: tuple[int, ...]
    payments: tuple[int, ...]


SALE_FIELDS: Final = [
    "point",
    "external_ref",
    "number",
    "state",
    "total",
    "total_tax",
    "amount_paid",
    "currency.code",
    "lines",
    "payments",
]


class AuditedSale(BaseModel):
    """A posted `sale.point.sale`, as far as its money goes."""

    id: int
    external_ref: str
    number: str | None
    total: _Amount
    currency: CurrencyRecord = Field(alias="currency.")


AUDIT_FIELDS: Final = ["external_ref", "number", "total", "currency.code"]


class MethodRecord(BaseModel):
    """A `sale.point.payment.method`."""

    name: str


class PaymentRecord(BaseModel):
    """A `sale.point.payment`."""

    sale: int
    method: int
    method_record: MethodRecord = Field(alias="method.")
    amount: _Amount


PAYMENT_FIELDS: Final = ["sale", "method", "method.name", "amount"]


class PeriodRecord(BaseModel):
    """An `account.period`: a span of days that can be booked on while it is open."""

    start_date: date
    end_date: date

    def holds(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.start_date <= day <= self.end_date
