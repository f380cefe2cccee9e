"""`lockstep lanes`."""

from typing import Annotated, Final

import typer
from rich.text import Text

from cli.errors import Exit
from cli.output import duration, moment, notes, print_json, results, table, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.operations.forecast import Drain, DrainState
from lockstep.operations.lanes import ConsumerView, LanesReport, LaneView, lanes_report

_MOST: Final = 40


def lanes(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help=f"Every lane, not the {_MOST} oldest.")] = False,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who is behind on what, why, and when a target will be level.

    A lane is one stream (a till, a location's stock) as one consumer sees it. Backlog is what the consumer has not
    taken yet; parked is what waits for a case (see `lockstep exceptions list`). A target whose breaker is open is tried
    again by itself. Drained says when a target will be level: by what it took while it was busy lately, less what still
    comes; lanes that have stopped are not counted. Ends with 1 when a lane has stopped or a target is down.

    For example:

        lockstep lanes

        lockstep lanes --json | jq '.consumers[] | select(.backlog > 0)'
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    report = lanes_report(deployed.ledger, deployed.consumers, deployed.clock.now())
    if session.json:
        print_json(report)
    else:
        _show(report, most=len(report.lanes) if every else _MOST)
    bad = any(view.needs_attention for view in report.consumers)
    raise typer.Exit(Exit.FINDING if bad else Exit.OK)


def _show(report: LanesReport, *, most: int) -> None:
    console = results()
    numbers = ("lanes", "backlog", "oldest", "parked", "stopped")
    shown = table("consumer", *numbers, "drained", "target", right=numbers)
    for view in report.consumers:
        oldest = duration(report.at - view.oldest) if view.oldest else "-"
        counts = (str(view.lanes), str(view.backlog), oldest, str(view.parked), str(view.stopped))
        drained = told(_drained(view.drain))
        shown.add_row(told(view.consumer), *counts, drained, told(_target(view), "red" if view.needs_attention else ""))
    console.print(shown)
    if not report.lanes:
        console.print("\nEvery lane is level.")
        return
    console.print()
    behind = table("lane", "consumer", "backlog", "oldest", "parked", "", right=("backlog", "oldest", "parked"))
    for lane in report.lanes[:most]:
        age = duration(report.at - lane.oldest) if lane.oldest else "-"
        behind.add_row(told(lane.stream), told(lane.consumer), str(lane.backlog), age, str(lane.parked), _why(lane))
    console.print(behind)
    if len(report.lanes) > most:
        notes().print(f"{len(report.lanes) - most} more lanes: --all")


def _drained(drain: Drain | None) -> str:
    if drain is None or drain.state is DrainState.LEVEL:
        return ""
    return f"{drain}, about {moment(drain.at)}" if drain.at is not None else str(drain)


def _why(lane: LaneView) -> Text:
    if lane.stopped:
        return told(f"stopped: {lane.stopped}", "red")
    return told("a release runs next" if lane.controls else "")


def _target(view: ConsumerView) -> str:
    breaker = view.breaker
    if breaker is None:
        return ""
    if breaker.state == "closed":
        return "up" if not breaker.failures else f"up, {breaker.failures} failures: {breaker.reason}"
    after = f", tried again after {moment(breaker.probed_after)}" if breaker.probed_after else ""
    if breaker.state == "maintenance":
        return f"maintenance until {moment(breaker.probed_after)}" if breaker.probed_after else "maintenance"
    words = {"open": "down", "paused": f"paused by {breaker.paused_by}", "stopped": "stopped"}
    return ": ".join(filter(None, (words[breaker.state], breaker.reason))) + after
