from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.retailer import LAST_UNITS_SKU, NEW_ARRIVAL_SKU, RETAILER
from sandbox.shops.catalog import catalog_of
from sandbox.shops.messages import Request
from sandbox.shops.stock import Setting, Stale, Stock

if TYPE_CHECKING:
    from sandbox.shops.shopify import Simulator

COAT = "gid://shopify/InventoryItem/1"
DOWNTOWN = "gid://shopify/Location/11"


def test_levels_carry_every_name(caller: Any) -> None:
    status, levels = caller.control("GET", "levels")
    assert status == 200
    assert levels[0] == {
        "sku": "COAT",
        "name": "Coat <wool>",
        "location": "101",
        "location_name": "Downtown",
        "item_id": COAT,
        "location_id": DOWNTOWN,
        "available": 2,
    }
    assert len(levels) == 4


def test_a_web_order_lowers_what_is_available_and_never_below_nothing(caller: Any) -> None:
    order = {"sku": "COAT", "location": "101", "quantity": 2}
    assert caller.control("POST", "sales", order) == (200, {"available": 0})
    assert caller.control("POST", "sales", order)[0] == 409
    _, (movement,) = caller.control("GET", "history")
    assert movement["cause"] == "sale"
    assert movement["changes"] == [{"sku": "COAT", "location": "101", "before": 2, "after": 0}]
    assert caller.control("GET", "history?after=1") == (200, [])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "sales", {"sku": "GHOST", "location": "101", "quantity": 1}, 404),
        ("POST", "sales", {"sku": "COAT"}, 400),
        ("POST", "faults", {"kind": "earthquake"}, 400),
        ("POST", "faults", {"kind": "throttle", "times": 0}, 400),
        ("GET", "history?after=x", None, 400),
        ("GET", "nothing", None, 404),
    ],
)
def test_what_makes_no_sense_is_refused(caller: Any, method: str, path: str, body: Any, status: int) -> None:
    assert caller.control(method, path, body)[0] == status


READ = "{ nodes(ids: []) { id } }"


def test_faults_happen_in_order_and_as_often_as_ordered(caller: Any) -> None:
    caller.control("POST", "faults", {"kind": "unavailable", "times": 2})
    caller.control("POST", "faults", {"kind": "too_many_requests"})
    caller.control("POST", "faults", {"kind": "dropped"})
    for _ in range(5):
        caller.call(READ)
    assert [(answer.status, answer.lost) for answer in caller.answers] == [
        (503, False),
        (503, False),
        (429, False),
        (200, True),
        (200, False),
    ]


def test_an_outage_lasts_until_it_is_cleared(caller: Any) -> None:
    caller.control("POST", "faults", {"kind": "unavailable", "times": None})
    for _ in range(3):
        caller.call(READ)
    caller.control("DELETE", "faults")
    caller.call(READ)
    assert [answer.status for answer in caller.answers] == [503, 503, 503, 200]


def test_a_lost_answer_was_carried_out_and_a_dropped_call_was_not(caller: Any, simulator: Simulator) -> None:
    given = {"inventoryItemId": COAT, "locationId": DOWNTOWN, "quantity": 1, "changeFromQuantity": 2}
    caller.control("POST", "faults", {"kind": "dropped"})
    caller.control("POST", "faults", {"kind": "lost_answer"})
    assert caller.set("k1", given) == {}
    assert simulator.stock.level(COAT, DOWNTOWN) == 2
    assert caller.set("k1", given) == {}
    assert simulator.stock.level(COAT, DOWNTOWN) == 1


def test_reset_begins_the_day_again(caller: Any, simulator: Simulator) -> None:
    caller.control("POST", "sales", {"sku": "COAT", "location": "101", "quantity": 2})
    caller.control("POST", "faults", {"kind": "unavailable", "times": None})
    caller.control("POST", "reset")
    assert simulator.stock.level(COAT, DOWNTOWN) == 2
    assert simulator.stock.movements() == ()
    caller.call(READ)
    assert caller.answers[-1].status == 200


def test_the_page_shows_every_level_and_escapes_what_it_shows(caller: Any, simulator: Simulator) -> None:
    caller.control("POST", "sales", {"sku": "COAT", "location": "101", "quantity": 2})
    answer = simulator.handle(Request("GET", "/"))
    html = answer.body.decode()
    assert answer.content_type.startswith("text/html")
    assert "Coat &lt;wool&gt;" in html
    assert "sold out" in html
    assert "not stocked" in html
    assert "web order" in html


def test_the_retailer_s_goods_are_in_the_shop() -> None:
    catalog = catalog_of(RETAILER)
    skus = {item.sku for item in catalog.items}
    assert {LAST_UNITS_SKU, NEW_ARRIVAL_SKU} <= skus
    assert skus == {product.sku for product in RETAILER.products if product.stocked}
    assert len({item.id for item in catalog.items}) == len(catalog.items)
    assert sum(catalog.opening.values()) == sum(sum(store.opening_stock.values()) for store in RETAILER.stores)


def test_concurrent_compare_and_set_loses_no_unit(simulator: Simulator) -> None:
    """Web orders and the integration take units one at a time, each on what it has just seen."""
    stock: Stock = simulator.stock
    stock.set_all([Setting(COAT, DOWNTOWN, 300, None)], None)
    taken: list[int] = []

    def take(seed: int) -> None:
        chance = random.Random(seed)
        mine = 0
        while mine < 50:
            seen = stock.level(COAT, DOWNTOWN) or 0
            if chance.random() < 0.5:
                stock.sell("COAT", "101", 1)
            else:
                try:
                    stock.set_all([Setting(COAT, DOWNTOWN, seen - 1, seen)], None)
                except Stale:
                    continue
            mine += 1
        taken.append(mine)

    threads = [threading.Thread(target=take, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 200
    assert stock.level(COAT, DOWNTOWN) == 100
