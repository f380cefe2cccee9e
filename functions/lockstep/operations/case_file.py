"""Everything about one case, for the person who is to repair it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lockstep.messaging.case_history import CaseEvent, history_of
from lockstep.messaging.ledger import case_key, entry_from, entry_key, moment
from lockstep.messaging.parking import parked_entries
from lockstep.messaging.ports import Table
from lockstep.operations.cases import Waiting, read_waiting, total_at_stake
from lockstep.operations.repairs import repair_for

MOST_LOOKED_INTO: Final = 50
"""Waiting subjects whose entries are read; the rest are listed."""


@dataclass(frozen=True, slots=True)
class HeldSubject:
    """One subject that waits, with what is behind it."""

    stream: str
    consumer: str
    subject: str
    """Empty for the whole lane."""
    since: datetime
    amount: str
    event: str
    """Id of the event that failed: `lockstep trace` follows it; empty for a whole lane, or when not looked into."""
    behind: int
    """Entries of the subject that wait behind that one."""
    others: tuple[str, ...]
    """Other cases it waits for too."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case, in whatever state."""

    case: str
    state: str
    """expected (to end by itself; nobody is told yet), open, or resolved."""
    problem: str
    owner: str
    consumer: str
    opened_at: datetime | None
    """None for a resolved one."""
    due_at: datetime | None
    overdue: bool
    repair: str
    held: tuple[HeldSubject, ...]
    """Those that wait longest come first."""
    at_stake: tuple[str, ...]
    history: tuple[CaseEvent, ...]


def read_case_file(table: Table, case: str, now: datetime) -> CaseFile | None:
    """A case by its key; None when there never was one.

    Args:
        table: The ledger.
        case: `kind/reference`.
        now: UTC; what was due before is overdue.
    """
    item = table.get([case_key(case)]).get(case_key(case))
    if item is None:
        return None
    waiting = read_waiting(table, case)
    opened, due = item.get("opened_at"), item.get("due_at")
    due_at = moment(due) if due else None
    kind, _, reference = case.partition("/")
    return CaseFile(
        case=case,
        state=item["state"],
        problem=item.get("problem", ""),
        owner=item.get("owner", ""),
        consumer=item.get("consumer", ""),
        opened_at=moment(opened) if opened else None,
        due_at=due_at,
        overdue=due_at is not None and due_at < now,
        repair=repair_for(kind, reference),
        held=tuple(_held(table, case, waiting)),
        at_stake=total_at_stake(waiting),
        history=tuple(history_of(item)),
    )


def _held(table: Table, case: str, waiting: Sequence[Waiting]) -> list[HeldSubject]:
    found = []
    for number, one in enumerate(waiting):
        look = one.subject and number < MOST_LOOKED_INTO
        event, behind, others = _looked_into(table, case, one) if look else ("", 0, ())
        found.append(HeldSubject(one.stream, one.consumer, one.subject, one.since, one.amount, event, behind, others))
    return found


def _looked_into(table: Table, case: str, one: Waiting) -> tuple[str, int, tuple[str, ...]]:
    entries = parked_entries(table, one.stream, one.consumer, one.subject)
    first = next((entry for entry in entries if case in entry.causes), None)
    if first is None:
        return "", 0, ()  # let go since
    key = entry_key(one.stream, first.seq)
    behind = sum(1 for entry in entries if entry.seq > first.seq)
    return entry_from(key, table.get([key])[key]).event.id, behind, tuple(c for c in first.causes if c != case)
