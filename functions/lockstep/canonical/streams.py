"""Streams: the lanes in which events keep their order."""

from enum import StrEnum


class StreamKind(StrEnum):
    """The closed list of what a stream is about."""

    TILL = "till"
    """Everything one workstation closes."""
    STOCK = "stock"
    """Movements and counts of one source at one location."""
    INTAKE = "intake"
    """Deliveries accepted whole, to be expanded in their order."""
