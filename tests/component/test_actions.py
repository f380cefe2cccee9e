"""What operators did, in DynamoDB as moto plays it."""

from datetime import UTC, date, datetime, timedelta

import boto3

from lockstep.operations.actions import Action, actions_between, note_action
from lockstep.runtime.aws import DynamoTable
from lockstep.runtime.memory import SeededRandom


def test_what_was_done_is_read_back_day_by_day(ledger_name: str) -> None:
    table, random = DynamoTable(boto3.client("dynamodb"), ledger_name), SeededRandom()
    at = datetime(2026, 11, 27, 23, 59, tzinfo=UTC)
    first = Action(at, "ada", "pause", "tryton.main", "new release", "until resumed")
    second = Action(at + timedelta(minutes=2), "bob", "resume", "tryton.main")
    for action in (second, first):
        note_action(table, random, action)

    assert list(actions_between(table, date(2026, 11, 27), date(2026, 11, 28))) == [first, second]
    assert list(actions_between(table, date(2026, 11, 28), date(2026, 11, 28))) == [second]
