"""One contract for both tables: what the fake promises, DynamoDB keeps."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lockstep.messaging.ports import ABSENT, NEW, Check, Delete, Key, Patch, Put, Table, WriteRefused
from lockstep.runtime.aws import DynamoTable
from lockstep.runtime.memory import MemoryTable

A, B, C = Key("P", "a"), Key("P", "b"), Key("Q", "c")


@pytest.fixture(params=["memory", "dynamodb"])
def table(request: pytest.FixtureRequest, ledger_name: str) -> Table:
    if request.param == "memory":
        return MemoryTable()
    return DynamoTable(boto3.client("dynamodb"), ledger_name)


def test_values_come_back_as_they_were(table: Table) -> None:
    item = {
        "s": "text",
        "n": 7,
        "b": b"\x00\xff",
        "t": True,
        "f": False,
        "none": None,
        "l": ["a", 1, None],
        "m": {"k": [1]},
    }

    table.write([Put(A, item)])

    assert table.get([A]) == {A: item}
    assert table.get([A, B, A]) == {A: item}
    assert table.get([]) == {}


def test_more_keys_than_one_call_takes(table: Table) -> None:
    keys = [Key("P", f"{number:03d}") for number in range(230)]
    for start in range(0, 230, 90):
        table.write([Put(key, {"n": 1}) for key in keys[start : start + 90]])

    assert len(table.get(keys)) == 230


def test_a_range_is_read_in_order(table: Table) -> None:
    table.write([Put(Key("P", sk), {"n": 1}) for sk in ("d", "b", "a", "c")])

    assert [key.sk for key, _ in table.query("P", "a", "c")] == ["a", "b", "c"]
    assert [key.sk for key, _ in table.query("P", "b", "z", limit=2)] == ["b", "c"]
    assert table.query("nobody", "a", "z") == []


def test_an_index_holds_what_has_its_attribute_in_its_order(table: Table) -> None:
    table.write([Put(A, {"open_key": "open#1", "open_since": "2"}), Put(B, {"open_key": "open#1", "open_since": "1"})])
    table.write([Put(C, {"open_key": "open#2", "open_since": "0", "reference": "R-1"})])

    assert table.index("open", "open#1", limit=10) == [B, A]
    assert table.index("open", "open#1", limit=1) == [B]
    assert table.index("reference", "R-1", limit=10) == [C]


def test_an_index_goes_on_after_a_place_in_its_order(table: Table) -> None:
    keys = [Key("P", f"{number:03d}") for number in range(30)]
    table.write([Put(key, {"open_key": "open#1", "open_since": key.sk, "pad": "x" * 1000}) for key in keys])
    table.write([Put(A, {"open_key": "open#2", "open_since": "015"})])

    assert table.index("open", "open#1", limit=10, after="004") == keys[5:15]
    assert table.index("open", "open#1", limit=100, after="027") == keys[28:]
    assert table.index("open", "open#1", limit=100, after="029") == []
    assert table.index("open", "open#1", limit=100) == keys


def test_a_new_item_must_be_new(table: Table) -> None:
    table.write([Put(A, {"n": 1}, expect=NEW)])

    with pytest.raises(WriteRefused) as caught:
        table.write([Put(A, {"n": 2}, expect=NEW)])

    assert caught.value.failed == {A}
    assert table.get([A]) == {A: {"n": 1}}


def test_a_transaction_happens_whole_or_not(table: Table) -> None:
    table.write([Put(A, {"n": 1})])

    with pytest.raises(WriteRefused) as caught:
        table.write([Put(B, {"n": 1}), Patch(A, set={"n": 3}, expect={"n": 2}), Check(C, {"pk": ABSENT})])

    assert caught.value.failed == {A}
    assert table.get([A, B]) == {A: {"n": 1}}


def test_a_patch_sets_defaults_adds_and_removes(table: Table) -> None:
    table.write([Put(A, {"kept": 1, "gone": 1, "count": 5, "since": "old"})])

    table.write(
        [
            Patch(
                A,
                set={"now": "x"},
                default={"since": "new", "first": "y"},
                add={"count": 2, "fresh": 1},
                remove=("gone", "never"),
                expect={"kept": 1, "missing": ABSENT},
            )
        ]
    )

    assert table.get([A]) == {A: {"kept": 1, "count": 7, "since": "old", "now": "x", "first": "y", "fresh": 1}}


def test_a_patch_makes_the_item(table: Table) -> None:
    table.write([Patch(A, set={"n": 1}, expect={"n": ABSENT}), Patch(B, add={"n": -1})])

    assert table.get([A, B]) == {A: {"n": 1}, B: {"n": -1}}


def test_maps_can_be_expected(table: Table) -> None:
    lease = {"token": "t", "until": "2026"}
    table.write([Patch(A, set={"lease#erp": lease})])

    table.write([Patch(A, remove=("lease#erp",), expect={"lease#erp": lease})])

    with pytest.raises(WriteRefused):
        table.write([Patch(A, set={"n": 1}, expect={"lease#erp": lease})])


def test_what_is_not_there_can_be_deleted(table: Table) -> None:
    table.write([Delete(A)])
    table.write([Put(A, {"n": 1})])
    table.write([Delete(A), Put(B, {"n": 1})])

    assert table.get([A, B]) == {B: {"n": 1}}


def test_a_transaction_touches_an_item_once(table: Table) -> None:
    with pytest.raises((ValueError, ClientError)):
        table.write([Put(A, {"n": 1}), Put(A, {"n": 2})])


def test_capacity_is_reported_when_asked(ledger_name: str) -> None:
    seen: list[str] = []
    table = DynamoTable(
        boto3.client("dynamodb"), ledger_name, on_capacity=lambda operation, _units: seen.append(operation)
    )

    table.write([Put(A, {"n": 1})])
    table.get([A])

    assert seen == ["PutItem", "GetItem"]


class Throttled:
    """A DynamoDB client that leaves keys unread for some calls."""

    def __init__(self, client: Any, times: int) -> None:
        self._client = client
        self.left = times

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        if not self.left:
            answer: dict[str, Any] = self._client.batch_get_item(RequestItems=RequestItems)
            return answer
        self.left -= 1
        return {"Responses": {}, "UnprocessedKeys": RequestItems}


def test_what_a_throttled_table_left_unread_is_asked_for_again(ledger_name: str) -> None:
    client = boto3.client("dynamodb")
    DynamoTable(client, ledger_name).write([Put(A, {"n": 1}), Put(B, {"n": 2})])

    assert DynamoTable(Throttled(client, 5), ledger_name).get([A, B]) == {A: {"n": 1}, B: {"n": 2}}
    with pytest.raises(WriteRefused):
        DynamoTable(Throttled(client, 6), ledger_name).get([A, B])
