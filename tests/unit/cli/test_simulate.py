"""`lockstep simulate`: its answer, its exit code, and the command that tells a violation again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.planted_faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.cli.conftest import Answer

FAULT = FAULTS["an unanswered call is not looked up"]


def test_worlds_that_keep_their_promises_are_counted(lockstep: Callable[..., Answer]) -> None:
    answer = lockstep("simulate", "--runs", 3, "--seed", 5, "--json")

    assert answer.code == 0
    assert answer.json["runs"] == 3
    assert answer.json["steps"] > 100
    assert answer.json["faults"]["bell-lost"] > 0
    assert answer.json["violations"] == []
    assert answer.json["shrunken"] is None


def test_a_broken_promise_is_told_with_the_command_that_tells_it_again(lockstep: Callable[..., Answer]) -> None:
    with FAULT():
        answer = lockstep("simulate", "--runs", 30, "--jobs", 1, "--json")
        shrunken = answer.json["shrunken"]
        again = lockstep(*shrunken["command"].split()[1:], "--json")
        readable = lockstep(*shrunken["command"].split()[1:])

    assert answer.code == again.code == readable.code == 1
    assert shrunken["seed"] == answer.json["violations"][0]["seed"]
    assert again.json["violations"][0]["what"] == shrunken["what"]
    assert again.json["shrunken"]["trace"] == shrunken["trace"]
    assert f"breaks {shrunken['promise']}" in readable.out
    assert "the ledger books" in readable.out
    assert shrunken["command"] in readable.out


def test_a_part_of_many_stories_is_refused(lockstep: Callable[..., Answer]) -> None:
    assert lockstep("simulate", "--runs", 2, "--rounds", "1-3").code == 2


def test_rounds_that_are_no_numbers_are_refused(lockstep: Callable[..., Answer]) -> None:
    assert lockstep("simulate", "--runs", 1, "--rounds", "x").code == 2
