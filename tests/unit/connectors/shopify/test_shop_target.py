"""The target against the simulated shop, without sockets."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lockstep.connectors.shopify.answers import UnexpectedAnswer
from lockstep.connectors.shopify.manifest import MANIFEST, OUTBOUND
from lockstep.connectors.shopify.target import ShopifyStock
from lockstep.messaging.errors import (
    CaseKey,
    ConfigurationError,
    DocumentRejected,
    EndpointUnavailable,
    OutcomeUnknown,
    RateLimited,
)
from lockstep.messaging.outbound import StateChange, StateKey, StateOutcome, StateTarget
from sandbox.shops.faults import Fault, FaultKind

if TYPE_CHECKING:
    from sandbox.shops.shopify import Simulator

SET = StateOutcome()
STALE = StateOutcome(stale=True)
RETRY = StateOutcome(retry=True)

Change = Callable[..., StateChange]


def shown(simulator: Simulator) -> dict[str, int]:
    names = {item.id: item.sku for item in simulator.stock.items.values()}
    codes = {place.id: place.code for place in simulator.stock.places.values()}
    return {f"{names[item]}@{codes[place]}": level for (item, place), level in simulator.stock.levels().items()}


def test_it_is_a_state_target_of_the_declared_outbound(shop: ShopifyStock) -> None:
    target: StateTarget = shop
    assert [str(reference.kind) for reference in target.references(StateKey("COAT", "101"))] == ["item", "location"]
    assert all(r.outward and r.system == "shopify.main" for r in target.references(StateKey("COAT", "101")))
    assert MANIFEST.outbound is OUTBOUND


def test_quantities_are_set_together(shop: ShopifyStock, simulator: Simulator, a_change: Change) -> None:
    changes = [a_change("COAT", "101", 2, 0), a_change("COAT", "102", 5, 4)]
    assert shop.push(changes, idempotency_key="k1") == [SET, SET]
    assert shown(simulator)["COAT@101"] == 0
    assert shown(simulator)["COAT@102"] == 4
    (movement,) = simulator.stock.movements()
    assert movement.reference == "gid://lockstep/StateDelivery/k1"
    assert shop.read(changes) == [0, 4]


def test_nothing_is_sent_for_nothing(shop: ShopifyStock, wire: Any) -> None:
    assert shop.push([], idempotency_key="k1") == []
    assert shop.read([]) == []
    assert wire.seen == []


def test_a_web_order_in_between_is_never_overwritten(
    shop: ShopifyStock, simulator: Simulator, a_change: Change
) -> None:
    simulator.stock.sell("COAT", "102", 1)
    stale, fine = a_change("COAT", "102", 5, 3), a_change("HAT", "101", 7, 6)
    before = shown(simulator)
    assert shop.push([stale, fine], idempotency_key="k1") == [STALE, RETRY]
    assert shown(simulator) == before

    assert shop.read([stale]) == [4]
    assert shop.push([a_change("COAT", "102", 4, 2), fine], idempotency_key="k2") == [SET, SET]
    assert shown(simulator)["COAT@102"] == 2
    assert shown(simulator)["HAT@101"] == 6


def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    shop: ShopifyStock, simulator: Simulator, a_change: Change
) -> None:
    changes = [a_change("COAT", "101", 2, 1)]
    simulator.faults.order(Fault(FaultKind.LOST_ANSWER))
    with pytest.raises(OutcomeUnknown):
        shop.push(changes, idempotency_key="k1")
    assert shop.push(changes, idempotency_key="k1") == [SET]
    assert len(simulator.stock.movements()) == 1


def test_the_same_quantity_under_another_key_is_compared_again(shop: ShopifyStock, a_change: Change) -> None:
    changes = [a_change("COAT", "101", 2, 1)]
    assert shop.push(changes, idempotency_key="k1") == [SET]
    assert shop.push(changes, idempotency_key="k2") == [STALE]


def test_a_key_whose_call_failed_is_spent(shop: ShopifyStock, simulator: Simulator, a_change: Change) -> None:
    changes = [a_change("COAT", "101", 9, 1), a_change("HAT", "101", 7, 6)]
    assert shop.push(changes, idempotency_key="k1") == [STALE, RETRY]
    assert shop.push(changes, idempotency_key="k1") == [STALE, STALE]
    assert simulator.stock.movements() == ()


def test_a_key_used_for_something_else_is_a_defect(shop: ShopifyStock, a_change: Change) -> None:
    shop.push([a_change("COAT", "101", 2, 1)], idempotency_key="k1")
    with pytest.raises(UnexpectedAnswer, match="IDEMPOTENCY_KEY_PARAMETER_MISMATCH"):
        shop.push([a_change("COAT", "101", 2, 0)], idempotency_key="k1")


def test_a_call_still_being_worked_on_is_waited_for(shop: ShopifyStock, simulator: Simulator, a_change: Change) -> None:
    changes = [a_change("COAT", "101", 2, 1)]
    met: list[Exception] = []

    def meanwhile(_: float) -> None:
        with pytest.raises(RateLimited) as caught:
            shop.push(changes, idempotency_key="k1")
        met.append(caught.value)

    simulator._sleep = meanwhile
    simulator.faults.order(Fault(FaultKind.SLOW, seconds=5))
    assert shop.push(changes, idempotency_key="k1") == [SET]
    assert len(met) == 1


def test_unknown_quantities_are_set_without_comparing(
    shop: ShopifyStock, simulator: Simulator, a_change: Change
) -> None:
    assert shop.push([a_change("COAT", "101", None, 8)], idempotency_key="k1") == [SET]
    assert shown(simulator)["COAT@101"] == 8


def test_an_article_never_stocked_at_a_location_reads_as_nothing_and_can_be_set(
    shop: ShopifyStock, simulator: Simulator, a_change: Change
) -> None:
    change = a_change("HAT", "102", None, 3)
    assert shop.read([change]) == [None]
    assert shop.push([change], idempotency_key="k1") == [SET]
    assert shown(simulator)["HAT@102"] == 3


def test_an_unknown_article_is_one_case_and_the_others_go_on(
    shop: ShopifyStock, simulator: Simulator, a_change: Change
) -> None:
    unknown = a_change("COAT", "101", 2, 1, item="gid://shopify/InventoryItem/404")
    good = [a_change("COAT", "102", 5, 4), a_change("HAT", "101", 7, 6)]
    first = shop.push([good[0], unknown, good[1]], idempotency_key="k1")
    assert [first[0], first[2]] == [RETRY, RETRY]
    error = first[1].error
    assert isinstance(error, DocumentRejected)
    assert error.cases == (CaseKey("document_rejected", "item/COAT/shopify.main"),)
    assert simulator.stock.movements() == ()

    assert shop.push(good, idempotency_key="k2") == [SET, SET]


def test_an_unknown_location_is_one_case_for_all_its_quantities(shop: ShopifyStock, a_change: Change) -> None:
    nowhere = "gid://shopify/Location/404"
    changes = [a_change("COAT", "102", 5, 4, location=nowhere), a_change("HAT", "102", None, 4, location=nowhere)]
    errors = [outcome.error for outcome in shop.push(changes, idempotency_key="k1")]
    assert {case for error in errors if error for case in error.cases} == {
        CaseKey("document_rejected", "location/102/shopify.main")
    }


def test_an_article_that_must_not_be_set_is_refused(shop: ShopifyStock, a_change: Change) -> None:
    (change,) = [StateChange(StateKey("SET", "101"), 1, 0, a_change("SET", "101", 1, 0).identifiers)]
    (outcome,) = shop.push([change], idempotency_key="k1")
    assert outcome.error is not None
    assert "NON_MUTABLE_INVENTORY_ITEM" in str(outcome.error)


def test_two_keys_mapped_to_one_article_are_both_refused(shop: ShopifyStock, a_change: Change) -> None:
    changes = [
        a_change("COAT", "101", 2, 1),
        a_change("HAT", "101", 7, 6, item="gid://shopify/InventoryItem/1"),
        a_change("COAT", "102", 5, 4),
    ]
    first, second, third = shop.push(changes, idempotency_key="k1")
    assert first.error is not None
    assert second.error is not None
    assert third == RETRY


@pytest.mark.parametrize(
    "wrong",
    [
        {"item": "1"},
        {"item": "gid://shopify/ProductVariant/1"},
        {"item": "gid://shopify/InventoryItem/1?x"},
        {"location": "101"},
    ],
)
def test_an_id_the_shop_cannot_read_never_reaches_it(
    shop: ShopifyStock, simulator: Simulator, a_change: Change, wrong: dict[str, str]
) -> None:
    changes = [a_change("COAT", "101", 2, 1, **wrong), a_change("HAT", "101", 7, 6)]
    refused, fine = shop.push(changes, idempotency_key="k1")
    assert isinstance(refused.error, DocumentRejected)
    assert fine == SET
    assert shown(simulator)["COAT@101"] == 2
    assert shop.read(changes) == [None, 6]


def test_a_name_that_is_gone_from_the_crosswalk_is_refused_alone(shop: ShopifyStock, a_change: Change) -> None:
    changes = [StateChange(StateKey("COAT", "101"), 2, 1, {}), a_change("HAT", "101", 7, 6)]
    refused, fine = shop.push(changes, idempotency_key="k1")
    assert isinstance(refused.error, DocumentRejected)
    assert fine == SET
    assert shop.read(changes) == [None, 6]


def test_a_throttled_call_says_how_long_to_wait(
    shop: ShopifyStock, simulator: Simulator, clock: Any, a_change: Change
) -> None:
    simulator.faults.order(Fault(FaultKind.THROTTLE))
    changes = [a_change("COAT", "101", 2, 1)]
    with pytest.raises(RateLimited) as caught:
        shop.push(changes, idempotency_key="k1")
    assert caught.value.retry_after == timedelta(seconds=1)  # 10 points at 10 a second
    clock.pass_(timedelta(seconds=0.9))
    with pytest.raises(RateLimited):
        shop.push(changes, idempotency_key="k1")
    clock.pass_(timedelta(seconds=0.1))
    assert shop.push(changes, idempotency_key="k1") == [SET]


def test_429_says_how_long_to_wait(shop: ShopifyStock, simulator: Simulator, a_change: Change) -> None:
    simulator.faults.order(Fault(FaultKind.TOO_MANY_REQUESTS))
    with pytest.raises(RateLimited) as caught:
        shop.read([a_change("COAT", "101", None, 0)])
    assert caught.value.retry_after == timedelta(seconds=2)


def test_an_outage_leaves_a_read_harmless_and_a_push_open(
    shop: ShopifyStock, simulator: Simulator, a_change: Change
) -> None:
    simulator.faults.order(Fault(FaultKind.UNAVAILABLE, times=2))
    changes = [a_change("COAT", "101", 2, 1)]
    with pytest.raises(EndpointUnavailable):
        shop.read(changes)
    with pytest.raises(OutcomeUnknown):
        shop.push(changes, idempotency_key="k1")
    assert shop.push(changes, idempotency_key="k1") == [SET]


def test_a_wrong_token_stops_the_target_and_stays_out_of_the_text(wire: Any, a_change: Change) -> None:
    secret = {"base_url": "https://lantern.myshopify.com", "token": "shpat_wrong"}
    shop = ShopifyStock.connect("shopify.main", secret, send=wire)
    with pytest.raises(ConfigurationError, match="401") as caught:
        shop.push([a_change("COAT", "101", 2, 1)], idempotency_key="k1")
    assert "shpat" not in str(caught.value)


def test_a_large_read_is_split_and_asks_for_each_article_once(shop: ShopifyStock, wire: Any, a_change: Change) -> None:
    changes = [
        a_change("COAT", "101", None, 0, item=f"gid://shopify/InventoryItem/{n}") for n in (*range(1000, 1100), 1)
    ]
    with pytest.raises(RateLimited):  # 100 articles cost more than this small shop's budget of 100 points
        shop.read(changes)
    changes = [a_change("COAT", "101", None, 0), a_change("COAT", "101", None, 0), a_change("COAT", "102", None, 0)]
    assert shop.read(changes) == [2, 2, 5]
    bodies = [json.loads(body)["variables"] for body in wire.seen[-2:]]
    assert [len(body["items"]) for body in bodies] == [1, 1]


def test_more_than_the_vendor_takes_is_a_defect(shop: ShopifyStock, a_change: Change) -> None:
    with pytest.raises(ValueError, match="250"):
        shop.push([a_change("COAT", "101", 2, 1)] * 251, idempotency_key="k1")
    with pytest.raises(ValueError, match="blank"):
        shop.push([a_change("COAT", "101", 2, 1)], idempotency_key=" ")
