"""`lockstep actions`."""

from datetime import timedelta
from typing import Annotated

import typer

from cli.output import moment, print_json, results, table, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.operations.actions import actions_between


def actions(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="So many days back, today included.")] = 7,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who did what: every command that changed how the platform runs, the oldest first.

    For example:

        lockstep actions --days 30
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    today = deployed.clock.now().date()
    done = list(actions_between(deployed.ledger, today - timedelta(days=days - 1), today))
    if session.json:
        print_json({"actions": done})
        return
    shown = table("when (UTC)", "who", "what", "for", "why", "result")
    for one in done:
        shown.add_row(moment(one.at), *(told(text) for text in (one.by, one.what, one.target, one.reason, one.result)))
    results().print(shown if done else f"Nobody changed anything in the last {days} days.")
