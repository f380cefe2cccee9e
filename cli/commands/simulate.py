"""`lockstep simulate`."""

import time
from collections import Counter
from datetime import datetime
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.errors import Exit
from cli.output import notes, print_json, results, table, told
from cli.session import JsonOption, session_of
from simulation.campaign import Result, campaign, run
from simulation.chance import EVERYTHING, Kept
from simulation.shrinking import MOST_TRIES, Shrunken, kept_of, shrink
from simulation.story import tell

_MOST_NAMED: Final = 10

_TillsOption = Annotated[int | None, typer.Option("--tills", min=1, help="Of the story, keep so many tills.")]
_SalesOption = Annotated[int | None, typer.Option("--sales", min=1, help="Keep so many transactions a till.")]
_RoundsOption = Annotated[str | None, typer.Option("--rounds", help="Keep these rounds: 3,7-9 or none.")]
_FaultsOption = Annotated[str | None, typer.Option("--faults", help="Keep these faults, as a violation names them.")]


def simulate(
    context: typer.Context,
    *,
    runs: Annotated[int, typer.Option("--runs", min=1, help="How many worlds.")] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the first; the next has the next.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes at the same time.")] = 2,
    tills: _TillsOption = None,
    sales: _SalesOption = None,
    rounds: _RoundsOption = None,
    faults: _FaultsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let many small worlds go wrong, and hold each to every promise.

    The core runs on tables and queues in memory, under a clock of its own. A seed decides what is sold and sent, which
    process runs when, and what fails: crashes, lost and doubled bells, outages, timeouts, poison, late names. It needs
    no stack, and a seed always tells the same story.

    Of the first violation it tells the seed and the shortest story found that still breaks the promise, with the
    command that tells it again. Ends with 1 when a promise was broken.

    For example:

        lockstep simulate --runs 2000

        lockstep simulate --seed 183 --runs 1 --json
    """
    del as_json
    try:
        kept = kept_of(tills, sales, rounds, faults)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--rounds") from error
    if kept != EVERYTHING and runs != 1:
        raise typer.BadParameter("part of a story can be kept of one seed only: add --runs 1", param_hint="--runs")
    began = time.monotonic()
    done = _run_all(seed, runs, jobs, kept)
    seconds = time.monotonic() - began
    broken = sorted((result for result in done if result.broken), key=lambda result: result.seed)
    story = None
    if broken:
        story = _shrunken(broken[0].seed) if kept == EVERYTHING else _as_it_was(broken[0], kept)
    if session_of(context).json:
        print_json(_report(done, broken, story, seconds))
    else:
        _show(done, broken, story, seconds)
    raise typer.Exit(Exit.FINDING if broken else Exit.OK)


def _run_all(seed: int, runs: int, jobs: int, kept: Kept) -> list[Result]:
    if kept != EVERYTHING:
        return [run(seed, kept)]
    done = []
    with _progress("worlds") as progress:
        task = progress.add_task("worlds", total=runs)
        for result in campaign(range(seed, seed + runs), jobs=jobs):
            done.append(result)
            progress.advance(task)
    return done


def _shrunken(seed: int) -> Shrunken:
    with _progress("shrinking") as progress:
        task = progress.add_task("shrinking", total=MOST_TRIES)
        return shrink(seed, progress=lambda tries: progress.update(task, completed=tries))


def _as_it_was(result: Result, kept: Kept) -> Shrunken:
    assert result.broken is not None
    return Shrunken(result.seed, kept, result.broken, tuple(tell(result.seed, kept=kept).world.told), 0)


def _progress(what: str) -> Progress:
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=notes(), transient=True)


def _report(done: list[Result], broken: list[Result], story: Shrunken | None, seconds: float) -> dict[str, object]:
    violations = []
    for result in broken:
        assert result.broken is not None
        violations.append({"seed": result.seed, "promise": result.broken.promise, "what": result.broken.what})
    return {
        "runs": len(done),
        "steps": sum(result.steps for result in done),
        "interleavings": sum(result.interleavings for result in done),
        "faults": dict(_faults(done).most_common()),
        "violations": violations,
        "shrunken": None
        if story is None
        else {
            "seed": story.seed,
            "promise": story.broken.promise,
            "what": story.broken.what,
            "command": story.command,
            "trace": [{"at": at, "what": what} for at, what in story.trace],
        },
        "seconds": round(seconds, 1),
    }


def _faults(done: list[Result]) -> Counter[str]:
    return sum((result.faults for result in done), Counter[str]())


def _show(done: list[Result], broken: list[Result], story: Shrunken | None, seconds: float) -> None:
    console = results()
    shown = table("fault", "injected", right=("injected",))
    for kind, number in _faults(done).most_common():
        shown.add_row(told(kind), f"{number:,}")
    console.print(shown)
    steps, switches = sum(result.steps for result in done), sum(result.interleavings for result in done)
    console.print(
        f"\n{len(done):,} runs, {steps:,} steps, {switches:,} times another process in between, in {seconds:.0f} s."
    )
    if story is None:
        console.print(told("No promise was broken.", "green"))
        return
    named = ", ".join(str(result.seed) for result in broken[:_MOST_NAMED])
    more = "" if len(broken) <= _MOST_NAMED else f" and {len(broken) - _MOST_NAMED} more"
    console.print(told(f"{len(broken)} of them broke a promise: seed {named}{more}.", "bold red"))
    console.print(told(f"\nSeed {story.seed} breaks {story.broken.promise}: {story.broken.what}\n"))
    for at, what in story.trace:
        console.print(told(f"  {_time(at)}  {what}", "yellow" if what.startswith("!") else ""))
    console.print(told(f"\nTo tell it again:\n\n  {story.command}"), soft_wrap=True)


def _time(at: datetime) -> str:
    return at.strftime("%H:%M:%S.%f")[:-3]
