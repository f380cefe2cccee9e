"""References: how one system names a thing that others name differently."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from lockstep.messaging.errors import CaseKey, ReferenceUnknown, TaxCodeInvalid


class ReferenceKind(StrEnum):
    """What is named."""

    ITEM = "item"
    """An article, by GTIN, barcode or code; the canonical name is the SKU."""
    STORE = "store"
    """A store as an organisation: where it sells and books."""
    LOCATION = "location"
    """Where stock lies; the canonical name is the store's or the warehouse's code."""
    TENDER = "tender"
    TAX = "tax"
    CHARGE = "charge"
    """What stands in a system for a charge that is not goods."""
    SAFETY_STOCK = "safety_stock"
    """A planning parameter, kept like a reference: canonical `SKU@location`, system `lockstep`."""


_CASE_KINDS: Final = {ReferenceKind.TENDER: "unmatched_tender", ReferenceKind.TAX: "invalid_tax_code"}


class Reference(NamedTuple):
    """One name to be looked up, inward (a system's name to the canonical one) or outward (the other way)."""

    kind: ReferenceKind
    system: str
    """The connector account."""
    value: str
    """What is known: the system's name when inward, the canonical one when outward."""
    outward: bool = False

    @property
    def case(self) -> CaseKey:
        """The one case that a missing counterpart makes."""
        path = f"{self.value}/{self.system}" if self.outward else f"{self.system}/{self.value}"
        return CaseKey(_CASE_KINDS.get(self.kind, "unmapped_reference"), f"{self.kind.value}/{path}")

    def __str__(self) -> str:
        if self.outward:
            return f"{self.kind.value} {self.value} has no counterpart in {self.system}"
        return f"{self.kind.value} {self.value} of {self.system} has no counterpart"


class Resolver(Protocol):
    """Looks references up in the crosswalk."""

    def resolve(self, references: Iterable[Reference]) -> dict[Reference, str]:
        """The counterparts of those that have one; the others are left out."""
        ...


def require(known: Mapping[Reference, str], references: Iterable[Reference]) -> None:
    """Hold that every reference has a counterpart.

    Raises:
        TaxCodeInvalid: Only tax codes are missing.
        ReferenceUnknown: Others are missing; names every one, with a case for each.
    """
    missing = [reference for reference in dict.fromkeys(references) if reference not in known]
    if not missing:
        return
    only_tax = all(reference.kind is ReferenceKind.TAX for reference in missing)
    error = TaxCodeInvalid if only_tax else ReferenceUnknown
    raise error("; ".join(map(str, missing)), *(reference.case for reference in missing))
