"""The report: a table for people, one JSON object for scripts, and an exit code for the gate."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

import bench.__main__ as program
from bench.figures import Figure, Report
from bench.table import render

WITHIN = Figure("speed", "How fast", 0.9, "ms", 1.0, "median of many")
AT_THE_EDGE = Figure("edge", "Just so", 1.0, "ms", 1.0)
BROKEN = Figure("cost", "How dear", 51.26, "USD", 48.0, "list price")
TOLD = Figure("month", "Each month", 16.5, "USD")


def shown(report: Report) -> str:
    out = io.StringIO()
    Console(file=out, width=160).print(render(report))
    return out.getvalue()


def test_a_budget_is_the_most_a_figure_may_be() -> None:
    assert WITHIN.ok
    assert AT_THE_EDGE.ok
    assert TOLD.ok, "what has no budget cannot break one"
    assert not BROKEN.ok
    assert Report([WITHIN, TOLD]).ok
    assert not Report([WITHIN, BROKEN]).ok


def test_the_table_says_what_is_broken() -> None:
    lines = shown(Report([WITHIN, BROKEN, TOLD])).splitlines()
    (fast,) = (line for line in lines if "How fast" in line)
    (dear,) = (line for line in lines if "How dear" in line)
    (month,) = (line for line in lines if "Each month" in line)
    assert "0.90 ms" in fast
    assert "yes" in fast
    assert "51.26 USD" in dear
    assert "48.00 USD" in dear
    assert "NO" in dear
    assert "yes" not in month


def test_the_table_tells_what_a_figure_is_made_of() -> None:
    text = shown(Report([WITHIN], {"write_units_by_item": {"record": 10.0, "entry": 2.0}}))
    assert "write units by item" in text
    (record,) = (line for line in text.splitlines() if "record" in line)
    assert "10.00" in record


def test_the_json_holds_every_figure_with_its_budget() -> None:
    told = json.loads(json.dumps(Report([WITHIN, BROKEN, TOLD], {"prices": {"date": "2026-11"}}).to_json()))
    assert told["ok"] is False
    assert told["details"]["prices"]["date"] == "2026-11"
    assert told["figures"]["cost"] == {
        "title": "How dear",
        "value": 51.26,
        "unit": "USD",
        "budget": 48.0,
        "ok": False,
        "note": "list price",
    }
    assert told["figures"]["month"]["budget"] is None


@pytest.mark.parametrize(("figures", "code"), [([WITHIN, TOLD], 0), ([WITHIN, BROKEN], 1)])
def test_a_broken_budget_is_the_exit_code(
    figures: list[Figure],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    asked: list[bool] = []

    def measured(*, quick: bool, progress: program.Progress) -> Report:
        asked.append(quick)
        progress("measuring")
        return Report(figures)

    monkeypatch.setattr(program, "measure", measured)
    file = tmp_path / "bench.json"
    assert program.main(["--quick", "--json", str(file)]) == code
    out = capsys.readouterr()
    assert asked == [True]
    assert json.loads(out.out.splitlines()[-1]) == json.loads(file.read_text()) == Report(figures).to_json()
    assert "measuring" in out.err
