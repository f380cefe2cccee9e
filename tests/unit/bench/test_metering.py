"""From one request to what it comes to."""

import json
from typing import Any

import pytest

from bench.metering import Counts, Place, asked, counted

TABLE = "ledger"
STREAM = Place(TABLE, "S#till:poslog.main:101/1", "STREAM")
ENTRY = Place(TABLE, "S#till:poslog.main:101/1", "E#000000000001")
OUTCOME = Place(TABLE, "S#till:poslog.main:101/1", "E#000000000001#tryton.main")


def item(place: Place, **more: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {**place.key, **more}


def dynamodb(operation: str, **document: Any) -> Any:
    return asked(f"DynamoDB_20120810.{operation}", "POST", json.dumps(document).encode())


def transaction(*actions: dict[str, Any]) -> Any:
    return dynamodb("TransactWriteItems", TransactItems=list(actions))


def test_a_transaction_is_counted_item_by_item_and_twice() -> None:
    large = item(ENTRY, event={"B": "x" * 2000})
    request = transaction(
        {"Put": {"TableName": TABLE, "Item": large}},
        {"Update": {"TableName": TABLE, "Key": STREAM.key, "UpdateExpression": "SET head = :head"}},
    )
    opened = item(STREAM, open_key={"S": "open#1"}, open_since={"S": "2026-11-23"})
    counts = counted(request, {}, {}, {ENTRY: large, STREAM: opened})
    assert counts.requests == {"DynamoDB.TransactWriteItems": 1}
    assert counts.write_units == {"entry": 4, "stream": 2, "index open": 1}


def test_a_write_alone_is_counted_once() -> None:
    posted = item(OUTCOME, state={"S": "posted"}, reference={"S": "S-1"})
    counts = counted(dynamodb("PutItem", TableName=TABLE, Item=posted), {}, {}, {OUTCOME: posted})
    assert counts.write_units == {"outcome of tryton.main": 1, "index reference": 1}


def test_what_is_refused_is_counted_and_charged() -> None:
    request = transaction({"Put": {"TableName": TABLE, "Item": item(ENTRY, event={"B": "x" * 2000})}})
    counts = counted(request, None, {}, {})
    assert counts.refused == 1
    assert counts.write_units == {"entry": 4}, "by what would have been written"


def test_reads_are_told_by_what_was_asked_for() -> None:
    request = dynamodb("BatchGetItem", RequestItems={TABLE: {"Keys": [STREAM.key, ENTRY.key], "ConsistentRead": True}})
    counts = counted(request, {"Responses": {TABLE: [item(STREAM, body={"B": "x" * 8000})]}}, {}, {})
    assert counts.read_units == {"stream": 2.0, "entry": 1.0}, "6,000 bytes, and one that is not there"
    single = counted(dynamodb("GetItem", TableName=TABLE, Key=STREAM.key), {}, {}, {})
    assert single.read_units == {"stream": 0.5}, "eventually consistent"


def test_a_query_is_told_by_its_index() -> None:
    counts = counted(dynamodb("Query", TableName=TABLE, IndexName="open"), {"Items": []}, {}, {})
    assert counts.read_units == {"query open": 0.5}


def test_events_are_counted_one_by_one() -> None:
    entries = [{"Detail": '{"a":1}'}, {"Detail": "{}"}]
    counts = counted(asked("AWSEvents.PutEvents", "POST", json.dumps({"Entries": entries}).encode()), {}, {}, {})
    assert (counts.events, counts.event_bytes) == (2, 9)
    assert counts.requests == {"EventBridge.PutEvents": 1}


@pytest.mark.parametrize(
    ("target", "method", "name"),
    [
        ("AmazonSQS.SendMessageBatch", "POST", "SQS.SendMessageBatch"),
        ("secretsmanager.GetSecretValue", "POST", "Secrets Manager.GetSecretValue"),
        (None, "PUT", "S3.PUT"),
    ],
)
def test_every_service_is_known_by_its_target(target: str | None, method: str, name: str) -> None:
    assert counted(asked(target, method, b"" if target else b"binary \xff"), {}, {}, {}).requests == {name: 1}


@pytest.mark.parametrize(
    ("pk", "sk", "kind"),
    [
        ("D#poslog.main#msg-1", "D", "delivery"),
        ("I#poslog.main/TransactionClosed/1", "I", "identity"),
        ("R#position#TEE@101", "R", "record"),
        ("T#shopify.main", "K#TEE@101", "state shown"),
        ("T#shopify.main", "DRAIN", "drain"),
        ("T#shopify.main", "BREAKER", "breaker"),
        ("S#till:poslog.main:101/1", "P#tryton.main#s#000000000001", "parked entry"),
        ("S#till:poslog.main:101/1", "X#000000000001", "control"),
        ("C#unmapped_reference/1", "CASE", "case"),
        ("M#item#poslog.main", "in#1", "master data"),
    ],
)
def test_every_item_of_the_ledger_has_a_kind(pk: str, sk: str, kind: str) -> None:
    request = dynamodb("DeleteItem", TableName=TABLE, Key=Place(TABLE, pk, sk).key)
    assert list(counted(request, {}, {}, {}).write_units) == [kind]


def test_counts_add_up() -> None:
    total = Counts()
    for _ in range(3):
        total.add(counted(dynamodb("GetItem", TableName=TABLE, Key=STREAM.key, ConsistentRead=True), {}, {}, {}))
    assert total.requests == {"DynamoDB.GetItem": 3}
    assert total.read_units == {"stream": 3.0}
