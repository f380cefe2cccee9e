"""What an inbound connector offers the core: prove the sender, then translate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from lockstep.canonical.events import Event, event_type_of
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.model import Canonical
from lockstep.canonical.notices import ResourceNotice

FETCHED: Final = "fetched/"
"""Begins the topic of what we read at the vendor ourselves: `fetched/<resource>`."""
UNDECLARED: Final = "topic not declared: "
"""Begins the reason for which a message is ignored whose topic, named in its body, the manifest does not declare."""


@dataclass(frozen=True, slots=True)
class Request:
    """One webhook call as it came."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    """The raw bytes that were signed."""
    url: str = ""
    """The address that was called, as the sender knows it: some sign it."""
    query: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller is told at once, without anything being accepted: a handshake, or a ping."""

    status: int
    body: str = ""
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified call, recognisable when it comes again."""

    account: str
    """Connector account, as in `tills.main`."""
    delivery_id: str
    """The vendor's own id of the delivery."""
    body: bytes
    received_at: datetime
    topic: str = ""
    """What a header named, in the vendor's own words; empty where the body names it. `fetched/<resource>` for what we
    read at the vendor ourselves: one resource, or a page of a list."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that the manifest keeps, in lower case; never a signature or a secret."""


@dataclass(frozen=True, slots=True)
class Translation:
    """What a delivery says, in canonical terms."""

    events: tuple[Event, ...]
    """In the order in which they are to be accepted."""
    ignored: tuple[str, ...] = ()
    """Why the rest is no event for us, one reason each, without personal data."""
    passed_over: tuple[TransactionId, ...] = ()
    """Numbers that tills used for that rest, and for what is no event of a till: none of them is missing."""
    notices: tuple[ResourceNotice, ...] = ()
    """What changed at the vendor without the message saying how: it is accepted first, and read there afterwards."""


class Notice(NamedTuple):
    """A resource of which a message says that it changed: it is to be read."""

    resource: str
    key: str
    version: str | None
    at: datetime


Said = Canonical | Notice | str
"""What a translator finds in a message: a canonical value, a resource to be read, or why something is no event."""


def event_of(data: Canonical, delivery: Delivery) -> Event:
    """The event that says this, as a delivery brought it."""
    return event_type_of(data).create(
        data,
        source=delivery.account,
        received_at=delivery.received_at,
        causation_id=f"{delivery.account}/{delivery.delivery_id}",
    )


def translation_of(said: Iterable[Said], delivery: Delivery) -> Translation:
    """All that is found in a delivery, in its order; what it says twice, once."""
    events: dict[str, Event] = {}
    ignored: dict[str, None] = {}
    notices: list[ResourceNotice] = []
    for part in said:
        if isinstance(part, str):
            ignored[part] = None
        elif isinstance(part, Notice):
            notices.append(
                ResourceNotice(
                    resource=part.resource,
                    key=part.key,
                    version=part.version,
                    notified_at=part.at,
                    delivery_id=delivery.delivery_id,
                )
            )
        else:
            event = event_of(part, delivery)
            events.setdefault(event.id, event)
    return Translation(tuple(events.values()), tuple(ignored), notices=tuple(notices))


class InboundConnector(Protocol):
    """A channel that calls us."""

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        """Prove the sender from the raw bytes, before anything is parsed, in constant time; return the delivery id.

        It is the vendor's own, from a header, or from the body once the sender is proven; where there is none, a digest
        of the body.

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


class Greets(Protocol):
    """A connector that answers some calls at once."""

    def greet(self, request: Request) -> Answer | None:
        """The answer to a handshake or a ping, before anything is verified; None for any other call."""
        ...


class TakesFromBus(Protocol):
    """A connector whose vendor can also deliver by an event bus of the cloud, which vouches for the sender."""

    def unpack(self, event: Mapping[str, Any]) -> tuple[str, Request]:
        """Delivery id and message of an event on the vendor's partner bus: as the webhook would have brought it.

        Raises:
            MessageMalformed: It is no such event.
        """
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list at the vendor."""

    body: bytes
    """As answered; translated as a delivery with the topic `fetched/<resource>`."""
    after: str = ""
    """Where the next page begins, in the vendor's words; empty after the last."""


class Reader(Protocol):
    """Reads at the vendor what its messages only hint at, or never delivered. Calls change nothing there."""

    def fetch(self, notice: ResourceNotice) -> bytes:
        """A resource as it is now; empty where it is gone.

        Raises:
            TransientEndpointError, ConfigurationError: It cannot be read now, or not by us.
        """
        ...

    def page(self, resource: str, since: datetime, until: datetime, after: str = "") -> Page:
        """Part of the list of resources that changed in a window (UTC, `since` in it, `until` not), oldest first.

        Raises:
            TransientEndpointError, ConfigurationError: As for `fetch`.
        """
        ...
