"""Exception cases, read for people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from lockstep.messaging.ledger import LAST, awaited_key, case_key, moment
from lockstep.messaging.ports import Table
from lockstep.operations.repairs import repair_for


@dataclass(frozen=True, slots=True)
class Waiting:
    """One subject that waits for a case in the lane of one consumer."""

    stream: str
    consumer: str
    subject: str
    """Empty for the whole lane."""
    since: datetime
    amount: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One root cause that holds things up, or that somebody should look at."""

    case: str
    """Its key: `kind/reference`."""
    kind: str
    reference: str
    problem: str
    owner: str
    consumer: str
    """Who opened it."""
    opened_at: datetime
    due_at: datetime
    overdue: bool
    repair: str
    """What a person can do about it."""
    waiting: tuple[Waiting, ...] = ()
    at_stake: tuple[str, ...] = ()
    """Money that waits, one sum a currency: at least this, since only the first document of a subject is known."""

    @property
    def subjects(self) -> int:
        """How many different subjects wait, whoever they wait with."""
        return len({(one.stream, one.subject) for one in self.waiting})


def read_cases(table: Table, keys: Iterable[str], now: datetime) -> list[Case]:
    """Those of these cases that are open, with everything that waits for them.

    Args:
        table: The ledger.
        keys: `kind/reference`.
        now: UTC; what was due before is overdue.
    """
    wanted = {case_key(key): key for key in keys}
    found = table.get(wanted)
    return [_case(table, key, found[where], now) for where, key in wanted.items() if _is_open(found.get(where))]


def looked_after(table: Table, keys: Iterable[str]) -> frozenset[str]:
    """Those of these cases that are open, or that the sweep looks after until they end by themselves or are opened."""
    cases = {case_key(key): key for key in keys}
    clocks = {awaited_key(key): key for key in cases.values()}
    found = table.get([*cases, *clocks])
    return frozenset(
        [key for where, key in cases.items() if _is_open(found.get(where))]
        + [key for where, key in clocks.items() if where in found]
    )


def read_waiting(table: Table, key: str) -> tuple[Waiting, ...]:
    """Everything that waits for a case, what waits longest coming first."""
    waiting = (
        Waiting(one["stream"], one["consumer"], one["subject"], moment(one["since"]), one.get("amount", ""))
        for _, one in table.query(case_key(key).pk, "W#", "W#" + LAST)
    )
    return tuple(sorted(waiting, key=lambda one: (one.since, one.stream, one.subject, one.consumer)))


def _is_open(item: Mapping[str, Any] | None) -> bool:
    return item is not None and item.get("state") == "open"


def _case(table: Table, key: str, item: Mapping[str, Any], now: datetime) -> Case:
    waiting = read_waiting(table, key)
    due = moment(item["due_at"])
    return Case(
        case=key,
        kind=item["kind"],
        reference=item["reference"],
        problem=item["problem"],
        owner=item["owner"],
        consumer=item["consumer"],
        opened_at=moment(item["opened_at"]),
        due_at=due,
        overdue=due < now,
        repair=repair_for(item["kind"], item["reference"]),
        waiting=waiting,
        at_stake=total_at_stake(waiting),
    )


def total_at_stake(waiting: Sequence[Waiting]) -> tuple[str, ...]:
    """Sums by currency of `54.60 USD` amounts; what waits with two consumers counts once."""
    amounts = {(one.stream, one.subject): one.amount for one in waiting if one.amount}
    sums: dict[str, Decimal] = {}
    for amount in amounts.values():
        number, _, currency = amount.partition(" ")
        sums[currency] = sums.get(currency, Decimal(0)) + abs(Decimal(number))
    return tuple(f"{total} {currency}" for currency, total in sorted(sums.items()))
