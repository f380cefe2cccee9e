"""The crosswalk: which name of a system stands for which of ours. Read here by every consumer; written by the import.

M#<kind>#<system>  in#<value>        what the system's name means: `counterpart` is ours
                   out#<canonical>   what ours is called there: `counterpart` is the system's
M#index            <kind>#<system>   there are mappings of this kind and system
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from lockstep.canonical.identifiers import is_gtin, normalize_gtin
from lockstep.messaging.ledger import LAST
from lockstep.messaging.ports import Clock, Key, Table
from lockstep.messaging.references import Reference, ReferenceKind

KEPT_FOR: Final = timedelta(seconds=60)
"""How long a found counterpart is used without looking again; a corrected mapping is seen everywhere after this."""
MOST_KEPT: Final = 20_000
"""Counterparts kept at once by one process: a few megabytes."""

INWARD: Final = "in#"
OUTWARD: Final = "out#"
INDEX: Final = "M#index"


def inward_form(kind: ReferenceKind, value: str) -> str:
    """The form in which a system's name is compared: as `ItemReference.lookup` has it.

    So a till's 12-digit code, a shop's 13-digit one and a carton's 14-digit one with the same meaning are one name.
    """
    return normalize_gtin(value) if kind is ReferenceKind.ITEM and is_gtin(value) else value


def inward_key(kind: ReferenceKind, system: str, value: str) -> Key:
    """Where the meaning of a system's name stands."""
    return Key(f"M#{kind.value}#{system}", INWARD + inward_form(kind, value))


def outward_key(kind: ReferenceKind, system: str, canonical: str) -> Key:
    """Where a system's name for something of ours stands."""
    return Key(f"M#{kind.value}#{system}", OUTWARD + canonical)


def index_key(kind: ReferenceKind, system: str) -> Key:
    """Where it stands that there are mappings of a kind and system."""
    return Key(INDEX, f"{kind.value}#{system}")


def key_of(reference: Reference) -> Key:
    """Where the counterpart of a reference stands."""
    form = outward_key if reference.outward else inward_key
    return form(reference.kind, reference.system, reference.value)


def names_at(table: Table, kind: ReferenceKind, system: str) -> list[str]:
    """Everything of ours that has a name in a system, sorted."""
    rows = table.query(f"M#{kind.value}#{system}", OUTWARD, OUTWARD + LAST)
    return sorted(key.sk.removeprefix(OUTWARD) for key, _ in rows)


class Crosswalk:
    """Looks references up; implements `Resolver`.

    What is found is kept for a minute. What is missing is never kept: an import must take effect at once for whatever
    waits for it.
    """

    def __init__(self, table: Table, clock: Clock) -> None:
        """Args:
        table: The master data table.
        clock: Tells when what was found is to be looked up again.
        """
        self._table = table
        self._clock = clock
        self._kept: dict[Key, tuple[str, datetime]] = {}

    def resolve(self, references: Iterable[Reference]) -> dict[Reference, str]:
        """The counterparts of those that have one; the others are left out."""
        keys = {reference: key_of(reference) for reference in references}
        now = self._clock.now()
        known = {key: kept[0] for key in keys.values() if (kept := self._kept.get(key)) and now < kept[1]}
        missing = [key for key in keys.values() if key not in known]
        found = {key: str(item["counterpart"]) for key, item in self._table.get(missing).items()} if missing else {}
        if len(self._kept) + len(found) > MOST_KEPT:
            self._kept.clear()
        self._kept |= {key: (counterpart, now + KEPT_FOR) for key, counterpart in found.items()}
        known |= found
        return {reference: known[key] for reference, key in keys.items() if key in known}
