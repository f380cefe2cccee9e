"""What is paid for that is not goods."""

from enum import StrEnum


class ChargeKind(StrEnum):
    """What is paid for that is not goods."""

    SHIPPING = "shipping"
    DUTY = "duty"
    DEPOSIT = "deposit"
    FEE = "fee"
    TIP = "tip"
    DONATION = "donation"
    ROUNDING = "rounding"
    """Cash rounding of the total, either sign."""
    GIFT_CARD = "gift card"
    """Stored value sold or topped up: a liability, never revenue."""
