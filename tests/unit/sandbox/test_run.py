"""How a run ends: its exit code, what it wrote, and that nothing is left up."""

import json
import signal
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandbox import preflight
from sandbox.run import main, up
from sandbox.scenario.account import Account
from sandbox.stack import Addresses, StackError


class FakeStack:
    """Notes that it was brought up and down; may fail to come up."""

    made: "FakeStack"
    failure: BaseException | None = None

    def __init__(self, **_parts: object) -> None:
        self.calls: list[str] = []
        FakeStack.made = self

    def up(self) -> None:
        self.calls.append("up")
        if FakeStack.failure is not None:
            raise FakeStack.failure

    def down(self) -> None:
        self.calls.append("down")


@pytest.fixture(autouse=True)
def _without_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(preflight, "check", lambda: None)
    monkeypatch.setattr("sandbox.stack.Stack", FakeStack)
    monkeypatch.setattr("sandbox.scenario.world.World", lambda *_parts: None)
    monkeypatch.setattr(FakeStack, "failure", None)
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def _play(monkeypatch: pytest.MonkeyPatch, *, ok: bool) -> None:
    def play(_world: object, *, up_after: float, on_step: object) -> Account:
        return Account.model_validate(
            {
                "started_at": "2026-11-23T15:00:00Z",
                "chaos": False,
                "up_after": up_after,
                "elapsed": 1,
                "ok": ok,
                "steps": [],
            }
        )

    monkeypatch.setattr("sandbox.scenario.play.play", play)


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_once_says_by_its_exit_code_whether_everything_held(
    ok: bool, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _play(monkeypatch, ok=ok)
    file = tmp_path / "made" / "account.json"

    assert main(["--once", "--json", str(file)]) == code

    assert json.loads(file.read_text(encoding="utf-8"))["ok"] is ok
    assert FakeStack.made.calls == ["up", "down"]


def test_what_cannot_be_started_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(FakeStack, "failure", StackError("the template could not be synthesized"))
    assert main(["--once"]) == 1
    assert "error: the template could not be synthesized" in capsys.readouterr().err
    assert FakeStack.made.calls == ["up", "down"]


def test_an_interrupt_in_the_middle_takes_everything_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_parts: object, **_more: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("sandbox.scenario.play.play", interrupted)
    assert main([]) == 130
    assert FakeStack.made.calls == ["up", "down"]


def test_a_second_signal_does_not_keep_it_from_ending_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(self: FakeStack) -> None:
        signal.raise_signal(signal.SIGINT)
        self.calls.append("down")

    monkeypatch.setattr(FakeStack, "down", down)

    def interrupted(_self: FakeStack) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FakeStack, "up", interrupted)
    assert main([]) == 130
    assert FakeStack.made.calls == ["down"]


def test_up_says_where_everything_is_to_a_script(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    where = Addresses(
        api="http://127.0.0.1:1", shop="http://127.0.0.1:2", erp="http://127.0.0.1:3", aws="http://127.0.0.1:4"
    )
    monkeypatch.setattr(FakeStack, "addresses", where, raising=False)
    monkeypatch.setattr(FakeStack, "endpoint", SimpleNamespace(region="eu-central-1"), raising=False)
    monkeypatch.setattr(FakeStack, "run_dir", tmp_path, raising=False)
    monkeypatch.setattr("threading.Event.wait", lambda _self: None)

    assert up(as_json=True) == 0

    said = json.loads(capsys.readouterr().out)
    assert said == {**asdict(where), "region": "eu-central-1", "logs": str(tmp_path)}
    assert FakeStack.made.calls == ["up", "down"]
