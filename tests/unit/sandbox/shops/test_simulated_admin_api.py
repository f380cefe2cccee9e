from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.shops.messages import Request
from sandbox.shops.shopify import ENDPOINT, Simulator

COAT, HAT, SET = (f"gid://shopify/InventoryItem/{n}" for n in (1, 2, 3))
DOWNTOWN, HARBOUR = (f"gid://shopify/Location/{n}" for n in (11, 12))
READ = """
query ($items: [ID!]!, $location: ID!) {
  nodes(ids: $items) {
    id
    ... on InventoryItem {
      sku
      inventoryLevel(locationId: $location) { location { name } quantities(names: ["available"]) { name quantity } }
    }
  }
}
"""


def quantity(item: str, location: str, value: int, compare: int | None) -> dict[str, Any]:
    return {"inventoryItemId": item, "locationId": location, "quantity": value, "changeFromQuantity": compare}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (Request("POST", ENDPOINT, {}, b"{}"), 401),
        (Request("POST", ENDPOINT, {"x-shopify-access-token": "wrong"}, b"{}"), 401),
        (
            Request(
                "POST", ENDPOINT.replace("2026-10", "2026-07"), {"x-shopify-access-token": "shpat_of_the_test"}, b"{}"
            ),
            404,
        ),
        (Request("GET", ENDPOINT, {"x-shopify-access-token": "shpat_of_the_test"}), 404),
        (Request("POST", ENDPOINT, {"x-shopify-access-token": "shpat_of_the_test"}, b"not json"), 400),
        (Request("POST", ENDPOINT, {"x-shopify-access-token": "shpat_of_the_test"}, b"[]"), 400),
    ],
)
def test_the_door(simulator: Simulator, request_: Request, status: int) -> None:
    assert simulator.handle(request_).status == status


def test_quantities_are_set_and_read(caller: Any) -> None:
    answer = caller.set(
        "k1", quantity(COAT, DOWNTOWN, 1, 2), quantity(HAT, HARBOUR, 3, None), referenceDocumentUri="gid://x/Y/1"
    )
    payload = answer["data"]["inventorySetQuantities"]
    assert payload["userErrors"] == []
    assert payload["inventoryAdjustmentGroup"]["referenceDocumentUri"] == "gid://x/Y/1"
    nodes = caller.call(READ, {"items": [COAT, SET, "gid://shopify/InventoryItem/404", HARBOUR], "location": DOWNTOWN})[
        "data"
    ]["nodes"]
    assert nodes[0]["inventoryLevel"] == {
        "location": {"name": "Downtown"},
        "quantities": [{"name": "available", "quantity": 1}],
    }
    assert nodes[1]["sku"] == "SET"
    assert nodes[2] is None
    assert nodes[3] == {"id": HARBOUR}


def test_one_stale_quantity_undoes_the_whole_call(caller: Any, simulator: Simulator) -> None:
    before = simulator.stock.levels()
    assert caller.codes("k1", quantity(COAT, DOWNTOWN, 1, 2), quantity(COAT, HARBOUR, 1, 4)) == [
        ("CHANGE_FROM_QUANTITY_STALE", ["input", "quantities", "1", "changeFromQuantity"])
    ]
    assert simulator.stock.levels() == before
    assert simulator.stock.movements() == ()


def test_every_refused_quantity_is_named(caller: Any) -> None:
    nowhere, nothing = "gid://shopify/Location/404", "gid://shopify/InventoryItem/404"
    assert caller.codes(
        "k1", quantity(nothing, nowhere, 1, 2), quantity(COAT, DOWNTOWN, 1, 9), quantity(SET, DOWNTOWN, 0, 1)
    ) == [
        ("INVALID_INVENTORY_ITEM", ["input", "quantities", "0", "inventoryItemId"]),
        ("INVALID_LOCATION", ["input", "quantities", "0", "locationId"]),
        ("NON_MUTABLE_INVENTORY_ITEM", ["input", "quantities", "2", "inventoryItemId"]),
    ]


def test_numbers_and_pairs_are_checked_first(caller: Any) -> None:
    too_much, too_little = 1_000_000_001, -1_000_000_001
    assert [
        code
        for code, _ in caller.codes("k1", quantity(COAT, DOWNTOWN, too_much, 2), quantity(HAT, DOWNTOWN, too_little, 7))
    ] == [
        "INVALID_QUANTITY_TOO_HIGH",
        "INVALID_QUANTITY_TOO_LOW",
    ]
    twice = quantity(COAT, DOWNTOWN, 1, 2)
    assert [code for code, _ in caller.codes("k2", twice, twice)] == [
        "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
    ] * 2


@pytest.mark.parametrize(
    ("changed", "code"), [({"name": "reserved"}, "INVALID_NAME"), ({"reason": "because"}, "INVALID_REASON")]
)
def test_name_and_reason_are_from_the_vendor_s_lists(caller: Any, changed: dict[str, str], code: str) -> None:
    assert caller.codes("k1", quantity(COAT, DOWNTOWN, 1, 2), **changed) == [(code, ["input", next(iter(changed))])]


def refusal(answer: dict[str, Any]) -> str:
    return answer["errors"][0]["extensions"]["code"]


def test_a_call_without_a_key_is_refused(caller: Any, simulator: Simulator) -> None:
    given = {"name": "available", "reason": "correction", "quantities": [quantity(COAT, DOWNTOWN, 1, 2)]}
    bare = "mutation ($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input) { userErrors { code } } }"
    assert refusal(caller.call(bare, {"input": given})) == "BAD_REQUEST"
    assert refusal(caller.set(" ", quantity(COAT, DOWNTOWN, 1, 2))) == "BAD_REQUEST"
    assert simulator.stock.movements() == ()


def test_what_to_compare_with_must_be_said(caller: Any) -> None:
    unsaid = quantity(COAT, DOWNTOWN, 1, 2)
    del unsaid["changeFromQuantity"]
    assert refusal(caller.set("k1", unsaid)) == "INVALID_FIELD_ARGUMENTS"


def test_ids_and_list_sizes_are_checked(caller: Any) -> None:
    assert refusal(caller.set("k1", quantity("1", DOWNTOWN, 1, 2))) == "INVALID_VARIABLE"
    assert refusal(caller.set("k2", *[quantity(COAT, DOWNTOWN, 1, 2)] * 251)) == "MAX_INPUT_SIZE_EXCEEDED"


@pytest.mark.parametrize(
    "query",
    ["{", "{ nodes }", "{ products { id } }", "query A { nodes(ids: []) { id } } query B { nodes(ids: []) { id } }"],
)
def test_a_document_that_makes_no_sense_is_refused(caller: Any, query: str) -> None:
    answer = caller.call(query)
    assert answer["errors"]
    assert "data" not in answer


def test_a_repeated_call_gets_the_first_answer_and_does_nothing(caller: Any, simulator: Simulator) -> None:
    first = caller.set("k1", quantity(COAT, DOWNTOWN, 1, 2))
    assert caller.set("k1", quantity(COAT, DOWNTOWN, 1, 2))["data"] == first["data"]
    assert len(simulator.stock.movements()) == 1


def test_a_key_belongs_to_its_parameters(caller: Any) -> None:
    caller.set("k1", quantity(COAT, DOWNTOWN, 1, 2))
    assert caller.codes("k1", quantity(COAT, DOWNTOWN, 0, 1)) == [("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", None)]


def test_a_key_is_spent_by_a_refusal(caller: Any) -> None:
    caller.set("k1", quantity(COAT, DOWNTOWN, 1, 9))
    assert caller.codes("k1", quantity(COAT, DOWNTOWN, 1, 9)) == [("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", None)]


def test_a_key_is_forgotten_after_a_day(caller: Any, clock: Any) -> None:
    caller.set("k1", quantity(COAT, DOWNTOWN, 1, 2))
    clock.pass_(24 * 3600 + 1)
    assert caller.codes("k1", quantity(COAT, DOWNTOWN, 0, 1)) == []


def test_a_key_is_taken_while_its_call_is_being_worked_on(caller: Any, simulator: Simulator) -> None:
    caller.control("POST", "faults", {"kind": "slow", "seconds": 3})
    met: list[Any] = []
    simulator._sleep = lambda _: met.extend(caller.codes("k1", quantity(COAT, DOWNTOWN, 1, 2)))
    assert caller.codes("k1", quantity(COAT, DOWNTOWN, 1, 2)) == []
    assert met == [("IDEMPOTENCY_CONCURRENT_REQUEST", None)]


def test_calls_are_paid_for(caller: Any, clock: Any) -> None:
    cost = caller.set("k1", quantity(COAT, DOWNTOWN, 1, 2))["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 10
    assert cost["throttleStatus"] == {"maximumAvailable": 40, "currentlyAvailable": 30, "restoreRate": 10}
    clock.pass_(60)
    cost = caller.call(READ, {"items": [COAT, HAT], "location": DOWNTOWN})["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 2 * (1 + 1 + 1 + 1)  # item, level, its location, its quantities
    assert cost["throttleStatus"]["currentlyAvailable"] == 32


def test_what_cannot_be_paid_for_is_not_done(caller: Any, simulator: Simulator, clock: Any) -> None:
    for n in range(4):
        caller.set(f"k{n}", quantity(COAT, DOWNTOWN, n, None))
    answer = caller.set("k4", quantity(COAT, DOWNTOWN, 99, None))
    assert "data" not in answer
    assert refusal(answer) == "THROTTLED"
    assert caller.answers[-1].status == 200
    assert simulator.stock.level(COAT, DOWNTOWN) == 3
    clock.pass_(1)
    assert caller.codes("k4", quantity(COAT, DOWNTOWN, 99, None)) == []


def test_the_journal_has_a_line_for_each_movement(caller: Any, tmp_path: Any) -> None:
    caller.set("k1", quantity(COAT, DOWNTOWN, 1, 2))
    caller.control("POST", "sales", {"sku": "HAT", "location": "101", "quantity": 2})
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [(line["cause"], line["changes"][0]["after"]) for line in lines] == [("set", 1), ("sale", 5)]
