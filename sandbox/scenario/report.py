"""Renders an account for people: what happened, what was seen, what was checked, how long it took."""

from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table as Grid
from rich.text import Text

from sandbox.scenario.account import Account, Check, Hop, Step
from sandbox.scenario.account import Table as Seen
from sandbox.stack import Stack

_BAR = 16
"""Columns of the longest bar."""


def print_step(out: Console, step: Step) -> None:
    """Print one step as soon as it is over."""
    passed = sum(check.ok for check in step.checks)
    verdict = Text(f"{passed} of {len(step.checks)} checks", "green" if step.ok else "bold red")
    title = Text.assemble((f"({step.key}) ", "bold"), (step.title, "bold"))
    out.print(Rule(title, align="left", style="dim"))
    parts: list[RenderableType] = []
    if step.story:
        parts.append(Text(step.story))
    if not step.hops:  # they begin with an empty line of their own
        parts.append(Text())
    if step.hops:
        parts += [_hops(step.hops)]
    for seen in step.tables:
        parts += [_seen(seen)]
    parts += [_checks(step.checks), Text(), Text.assemble(verdict, (f"  {step.elapsed:.1f} s", "dim")), Text()]
    out.print(Padding(Group(*parts), (0, 0, 0, 4), expand=False))


def print_account(out: Console, account: Account) -> None:
    """Print what it all came to."""
    out.print(Rule(Text("In short", "bold"), align="left", style="dim"))
    grid = Grid.grid(padding=(0, 2))
    for step in account.steps:
        mark = Text("ok", "green") if step.ok else Text("FAILED", "bold red")
        checks = f"{sum(check.ok for check in step.checks)}/{len(step.checks)}"
        grid.add_row(mark, f"({step.key}) {step.title}", Text(checks), Text(f"{step.elapsed:.1f} s", "dim"))
    out.print(Padding(grid, (0, 0, 1, 4)))
    for line in _figures(account):
        out.print(Padding(line, (0, 0, 0, 4)))
    verdict = (
        Text("Everything held.", "bold green") if account.ok else Text("Something did not hold; see above.", "bold red")
    )
    took = f"  Up after {account.up_after:.1f} s, played in {account.elapsed:.1f} s."
    out.print(Padding(Text.assemble(verdict, (took, "dim")), (1, 0, 1, 4)))


def _hops(hops: tuple[Hop, ...]) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    grid.add_column("after", justify="right", no_wrap=True)
    grid.add_column("", no_wrap=True, width=_BAR)
    grid.add_column("hop", no_wrap=True, style="bold")
    grid.add_column("what")
    grid.add_column("known from", no_wrap=True, style="dim")
    longest = max(hop.after for hop in hops) or 1
    for hop in hops:
        bar = Text("━" * max(1, round(_BAR * hop.after / longest)), "cyan")
        after = f"{hop.after * 1000:.0f} ms" if hop.after < 1 else f"{hop.after:.2f} s"
        grid.add_row(after, bar, hop.hop, hop.what, hop.source)
    return grid


def _seen(seen: Seen) -> Grid:
    grid = Grid(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1),
        title=Text(seen.title, "bold"),
        title_justify="left",
        show_header=any(seen.columns),
    )
    for column, values in zip(seen.columns, zip(*(row.cells for row in seen.rows), strict=True), strict=True):
        numbers = all(not value or value.split()[0].replace(",", "").isdigit() for value in values)
        grid.add_column(column, justify="right" if numbers else "left", overflow="fold")
    for row in seen.rows:
        grid.add_row(*row.cells)
    return grid


def _checks(checks: tuple[Check, ...]) -> Grid:
    grid = Grid.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_column(style="dim", overflow="fold")
    for check in checks:
        if check.ok:
            grid.add_row(Text("ok", "green"), check.name, check.seen)
        else:
            grid.add_row(Text("FAILED", "bold red"), Text(check.name, "bold"), "")
            grid.add_row("", "  expected", Text(check.expected, "not dim"))
            grid.add_row("", "  seen", Text(check.seen, "not dim red"))
            grid.add_row("", "  look into", Text(check.look, "not dim"))
    return grid


def _figures(account: Account) -> Iterator[Text]:
    figures = {name: value for step in account.steps for name, value in step.figures.items()}
    for text, name, unit in (
        ("From the till to the web shop", "shop_zero_after_s", "s"),
        ("From the till to the ERP's ledger", "erp_posted_after_s", "s"),
        ("Webhook answered while the ERP is down, median", "webhook_median_ms", "ms"),
        ("Backlog posted after the ERP came back", "all_posted_after_back_s", "s"),
        ("Held sales posted after the import", "posted_after_import_s", "s"),
    ):
        value = figures.get(name)
        if isinstance(value, int | float):
            shown = f"{value:.0f}" if unit == "ms" else f"{value:.2f}"
            yield Text.assemble(f"{text:<50}", (f"{shown:>8} {unit}", "bold"))


def print_addresses(out: Console, stack: Stack) -> None:
    """Print where everything is, and three things to try."""
    where = stack.addresses
    grid = Grid.grid(padding=(0, 2))
    for name, url in (
        ("webhooks", f"{where.api}/webhooks/poslog/main"),
        ("web shop", where.shop),
        ("ERP", f"{where.erp}  (Tryton's API; it has no pages)"),
        ("AWS", f"{where.aws}  (any 12-digit access key id, any secret; Region {stack.endpoint.region})"),
        ("logs", str(stack.run_dir)),
    ):
        grid.add_row(Text(name, "bold"), Text(url, overflow="fold"))
    tries = Grid.grid(padding=(0, 2))
    for command, why in (
        ("send events/apigateway/poslog.sale.json --new --wait 60", "a sale, followed to its end"),
        ("trace R101-1", "the jackets, by the ERP's receipt number"),
        ("lanes", "who is behind on what, and why"),
    ):
        tries.add_row(Text(f".venv/bin/lockstep {command}", "cyan"), Text(why, "dim"))
    out.print(Rule(Text("It stays up. Ctrl-C ends it.", "bold"), align="left", style="dim"))
    out.print(Padding(Group(grid, Text(), "Three things to try, in another terminal:", tries), (0, 0, 1, 4)))
