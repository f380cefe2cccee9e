"""How often what goes wrong, and the dice: everything random in a run comes from here, so a seed tells its story.

The story (who sells what, what happens next, how long it takes) and its faults are drawn apart, and the story anew in
each scene: to leave out a fault or a scene leaves the others as they were. That is what makes a story shrink.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Odds:
    """Probabilities of faults, each at every occasion."""

    killed: float = 0.012
    """A process dies before or after one of its reads, writes or bells."""
    killed_at_call: float = 0.04
    """It dies before or after a call to a target or to the claim store."""
    interleaved: float = 0.1
    """Another process runs between two steps of this one."""
    contention: float = 0.03
    """A write only meets another one in passing."""
    bus_event_dropped: float = 0.04
    """The relay or the bus never says that an entry came."""
    bus_event_doubled: float = 0.04
    bell_takes: float = 3.0
    """Not a probability: seconds that a bell is under way at most."""
    bell_lost: float = 0.15
    bell_doubled: float = 0.15
    unavailable: float = 0.08
    """A target refuses a call before doing anything (5xx)."""
    unanswered: float = 0.08
    """A target does what it was asked and the answer is lost (timeout after commit)."""
    rate_limited: float = 0.05
    slow: float = 0.04
    """A call takes nearly as long as it may, or longer than the process still has."""

    def calm(self) -> "Odds":
        """Nothing goes wrong any more; processes still interleave."""
        nothing = Odds(**dict.fromkeys(self.__dataclass_fields__, 0.0))
        return replace(nothing, interleaved=self.interleaved, bell_takes=self.bell_takes)


CROWDED = Odds(
    killed=0.004,
    killed_at_call=0.015,
    interleaved=0.45,
    bell_takes=0.3,
    unavailable=0.04,
    unanswered=0.05,
    slow=0.02,
)
"""Little fails, but everything happens at the same time."""
LATE = replace(CROWDED, bell_takes=6.0)
"""So that some are behind while others are done."""

INTERLEAVED = "interleaved"
"""Not a fault, but drawn like one."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a seed's story; None keeps everything."""

    tills: int | None = None
    """At most so many tills."""
    sales: int | None = None
    """At most so many transactions a till."""
    rounds: frozenset[int] | None = None
    """Only these rounds happen."""
    faults: frozenset[str] | None = None
    """Only these faults strike: kind@scene.occasion."""


EVERYTHING = Kept()


def kind_of(strike: str) -> str:
    """The kind of a fault that struck."""
    return strike.partition("@")[0]


class Dice:
    """Chance of one run, and a record of what it brought about."""

    def __init__(self, seed: int, odds: Odds, kept: Kept = EVERYTHING) -> None:
        """Args:
        seed: The same seed tells the same story.
        odds: How often what goes wrong.
        kept: What is left of it.
        """
        self._seed = seed
        self._faults = random.Random(f"{seed}/faults")  # noqa: S311  # a seed must repeat
        self.odds = odds
        self.kept = kept
        self.struck: list[str] = []
        """Faults that struck, in order, as `Kept.faults` names them."""
        self.counts: Counter[str] = Counter()
        """Faults by kind, and what came of them (a process out of time, a bell overtaken)."""
        self.steps = 0
        """Steps that processes took."""
        self.tell: Callable[[str], None] = lambda _: None
        """Told of each fault."""
        self.scene("")

    def scene(self, name: str) -> None:
        """What follows is drawn for this scene, whatever was drawn before."""
        self._name = name
        self._random = random.Random(f"{self._seed}/{name}")  # noqa: S311
        self._occasions: Counter[str] = Counter()

    def falls(self, fault: str) -> bool:
        """Whether the fault of that name in the odds strikes now."""
        return self.strikes(fault, float(getattr(self.odds, fault)))

    def strikes(self, kind: str, probability: float) -> bool:
        """Whether a fault strikes now; if so it is counted."""
        if not probability:
            return False
        occasion = self._occasions[kind]
        self._occasions[kind] += 1
        if self.kept.faults is None and self._faults.random() >= probability:
            return False
        slug = kind.replace(" ", "-").replace("_", "-")
        strike = f"{slug}@{self._name}.{occasion}"
        if self.kept.faults is not None and strike not in self.kept.faults:
            return False
        self.struck.append(strike)
        self.count(slug)
        if slug != INTERLEAVED:
            self.tell(f"! {strike}")
        return True

    def count(self, kind: str) -> None:
        """Count what came of something else."""
        self.counts[kind] += 1

    def up_to(self, most: float) -> float:
        """Somewhere from 0 to there."""
        return self._random.uniform(0, most)

    def uniform(self, least: float, most: float) -> float:
        """From least to most, as `random.uniform`: retries draw their jitter here."""
        return self._random.uniform(least, most)

    def number(self, least: int, most: int) -> int:
        """From least to most, both possible."""
        return self._random.randint(least, most)

    def one_of(self, things: Sequence[T]) -> T:
        """Any of them."""
        return things[self._random.randrange(len(things))]

    def coin(self, heads: float = 0.5) -> bool:
        """Heads?"""
        return self._random.random() < heads

    def drawn(self, weights: Sequence[tuple[float, T]]) -> T:
        """One of the things, by weight."""
        return self._random.choices([thing for _, thing in weights], [weight for weight, _ in weights])[0]

    def random(self) -> float:
        """Port `Random`."""
        return self._random.random()

    def token(self) -> str:
        """Port `Random`."""
        return f"{self._random.getrandbits(64):016x}"
