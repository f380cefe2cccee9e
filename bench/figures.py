"""A measured figure beside its budget, and the report of all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that is measured or computed."""

    key: str
    """Its name in the JSON."""
    title: str
    """What it is, for people."""
    value: float
    unit: str
    budget: float | None = None
    """The most it may be; None for a figure that is only told."""
    note: str = ""
    """How it was come by, and how noisy it is."""

    @property
    def ok(self) -> bool:
        """Whether it is within its budget, or has none."""
        return self.budget is None or self.value <= self.budget

    def to_json(self) -> dict[str, Any]:
        """As in the report."""
        return {
            "title": self.title,
            "value": round(self.value, 4),
            "unit": self.unit,
            "budget": self.budget,
            "ok": self.ok,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one run measured."""

    figures: Sequence[Figure]
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the figures are made of, by key."""

    @property
    def ok(self) -> bool:
        """Whether no budget is broken."""
        return all(figure.ok for figure in self.figures)

    def to_json(self) -> dict[str, Any]:
        """One object: `ok`, `figures` by key, `details` by key."""
        return {
            "ok": self.ok,
            "figures": {figure.key: figure.to_json() for figure in self.figures},
            "details": dict(self.details),
        }
