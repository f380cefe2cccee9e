"""Renders what a torture came to, for people."""

from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sandbox.torture.account import Account, Certificate, Kept, Pass

_MOST: int = 10
"""Violations of one promise that are shown; the account has all."""


def print_pass(out: Console, one: Pass) -> None:
    """Print one pass as soon as it is over."""
    out.print(Rule(Text(f"Pass {one.number}, seed {one.seed}", "bold"), align="left", style="dim"))
    seconds = f"{one.chaos_s:.0f} s of chaos, level {one.calm_s:.0f} s after it"
    grid = Table.grid(padding=(0, 2))
    grid.add_row("played", seconds)
    grid.add_row("closed", _told(one.closed))
    grid.add_row(
        "sent", f"{_told(one.sent)}; {one.requests} requests, the slowest answered in {one.slowest_answer_s} s"
    )
    grid.add_row("went wrong", _told(one.faults))
    started = f"{one.lanes_started} lanes started, {one.lanes_started_without} whose letter was gone"
    grid.add_row("dead letters", f"{one.dead_letters_redriven} sent back, {started}")
    out.print(Padding(grid, (0, 0, 0, 4)))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for kept in one.kept:
        _promise(table, kept)
    for certificate in one.certificates:
        _certificate(table, certificate)
    out.print(Padding(table, (0, 0, 0, 4)))


def print_account(out: Console, account: Account) -> None:
    """Print what it all came to."""
    out.print(Rule(Text("In short", "bold"), align="left", style="dim"))
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for name in ("", "pass", "seed", "transactions", "faults", "chaos", "level after", "violations", "certified"):
        grid.add_column(name, justify="left" if not name else "right")
    for one in account.passes:
        violations = sum(len(kept.violations) for kept in one.kept)
        certified = sum(certificate.exit_code == 0 for certificate in one.certificates)
        grid.add_row(
            _mark(ok=one.ok),
            str(one.number),
            str(one.seed),
            str(sum(one.closed.values())),
            str(sum(one.faults.values())),
            f"{one.chaos_s:.0f} s",
            f"{one.calm_s:.0f} s",
            str(violations),
            f"{certified}/{len(one.certificates)} days",
        )
    out.print(Padding(grid, (0, 0, 0, 4)))
    verdict = (
        Text("Every promise was kept.", "bold green")
        if account.ok
        else Text("A promise was broken; see above.", "bold red")
    )
    out.print(Padding(Text.assemble(verdict, (f"  {account.elapsed_s:.0f} s in all.", "dim")), (0, 0, 1, 4)))


def _promise(table: Table, kept: Kept) -> None:
    table.add_row(_mark(ok=not kept.violations), Text(kept.promise, "bold" if kept.violations else ""))
    for violation in kept.violations[:_MOST]:
        table.add_row("", Text(f"  {violation}", "red"))
    if (more := len(kept.violations) - _MOST) > 0:
        table.add_row("", Text(f"  and {more} more", "red"))


def _certificate(table: Table, one: Certificate) -> None:
    table.add_row(
        _mark(ok=one.exit_code == 0),
        f"lockstep reconcile --date {one.day}: {one.transactions} transactions, {_told(one.fates)}",
    )
    for finding in one.findings[:_MOST]:
        table.add_row("", Text(f"  {finding}", "red"))


def _mark(*, ok: bool) -> Text:
    return Text("ok", "green") if ok else Text("FAILED", "bold red")


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "nothing"
