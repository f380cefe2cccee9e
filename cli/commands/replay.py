"""`lockstep replay`."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.confirm import ByOption, YesOption, confirm, who
from cli.environment import Deployed
from cli.errors import CommandFailed, Exit
from cli.output import notes, print_json, results, table, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.masterdata.crosswalk import Crosswalk
from lockstep.messaging.specs import Delivery
from lockstep.operations.actions import Action, note_action
from lockstep.operations.replay.redelivery import Redelivered, left_alone
from lockstep.operations.replay.rehearsal import Compared, Verdict
from lockstep.operations.replay.replay import Progress as Told
from lockstep.operations.replay.replay import Replay, replay_id
from lockstep.operations.replay.window import Window

_NAMED: Final = 20
"""Entries that are decided differently and named; --json names `_LISTED`."""
_PLACES: Final = 5
_LISTED: Final = 1000


@dataclass(frozen=True)
class _Asked:
    deployed: Deployed
    window: Window
    workflow: str
    id: str

    @property
    def told(self) -> str:
        return str(self.window)

    @property
    def replay(self) -> Replay:
        deployed = self.deployed
        return Replay(
            deployed.decider(self.workflow),
            self.id,
            self.window,
            consumers=deployed.consumers,
            accounts=deployed.accounts,
            table=deployed.ledger,
            resolver=Crosswalk(deployed.masterdata, deployed.clock),
            clock=deployed.clock,
        )


def replay(
    context: typer.Context,
    *,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.", show_default=False)],
    last: Annotated[
        datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, included.", show_default=False)
    ],
    workflow: Annotated[
        str, typer.Option("--workflow", metavar="NAME", help="As in financial_posting.", show_default=False)
    ],
    store: Annotated[
        str,
        typer.Option(
            "--store", metavar="CODE", help="Only what this store's tills closed.  [default: all]", show_default=False
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Decide anew in memory, and say what would be different.")
    ] = False,
    again: Annotated[
        str, typer.Option("--id", metavar="ID", help="Go on with a replay that was broken off.", show_default=False)
    ] = "",
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.", show_default=False)
    ] = "",
    by: ByOption = None,
    yes: YesOption = False,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go through the ledger again for one workflow: deliver what a target has lost, or see what would be different.

    The days are business days for what tills closed, and the day of acceptance (UTC) for everything else.

    With --dry-run each entry is decided anew, with today's code and names, and compared with what was decided: same,
    differently (with what differs), or never. Nothing is written. Ends with 1 when something is decided differently.

    Without it, what was delivered is delivered again: for an ERP that was restored from a backup, every document of
    these days is looked up there by its key, and posted where it is missing; nothing is there twice, and each subject
    keeps its order. For a shop, what it should show now of everything that was touched is set again, whatever it shows.
    What was never posted, is held, or was skipped is left alone. New sales of a till wait until its replay is done.

    A replay has an id of its own, which stands in what it leads to. Broken off, the same command goes on with --id; to
    repeat it is safe.

    For example:

        lockstep replay --from 2026-11-20 --to 2026-11-26 --workflow financial_posting --dry-run

        lockstep replay --from 2026-11-26 --to 2026-11-26 --workflow financial_posting --reason "ERP restored"

        lockstep replay --from 2026-11-26 --to 2026-11-26 --workflow inventory_availability --store 101
    """
    del environment, as_json
    session = session_of(context)
    if last < first:
        raise CommandFailed("The last day is before the first.", code=Exit.USAGE)
    deployed = session.open()
    known = {spec.consumer: spec for spec in deployed.specs}
    if workflow not in known:
        raise CommandFailed(
            f"There is no workflow {workflow}.", then=f"There are: {', '.join(sorted(known))}.", code=Exit.USAGE
        )
    if again and not re.fullmatch(rf"replay\.{workflow}\.[0-9a-z-]+", again):
        raise CommandFailed(f"{again} is no replay of {workflow}.", code=Exit.USAGE)
    name = replay_id(workflow, deployed.random, again)
    asked = _Asked(deployed, Window(first.date(), last.date(), store), workflow, name)
    if dry_run:
        raise typer.Exit(_compare(asked, as_json=session.json))
    what = "quantity" if known[workflow].delivery is Delivery.STATE else "document"
    done_to = "set again" if what == "quantity" else "looked up at its target, and posted where it is missing"
    confirm(f"Have every {what} of {asked.told} {done_to}?", yes=yes)
    _deliver(asked, who(by), reason, as_json=session.json)


def _compare(asked: _Asked, *, as_json: bool) -> Exit:
    counts: dict[str, Counter[Verdict]] = {}
    different: list[Compared] = []
    with _progress("days of streams", quiet=as_json) as progress:
        for one in asked.replay.compare(asked.deployed.random, progress):
            counts.setdefault(one.kind, Counter())[one.verdict] += 1
            if one.verdict is Verdict.DIFFERENT and len(different) < _LISTED:
                different.append(one)
    if as_json:
        kinds = {kind: {verdict.value: found[verdict] for verdict in Verdict} for kind, found in counts.items()}
        print_json({"consumer": asked.id, "window": asked.window, "kinds": kinds, "different": different})
    else:
        _show(asked, counts, different)
    return Exit.FINDING if different else Exit.OK


def _show(asked: _Asked, counts: dict[str, Counter[Verdict]], different: list[Compared]) -> None:
    console = results()
    if not counts:
        console.print(told(f"There is nothing of {asked.told} that {asked.workflow} is concerned with."))
        return
    verdicts = [verdict.value for verdict in Verdict]
    shown = table("event", *verdicts, right=verdicts, title=f"{asked.workflow}, {asked.told}")
    for kind, found in sorted(counts.items()):
        shown.add_row(told(kind), *(str(found[verdict]) for verdict in Verdict))
    console.print(shown)
    for one in different[:_NAMED]:
        console.print(told(f"\n{one.event}", "bold"), told(f"entry {one.seq} of {one.stream}", "dim"), soft_wrap=True)
        console.print(told(f"  recorded  {one.recorded}"), soft_wrap=True)
        console.print(told(f"  today     {one.today}"), soft_wrap=True)
        _show_places(one)
    if len(different) > _NAMED:
        notes().print(f"{len(different) - _NAMED} more are decided differently: --json")


def _show_places(one: Compared) -> None:
    for place in one.differences[:_PLACES]:
        results().print(told(f"    {place}", "yellow"), soft_wrap=True)
    if len(one.differences) > _PLACES:
        results().print(told(f"    and {len(one.differences) - _PLACES} more places", "dim"))


def _deliver(asked: _Asked, by: str, reason: str, *, as_json: bool) -> None:
    deployed = asked.deployed

    def note(result: str) -> None:
        action = Action(deployed.clock.now(), by, "replay", asked.id, reason, f"{asked.told}: {result}")
        note_action(deployed.ledger, deployed.random, action)

    note("begun")
    notes().print(told(f"Should it be broken off, go on with: --id {asked.id}", "dim"))
    with _progress("days of streams", quiet=as_json) as progress:
        done = asked.replay.deliver_again(deployed.doorbells, progress, by=by)
    note(_result(done))
    if as_json:
        print_json(done)
        return
    results().print(told(f"{_result(done)}, as {asked.id}."))
    _show_left(left_alone(done.left))
    if done.documents or done.quantities:
        notes().print("See them through: lockstep lanes. Then prove it: lockstep reconcile")


def _result(done: Redelivered) -> str:
    what = (
        f"{done.quantities} quantities set again" if done.quantities else f"{done.documents} documents looked up again"
    )
    return f"{done.entries} entries: {what}"


def _show_left(left: Iterable[str]) -> None:
    for line in left:
        results().print(told(f"  left alone: {line}"))


@contextmanager
def _progress(what: str, *, quiet: bool) -> Iterator[Told]:
    """Shows how far it is; on a terminal only."""
    console = notes()
    if quiet or not console.is_terminal:
        yield lambda _done, _of: None
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)
