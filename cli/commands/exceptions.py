"""`lockstep exceptions`."""

import getpass
from typing import Annotated

import typer

from cli.case_view import show_case
from cli.errors import CommandFailed, Exit
from cli.output import notes, print_json, results, table, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.masterdata.release import release_cases
from lockstep.operations.cases import Case, read_cases
from lockstep.operations.exceptions import open_cases

app = typer.Typer(no_args_is_help=True, help="What waits for a person: one case a root cause, whatever waits for it.")


@app.command("list")
def list_(
    context: typer.Context,
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="Only of this kind; may be given again.", show_default=False),
    ] = None,
    owner: Annotated[
        list[str] | None,
        typer.Option("--owner", metavar="NAME", help="Only of this owner; may be given again.", show_default=False),
    ] = None,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the open cases, those due first coming first, and how each is repaired.

    Ends with 1 when a case is overdue.

    For example:

        lockstep exceptions list

        lockstep exceptions list --kind unmapped_reference --json
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    cases = open_cases(deployed.ledger, deployed.clock.now(), kinds=kind or (), owners=owner or ())
    if session.json:
        print_json({"cases": cases})
    elif not cases:
        results().print("No open cases.")
    else:
        _show(cases)
    raise typer.Exit(Exit.FINDING if any(case.overdue for case in cases) else Exit.OK)


def _show(cases: list[Case]) -> None:
    console = results()
    for case in cases:
        show_case(case, console)
    summary = table("open", "overdue", "waiting", right=("open", "overdue", "waiting"))
    waiting_subjects = {(one.stream, one.subject) for case in cases for one in case.waiting}
    summary.add_row(str(len(cases)), str(sum(case.overdue for case in cases)), str(len(waiting_subjects)))
    console.print(summary)


@app.command("release")
def release(
    context: typer.Context,
    *,
    case: Annotated[list[str], typer.Argument(help="Keys of cases, as the list shows them.", show_default=False)],
    by: Annotated[
        str | None, typer.Option("--by", metavar="WHO", help="Who repaired it.  [default: you]", show_default=False)
    ] = None,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a cause is repaired: what waited for it is tried again, in order.

    For repairs that are made elsewhere: a period opened again, a record corrected in the target. A missing mapping is
    released by its import. What still fails comes back as a case.

    For example:

        lockstep exceptions release period_closed/tryton.main/2026-10
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    known = {found.case for found in read_cases(deployed.ledger, case, deployed.clock.now())}
    missing = [key for key in case if key not in known]
    if missing:
        raise CommandFailed(
            "Not open: " + ", ".join(missing), then="See `lockstep exceptions list` for the keys; nothing was released."
        )
    freed = release_cases(
        case, ledger=deployed.ledger, doorbells=deployed.doorbells, clock=deployed.clock, by=by or getpass.getuser()
    )
    if session.json:
        print_json(freed)
        return
    shown = table("case", "released", "still waiting")
    for one in freed.cases:
        shown.add_row(told(one.case), str(one.released), str(one.waiting))
    results().print(shown)
    if freed.waiting:
        notes().print("What still waits is held by other cases: lockstep exceptions list")
