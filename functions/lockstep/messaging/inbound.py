"""What an inbound connector offers the core: prove the sender, then translate."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lockstep.canonical.events import Event
from lockstep.canonical.identifiers import TransactionId


@dataclass(frozen=True, slots=True)
class Request:
    """One webhook call as it came."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    """The raw bytes that were signed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified call, recognisable when it comes again."""

    account: str
    """Connector account, as in `tills.main`."""
    delivery_id: str
    """The vendor's own id of the delivery."""
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Translation:
    """What a delivery says, in canonical terms."""

    events: tuple[Event, ...]
    """In the order in which they are to be accepted."""
    ignored: tuple[str, ...] = ()
    """Why the rest is no event for us, one reason each, without personal data."""
    passed_over: tuple[TransactionId, ...] = ()
    """Numbers that tills used for that rest, and for what is no event of a till: none of them is missing."""


class InboundConnector(Protocol):
    """A channel that calls us."""

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """Prove the sender from the raw bytes, before anything is parsed, in constant time; return the delivery id.

        Args:
            request: The call.
            secrets: The secrets valid now: two while one is being replaced by the other.
            now: UTC.

        Raises:
            SignatureInvalid: No secret fits, or a header is missing.
            MessageExpired: It fits, but is too old or too new.
        """
        ...

    def translate(self, delivery: Delivery) -> Translation:
        """Canonical events of a delivery. Pure and deterministic: the same bytes give the same events.

        Raises:
            MessageMalformed: It cannot be read, or what money or identity needs is missing; names the field.
        """
        ...
