"""`lockstep dlq`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Final

import typer
from rich.progress import MofNCompleteColumn, Progress, TextColumn

from cli.confirm import ByOption, YesOption, confirm, who
from cli.environment import Deployed
from cli.errors import CommandFailed, Exit
from cli.output import duration, moment, notes, print_json, results, table, told
from cli.session import EnvironmentOption, JsonOption, session_of
from lockstep.operations.actions import Action, note_action
from lockstep.operations.dead_letters import DeadLettersOf, Redriven, dead_letters, redrive, start_lost

app = typer.Typer(
    no_args_is_help=True,
    help="Dead letters: bells that failed to their last receive. Each stops its lane; sent back, it starts it again.",
)
_MOST: Final = 20
"""Letters of one queue that people are shown."""

OneConsumer = Annotated[
    str | None, typer.Argument(help="As in tryton.main; every one when left out.", show_default=False)
]


@app.command("list")
def list_(
    context: typer.Context,
    consumer: OneConsumer = None,
    *,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the dead letters of each consumer, the lane each bell names and why that lane stands.

    A lane whose bell is not there any more (the queue was purged, or two weeks have passed) is listed as lost: start it
    with `lockstep dlq redrive CONSUMER --lost`. Looking takes the messages out of sight for a moment. Ends with 1 when
    there is a dead letter or a lost one.

    For example:

        lockstep dlq list

        lockstep dlq list tryton.main --json
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    found = dead_letters(
        deployed.ledger, deployed.dead_letters, deployed.consumers, _names(deployed, consumer, every=True)
    )
    others = {name: deployed.dead_letters.count(name) for name in ([] if consumer else deployed.other_dlqs)}
    if session.json:
        print_json({"consumers": found, "others": others})
    else:
        _show(found, others, deployed)
    bad = any(one.messages or one.stopped for one in found) or any(others.values())
    raise typer.Exit(Exit.FINDING if bad else Exit.OK)


@app.command("redrive")
def redrive_(
    context: typer.Context,
    consumer: OneConsumer = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Of every consumer.")] = False,
    lost: Annotated[
        bool, typer.Option("--lost", help="Also start lanes whose bell is gone, as after a purge.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.", show_default=False)
    ] = "",
    by: ByOption = None,
    yes: YesOption = False,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send dead letters back to their consumer's queue: the lanes they stopped go on where they stood.

    Mend the cause first (see `lockstep dlq list`), or they come back after their receives are used up. Nothing can be
    overtaken, and nothing is done twice: a bell only says where to look.

    For example:

        lockstep dlq redrive tryton.main

        lockstep dlq redrive --all --lost --reason "queue purged by mistake" --yes
    """
    del environment, as_json
    session = session_of(context)
    if every == (consumer is not None):
        raise CommandFailed("Name one consumer, or say --all.", code=Exit.USAGE)
    deployed = session.open()
    names = _names(deployed, consumer, every=every)
    counts = {name: deployed.dead_letters.count(name) for name in names}
    whose = consumer or f"{len(names)} consumers"
    also = ", and start the lanes whose bell is gone" if lost else ""
    if not lost and not any(counts.values()):
        if session.json:
            print_json({"consumers": []})
        else:
            results().print("There are no dead letters.")
        return
    confirm(f"Send about {sum(counts.values())} dead letters of {whose} back{also}?", yes=yes)
    done: list[Redriven] = []
    with _progress(sum(counts.values()), quiet=session.json) as progress:
        for name in names:
            one = _redrive(deployed, name, lost=lost, progress=progress)
            if one.sent or one.lost:
                done.append(one)
                result = f"{one.sent} sent back, {len(one.started) + len(one.lost)} lanes started"
                action = Action(deployed.clock.now(), who(by), "dlq redrive", name, reason, result)
                note_action(deployed.ledger, deployed.random, action)
    if session.json:
        print_json({"consumers": done})
        return
    shown = table("consumer", "sent back", "lanes started", "started without bell", right=("sent back",))
    for one in done:
        shown.add_row(told(one.consumer), str(one.sent), str(len(one.started)), str(len(one.lost)))
    results().print(shown if done else "There was nothing to send back.")
    notes().print("See what they do: lockstep lanes")


def _redrive(deployed: Deployed, name: str, *, lost: bool, progress: Callable[[int], None]) -> Redriven:
    sent = redrive(deployed.ledger, deployed.dead_letters, name, progress=progress)
    if not lost:
        return sent
    (consumer,) = (known for known in deployed.consumers if known.id == name)
    return replace(sent, lost=start_lost(deployed.ledger, deployed.doorbells, consumer, but=sent.started))


def _names(deployed: Deployed, consumer: str | None, *, every: bool) -> list[str]:
    known = [one.id for one in deployed.consumers]
    if consumer is not None and consumer not in known:
        raise CommandFailed(
            f"There is no consumer {consumer}.", then=f"There are: {', '.join(sorted(known))}.", code=Exit.USAGE
        )
    return [consumer] if consumer is not None else known if every else []


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Shows how many were sent, over all consumers; on a terminal only."""
    console = notes()
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("sent back"), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("", total=total or None)
        yield lambda sent: shown.advance(task, sent)


def _show(found: list[DeadLettersOf], others: dict[str, int], deployed: Deployed) -> None:
    console, now = results(), deployed.clock.now()
    numbers = ("messages", "oldest", "lanes stopped", "bell lost")
    shown = table("consumer", *numbers, right=numbers)
    for one in found:
        age = duration(now - one.oldest) if one.oldest else "-"
        shown.add_row(told(one.consumer), str(one.messages), age, str(len(one.stopped)), str(len(one.lost)))
    for name, count in others.items():
        shown.add_row(told(name), str(count), "-", "-", "-")
    console.print(shown)
    for one in found:
        if not one.letters and not one.lost:
            continue
        console.print(told(f"\n{one.consumer}", "bold"))
        lines = table("lane", "first rung", "lane stands", "why")
        for letter in one.letters[:_MOST]:
            stands = "for this bell" if letter.stops else "for something else" if letter.reason else "no, it goes on"
            lines.add_row(told(letter.stream or "?"), moment(letter.sent_at), stands, told(letter.reason))
        for lane in one.lost[:_MOST]:
            lines.add_row(told(lane.stream), "-", "for a bell that is gone", told(lane.reason))
        console.print(lines)
        more = one.messages - min(len(one.letters), _MOST)
        if more > 0:
            notes().print(f"{more} more messages.")
    if any(others.values()):
        notes().print(
            "The bus and the relay leave word of what they could not hand on. Nothing is lost: the sweep rings for it."
        )
