"""How often what goes wrong, and the dice: everything random in a run comes from here, so a seed tells its story."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Odds:
    """Probabilities of faults, each at every occasion."""

    killed: float = 0.012
    """A process dies before or after one of its reads, writes or calls."""
    interleaved: float = 0.1
    """Another process runs between two steps of this one."""
    contention: float = 0.03
    """A write only meets another one in passing."""
    bell_lost: float = 0.15
    bell_doubled: float = 0.15
    unavailable: float = 0.08
    """A target refuses a call before doing anything."""
    unanswered: float = 0.08
    """A target does what it was asked and the answer is lost."""
    rate_limited: float = 0.05

    def calm(self) -> "Odds":
        """Nothing goes wrong any more; processes still interleave."""
        return replace(Odds(**dict.fromkeys(self.__dataclass_fields__, 0.0)), interleaved=self.interleaved)


CROWDED = Odds(killed=0.004, interleaved=0.45, unavailable=0.04, unanswered=0.05)
"""Little fails, but everything happens at the same time."""


class Dice:
    """Chance of one run."""

    def __init__(self, seed: int, odds: Odds) -> None:
        self._random = random.Random(seed)  # noqa: S311  # a seed must repeat
        self.odds = odds

    def falls(self, fault: str) -> bool:
        """Whether the fault strikes now."""
        return self._random.random() < float(getattr(self.odds, fault))

    def up_to(self, most: float) -> float:
        """Somewhere from 0 to there."""
        return self._random.uniform(0, most)

    def uniform(self, least: float, most: float) -> float:
        """From least to most."""
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
