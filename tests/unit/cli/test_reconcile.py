"""`lockstep reconcile`: its answer, its certificate, its exit code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.unit.operations.reconciliation.day_world import CAP, LEDGER, TILL, DayWorld
from tests.unit.operations.retail_world import DAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli.environment import Deployed
    from tests.unit.cli.conftest import Answer


@pytest.fixture
def world() -> DayWorld:
    return DayWorld()


@pytest.fixture
def deployed(deployed: Deployed, world: DayWorld) -> Deployed:
    return replace(deployed, audit=lambda account: world.books if account == LEDGER else None)


def test_a_day_that_ties_out_is_certified(world: DayWorld, lockstep: Callable[..., Answer], tmp_path: Path) -> None:
    world.send(world.ticket(1, ("Bar", "20.00"), ("Karte", "5.50")), world.ticket(2, ("Karte", "1.00"), item=CAP))
    world.run()
    file = tmp_path / "certificate.txt"

    answer = lockstep("reconcile", "--date", DAY, "--out", file)

    assert answer.code == 0
    assert "CERTIFIED: 2 transactions accounted for, none lost and none twice; still open: 1 held" in answer.out
    assert "Store 101: 2 transactions: 1 posted, 1 held, 0 waiting, 0 ignored" in answer.out
    assert f"unmapped_reference/item/{TILL}/0{CAP}" in answer.out
    assert "Cash box (1)" in answer.out
    assert "Nothing was seen that day of: 102" in answer.out
    written = file.read_text(encoding="utf-8")
    assert "CERTIFIED: 2 transactions" in written
    assert "\x1b" not in written


def test_a_day_with_a_gap_is_not(world: DayWorld, lockstep: Callable[..., Answer]) -> None:
    world.sell_some(1, 4)
    world.run()

    answer = lockstep("reconcile", "--date", DAY)

    assert answer.code == 1
    assert "NOT CERTIFIED: 1 sequence gap" in answer.out
    assert "store 101, 101/1: 2 numbers are missing: 2-3" in answer.out


def test_books_that_do_not_answer_are_said_and_certify_nothing(
    world: DayWorld, lockstep: Callable[..., Answer]
) -> None:
    world.sell_some(1)
    world.run()
    world.books.silent = True

    answer = lockstep("reconcile", "--date", DAY)

    assert answer.code == 1
    assert f"{LEDGER}: it could not be asked: connection refused" in answer.out


def test_the_answer_in_json_is_in_minor_units(world: DayWorld, lockstep: Callable[..., Answer]) -> None:
    world.send(world.ticket(1, ("Bar", "1500"), currency="JPY"))
    world.run()

    answer = lockstep("reconcile", "--date", DAY, "--store", "101", "--json")

    assert answer.code == 0
    assert (answer.json["day"], answer.json["ties_out"], answer.json["settled"]) == (str(DAY), True, True)
    (store,) = answer.json["stores"]
    (line,) = store["tenders"]
    assert (line["tender"], line["currency"], line["difference"]) == ("CASH", "JPY", 0)
    assert line["posted"] == {"transactions": 1, "minor": 1500}


def test_a_date_that_is_none_is_a_usage_error(lockstep: Callable[..., Answer]) -> None:
    assert lockstep("reconcile", "--date", "27.11.2026").code == 2
