"""Streams: the lanes in which events keep their order."""

import zlib
from enum import StrEnum
from typing import Final, NamedTuple, Self

LANES: Final = 64
"""Lanes into which the orders of one source, its payments, and so on, are spread."""


class StreamKind(StrEnum):
    """The closed list of what a stream is about."""

    TILL = "till"
    """Everything one workstation closes."""
    STOCK = "stock"
    """Movements and counts that one source reports for one location."""
    ORDER = "order"
    """Orders with their refunds and returns."""
    PAYMENT = "payment"
    """Movements of payments, disputes about them, and stored value."""
    PAYOUT = "payout"
    PRODUCT = "product"
    """Products, prices and promotions."""
    CUSTOMER = "customer"
    SHIPMENT = "shipment"
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


def spread(key: str, lanes: int = LANES) -> str:
    """The lane of a thing that shares lanes with others, always the same for one key.

    A lane for every order would be a lane to sweep, to ring and to lease for every order. What order matters to is the
    subject, and that keeps its order in any lane; so there are as many lanes as concurrency needs.
    """
    return f"{zlib.crc32(key.encode()) % lanes:02d}"
