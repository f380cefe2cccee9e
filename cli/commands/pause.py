"""`lockstep pause`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from cli.commands.resume import known_target
from cli.confirm import ByOption, YesOption, confirm, who
from cli.errors import CommandFailed, Exit
from cli.output import moment, notes, print_json, results, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.operations.actions import Action, note_action
from lockstep.operations.resume import TargetStopped, pause_target

_FOR: Final = re.compile(r"(\d{1,6})(m|h|d)")
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def pause(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="Account of the target, as in tryton.main.", show_default=False)],
    *,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="TIME",
            help="When it is tried again by itself: 2026-11-24T06:00Z, or from now as in 90m, 8h, 2d. UTC where no "
            "zone is named.  [default: when it is resumed]",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="For whoever looks.", show_default=False)
    ] = "maintenance",
    by: ByOption = None,
    yes: YesOption = False,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deliver nothing to a target for a while: what is decided for it waits in the ledger, in order.

    For maintenance of an ERP or a shop. What is being delivered just now goes on to its end, which takes a minute at
    most. After the time one lane tries the target, and if it answers, all of them go on; `lockstep resume` does that
    earlier. Nothing is lost however long it takes.

    For example:

        lockstep pause tryton.main --until 2h --reason "new release"
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    known_target(deployed, target)
    now = deployed.clock.now()
    ends = _time(until, now)
    when = f"until {moment(ends)} UTC" if ends else f"until `lockstep resume {target}`"
    confirm(f"Deliver nothing to {target} {when}?", yes=yes)
    try:
        paused = pause_target(
            target, table=deployed.ledger, clock=deployed.clock, until=ends, reason=reason, by=who(by)
        )
    except TargetStopped as stopped:
        raise CommandFailed(
            f"{target} is not delivered to already: it was stopped. {stopped}",
            then=f"Once that is repaired: lockstep resume {target}",
        ) from None
    note_action(deployed.ledger, deployed.random, Action(now, who(by), "pause", target, reason, when))
    if session.json:
        print_json(paused)
        return
    results().print(told(f"Nothing is delivered to {target} {when}."))
    notes().print("See what waits for it: lockstep lanes")


def _time(text: str | None, now: datetime) -> datetime | None:
    """A time as people give it.

    Raises:
        CommandFailed: It is none, or it is over.
    """
    if text is None:
        return None
    from_now = _FOR.fullmatch(text)
    try:
        if from_now:
            ends = now + int(from_now[1]) * _UNITS[from_now[2]]
        else:
            given = datetime.fromisoformat(text)
            ends = given if given.tzinfo else given.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise CommandFailed(
            f"{text!r} is no time.", then="As in 2026-11-24T06:00Z, or 90m, 8h, 2d from now.", code=Exit.USAGE
        ) from None
    if ends <= now:
        raise CommandFailed(f"{moment(ends)} UTC is over.", code=Exit.USAGE)
    return ends
