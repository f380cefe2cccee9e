"""What a person is told of a run, and what a script reads of it."""

import io
import json

import pytest
from rich.console import Console

from sandbox.progress import Progress
from sandbox.scenario.account import Account
from sandbox.scenario.recorder import Recorder
from sandbox.scenario.report import print_account, print_step


def _recorder(ok: bool = True) -> Recorder:
    record = Recorder("x", "A customer buys a lantern", look="aws.log")
    record.tell("It is the last one.")
    record.equal("the shop shows none", 0, 0 if ok else 1)
    record.hop("shop shows zero", "0 available", 1.25, "shop")
    record.hop("accepted", "committed", 0.0254, "ledger")
    record.table("Lanes", ("consumer", "waiting"), [("tryton.main", 21)])
    record.figures(shop_zero_after_s=1.2504)
    return record


def _account(*recorders: Recorder) -> Account:
    steps = tuple(record.step() for record in recorders)
    ok = all(step.ok for step in steps)
    return Account(
        started_at="2026-11-23T15:00:00Z",
        chaos=False,
        up_after=6.0,
        elapsed=60.0,
        ok=ok,
        steps=steps,  # type: ignore[arg-type]
    )


def _plain(width: int = 100) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=width, no_color=True), out


def test_a_step_is_told_with_its_hops_in_time_its_tables_and_its_checks() -> None:
    console, out = _plain()
    print_step(console, _recorder().step())
    told = out.getvalue()
    assert "(x) A customer buys a lantern" in told
    assert "It is the last one." in told
    assert told.index("25 ms") < told.index("1.25 s")
    assert "tryton.main" in told
    assert "1 of 1 checks" in told
    assert max(map(len, told.splitlines())) <= 100
    assert "\x1b" not in told


def test_a_check_that_fails_says_what_was_seen_and_where_to_look() -> None:
    console, out = _plain()
    step = _recorder(ok=False).step()
    print_step(console, step)
    lines = [line.strip().split(maxsplit=1) for line in out.getvalue().splitlines()]
    assert ["FAILED", "the shop shows none"] in lines
    assert ["expected", "0"] in lines
    assert ["seen", "1"] in lines
    assert "aws.log" in out.getvalue()
    assert not step.ok


@pytest.mark.parametrize("ok", [True, False])
def test_the_account_ends_with_its_verdict(ok: bool) -> None:
    console, out = _plain()
    print_account(console, _account(_recorder(), _recorder(ok)))
    assert ("Everything held." in out.getvalue()) is ok
    assert ("Something did not hold" in out.getvalue()) is not ok
    assert "1.25 s" in out.getvalue()


def test_scripts_read_the_account_as_json() -> None:
    account = _account(_recorder())
    read = json.loads(account.model_dump_json(by_alias=True))
    assert read["schema"] == "lockstep.sandbox.account/1"
    assert read["ok"] is True
    assert read["steps"][0]["checks"][0] == {
        "name": "the shop shows none",
        "expected": "0",
        "seen": "0",
        "ok": True,
        "look": "",
    }
    assert [hop["hop"] for hop in read["steps"][0]["hops"]] == ["accepted", "shop shows zero"]
    assert read["steps"][0]["figures"] == {"shop_zero_after_s": 1.25}
    assert Account.model_validate_json(account.model_dump_json(by_alias=True)) == account


def test_progress_in_a_log_is_a_line_a_step() -> None:
    console, out = _plain()
    with Progress(console) as progress:
        progress.tell("deploying")
        progress.tell("waiting", "1 of 2")
        progress.tell("waiting", "2 of 2")
        progress.tell("importing")
    assert [line.split(" s  ")[1] for line in out.getvalue().splitlines()] == [
        "deploying",
        "waiting: 1 of 2",
        "importing",
    ]
