"""What is kept and read of Tryton: the connection, and a sale as it stands there."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints


class TrytonConnection(BaseModel):
    """An account's secret: where the ERP is and who we are there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/?#@\s]+$")]
    """Scheme, host and port, without a path."""
    database: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")]
    user: str
    password: SecretStr


class SaleState(StrEnum):
    """Where a `sale.point.sale` stands."""

    OPEN = "open"
    DONE = "done"
    """Numbered, not yet booked."""
    POSTED = "posted"
    """Booked in the ledger and taken from stock. The only state that counts."""
    CANCELLED = "cancelled"


class TrytonCurrency(BaseModel):
    """The company's currency."""

    code: str


class TrytonSale(BaseModel):
    """A `sale.point.sale`, as read."""

    id: int
    external_ref: str
    number: str | None
    """The receipt number; given when it is processed."""
    state: SaleState
    total: Decimal
    total_tax: Decimal
    amount_paid: Decimal
    currency: TrytonCurrency = Field(alias="currency.")
    payments: tuple[int, ...]
    lines: tuple[int, ...]
