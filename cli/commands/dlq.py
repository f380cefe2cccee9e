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
from lockstep.operations.other_dead_letters import (
    BUS,
    RELAY,
    OtherDeadLetters,
    OtherRedriven,
    other_dead_letters,
    redrive_other,
)

app = typer.Typer(
    no_args_is_help=True,
    help="Dead letters: bells that failed to their last receive. Each stops its lane; sent back, it starts it again. "
    "Also what others gave up: the bus, the relay, the ticket system, a partner bus.",
)
_MOST: Final = 20
"""Letters of one queue that people are shown."""

OneConsumer = Annotated[
    str | None,
    typer.Argument(
        help="As in tryton.main; or bus, relay, tickets. Every one when left out.", metavar="[NAME]", show_default=False
    ),
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
    with `lockstep dlq redrive CONSUMER --lost`. Looking takes the messages out of sight for a moment.

    Beside consumers there are: bus, what could not ring anybody, or reach the ticket system's queue; relay, changes of
    the ledger that were not published; tickets, what the ticket system did not take; and the entry of each partner bus.
    Ends with 1 when there is a dead letter or a lost one.

    For example:

        lockstep dlq list

        lockstep dlq list tryton.main --json
    """
    del environment, as_json
    session = session_of(context)
    deployed = session.open()
    names, other_names = _names(deployed, consumer, every=True)
    found = dead_letters(deployed.ledger, deployed.dead_letters, deployed.consumers, names)
    others = other_dead_letters(deployed.dead_letters, other_names)
    if session.json:
        print_json({"consumers": found, "others": others})
    else:
        _show(found, others, deployed)
    bad = any(one.messages or one.stopped for one in found) or any(one.messages for one in others)
    raise typer.Exit(Exit.FINDING if bad else Exit.OK)


@app.command("redrive")
def redrive_(
    context: typer.Context,
    consumer: OneConsumer = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Of every queue.")] = False,
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

    Of the bus and the relay nothing need be sent back: the lanes that would have been rung are rung, news of cases goes
    to the ticket system, and the messages are taken away. What is not known is left there.

    For example:

        lockstep dlq redrive tryton.main

        lockstep dlq redrive --all --lost --reason "queue purged by mistake" --yes
    """
    del environment, as_json
    session = session_of(context)
    if every == (consumer is not None):
        raise CommandFailed("Name one consumer, or say --all.", code=Exit.USAGE)
    deployed = session.open()
    names, other_names = _names(deployed, consumer, every=every)
    counts = {name: deployed.dead_letters.count(name) for name in (*names, *other_names)}
    whose = consumer or f"{len(counts)} queues"
    also = ", and start the lanes whose bell is gone" if lost else ""
    if not lost and not any(counts.values()):
        if session.json:
            print_json({"consumers": [], "others": []})
        else:
            results().print("There are no dead letters.")
        return
    confirm(f"Send about {sum(counts.values())} dead letters of {whose} back{also}?", yes=yes)

    def note(name: str, result: str) -> None:
        action = Action(deployed.clock.now(), who(by), "dlq redrive", name, reason, result)
        note_action(deployed.ledger, deployed.random, action)

    with _progress(sum(counts.values()), quiet=session.json) as progress:
        done = _redrive_each(deployed, names, note, lost=lost, progress=progress)
        others = _redrive_others(deployed, {name: counts[name] for name in other_names}, note, progress=progress)
    if session.json:
        print_json({"consumers": done, "others": others})
        return
    _show_redriven(done, others)


def _redrive_each(
    deployed: Deployed,
    names: list[str],
    note: Callable[[str, str], None],
    *,
    lost: bool,
    progress: Callable[[int], None],
) -> list[Redriven]:
    done: list[Redriven] = []
    for name in names:
        one = _redrive(deployed, name, lost=lost, progress=progress)
        if one.sent or one.lost:
            done.append(one)
            note(name, f"{one.sent} sent back, {len(one.started) + len(one.lost)} lanes started")
    return done


def _redrive_others(
    deployed: Deployed,
    counts: dict[str, int],
    note: Callable[[str, str], None],
    *,
    progress: Callable[[int], None],
) -> list[OtherRedriven]:
    done: list[OtherRedriven] = []
    for name in (name for name, count in counts.items() if count):
        one = _redrive_other(deployed, name)
        progress(counts[name] - one.left)
        done.append(one)
        note(name, f"{one.sent} sent back, {one.rung} lanes rung, {one.left} left")
    return done


def _show_redriven(done: list[Redriven], others: list[OtherRedriven]) -> None:
    shown = table("consumer", "sent back", "lanes started", "started without bell", right=("sent back",))
    for one in done:
        shown.add_row(told(one.consumer), str(one.sent), str(len(one.started)), str(len(one.lost)))
    if done or not others:
        results().print(shown if done else "There was nothing to send back.")
    for other in others:
        left = f"; {other.left} left, which nobody knows" if other.left else ""
        results().print(told(f"{other.name}: {other.sent} sent back, {other.rung} lanes rung{left}"))
    notes().print("See what they do: lockstep lanes")


def _redrive(deployed: Deployed, name: str, *, lost: bool, progress: Callable[[int], None]) -> Redriven:
    sent = redrive(deployed.ledger, deployed.dead_letters, name, progress=progress)
    if not lost:
        return sent
    (consumer,) = (known for known in deployed.consumers if known.id == name)
    return replace(sent, lost=start_lost(deployed.ledger, deployed.doorbells, consumer, but=sent.started))


def _redrive_other(deployed: Deployed, name: str) -> OtherRedriven:
    return redrive_other(
        name,
        queues=deployed.dead_letters,
        goes_back=deployed.redrives,
        table=deployed.ledger,
        doorbells=deployed.doorbells,
        consumers=deployed.consumers,
    )


def _names(deployed: Deployed, name: str | None, *, every: bool) -> tuple[list[str], list[str]]:
    """Queues of consumers, and others."""
    known, others = [one.id for one in deployed.consumers], list(deployed.other_dlqs)
    if name is None:
        return (known, others) if every else ([], [])
    if name not in {*known, *others}:
        there = ", ".join([*sorted(known), *others])
        raise CommandFailed(f"There is no consumer {name}.", then=f"There are: {there}.", code=Exit.USAGE)
    return ([name], []) if name in known else ([], [name])


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


def _show(found: list[DeadLettersOf], others: list[OtherDeadLetters], deployed: Deployed) -> None:
    console, now = results(), deployed.clock.now()
    numbers = ("messages", "oldest", "lanes stopped", "bell lost")
    shown = table("consumer", *numbers, right=numbers)
    for one in found:
        age = duration(now - one.oldest) if one.oldest else "-"
        shown.add_row(told(one.consumer), str(one.messages), age, str(len(one.stopped)), str(len(one.lost)))
    for other in others:
        age = duration(now - other.oldest) if other.oldest else "-"
        shown.add_row(told(other.name), str(other.messages), age, "-", "-")
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
    _show_others([other for other in others if other.letters])
    if any(other.messages and other.name in {BUS, RELAY} for other in others):
        notes().print(
            "The bus and the relay leave word of what they could not hand on. Nothing is lost: the sweep rings for it."
        )


def _show_others(others: list[OtherDeadLetters]) -> None:
    for other in others:
        results().print(told(f"\n{other.name}", "bold"))
        lines = table("what", "since", "why")
        for one in other.letters[:_MOST]:
            lines.add_row(told(one.what), moment(one.sent_at), told(one.why))
        results().print(lines)
        if other.messages > _MOST:
            notes().print(f"{other.messages - _MOST} more messages.")
