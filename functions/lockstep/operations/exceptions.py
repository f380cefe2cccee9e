"""The list of what people have to look at."""

from collections.abc import Sequence
from datetime import datetime

from lockstep.messaging.ledger import AWAITED_CASES, INDEX_OPEN, OPEN_CASES
from lockstep.messaging.ports import Table
from lockstep.operations.cases import Case, read_cases


def open_case_keys(table: Table, *, limit: int = 1000) -> list[str]:
    """Keys of open cases, the oldest first. Eventually consistent."""
    return [key.pk.removeprefix("C#") for key in table.index(INDEX_OPEN, OPEN_CASES, limit=limit)]


def awaited_case_keys(table: Table, *, limit: int = 200) -> list[str]:
    """Keys of cases that are expected to end by themselves, or that would although they are open. Eventually
    consistent.
    """
    return [key.pk.removeprefix("C#") for key in table.index(INDEX_OPEN, AWAITED_CASES, limit=limit)]


def open_cases(
    table: Table, now: datetime, *, kinds: Sequence[str] = (), owners: Sequence[str] = (), limit: int = 1000
) -> list[Case]:
    """Open cases, those that are due first coming first.

    Args:
        table: The ledger.
        now: UTC.
        kinds: Of these kinds only; all when empty.
        owners: Of these owners only; all when empty.
        limit: Most cases looked at, the oldest first.
    """
    keys = [key for key in open_case_keys(table, limit=limit) if not kinds or key.split("/", 1)[0] in kinds]
    cases = read_cases(table, keys, now)
    return sorted(
        (case for case in cases if not owners or case.owner in owners), key=lambda case: (case.due_at, case.case)
    )
