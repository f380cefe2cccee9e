"""What a shop's messages do not say."""

from dataclasses import dataclass
from datetime import UTC, tzinfo


@dataclass(frozen=True, slots=True)
class Shop:
    """One account."""

    currency: str | None = None
    """ISO 4217 code, for prices, coupons and refunds, which name none."""
    zone: tzinfo = UTC
    """For times that are written without an offset and without their `_gmt` twin."""
