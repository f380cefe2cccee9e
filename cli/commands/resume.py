"""`lockstep resume`."""

import getpass
from typing import Annotated

import typer

from cli.errors import CommandFailed
from cli.output import notes, print_json, results
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.operations.resume import resume_target


def resume(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="Account of the target, as in tryton.main.", show_default=False)],
    *,
    by: Annotated[
        str | None, typer.Option("--by", metavar="WHO", help="Who repaired it.  [default: you]", show_default=False)
    ] = None,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deliver to a target again, now: its breaker is closed and every lane that waits for it is rung.

    A target that was only down comes back by itself within a minute or so. One that was stopped because our own set-up
    was wrong (a password, an address, a permission) waits for this command, once that is repaired.

    For example:

        lockstep resume tryton.main
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    targets = [consumer.id for consumer in deployed.consumers if consumer.is_poster]
    if target not in targets:
        raise CommandFailed(f"There is no target {target}.", then=f"There are: {', '.join(sorted(targets))}.")
    resumed = resume_target(
        target,
        consumers=deployed.consumers,
        table=deployed.ledger,
        doorbells=deployed.doorbells,
        clock=deployed.clock,
        by=by or getpass.getuser(),
    )
    if session.json:
        print_json(resumed)
        return
    was = f"It was spared: {resumed.reason}" if resumed.was_open else "It was not being spared."
    results().print(f"{target} is delivered to. {was}")
    notes().print("See what it does: lockstep lanes")
