from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from lockstep.connectors.shopify.target import ShopifyStock
from lockstep.connectors.shopify.transport import NoAnswer, Response
from lockstep.messaging.outbound import StateChange, StateKey
from lockstep.messaging.references import Reference, ReferenceKind
from sandbox.shops.catalog import Catalog, Item, Place
from sandbox.shops.messages import Request
from sandbox.shops.shopify import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ACCOUNT = "shopify.main"
TOKEN = "shpat_of_the_test"


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, time: timedelta) -> None:
        self.now += time


@dataclass
class Wire:
    """Carries requests to the simulated shop without sockets; `before` runs ahead of the next one."""

    simulator: Simulator
    seen: list[bytes] = field(default_factory=list)
    before: Callable[[], object] | None = None

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        self.seen.append(body)
        before, self.before = self.before, None
        if before:
            before()
        request = Request("POST", urlsplit(url).path, {name.lower(): value for name, value in headers.items()}, body)
        answer = self.simulator.handle(request)
        if answer.lost:
            raise NoAnswer("lost")
        return Response(answer.status, answer.body, {name.lower(): value for name, value in answer.headers.items()})


def item(sku: str) -> str:
    return {
        "COAT": "gid://shopify/InventoryItem/1",
        "HAT": "gid://shopify/InventoryItem/2",
        "SET": "gid://shopify/InventoryItem/3",
    }[sku]


def place(code: str) -> str:
    return {"101": "gid://shopify/Location/11", "102": "gid://shopify/Location/12"}[code]


def change(sku: str, location: str, expected: int | None, desired: int, /, **ids: str) -> StateChange:
    return StateChange(
        StateKey(sku, location),
        expected,
        desired,
        {
            Reference(ReferenceKind.ITEM, ACCOUNT, sku, outward=True): ids.get("item") or item(sku),
            Reference(ReferenceKind.LOCATION, ACCOUNT, location, outward=True): ids.get("location") or place(location),
        },
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock) -> Simulator:
    """COAT: 2 and 5; HAT: 7 at 101, never stocked at 102; SET: a bundle, 1 at 101."""
    catalog = Catalog(
        items=(
            Item(item("COAT"), "COAT", "Coat"),
            Item(item("HAT"), "HAT", "Hat"),
            Item(item("SET"), "SET", "Set", fixed=True),
        ),
        places=(Place(place("101"), "101", "Downtown"), Place(place("102"), "102", "Harbour")),
        opening={
            (item("COAT"), place("101")): 2,
            (item("COAT"), place("102")): 5,
            (item("HAT"), place("101")): 7,
            (item("SET"), place("101")): 1,
        },
    )
    return Simulator(catalog, TOKEN, clock=clock, sleep=lambda _: None, bucket_size=100, restore_rate=10)


@pytest.fixture
def wire(simulator: Simulator) -> Wire:
    return Wire(simulator)


@pytest.fixture
def shop(wire: Wire) -> ShopifyStock:
    secret = {"base_url": "https://lantern.myshopify.com", "token": TOKEN}
    return ShopifyStock.connect(ACCOUNT, secret, send=wire)


@pytest.fixture
def a_change() -> Callable[..., StateChange]:
    return change
