"""What became of a case: who did what to it, and when. Kept in its item, the newest `MOST_LINES`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lockstep.messaging.ledger import moment, stamp
from lockstep.messaging.ports import ABSENT, Item

MOST_LINES: Final = 50
_OPENED: Final = "opened"
_RESOLVED: Final = "resolved"


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One line of a case's history."""

    at: datetime
    by: str
    """A person, or the consumer that did it."""
    what: str


def history_of(item: Item) -> list[CaseEvent]:
    """Everything known, the oldest first.

    When it was opened and resolved last stands in attributes of its own: whoever opens a case does not read it.
    """
    lines = [CaseEvent(moment(at), by, what) for at, by, what in item.get("history", ())]
    known = {(line.at, line.what) for line in lines}
    opened, resolved = item.get("opened_at", item.get("was_opened_at")), item.get("resolved_at")
    for at, by, what in (
        (opened, item.get("consumer", ""), _OPENED),
        (resolved, item.get("resolved_by", ""), _RESOLVED),
    ):
        if at and (moment(at), what) not in known:
            lines.append(CaseEvent(moment(at), by, what))
    return sorted(lines, key=lambda line: line.at)


def noted(item: Item, now: datetime, *, by: str, what: str = _RESOLVED) -> dict[str, Any]:
    """The attribute that notes one line more; to be written on condition of `as_read`."""
    lines = [*history_of(item), CaseEvent(now, by, what)]
    return {"history": [[stamp(line.at), line.by, line.what] for line in lines[-MOST_LINES:]]}


def as_read(item: Item) -> Mapping[str, Any]:
    """What must still be so for a line to be noted: nobody else noted one."""
    return {"history": item.get("history", ABSENT)}
