from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.shops.catalog import Catalog, Item, Place
from sandbox.shops.messages import Answer, Request
from sandbox.shops.shopify import ENDPOINT, Simulator

TOKEN = "shpat_of_the_test"
COAT, HAT, SET = (f"gid://shopify/InventoryItem/{n}" for n in (1, 2, 3))
DOWNTOWN, HARBOUR = (f"gid://shopify/Location/{n}" for n in (11, 12))
SET_QUANTITIES = """
mutation ($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id reason referenceDocumentUri }
    userErrors { code field message }
  }
}
"""


@dataclass
class Caller:
    """A well-behaved client of the Admin API."""

    simulator: Simulator
    answers: list[Answer] = field(default_factory=list)

    def call(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        request = Request("POST", ENDPOINT, {"x-shopify-access-token": TOKEN, **headers}, body)
        self.answers.append(self.simulator.handle(request))
        answer = self.answers[-1]
        return json.loads(answer.body) if answer.body and answer.content_type == "application/json" else {}

    def set(self, key: str, *quantities: dict[str, Any], **changed: Any) -> dict[str, Any]:
        given = {"name": "available", "reason": "correction", "quantities": list(quantities), **changed}
        return self.call(SET_QUANTITIES, {"key": key, "input": given})

    def codes(self, key: str, *quantities: dict[str, Any], **changed: Any) -> list[tuple[str, list[str] | None]]:
        payload = self.set(key, *quantities, **changed)["data"]["inventorySetQuantities"]
        return [(error["code"], error["field"]) for error in payload["userErrors"]]

    def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        content = b"" if body is None else json.dumps(body).encode()
        answer = self.simulator.handle(Request(method, f"/_sandbox/{path}", {}, content))
        return answer.status, json.loads(answer.body)


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def quantity(item: str, location: str, value: int, compare: int | None) -> dict[str, Any]:
    return {"inventoryItemId": item, "locationId": location, "quantity": value, "changeFromQuantity": compare}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock, tmp_path: Any) -> Simulator:
    """COAT: 2 and 5; HAT: 7 at DOWNTOWN; SET: a bundle, 1 at DOWNTOWN. 40 points, 10 come back each second."""
    catalog = Catalog(
        items=(Item(COAT, "COAT", "Coat <wool>"), Item(HAT, "HAT", "Hat"), Item(SET, "SET", "Set", fixed=True)),
        places=(Place(DOWNTOWN, "101", "Downtown"), Place(HARBOUR, "102", "Harbour")),
        opening={(COAT, DOWNTOWN): 2, (COAT, HARBOUR): 5, (HAT, DOWNTOWN): 7, (SET, DOWNTOWN): 1},
    )
    return Simulator(
        catalog,
        TOKEN,
        clock=clock,
        sleep=clock.pass_,
        bucket_size=40,
        restore_rate=10,
        journal=tmp_path / "journal.jsonl",
    )


@pytest.fixture
def caller(simulator: Simulator) -> Caller:
    return Caller(simulator)
