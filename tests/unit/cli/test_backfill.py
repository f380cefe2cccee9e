"""`lockstep backfill`: history is read page by page, with patience, and goes on where it was broken off."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from cli.commands import backfill as module
from cli.main import app
from cli.session import Session
from lockstep.messaging.catching_up import Progress
from lockstep.messaging.errors import EndpointUnavailable, RateLimited
from lockstep.operations.actions import actions_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.environment import Deployed

SYSTEM = "woocommerce"
WINDOW = ("--from", "2026-11-01", "--to", "2026-11-08")


class Lists:
    """Three pages; fails as it is told before each read."""

    def __init__(self, *failing: Exception | None) -> None:
        self.failing = list(failing)
        self.asked: list[tuple[Any, ...]] = []
        self.pages = 0

    def history(self, resource: str, since: Any, until: Any, *, anew: bool = False) -> Iterator[Progress]:
        self.asked.append((resource, since.isoformat(), until.isoformat(), anew))
        while self.pages < 3:
            failure = self.failing.pop(0) if self.failing else None
            if failure is not None:
                raise failure
            self.pages += 1
            yield Progress(since, until, pages=self.pages, accepted=self.pages * 2, done=self.pages == 3)


@pytest.fixture
def run(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Any:
    deployed = replace(deployed, accounts=(*deployed.accounts, f"{SYSTEM}.main"), pause=lambda _seconds: None)

    def go(lists: Lists, *arguments: str, account: str = f"{SYSTEM}.main", resource: str = "order") -> Any:
        monkeypatch.setattr(module, "_lists", lambda *_: lists)
        session = Session(connect=lambda _name: deployed)
        command = ["backfill", account, resource, *(arguments or WINDOW), "--yes"]
        result = CliRunner().invoke(app, command, obj=session)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    go.deployed = deployed  # type: ignore[attr-defined]
    return go


def test_a_window_is_read_to_its_end_and_it_is_noted_who_did(run: Any) -> None:
    lists = Lists()
    result = run(lists, *WINDOW, "--json")

    assert result.exit_code == 0
    assert (json.loads(result.stdout)["pages"], json.loads(result.stdout)["accepted"]) == (3, 6)
    assert lists.asked == [("order", "2026-11-01T00:00:00+00:00", "2026-11-08T00:00:00+00:00", False)]
    today = run.deployed.clock.now().date()
    (noted,) = actions_between(run.deployed.ledger, today, today)
    assert (noted.what, noted.result) == ("backfill", "3 pages: 6 events new, 0 known, 0 pages unreadable")


def test_a_vendor_gets_the_patience_it_asks_for(run: Any) -> None:
    lists = Lists(None, RateLimited("slow", timedelta(seconds=7)), None, EndpointUnavailable("down"))
    result = run(lists, *WINDOW, "--anew")

    assert result.exit_code == 0
    assert "3 pages: 6 events new" in result.stdout
    assert [anew for *_, anew in lists.asked] == [True, False, False], "what was read again is not read a third time"


def test_one_that_does_not_come_back_can_be_gone_on_with(run: Any) -> None:
    result = run(Lists(None, *[EndpointUnavailable("down")] * 5))

    assert result.exit_code == 1
    assert "Run the same command again to go on." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"account": "woocommerce.other"}, "Nothing comes in from an account"),
        ({"account": "tryton.main"}, "Nothing comes in from an account"),
        ({"resource": "weather"}, "has no list of 'weather'"),
    ],
)
def test_what_cannot_be_read_is_said(run: Any, arguments: dict[str, str], words: str) -> None:
    result = run(Lists(), **arguments)
    assert (result.exit_code, words in result.stderr) == (2, True)


def test_a_window_has_a_beginning_before_its_end(run: Any) -> None:
    assert run(Lists(), "--from", "2026-11-08", "--to", "2026-11-01").exit_code == 2
