"""The report for people."""

from collections.abc import Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.figures import Figure, Report

_TOLD: Final = ("write_units_by_item", "requests_by_service", "usd_per_million_by_use", "usd_per_month_by_kind")
"""Details that people want to see at once; the others are in the JSON."""


def render(report: Report) -> RenderableType:
    """The figures beside their budgets, and below what they are made of."""
    table = Table(title="Cost and speed", title_justify="left", expand=False)
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("budget", justify="right")
    table.add_column("ok")
    table.add_column("how", style="dim")
    for figure in report.figures:
        table.add_row(
            figure.title, _amount(figure.value, figure.unit), _budget(figure), _verdict(figure), Text(figure.note)
        )
    parts = [_breakdown(name, report.details[name]) for name in _TOLD if name in report.details]
    return Group(table, *parts)


def _breakdown(name: str, amounts: Mapping[str, float]) -> RenderableType:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for kind, amount in amounts.items():
        table.add_row(kind.replace("_", " ") if name.startswith("usd") else kind, f"{amount:,.2f}")
    return Group(Text(f"\n{name.replace('_', ' ').replace('usd', 'USD')}", "italic"), table)


def _amount(value: float, unit: str) -> str:
    return f"{value:,.2f} {unit}".strip()


def _budget(figure: Figure) -> str:
    return "" if figure.budget is None else _amount(figure.budget, figure.unit)


def _verdict(figure: Figure) -> Text:
    if figure.budget is None:
        return Text("")
    return Text("yes", "green") if figure.ok else Text("NO", "bold red")
