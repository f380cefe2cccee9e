"""Streams: the lanes in which events keep their order."""

from enum import StrEnum
from typing import NamedTuple, Self


class StreamKind(StrEnum):
    """The closed list of what a stream is about."""

    TILL = "till"
    """Everything one workstation closes."""
    STOCK = "stock"
    """Movements and counts that one source reports for one location."""
    INTAKE = "intake"
    """Deliveries accepted whole, to be expanded in their order."""


class StreamId(NamedTuple):
    """Which stream: its kind, the connector account it comes from, and its lane there."""

    kind: StreamKind
    source: str
    lane: str

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.source}:{self.lane}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `kind:source:lane`.

        Raises:
            ValueError: It has another form, or the kind is unknown.
        """
        kind, source, lane = text.split(":", 2)
        return cls(StreamKind(kind), source, lane)
