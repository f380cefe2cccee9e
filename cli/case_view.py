"""A case as people see it, in a list or under what it holds."""

from typing import Final

from rich.console import Console

from cli.output import moment, notes, table, told
from lockstep.operations.case_file import CaseFile
from lockstep.operations.cases import Case

_NAMED: Final = 5
"""Waiting subjects that are named; the rest are counted."""
_LISTED: Final = 40
"""Those that are listed when one case is shown."""


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


def show_case_file(case: CaseFile, console: Console) -> None:
    """Everything about one case."""
    if case.state == "expected":
        when = told("expected to end by itself", "green")
    elif case.due_at is None:
        when = told("resolved", "green")
    elif case.overdue:
        when = told(f"overdue since {moment(case.due_at)}", "bold red")
    else:
        when = told(f"due {moment(case.due_at)}")
    console.print(told(case.case, "bold"), told(f"({case.owner})"), when, soft_wrap=True)
    console.print(told(f"  {case.problem}"), soft_wrap=True)
    if case.state == "open":
        console.print(told(f"  {case.repair}", "cyan"), soft_wrap=True)
    stake = f", {' + '.join(case.at_stake)} at stake" if case.at_stake else ""
    console.print(told(f"\n{len(case.held)} waiting{stake}"))
    if case.held:
        lines = table(
            "subject", "with", "since (UTC)", "amount", "behind", "also waits for", right=("amount", "behind")
        )
        for one in case.held[:_LISTED]:
            name = one.subject or f"the whole lane {one.stream}"
            columns = (name, one.consumer, moment(one.since), one.amount, str(one.behind), ", ".join(one.others))
            lines.add_row(*(told(text) for text in columns))
        console.print(lines)
        if len(case.held) > _LISTED:
            notes().print(f"{len(case.held) - _LISTED} more: --json")
        event = next((one.event for one in case.held if one.event), "")
        if event:
            console.print(told(f"Follow one of them: lockstep trace '{event}'", "dim"), soft_wrap=True)
    console.print()
    history = table("when (UTC)", "who", "what", title="history")
    for line in case.history:
        history.add_row(moment(line.at), told(line.by), told(line.what))
    console.print(history)
