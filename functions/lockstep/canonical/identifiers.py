"""Identifiers of things: GS1 numbers with their check digits, SKU, store, workstation, and a till's transaction."""

import re
from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from lockstep.canonical.model import Canonical

_GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_GLN_LENGTH: Final = 13
_VISIBLE: Final = r"\x21-\x7e\u00a1-\ud7ff\ue000-\U0010ffff"
_PRINTABLE: Final = f"^[{_VISIBLE}](?:[ {_VISIBLE}]*[{_VISIBLE}])?$"


def check_digit(body: str) -> int:
    """The GS1 modulo-10 check digit of the digits before it (GS1 General Specifications, section 7.9)."""
    return -sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body))) % 10


def has_check_digit(number: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    return re.fullmatch(r"[0-9]{2,}", number) is not None and check_digit(number[:-1]) == int(number[-1])


def is_gtin(value: str) -> bool:
    """Whether this is a GTIN-8, -12, -13 or -14 with a right check digit."""
    return len(value) in _GTIN_LENGTHS and has_check_digit(value)


def normalize_gtin(value: str) -> str:
    """The 14-digit form, in which GTINs of all lengths compare equal.

    Raises:
        ValueError: It is not a GTIN, or its check digit is wrong.
    """
    if not is_gtin(value):
        raise ValueError(f"{value!r} is not a GTIN: 8, 12, 13 or 14 digits with a GS1 check digit")
    return value.zfill(14)


def _gln(value: str) -> str:
    if len(value) != _GLN_LENGTH or not has_check_digit(value):
        raise ValueError(f"{value!r} is not a GLN: 13 digits with a GS1 check digit")
    return value


def _no_slash(value: str) -> str:
    if "/" in value:
        raise ValueError(f"{value!r} holds a slash")
    return value


Gtin = Annotated[str, AfterValidator(normalize_gtin)]
"""Global Trade Item Number, in 14 digits."""
Gln = Annotated[str, AfterValidator(_gln)]
"""Global Location Number."""
Code = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=_PRINTABLE)]
"""An identifier as its source writes it: printable, no blank at either end."""
Sku = Annotated[Code, Field(max_length=64)]
"""The retailer's own stock keeping unit."""
_Part = Annotated[Code, Field(max_length=64), AfterValidator(_no_slash)]
StoreId = _Part
"""Holds no slash: store and workstation stand side by side in the identity of a transaction and in streams."""
WorkstationId = _Part


class ItemReference(Canonical):
    """An item as its source names it. Resolving it to a SKU is the consumers' work."""

    value: Code

    @property
    def lookup(self) -> str:
        """The form under which the crosswalk knows it: a GTIN in 14 digits, anything else as written."""
        return normalize_gtin(self.value) if is_gtin(self.value) else self.value


class TransactionId(Canonical):
    """What makes one till transaction itself: no two share all four (ARTS)."""

    store: StoreId
    workstation: WorkstationId
    business_day: date
    sequence: Annotated[int, Field(ge=0)]

    def __str__(self) -> str:
        return f"{self.store}/{self.workstation}/{self.business_day.isoformat()}/{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> "TransactionId":
        """From `store/workstation/business day/sequence`.

        Raises:
            ValueError: It has another form.
        """
        parts = text.split("/")
        if len(parts) != len(cls.model_fields):
            raise ValueError(f"{text!r} is not store/workstation/business day/sequence")
        store, workstation, day, sequence = parts
        identity = cls(
            store=store, workstation=workstation, business_day=date.fromisoformat(day), sequence=int(sequence)
        )
        if str(identity) != text:
            raise ValueError(f"{text!r} is not how {identity} is written")
        return identity
