"""Single values of Lightspeed's objects, strictly, each error with the field's path."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from lockstep.canonical.money import EXPONENTS, Money
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import moment, number

_FINEST: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Conventions:
    """What an account's messages leave out."""

    currency: str | None
    zone: tzinfo

    def money(self) -> str:
        """The currency of every amount.

        Raises:
            MessageMalformed: The account has none.
        """
        if self.currency not in EXPONENTS:
            raise MessageMalformed("currency is missing: messages name none, and the account has none either")
        return self.currency


def units(text: str | None, path: str) -> Decimal:
    """A quantity; Lightspeed writes five decimals, of which four are kept.

    Raises:
        MessageMalformed: It is missing, or is none.
    """
    return number(text, path).quantize(_FINEST)


def written_at(conventions: Conventions, path: str, *texts: str | None) -> datetime:
    """The first of some times that is said: UTC where it has no offset, told by the clock of the retailer.

    Raises:
        MessageMalformed: None is, or it is no time.
    """
    said = next((text for text in texts if text), None)
    try:
        return moment(said, path).astimezone(conventions.zone)
    except OverflowError as error:  # a day at the end of the calendar, told by another clock
        raise MessageMalformed(f"{path} is no time of a usual year") from error


def to_minor(exact: list[Decimal], currency: str) -> list[Money]:
    """Amounts finer than the minor unit as money whose sum is theirs, rounded: what rounding leaves over goes to those
    from which it was taken most.
    """
    whole = Money.rounded(sum(exact, Decimal(0)), currency)
    rounded = [Money.rounded(amount, currency) for amount in exact]
    left = whole.minor - sum(amount.minor for amount in rounded)
    step = 1 if left > 0 else -1
    unit = Money.of_minor(step, currency)
    by_loss = sorted(range(len(exact)), key=lambda at: (-step * (exact[at] - rounded[at].amount), at))
    for at in by_loss[: abs(left)]:
        rounded[at] += unit
    return rounded
