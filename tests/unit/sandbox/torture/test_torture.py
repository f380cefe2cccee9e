"""How a torture ends: its exit code, what it writes, and that nothing is left up."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import preflight
from sandbox.torture.__main__ import main
from sandbox.torture.account import Account, Certificate, Kept, Pass
from sandbox.torture.play import bar, certificate_of


class FakeStack:
    """Notes that it was brought up and down."""

    made: "FakeStack"

    def __init__(self, **_parts: object) -> None:
        self.calls: list[str] = []
        FakeStack.made = self

    def up(self) -> None:
        self.calls.append("up")

    def down(self) -> None:
        self.calls.append("down")


def _pass(number: int, seed: int, violations: tuple[str, ...] = (), exit_code: int = 0) -> Pass:
    return Pass(
        number=number,
        seed=seed,
        chaos_s=75,
        calm_s=12,
        closed={"sale": 140},
        sent={"alone": 60},
        requests=190,
        slowest_answer_s=3.2,
        faults={"ERP killed": 1},
        dead_letters_redriven=3,
        lanes_started=2,
        lanes_started_without=1,
        held=1,
        kept=(Kept(promise="nothing overtook", violations=violations),),
        certificates=(
            Certificate(
                day="2026-11-23",
                exit_code=exit_code,
                transactions=140,
                fates={"posted": 140},
                findings=("sequence gap: 101 101/1: 1 number is missing: 2",) if exit_code else (),
            ),
        ),
    )


class FakeTorture:
    """Plays without a stack."""

    violations: tuple[str, ...] = ()
    exit_code = 0
    played: list[tuple[int, int, float]]

    def __init__(self, stack: FakeStack, tell: object) -> None:
        assert stack.calls == ["up"]
        FakeTorture.played = []

    def play(self, number: int, seed: int, seconds: float) -> Pass:
        self.played.append((number, seed, seconds))
        return _pass(number, seed, self.violations, self.exit_code)


@pytest.fixture(autouse=True)
def _without_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(preflight, "check", lambda: None)
    monkeypatch.setattr("sandbox.stack.Stack", FakeStack)
    monkeypatch.setattr("sandbox.torture.play.Torture", FakeTorture)
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_passes_follow_each_other_each_with_its_own_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "deep" / "account.json"

    assert main(["--passes", "3", "--seed", "40", "--minutes", "0.5", "--json", str(file)]) == 0

    assert FakeTorture.played == [(1, 40, 30.0), (2, 41, 30.0), (3, 42, 30.0)]
    assert FakeStack.made.calls == ["up", "down"]
    account = Account.model_validate_json(file.read_text())
    assert (account.ok, [one.seed for one in account.passes]) == (True, [40, 41, 42])
    printed = capsys.readouterr().out
    assert "nothing overtook" in printed
    assert "Every promise was kept." in printed


def test_a_broken_promise_is_exit_code_1_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(FakeTorture, "violations", ("101/11/2026-11-23/7 was overtaken",))

    assert main([]) == 1

    assert "101/11/2026-11-23/7 was overtaken" in capsys.readouterr().out
    assert FakeStack.made.calls == ["up", "down"]


def test_a_day_that_is_not_certified_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(FakeTorture, "exit_code", 1)

    assert main(["--json"]) == 1

    told = capsys.readouterr()
    assert json.loads(told.out)["ok"] is False, "the account alone is on standard output"
    assert "1 number is missing: 2" in told.err


@pytest.mark.parametrize("arguments", [["--passes", "0"], ["--minutes", "0"], ["--minutes", "x"], ["--seed", "one"]])
def test_arguments_that_make_no_sense_are_exit_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_what_reconcile_answers_is_told_in_short() -> None:
    report = {
        "stores": [
            {"transactions": 3, "fates": {"posted": 2, "held": 1, "waiting": 0}},
            {"transactions": 1, "fates": {"posted": 1, "held": 0, "waiting": 0}},
        ],
        "findings": [{"kind": "sequence gap", "store": "101", "subject": "101/1", "what": "1 number is missing: 2"}],
    }

    told = certificate_of("2026-11-23", 1, json.dumps(report), "")

    assert (told.transactions, told.fates) == (4, {"posted": 3, "held": 1})
    assert told.findings == ("sequence gap: 101 101/1: 1 number is missing: 2",)


def test_a_reconcile_that_could_not_answer_is_a_finding() -> None:
    told = certificate_of("2026-11-23", 0, "", "Traceback\nBoom: it broke\n")

    assert told.exit_code == 1
    assert "Boom: it broke" in told.findings[0]


def test_a_bar_is_full_when_all_is_done() -> None:
    assert bar(0, 4).startswith("╌")
    assert bar(4, 4).endswith("━ 4/4")
    assert bar(0, 0).endswith("━ 0/0")
