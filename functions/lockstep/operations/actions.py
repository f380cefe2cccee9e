"""What operators did: one item of the ledger for each command that changed something, under the day it was given."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lockstep.messaging.ledger import LAST, moment, stamp
from lockstep.messaging.ports import NEW, Key, Put, Random, Table


@dataclass(frozen=True, slots=True)
class Action:
    """One command that changed something."""

    at: datetime
    """UTC."""
    by: str
    """Who gave it."""
    what: str
    """The command's words, as in `dlq redrive`."""
    target: str
    """What it was given for: a consumer, a target account, a case."""
    reason: str = ""
    """Why, where it was asked for."""
    result: str = ""
    """What came of it."""


def note_action(table: Table, random: Random, action: Action) -> None:
    """Keep who did what. Never changed afterwards."""
    item = {
        "at": stamp(action.at),
        "by": action.by,
        "what": action.what,
        "target": action.target,
        "reason": action.reason,
        "result": action.result,
    }
    key = Key(_partition(action.at.date()), f"{stamp(action.at)}#{random.token()}")
    table.write([Put(key, {name: value for name, value in item.items() if value}, expect=NEW)])


def actions_between(table: Table, first: date, last: date) -> Iterator[Action]:
    """What was done from one day to another, both included (UTC), in order."""
    for number in range((last - first).days + 1):
        for _, item in table.query(_partition(first + timedelta(days=number)), "0", LAST):
            yield Action(
                at=moment(item["at"]),
                by=item["by"],
                what=item["what"],
                target=item.get("target", ""),
                reason=item.get("reason", ""),
                result=item.get("result", ""),
            )


def _partition(day: date) -> str:
    return f"A#{day.isoformat()}"
