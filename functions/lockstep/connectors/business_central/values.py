"""Single values of Business Central's objects, strictly, each error with the field's path."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from lockstep.canonical.money import EXPONENTS
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.lenient import optional_moment

NO_GUID: Final = "00000000-0000-0000-0000-000000000000"
"""How an empty reference is written."""
_NO_TIME: Final = datetime(1, 1, 2, tzinfo=UTC)
"""Times before are how an empty time is written."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """What a company's documents leave out."""

    currency: str | None
    zone: tzinfo

    def money(self, code: str | None, path: str) -> str:
        """The currency of a document: its own, or the company's where it names none.

        Raises:
            MessageMalformed: It is no currency, or neither names one.
        """
        found = code or self.currency
        if found not in EXPONENTS:
            raise MessageMalformed(
                f"{path} is {'no ISO 4217 code' if code else 'empty, and the account has no currency'}"
            )
        return found


def changed_at(text: str | None, path: str) -> datetime:
    """When a record was changed last.

    Raises:
        MessageMalformed: It does not say.
    """
    found = optional_moment(text, path)
    if found is None or found < _NO_TIME:
        raise MessageMalformed(f"{path} is missing")
    return found
