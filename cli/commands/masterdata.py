"""`lockstep masterdata`."""

import csv
import getpass
import io
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from cli.confirm import YesOption, confirm_deployed
from cli.errors import CommandFailed
from cli.files import hold_writable, name_of
from cli.output import notes, print_json, results, table, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.masterdata.exporting import export_mappings
from lockstep.masterdata.importing import ImportReport
from lockstep.messaging.references import ReferenceKind
from lockstep.operations.actions import Action, note_action

app = typer.Typer(
    no_args_is_help=True,
    help="Which name of a system stands for which of ours: the crosswalk.",
)

_KINDS = ", ".join(ReferenceKind)


@app.command("import")
def import_(
    context: typer.Context,
    *,
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(metavar="FILE.csv", help="CSV; - for standard input.", show_default=False)
    ],
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Let a name that is known already mean something else; everybody knows within a minute."
        ),
    ] = False,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="WHO", help="Who stands behind it.  [default: you]", show_default=False),
    ] = None,
    yes: YesOption = False,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    r"""Import mappings, and release the sales that waited for them.

    A CSV file with the columns kind,canonical,system,value: what one thing of ours is called by one system. Kinds: item
    (our SKU), store, location, tender, tax, charge, safety_stock (SKU@location, in system lockstep). Several names may
    mean one thing; the last in the file is the one we use when we speak to the system. The value - means that it is not
    to be shown there. Blank lines and lines that begin with # are for people.

    When a line is wrong nothing is written, and every problem is named. The same file again changes nothing. A deployed
    stack asks first; from standard input it needs --yes.

    For example:

        lockstep masterdata import new-articles.csv

        printf 'kind,canonical,system,value\nitem,CAP,poslog.main,9521000000148\n' | lockstep masterdata import -
    """
    del environment, as_json
    session = session_of(context)
    content = file.read()
    deployed = session.open()
    importer, me = deployed.mapping_import, by or _me()
    confirm_deployed(deployed.name, f"Import the mappings of {name_of(file)}?", yes=yes)
    console = notes()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("writing mappings", total=None)
        report = importer.run(
            content,
            by=me,
            replace_meanings=replace,
            progress=lambda done, of: progress.update(task, completed=done, total=of),
        )
    result = f"{report.added} new, {report.changed} changed; released {report.release.released}"
    action = Action(deployed.clock.now(), me, "masterdata import", name_of(file), result=result)
    note_action(deployed.ledger, deployed.random, action)
    if session.json:
        print_json(report)
    else:
        _show(report)


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:  # KeyError: what Python before 3.13 raises where the user has no name
        raise CommandFailed("It is not known who you are.", then="Say it: --by NAME") from error


def _mappings(count: int) -> str:
    return f"{count} {'mapping' if count == 1 else 'mappings'}"


def _show(report: ImportReport) -> None:
    console = results()
    console.print(
        told(
            f"{_mappings(report.lines)}: {report.added} new, {report.changed} changed, {report.unchanged} as they were"
        )
    )
    for remark in report.remarks:
        notes().print(told(f"note: {remark}", "yellow"))
    release = report.release
    if not release.cases:
        console.print("Nothing waited for them.")
        return
    shown = table("case", "released", "still waiting", title="")
    for case in release.cases:
        shown.add_row(told(case.case), str(case.released), str(case.waiting))
    console.print(shown)
    console.print(told(f"released {release.released}; still waiting: {release.waiting}", "bold"))
    if release.waiting:
        notes().print("What still waits is held by other cases: lockstep exceptions list")


@app.command("export")
def export(
    context: typer.Context,
    *,
    kind: Annotated[
        list[ReferenceKind] | None,
        typer.Option("--kind", help="Only of this kind; may be given again.", show_default=False),
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option("--system", metavar="NAME", help="Only of this system; may be given again.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", dir_okay=False, writable=True, help="Into a file.", show_default=False),
    ] = None,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Export mappings as the file they are imported from.

    The same mappings give the same bytes, so that the file can be kept under version control; importing it changes
    nothing.

    For example:

        lockstep masterdata export > crosswalk.csv

        lockstep masterdata export --kind item --system shopify.main -o items.csv
    """
    del environment, as_json
    session = session_of(context)
    if output is not None:
        hold_writable(output)
    content, count = export_mappings(session.open().masterdata, kinds=kind or (), systems=system or ())
    if output is not None:
        output.write_bytes(content)
        notes().print(told(f"{_mappings(count)} in {output}"))
    if session.json:
        print_json({"mappings": list(csv.DictReader(io.StringIO(content.decode())))})
    elif output is None:
        sys.stdout.write(content.decode())
