"""`lockstep resume`."""

from typing import Annotated

import typer

from cli.confirm import ByOption, YesOption, confirm, who
from cli.environment import Deployed
from cli.errors import CommandFailed, Exit
from cli.output import notes, print_json, results
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.operations.actions import Action, note_action
from lockstep.operations.resume import resume_target


def resume(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="Account of the target, as in tryton.main.", show_default=False)],
    *,
    by: ByOption = None,
    yes: YesOption = False,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deliver to a target again, now: its breaker is closed and every lane that waits for it is rung.

    A target that was only down comes back by itself within a minute or so. One that was stopped because our own set-up
    was wrong (a password, an address, a permission) waits for this command, once that is repaired; so does one that was
    paused without a time.

    For example:

        lockstep resume tryton.main
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    known_target(deployed, target)
    confirm(f"Deliver to {target} again, now?", yes=yes)
    resumed = resume_target(
        target,
        consumers=deployed.consumers,
        table=deployed.ledger,
        doorbells=deployed.doorbells,
        clock=deployed.clock,
        by=who(by),
    )
    result = f"{resumed.rung} lanes rung; it was spared: {resumed.reason}" if resumed.was_open else "it was not spared"
    note_action(
        deployed.ledger, deployed.random, Action(deployed.clock.now(), who(by), "resume", target, result=result)
    )
    if session.json:
        print_json(resumed)
        return
    was = f"It was spared: {resumed.reason}" if resumed.was_open else "It was not being spared."
    results().print(f"{target} is delivered to. {was}")
    notes().print("See what it does: lockstep lanes")


def known_target(deployed: Deployed, target: str) -> None:
    """Hold that there is such a target.

    Raises:
        CommandFailed: There is none.
    """
    targets = [consumer.id for consumer in deployed.consumers if consumer.is_poster]
    if target not in targets:
        raise CommandFailed(
            f"There is no target {target}.", then=f"There are: {', '.join(sorted(targets))}.", code=Exit.USAGE
        )
