"""What the bus hears of cases, for a ticket system: `ExceptionOpened` and `ExceptionResolved`.

News like all that is on the bus: it may come twice or late. `id` is the same each time, and `exception` with
`opened_at` names what is opened and resolved.
"""

from dataclasses import dataclass
from typing import Any, Final

from lockstep.messaging.ports import Item
from lockstep.operations.repairs import repair_for

SOURCE: Final = "lockstep"
OPENED: Final = "ExceptionOpened"
RESOLVED: Final = "ExceptionResolved"
TYPES: Final = (OPENED, RESOLVED)


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that was opened or resolved."""

    type: str
    detail: dict[str, Any]
    """In JSON's types."""


def case_change(before: Item, after: Item) -> CaseChange | None:
    """What a change of a case's item means to others; None where it is still what it was.

    Args:
        before: The item as it was; empty for a new one.
        after: As it is now; empty for one that was removed.
    """
    state, was = after.get("state"), before.get("state")
    if after.get("record") != "case" or state == was or (state != "open" and was != "open"):
        return None
    case = str(after["pk"]).removeprefix("C#")
    opened_at = after.get("opened_at", before.get("opened_at", ""))
    kind, reference = after["kind"], after["reference"]
    detail = {
        "id": f"{case}@{opened_at}/{state}",
        "case": case,
        "kind": kind,
        "reference": reference,
        "problem": after.get("problem", ""),
        "owner": after.get("owner", ""),
        "consumer": after.get("consumer", ""),
        "opened_at": opened_at,
        "repair": repair_for(kind, reference),
        "show": f"lockstep exceptions show '{case}'",
    }
    if state == "open":
        return CaseChange(OPENED, {**detail, "due_at": after.get("due_at", "")})
    resolved = {"resolved_at": after.get("resolved_at", ""), "resolved_by": after.get("resolved_by", "")}
    return CaseChange(RESOLVED, {**detail, **resolved})
