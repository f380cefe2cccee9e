"""Catching up on a schedule: every account is read, whatever becomes of another."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lockstep.connectors.poslog.manifest import MANIFEST
from lockstep.messaging.catching_up import Progress
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable
from lockstep.messaging.specs import Poll
from lockstep.runtime.memory import ManualClock, MemoryMetrics
from lockstep.runtime.polling import Polling

assert MANIFEST.inbound is not None
POLL = Poll("order", every=timedelta(minutes=15), overlap=timedelta(minutes=5))
INBOUND = replace(MANIFEST.inbound, polls=(POLL,))


class Metrics(MemoryMetrics):
    def flush(self) -> None:
        """Kept."""


class Lists:
    """Of one account: accepts so many events, or fails."""

    def __init__(self, made: int | Exception) -> None:
        self.made = made
        self.until: datetime | None = None

    def catch_up(self, poll: Poll, *, until: datetime) -> Progress:
        assert poll is POLL
        self.until = until
        if isinstance(self.made, Exception):
            raise self.made
        return Progress(until, until, accepted=self.made, done=True)


def polling(**accounts: int | Exception) -> tuple[Polling, Metrics, dict[str, Lists]]:
    metrics = Metrics()
    lists = {f"shop.{name}": Lists(made) for name, made in accounts.items()}
    made: Any = Polling(
        INBOUND,
        lists.__getitem__,  # type: ignore[arg-type]
        tuple(lists),
        service="polling.shop",
        clock=ManualClock(),
        metrics=metrics,  # type: ignore[arg-type]
    )
    return made, metrics, lists


def test_what_was_missed_is_counted_for_each_account() -> None:
    run, metrics, lists = polling(north=2, south=0)

    read = run.run("order", within=timedelta(minutes=4))

    assert {account: one["accepted"] for account, one in read.items()} == {"shop.north": 2, "shop.south": 0}
    assert metrics.counts["EventsCaughtUp", "shop.north"] == 2
    assert {one.until for one in lists.values()} == {ManualClock().now() + timedelta(minutes=4)}


def test_a_vendor_that_does_not_answer_holds_up_no_other() -> None:
    run, metrics, _ = polling(north=EndpointUnavailable("down"), south=1)

    assert set(run.run("order", within=timedelta(minutes=4))) == {"shop.south"}
    assert metrics.counts["ReadsFailed", "shop.north"] == 1


def test_a_wrong_set_up_is_heard_of_after_the_others_were_read() -> None:
    run, metrics, _ = polling(north=ConfigurationError("no token"), south=1)

    with pytest.raises(ConfigurationError, match="no token"):
        run.run("order", within=timedelta(minutes=4))
    assert metrics.counts["EventsCaughtUp", "shop.south"] == 1
    assert metrics.counts["ReadsFailed", "shop.north"] == 1


def test_what_the_manifest_does_not_poll_is_a_defect() -> None:
    with pytest.raises(KeyError):
        polling(north=1)[0].run("product", within=timedelta(minutes=4))
