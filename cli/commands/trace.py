"""`lockstep trace`."""

from typing import Annotated, Final

import typer
from rich.console import Console

from cli.case_view import show_case
from cli.errors import CommandFailed, Exit
from cli.follow import follow
from cli.output import duration, moment, notes, print_json, results, table, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.operations.trace import StepState, Trace, TracedEvent

_STYLES: Final = {
    StepState.DONE: "green",
    StepState.NOTHING_TO_DO: "dim",
    StepState.WAITING: "yellow",
    StepState.HELD: "bold red",
    StepState.STOPPED: "bold red",
}


def trace(
    context: typer.Context,
    *,
    name: Annotated[
        str,
        typer.Argument(
            help="A till transaction (store/workstation/day/sequence), an order number, a correlation id, an event id, "
            "a delivery id, or the target's own document number.",
            show_default=False,
        ),
    ],
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", help="Wait until it is settled, at most so long.")
    ] = 0,
    related: Annotated[
        bool, typer.Option(help="Also what it follows on, and its voids and returns in the same stream.")
    ] = True,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Follow a sale hop by hop, by any name it has.

    Shows when it came in, what each consumer made of it and how long that took, what holds it, and its number in the
    ERP. Ends with 1 when nothing is found, when something is held or stopped, or when waiting was in vain.

    For example:

        lockstep trace 101/1/2026-11-23/1001

        lockstep trace R101-4 --json

        lockstep trace poslog.main/101/1/2026-11-23/1001 --wait 60
    """
    del environment, as_json
    session = session_of(context)
    if not name.strip():
        raise CommandFailed("There is nothing to follow: the name is blank.", code=Exit.USAGE)
    deployed = session.open()
    found = follow(deployed, name, within=wait, related=related)
    if session.json:
        print_json(found)
    elif not found.events:
        raise CommandFailed(
            f"Nothing is known under {name!r}.",
            details=[f"looked for as: {tried}" for tried in found.tried],
            then="What was just posted appears once its webhook was answered; `lockstep lanes` shows what runs.",
        )
    else:
        show(found, results())
    raise typer.Exit(verdict(found, settled=wait > 0))


def verdict(found: Trace, *, settled: bool) -> Exit:
    """What a trace comes to.

    Args:
        found: The trace.
        settled: Whether it is a finding, too, that something is still on its way.
    """
    if settled:
        good = all(event.settled for event in found.events)
    else:
        good = not any(event.needs_attention for event in found.events)
    return Exit.OK if found.events and good else Exit.FINDING


def show(found: Trace, console: Console) -> None:
    """A trace, for people."""
    for event in found.events:
        _show_event(event, console)
    if found.cases:
        console.print("Held by:\n", style="bold")
    for case in found.cases:
        show_case(case, console)
    if found.more:
        notes().print(f"{found.more} further events are not shown.")


def _show_event(event: TracedEvent, console: Console) -> None:
    console.print(told(f"{event.type} {event.subject}", "bold"), told(f"from {event.source}"))
    console.print(told(f"  event {event.id}, entry {event.seq} of {event.stream}", "dim"))
    hops = table("time (UTC)", "after", "who", "state", "what", right=("after",))
    hops.add_row(moment(event.occurred_at, millis=True), "", told(event.source), "occurred", "")
    received = told(f"delivery {event.delivery.delivery_id}")
    hops.add_row(moment(event.received_at, millis=True), "", told(event.delivery.account), "received", received)
    hops.add_row(moment(event.accepted_at, millis=True), duration(None), "ledger", "accepted", told(event.stream))
    for step in sorted(event.steps, key=lambda step: (step.at is None, step.at or event.accepted_at)):
        what = ", ".join(part for part in (step.summary, *step.cases) if part)
        hops.add_row(
            moment(step.at, millis=True),
            duration(step.after),
            told(step.consumer),
            told(step.what if step.state is not StepState.HELD else f"{step.what}, held", _STYLES[step.state]),
            told(what),
        )
    console.print(hops)
    console.print()
