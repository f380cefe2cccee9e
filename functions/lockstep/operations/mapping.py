"""A case about a missing counterpart, and the one mapping that supplies it."""

import csv
import io
import re
from typing import Final

from lockstep.masterdata.mapping_file import COLUMNS
from lockstep.messaging.references import Reference, ReferenceKind

_ACCOUNT: Final = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9-]*")


def missing_reference(case: str) -> Reference | None:
    """The reference whose counterpart a case is about; None for a case about something else.

    Args:
        case: As in `unmapped_reference/item/tills.main/0952`, where their name has no counterpart with us, or
            `unmapped_reference/item/CAP/books.main`, where ours has none with them.
    """
    kind, _, rest = case.partition("/")
    name, _, path = rest.partition("/")
    if name not in list(ReferenceKind) or not path:
        return None
    first, _, after = path.partition("/")
    if _ACCOUNT.fullmatch(first) and after:
        found = Reference(ReferenceKind(name), first, after)
    else:
        ours, _, system = path.rpartition("/")
        found = Reference(ReferenceKind(name), system, ours, outward=True)
    return found if str(found.case) == f"{kind}/{rest}" else None


def mapping_file(reference: Reference, counterpart: str) -> bytes:
    """The file of mappings that says what a reference's counterpart is.

    Args:
        reference: What had none.
        counterpart: Our name of what a system calls so, or the system's name of what is ours.
    """
    ours, theirs = (reference.value, counterpart) if reference.outward else (counterpart, reference.value)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerow((reference.kind.value, ours, reference.system, theirs))
    return text.getvalue().encode()
