"""A day read back from the table as AWS keeps it: ranges, pages, numbers and keys."""

from __future__ import annotations

from datetime import timedelta

import boto3

from lockstep.runtime.aws import DynamoTable
from tests.unit.operations.reconciliation.day_world import DayWorld, store_of
from tests.unit.operations.retail_world import DAY


def test_a_day_with_late_batches_ties_out_on_the_real_table(ledger_name: str) -> None:
    world = DayWorld()
    before = DAY - timedelta(days=1)
    world.sell_some(1, 2, day=before)
    world.sell_some(4, 5)
    world.sell_some(6, till="101/10")
    world.send(
        world.ticket(3, ("Bar", "2.00"), day=before), passed_over=[world.identity(number) for number in (6, 7, 9)]
    )
    world.sell_some(8, 10)
    world.run()
    table = DynamoTable(boto3.client("dynamodb"), ledger_name)
    for key, item in world.ledger_table.items.items():
        boto3.resource("dynamodb").Table(ledger_name).put_item(Item={"pk": key.pk, "sk": key.sk, **item})
    world.ledger_table = table

    today, yesterday = world.reconciled(), world.reconciled(before)

    assert today.settled
    assert yesterday.settled
    first, tenth = store_of(today).workstations
    assert (first.workstation, first.transactions, first.before, first.passed_over) == ("1", 4, 3, 3)
    assert (tenth.workstation, tenth.transactions) == ("10", 1)
    assert store_of(yesterday).transactions == 3
