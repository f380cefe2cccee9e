"""`lockstep reconcile`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from cli.certificate import show_certificate, write_certificate
from cli.errors import Exit
from cli.files import hold_writable
from cli.output import notes, print_json, results, told
from cli.session import EnvironmentOption, JsonOption, session_of


def reconcile(
    context: typer.Context,
    *,
    date: Annotated[
        datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The business day.", show_default=False)
    ],
    store: Annotated[
        str, typer.Option("--store", metavar="CODE", help="Only this store.  [default: all]", show_default=False)
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE.txt",
            dir_okay=False,
            writable=True,
            help="Write the certificate to a file, too.",
            show_default=False,
        ),
    ] = None,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove that no sale of a business day is lost, and none is there twice.

    For each store: no number of a till is missing; every transaction is posted, held under an open case, waiting, or
    ignored by decision, and so is its money, to the minor unit, by tender and currency; and what was posted stands in
    the ERP by its own records. Ends with 1 when that does not tie out, or when the ERP could not be asked. What is held
    or waits is accounted for: it ties out, and the certificate names it.

    What a till closed last and has not sent shows on its next day, where its numbers go on.

    For example:

        lockstep reconcile --date 2026-11-27

        lockstep reconcile --date 2026-11-27 --store 101 --out certificate.txt

        lockstep reconcile --date 2026-11-27 --json | jq '.findings[]'
    """
    del environment, as_json
    session = session_of(context)
    if out is not None:
        hold_writable(out)
    deployed = session.open()
    reconciler = deployed.reconciler
    console = notes()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=None)
        report = reconciler.reconcile(
            date.date(),
            deployed.clock.now(),
            store=store,
            stores=deployed.stores_kept_at(reconciler.targets),
            progress=lambda step, done, of: progress.update(task, description=step, completed=done, total=of),
        )
    if out is not None:
        write_certificate(report, deployed.name, out)
        console.print(told(f"The certificate is in {out}."))
    if session.json:
        print_json(report)
    else:
        show_certificate(report, deployed.name, results())
    raise typer.Exit(Exit.OK if report.ties_out else Exit.FINDING)
