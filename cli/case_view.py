"""A case as people see it, in a list or under what it holds."""

from typing import Final

from rich.console import Console

from cli.output import moment, told
from lockstep.operations.cases import Case

_NAMED: Final = 5
"""Waiting subjects that are named; the rest are counted."""


def show_case(case: Case, console: Console) -> None:
    """What is wrong, what waits for it and how it is repaired. Lines that one may want to copy are never broken."""
    due = moment(case.due_at)
    when = told(f"overdue since {due}", "bold red") if case.overdue else told(f"due {due}")
    console.print(told(case.case, "bold"), told(f"({case.owner})"), when, soft_wrap=True)
    console.print(told(f"  {case.problem}"), soft_wrap=True)
    waiting = f"{case.subjects} waiting" if case.subjects else "nothing waits"
    stake = f", {' + '.join(case.at_stake)} at stake" if case.at_stake else ""
    console.print(told(f"  {waiting}{stake}, opened {moment(case.opened_at)}"))
    subjects = dict.fromkeys(one.subject or f"the whole lane {one.stream}" for one in case.waiting)
    if subjects:
        more = f" and {len(subjects) - _NAMED} more" if len(subjects) > _NAMED else ""
        console.print(told(f"  {', '.join(list(subjects)[:_NAMED])}{more}", "dim"), soft_wrap=True)
    console.print(told(f"  {case.repair}", "cyan"), soft_wrap=True)
    console.print()
