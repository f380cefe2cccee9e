"""The certificate of a business day, for people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from cli.output import moment, table, told
from lockstep.canonical.money import Money
from lockstep.operations.reconciliation.report import (
    Reconciliation,
    StoreDay,
    TargetDay,
    Workstation,
    counted,
)
from lockstep.operations.reconciliation.sales import Fate

_WIDTH: Final = 140
"""Columns of a certificate in a file."""
_NAMED: Final = 20
"""Transactions and findings that are named one by one; all of them are in the JSON answer."""
_FATES: Final = tuple(fate.value for fate in Fate)


def write_certificate(report: Reconciliation, environment: str, file: Path) -> None:
    """Into a file, as plain text."""
    with file.open("w", encoding="utf-8") as stream:
        show_certificate(report, environment, Console(file=stream, width=_WIDTH, highlight=False, no_color=True))


def show_certificate(report: Reconciliation, environment: str, console: Console) -> None:
    """Everything that was found, the verdict last."""
    about = f"store {report.store}" if report.store else "all stores"
    console.print(told(f"Reconciliation of business day {report.day}, {about}", "bold"))
    console.print(told(f"environment {environment}, as of {moment(report.at)} UTC", "dim"))
    for store in report.stores:
        console.print()
        _show_store(store, [one for one in report.targets if one.store == store.store and one.asked], console)
    rest = [one for one in report.targets if one.asked and one.store not in {store.store for store in report.stores}]
    for target in (one for one in rest if one.standing or one.expected):
        console.print()
        _show_target(target, console)
    _show_rest(report, console)
    _show_verdict(report, console)


def _show_store(store: StoreDay, targets: Sequence[TargetDay], console: Console) -> None:
    fates = ", ".join(f"{store.fates[fate]} {fate}" for fate in _FATES)
    console.print(told(f"Store {store.store}: {_transactions(store.transactions)}: {fates}", "bold"))
    columns = ("transactions", "money in", *_FATES, "difference")
    money = table("  tender", "currency", *columns, right=columns)
    for line in store.tenders:
        sums = (line.seen, line.posted, line.held, line.waiting, line.ignored)
        cells = (_amount(one.minor, line.currency) for one in sums)
        difference = told(_amount(line.difference, line.currency), "bold red" if line.difference else "green")
        money.add_row(told(f"  {line.tender}"), line.currency, str(line.seen.transactions), *cells, difference)
    console.print(money)
    console.print()
    columns = ("transactions", "from", "to", "before", "other use", "missing")
    tills = table("  till", *columns, "", right=columns)
    for till in store.workstations:
        missing = told(str(till.missing), "bold red" if till.missing else "green")
        numbers = (_number(till.first), _number(till.last), _number(till.before), str(till.passed_over))
        tills.add_row(told(f"  {till.workstation}"), str(till.transactions), *numbers, missing, told(_gaps(till)))
    console.print(tills)
    for target in targets:
        console.print()
        _show_target(target, console)
    if store.unsettled:
        console.print()
    for one in store.unsettled[:_NAMED]:
        held_by = f"; {', '.join(one.cases)}" if one.cases else ""
        amounts = f" {' + '.join(one.amounts)}" if one.amounts else ""
        style = "red" if one.fate is Fate.HELD else "yellow" if one.fate is Fate.WAITING else "dim"
        console.print(
            told(f"  {one.fate.value}: {one.transaction}{amounts}: {one.why}{held_by}", style), soft_wrap=True
        )
    _more(len(store.unsettled), console)


def _show_target(target: TargetDay, console: Console) -> None:
    good = target.expected == target.standing
    says = f"  {target.target}, by its own records: {target.standing} stand there, {target.expected} were posted"
    console.print(told(says if good else f"{says}, store {target.store}", "" if good else "bold red"))
    columns = ("posted", "stands there", "difference")
    money = table("  means of payment there", "currency", *columns, right=columns)
    for line in target.tenders:
        difference = line.standing - line.expected
        money.add_row(
            told(f"  {line.name} ({line.identifier})" if line.name != line.identifier else f"  {line.name}"),
            line.currency,
            _amount(line.expected, line.currency),
            _amount(line.standing, line.currency),
            told(_amount(difference, line.currency), "bold red" if difference else "green"),
        )
    if target.tenders:
        console.print(money)


def _show_rest(report: Reconciliation, console: Console) -> None:
    if report.silent:
        console.print()
        console.print(told(f"Nothing was seen that day of: {', '.join(report.silent)}", "yellow"))
    for note in report.notes:
        console.print(told(f"Note: {note}"))
    if report.findings:
        console.print()
    for finding in report.findings[:_NAMED]:
        where = f"store {finding.store}, " if finding.store else ""
        what = told(f"{where}{finding.subject}: {finding.what}")
        console.print(told(f"{finding.kind.value}:", "bold red"), what, soft_wrap=True)
    _more(len(report.findings), console)


def _show_verdict(report: Reconciliation, console: Console) -> None:
    console.print()
    if not report.ties_out:
        kinds = ", ".join(f"{count} {kind}" for kind, count in counted(report.findings).items())
        console.print(told(f"NOT CERTIFIED: {kinds}", "bold red"))
        console.print(told("What to do about each: docs/runbooks/proofs/reconcile.md", "dim"))
        return
    unsettled = {fate: sum(store.fates[fate.value] for store in report.stores) for fate in (Fate.HELD, Fate.WAITING)}
    said = [f"{count} {fate.value}" for fate, count in unsettled.items() if count]
    transactions = _transactions(sum(store.transactions for store in report.stores))
    rest = f"; still open: {' and '.join(said)}" if said else ""
    console.print(told(f"CERTIFIED: {transactions} accounted for, none lost and none twice{rest}", "bold green"))


def _transactions(count: int) -> str:
    return f"{count} {'transaction' if count == 1 else 'transactions'}"


def _amount(minor: int, currency: str) -> str:
    return str(Money.of_minor(minor, currency).amount)


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _gaps(till: Workstation) -> str:
    named = [str(gap.first) if gap.first == gap.last else f"{gap.first}-{gap.last}" for gap in till.gaps]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


def _more(count: int, console: Console) -> None:
    if count > _NAMED:
        console.print(told(f"  and {count - _NAMED} more, which --json names", "dim"))
