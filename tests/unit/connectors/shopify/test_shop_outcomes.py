from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from lockstep.connectors.shopify.answers import UnexpectedAnswer
from lockstep.connectors.shopify.outcomes import outcomes
from lockstep.messaging.errors import RateLimited
from lockstep.messaging.outbound import StateChange, StateOutcome

Change = Callable[..., StateChange]


def refused(*errors: dict[str, Any]) -> dict[str, Any]:
    return {"inventorySetQuantities": {"userErrors": [{"message": "No", "field": None, **error} for error in errors]}}


def at(position: int, code: str | None, name: str = "quantity") -> dict[str, Any]:
    return {"code": code, "field": ["input", "quantities", str(position), name]}


def kinds(result: Sequence[StateOutcome]) -> list[str]:
    return ["error" if o.error else "stale" if o.stale else "retry" if o.retry else "set" for o in result]


@pytest.fixture
def three(a_change: Change) -> list[StateChange]:
    return [a_change("COAT", "101", 2, 1), a_change("COAT", "102", None, 4), a_change("HAT", "101", 7, 6)]


def test_no_error_means_all_set(three: list[StateChange]) -> None:
    assert kinds(outcomes(three, "shopify.main", refused())) == ["set", "set", "set"]


def test_refused_for_good_outweighs_stale(three: list[StateChange]) -> None:
    data = refused(
        at(0, "CHANGE_FROM_QUANTITY_STALE"), at(0, "INVALID_INVENTORY_ITEM"), at(2, "COMPARE_QUANTITY_STALE")
    )
    assert kinds(outcomes(three, "shopify.main", data)) == ["error", "retry", "stale"]


def test_stale_without_a_position_may_be_any_that_was_compared(three: list[StateChange]) -> None:
    data = refused({"code": "CHANGE_FROM_QUANTITY_STALE"})
    assert kinds(outcomes(three, "shopify.main", data)) == ["stale", "retry", "stale"]


@pytest.mark.parametrize("code", ["SOMETHING_NEW", None])
def test_a_code_nobody_knows_concerns_the_quantity_it_names(three: list[StateChange], code: str | None) -> None:
    assert kinds(outcomes(three, "shopify.main", refused(at(1, code)))) == ["retry", "error", "retry"]


@pytest.mark.parametrize(
    "error",
    [
        {"code": "SOMETHING_NEW"},
        {"code": None},
        {"code": "INVALID_INVENTORY_ITEM"},
        {"code": "INVALID_REASON", "field": ["input", "reason"]},
        {"code": "INVALID_NAME", "field": ["input", "name"]},
        at(3, "CHANGE_FROM_QUANTITY_STALE"),
    ],
)
def test_what_cannot_be_laid_at_one_quantity_s_door_is_a_defect(
    three: list[StateChange], error: dict[str, Any]
) -> None:
    with pytest.raises(UnexpectedAnswer):
        outcomes(three, "shopify.main", refused(error))


@pytest.mark.parametrize("field", [None, [], ["input", "quantities"]])
def test_a_single_quantity_needs_no_position(a_change: Change, field: Any) -> None:
    data = refused({"code": "INVALID_LOCATION", "field": field})
    assert kinds(outcomes([a_change("COAT", "101", 2, 1)], "shopify.main", data)) == ["error"]


def test_a_concurrent_call_is_waited_for(three: list[StateChange]) -> None:
    with pytest.raises(RateLimited):
        outcomes(three, "shopify.main", refused({"code": "IDEMPOTENCY_CONCURRENT_REQUEST"}))


@pytest.mark.parametrize(
    "data", [{}, {"inventorySetQuantities": None}, {"inventorySetQuantities": {"userErrors": ["x"]}}]
)
def test_an_answer_in_another_form_is_a_defect(three: list[StateChange], data: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer):
        outcomes(three, "shopify.main", data)
