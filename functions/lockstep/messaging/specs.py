"""What a connector and a workflow declare about themselves, as data only.

Infrastructure, documentation, dashboards and the contract tests are built from these declarations, so that adding a
connector or a workflow edits nothing outside its own folder. A module that holds one must import nothing heavier than
this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

PREDECESSOR_WITHIN: Final = timedelta(hours=4)
"""Longer than a till is usually without a line during a day's trade."""


class Role(StrEnum):
    """What a target system is to the retailer. Workflows name roles, never systems."""

    ERP = "erp"
    SHOP = "shop"


class Delivery(StrEnum):
    """How a target is kept right (architecture, section 2)."""

    DOCUMENTS = "documents"
    """Each one, in order, exactly once in effect."""
    STATE = "state"
    """Only the newest matters: absolute, versioned, coalesced."""


class DocumentKey(StrEnum):
    """How far a target helps to keep a document from being made twice."""

    UNIQUE = "unique"
    """The target refuses a second document with the same key: exactly once in effect."""
    LOOKUP = "lookup"
    """The target can only be searched by key, so a document posted within `settle_after` may be missed."""


class Criticality(StrEnum):
    """Who goes first when capacity is short."""

    REVENUE = "revenue"
    """Customers are served wrongly while it waits (oversell, unpaid orders)."""
    BOOKS = "books"
    """The day cannot be closed while it waits."""
    INSIGHT = "insight"
    """Reports are late while it waits."""


class Evidence(StrEnum):
    """What a connector's conformance was proven against, strongest first."""

    REAL_SOFTWARE = "real software"
    MACHINE_READABLE_CONTRACT = "machine-readable contract"
    REAL_MESSAGES = "real messages"
    DOCUMENTATION = "documentation only"


@dataclass(frozen=True, slots=True)
class Signature:
    """How a sender proves who it is."""

    scheme: str
    """Name of the scheme in the vendor's or standard's own words."""
    headers: tuple[str, ...]
    """Lower-case request headers that the scheme reads."""
    tolerance: timedelta | None
    """Oldest and newest signed timestamp accepted around now; None where the scheme signs no time."""
    source: str
    """Where the scheme is described."""
    proven: bool = True
    """False where the vendor's material could not be confirmed."""


@dataclass(frozen=True, slots=True)
class Poll:
    """A list that is read again regularly: what webhooks missed is accepted, what they brought is a duplicate."""

    resource: str
    """As in `pages`."""
    every: timedelta
    overlap: timedelta
    """How far each window reaches back into the one before."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """The door a connector opens: one route, one function, one secret an account."""

    topics: tuple[str, ...]
    """Topics translated, in the vendor's own words. Others are ignored with 2xx and counted."""
    events: tuple[str, ...]
    """Canonical event types it may emit."""
    signature: Signature
    delivery_id: str
    """Where the delivery id comes from, in words."""
    event_identity: str
    """What makes one event the same event in another delivery, in words."""
    max_body_bytes: int
    """Larger bodies get 413."""
    answer_within: timedelta
    """The vendor's timeout: after this it counts the delivery as failed."""
    rate_per_second: int
    """Sustained requests a second that the route lets through."""
    burst: int
    """Requests the route lets through at once."""
    methods: tuple[str, ...] = ("POST",)
    """HTTP methods of the route: also GET where the vendor makes sure of a new address that way."""
    topic_headers: tuple[str, ...] = ()
    """Lower-case headers that name the topic, the first that is there; none where the body names it."""
    kept_headers: tuple[str, ...] = ()
    """Lower-case headers that translation needs, kept with the delivery; never a signature or a secret."""
    redelivery: str = ""
    """The vendor's promise of delivery, in words."""
    delivery_guaranteed: bool = True
    """Whether the vendor sends again until it is answered; False where polling has to catch up."""
    answers: Mapping[int, int] = field(default_factory=dict)
    """Statuses given instead of others, where the vendor punishes those."""
    acknowledgement: Mapping[str, str] = field(default_factory=dict)
    """Fields that the vendor looks for in the answer to what was accepted, beside ours."""
    reads: tuple[str, ...] = ()
    """Resources that a message only hints at, and that are read at the vendor."""
    pages: tuple[str, ...] = ()
    """Resources of which lists can be read, for catching up and for history."""
    polls: tuple[Poll, ...] = ()
    reads_per_second: float = 1.0
    """Calls that the vendor allows one account, sustained."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts that an account's `base_url` may have for reading; a leading dot allows subdomains. Empty: its own."""
    partner_bus: str = ""
    """Begins the name of the vendor's event sources on the cloud's partner bus, where it can deliver that way too."""

    @property
    def accepted_within(self) -> timedelta:
        """Time that accept may spend on conflicts before it answers 503, with a fifth kept back for the answer."""
        return self.answer_within * 0.8


@dataclass(frozen=True, slots=True)
class Outbound:
    """How a connector delivers to its system: one poster function a target account."""

    role: Role
    delivery: Delivery
    api_version: str
    allowed_hosts: tuple[str, ...]
    """Hosts an account's `base_url` may have; a leading dot allows subdomains. Empty: the account names its own."""
    batch_size: int
    """Most documents or quantities in one call."""
    max_concurrency: int
    """Calls at once that the vendor allows one account."""
    call_timeout: timedelta
    """Longest single call; leases are longer."""
    document_key: DocumentKey | None = None
    settle_after: timedelta = timedelta(0)
    """How long after an unanswered call a look-up by key is sure to find what it made."""
    idempotency_retention: timedelta | None = None
    """How long the vendor remembers an idempotency key, where it has them."""
    throttle_signals: tuple[str, ...] = ()
    """How the vendor says that it wants patience, in words."""


@dataclass(frozen=True, slots=True)
class ConnectorManifest:
    """One system, as Lockstep knows it."""

    system: str
    """Folder name under `connectors/`; the first part of its accounts' names."""
    title: str
    proven_against: tuple[tuple[Evidence, str], ...]
    inbound: Inbound | None = None
    outbound: Outbound | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """What a workflow promises its owner."""

    percentile: float
    """Share of events, as in 0.99."""
    within: timedelta
    """From acceptance to effect in the target, while the target is up."""


@dataclass(frozen=True, slots=True)
class WorkflowSpec:
    """One business process, declared once."""

    consumer: str
    """Permanent literal: it stands in every cursor and outcome. Never rename."""
    title: str
    consumes: tuple[str, ...]
    """Canonical event types."""
    role: Role
    """The role its decisions serve."""
    delivery: Delivery
    decides: str
    subject: str
    service_level: ServiceLevel
    criticality: Criticality
    exceptions: tuple[str, ...]
    """Kinds of case that its owner answers for. It opens others, too, which another workflow's owner answers for."""
    owner: str
    """Business owner of its exceptions."""
    active_from: datetime
    """UTC. Entries accepted before are not its concern."""
    predecessor_within: timedelta = PREDECESSOR_WITHIN
    """How long an entry waits for one that it refers to and that has not come, before a person hears of it."""
    park_limit: int = 500
    """Entries that may wait for one root cause before the lane stops: beyond this it is no longer an exception."""
    batch_size: int = 25
    """Entries taken in one go."""
