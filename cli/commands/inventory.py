"""`lockstep inventory`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.confirm import ByOption, YesOption, confirm_deployed, who
from cli.files import name_of
from cli.output import moment, notes, print_json, results, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.operations.actions import Action, note_action
from lockstep.operations.inventory_import import import_inventory

app = typer.Typer(no_args_is_help=True, help="Stock, from files.")


@app.command("import")
def import_(
    context: typer.Context,
    *,
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(metavar="FILE.csv", help="CSV; - for standard input.", show_default=False)
    ],
    counted_at: Annotated[
        datetime | None,
        typer.Option(
            "--counted-at", help="The moment the counts are true of, UTC.  [default: now]", show_default=False
        ),
    ] = None,
    by: ByOption = None,
    yes: YesOption = False,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import counts: what lies where.

    A CSV file with the columns item,location,on_hand, in the names that files.main has in the crosswalk. Sales up to
    the moment of the count are taken to be in it. The same file again is the same count and changes nothing, unless
    --counted-at says that it was counted at another time. A deployed stack asks first.

    For example:

        lockstep inventory import counts.csv --counted-at 2026-11-23T06:00:00
    """
    del environment, as_json
    session = session_of(context)
    content = file.read()
    deployed = session.open()
    confirm_deployed(deployed.name, f"Import the counts of {name_of(file)}?", yes=yes)
    at = counted_at.replace(tzinfo=UTC) if counted_at is not None else None
    report = import_inventory(content, acceptor=deployed.acceptor, clock=deployed.clock, counted_at=at)
    result = f"{report.counts} counts as {report.document}" if report.accepted else "it came before"
    action = Action(deployed.clock.now(), who(by), "inventory import", name_of(file), result=result)
    note_action(deployed.ledger, deployed.random, action)
    if session.json:
        print_json(report)
        return
    for warning in report.warnings:
        notes().print(told(f"note: {warning}", "yellow"))
    if not report.accepted:
        results().print(f"This file came before, as count {report.document}: nothing changes.")
        notes().print("If it was counted again, say when: --counted-at")
        return
    results().print(
        told(
            f"{report.counts} counts at {', '.join(report.locations)}, true of {moment(report.counted_at)} UTC,"
            f" accepted as {report.document}"
        )
    )
    notes().print(told(f"follow it with: lockstep trace '{report.accepted[0]}'", "dim"))
