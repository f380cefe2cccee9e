"""Notes what a step checks, sees and measures, and makes the step of it."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sandbox.scenario.account import Check, Figure, Hop, Row, Step, Table


class Recorder:
    """One step in the making."""

    def __init__(self, key: str, title: str, *, look: str) -> None:
        """Args:
        key: The step's letter.
        title: Of the step.
        look: Where a person looks when a check does not hold.
        """
        self._key = key
        self._title = title
        self._look = look
        self._started = time.monotonic()
        self._checks: list[Check] = []
        self._hops: list[Hop] = []
        self._tables: list[Table] = []
        self._figures: dict[str, Figure] = {}
        self._story: list[str] = []

    def tell(self, sentence: str) -> None:
        """Add a sentence to the story."""
        self._story.append(sentence)

    def equal(self, name: str, expected: object, seen: object, *, look: str = "") -> bool:
        """Check that something is what it must be; whether it is."""
        return self.that(name, expected == seen, expected=expected, seen=seen, look=look)

    def that(self, name: str, ok: bool, *, expected: object, seen: object, look: str = "") -> bool:
        """Check a condition; whether it holds."""
        self._checks.append(
            Check(name=name, expected=_shown(expected), seen=_shown(seen), ok=ok, look="" if ok else look or self._look)
        )
        return ok

    def hop(self, hop: str, what: str, after: float, source: str) -> None:
        """Note a hop, in seconds since the till sent."""
        self._hops.append(Hop(hop=hop, what=what, after=max(0.0, round(after, 3)), source=source))

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Note something seen."""
        made = tuple(Row(cells=tuple(str(cell) for cell in row)) for row in rows)
        self._tables.append(Table(title=title, columns=tuple(columns), rows=made))

    def figures(self, **figures: Figure) -> None:
        """Note measurements; the name carries the unit."""
        self._figures.update(
            {name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}
        )

    def step(self) -> Step:
        """Everything noted."""
        return Step(
            key=self._key,
            title=self._title,
            story=" ".join(self._story),
            elapsed=round(time.monotonic() - self._started, 3),
            checks=tuple(self._checks),
            hops=tuple(sorted(self._hops, key=lambda hop: hop.after)),
            tables=tuple(self._tables),
            figures=self._figures,
        )


def tally(values: Iterable[object]) -> str:
    """Equal values once, with how many there are, as in `21 x 200`."""
    return ", ".join(f"{count} x {value}" for value, count in sorted(Counter(map(str, values)).items())) or "none"


def _shown(value: object) -> str:
    """A value as a person reads it, without the quotes and brackets of a program."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(f"{_shown(name)} {_shown(part)}" for name, part in sorted(value.items())) or "none"
        case str():
            return value
        case set() | frozenset():
            return _shown(sorted(value))
        case list() | tuple():
            return ", ".join(map(_shown, value)) or "none"
        case _:
            return str(value)
