"""Of a story that breaks a promise, the least that still breaks it (delta debugging).

What is left out changes what comes after, so each attempt is run and judged; the same promise must break.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeVar

from simulation.campaign import Broken
from simulation.chance import EVERYTHING, Kept, Odds, kind_of
from simulation.story import Told, tell

T = TypeVar("T")

NONE: Final = "none"
MOST_TRIES: Final = 600
_NUMBERS: Final = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class Shrunken:
    """A story that breaks a promise, as short as it was found."""

    seed: int
    kept: Kept
    broken: Broken
    trace: Sequence[tuple[datetime, str]]
    """What happened, when."""
    tries: int

    @property
    def command(self) -> str:
        """Tells it again."""
        return " ".join([f"lockstep simulate --seed {self.seed} --runs 1", *options_of(self.kept)])


def options_of(kept: Kept) -> list[str]:
    """What is kept, as options of the command line."""
    options = []
    if kept.tills is not None:
        options.append(f"--tills {kept.tills}")
    if kept.sales is not None:
        options.append(f"--sales {kept.sales}")
    if kept.rounds is not None:
        options.append(f"--rounds {_ranges(kept.rounds) or NONE}")
    if kept.faults is not None:
        options.append(f"--faults {','.join(sorted(kept.faults)) or NONE}")
    return options


def kept_of(tills: int | None, sales: int | None, rounds: str | None, faults: str | None) -> Kept:
    """What options of the command line keep.

    Raises:
        ValueError: Rounds are not numbers.
    """
    return Kept(
        tills,
        sales,
        None if rounds is None else frozenset(_numbers(rounds)),
        None if faults is None else frozenset(() if faults == NONE else faults.split(",")),
    )


def shrink(
    seed: int,
    odds: Odds | None = None,
    *,
    most_tries: int = MOST_TRIES,
    progress: Callable[[int], None] = lambda _: None,
) -> Shrunken:
    """Leave out of a story what the broken promise does not need.

    Args:
        seed: Of a run that breaks a promise.
        odds: As it was run.
        most_tries: Runs to spend on it.
        progress: Told how many were spent.

    Raises:
        ValueError: It breaks none.
    """
    told = tell(seed, odds)
    if told.violation is None:
        raise ValueError(f"seed {seed} breaks no promise")
    search = _Search(seed, odds, told.violation.promise, len(told.world.told), most_tries, progress)
    search.tries_also(Kept(rounds=frozenset(range(1, told.rounds + 1)), faults=frozenset(told.world.dice.struck)))
    before = None
    while before != search.kept and search.tries < most_tries:
        before = search.kept
        search.fewer_rounds()
        search.fewer_sales()
        search.fewer_faults()
    told = tell(seed, odds, search.kept)
    violation = told.violation
    if violation is None:
        raise RuntimeError(f"seed {seed} does not tell the same story twice")
    return Shrunken(seed, search.kept, Broken(violation.promise, violation.what), tuple(told.world.told), search.tries)


@dataclass(slots=True)
class _Search:
    seed: int
    odds: Odds | None
    promise: str
    length: int
    """Lines of the story so far: what shows at once must not become something that shows long after."""
    most_tries: int
    progress: Callable[[int], None]
    kept: Kept = EVERYTHING
    tries: int = field(default=0)

    def tries_also(self, kept: Kept) -> bool:
        """Whether the promise breaks with less, too, and no later; then that is kept from here on, without what did not
        strike.
        """
        if self.tries >= self.most_tries:
            return False
        self.tries += 1
        self.progress(self.tries)
        told: Told = tell(self.seed, self.odds, kept)
        if told.violation is None or told.violation.promise != self.promise or len(told.world.told) > self.length:
            return False
        self.length = len(told.world.told)
        struck = None if kept.faults is None else kept.faults & set(told.world.dice.struck)
        rounds = None if kept.rounds is None else frozenset(n for n in kept.rounds if n <= told.rounds)
        self.kept = replace(kept, faults=struck, rounds=rounds)
        return True

    def fewer_rounds(self) -> None:
        self._fewer(lambda: sorted(self.kept.rounds or ()), lambda less: replace(self.kept, rounds=frozenset(less)))

    def fewer_sales(self) -> None:
        for tills in (1, 2):
            if (self.kept.tills or tills + 1) > tills and self.tries_also(replace(self.kept, tills=tills)):
                break
        for sales in range(1, 7):
            if (self.kept.sales or sales + 1) > sales and self.tries_also(replace(self.kept, sales=sales)):
                break

    def fewer_faults(self) -> None:
        for kind in sorted({kind_of(strike) for strike in self.kept.faults or ()}):
            left = frozenset(strike for strike in self.kept.faults or () if kind_of(strike) != kind)
            self.tries_also(replace(self.kept, faults=left))
        self._fewer(lambda: sorted(self.kept.faults or ()), lambda less: replace(self.kept, faults=frozenset(less)))

    def _fewer(self, things: Callable[[], Sequence[T]], without: Callable[[Sequence[T]], Kept]) -> None:
        """Leave out halves, then quarters, down to single things."""
        size = -(-len(things()) // 2)
        while size:
            at = 0
            while at < len(all_of := things()):
                if not self.tries_also(without([*all_of[:at], *all_of[at + size :]])):
                    at += size
            size = size // 2


def _numbers(text: str) -> Iterable[int]:
    if text == NONE:
        return
    for part in text.split(","):
        found = _NUMBERS.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is neither a number nor a range such as 3-7")
        first, last = found.groups()
        yield from range(int(first), int(last or first) + 1)


def _ranges(numbers: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
