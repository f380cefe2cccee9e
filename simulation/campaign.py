"""Many runs, on several cores."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

from simulation.chance import EVERYTHING, INTERLEAVED, Kept
from simulation.story import tell

_AT_ONCE: Final = 8
"""Runs handed to a process at a time."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that a run broke."""

    promise: str
    what: str


@dataclass(frozen=True, slots=True)
class Result:
    """What one run came to."""

    seed: int
    steps: int
    """Steps that processes took: reads, writes, bells, calls."""
    interleavings: int
    """How often another process ran between two steps of one."""
    faults: Counter[str]
    """Faults by kind."""
    broken: Broken | None


def run(seed: int, kept: Kept = EVERYTHING) -> Result:
    """One run."""
    told = tell(seed, kept=kept)
    dice = told.world.dice
    faults = Counter({kind: number for kind, number in dice.counts.items() if number and kind != INTERLEAVED})
    violation = told.violation
    broken = None if violation is None else Broken(violation.promise, violation.what)
    return Result(seed, dice.steps, dice.counts[INTERLEAVED], faults, broken)


def campaign(seeds: Sequence[int], *, jobs: int) -> Iterator[Result]:
    """Runs of these seeds, as they end.

    Args:
        seeds: One run each.
        jobs: Processes at the same time; with 1 they run in this one.
    """
    if jobs == 1 or len(seeds) <= _AT_ONCE:
        yield from map(run, seeds)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(run, seeds, chunksize=_AT_ONCE)
