"""What a connector's folder says about itself to those who try it out: the contract kit, samples, the command line.

It stands in the folder's `conformance.py` as `CONFORMANCE`, and is never deployed. A connector that receives without
one is incomplete; the kit says what is missing. How fixtures are named and what the kit holds them to is told in
CONTRIBUTING.md, under *The contract kit*.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from lockstep.messaging.errors import IntegrationError
from lockstep.messaging.inbound import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that is to be sent as its vendor would."""

    topic: str
    """As the manifest has it."""
    body: bytes
    url: str
    """The address it goes to."""
    delivery: str
    """Id of the delivery, for schemes that name one outside the body."""
    sent_at: datetime
    headers: Mapping[str, str]
    """In lower case: content type, the topic where a header names it, and what the manifest keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A call whose signature somebody else made."""

    request: Request
    secret: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAnswer:
    """An answer that the vendor documents for calls that read, and what it means to us."""

    status: int
    means: type[IntegrationError] | None
    """The error it becomes; None where it is no failure: 2xx, and a resource that is gone."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    retry_after: timedelta | None = None
    """What `RateLimited` must say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A schema of the vendor's that fixtures must satisfy."""

    file: str
    """Below `contracts/` of the shared material, as in `acme/api.json`: OpenAPI or JSON Schema, JSON or YAML."""
    schema: str
    """JSON pointer to the schema in it, as in `/components/schemas/Order`."""
    fixtures: str
    """Glob over the fixtures' names, as in `orders-*`."""
    at: str = ""
    """JSON pointer to what is validated in the message; all of it when empty."""


def flipped(request: Request) -> Request:
    """The call with one bit of its body changed."""
    place = len(request.body) // 2
    body = bytes([*request.body[:place], request.body[place] ^ 1, *request.body[place + 1 :]])
    return replace(request, body=body)


def widened_json(body: bytes) -> bytes:
    """The message with a field that nobody knows in each of its objects."""
    return json.dumps(_widened(json.loads(body)), ensure_ascii=False).encode()


def _widened(part: Any) -> Any:
    if isinstance(part, dict):
        unknown = {"x_unknown_field": {"since": "tomorrow", "values": [1, None, "x"]}}
        return {**{name: _widened(value) for name, value in part.items()}, **unknown}
    return [_widened(value) for value in part] if isinstance(part, list) else part


def load_json(body: bytes) -> Any:
    """A JSON message as a tree."""
    return json.loads(body)


def dump_json(tree: Any) -> bytes:
    """A tree as a JSON message, escaped: half a surrogate pair can be sent in no other way."""
    return json.dumps(tree).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """What the kit must be told of a connector that receives."""

    secrets: tuple[str, str]
    """Two different signing secrets in the vendor's form, as they stand in an account's secret. Examples only."""
    sign: Callable[[Message, str], Request]
    """The call with which the vendor would send a message, proven by a secret: one of `secrets`, or a local account's.
    Keeps the message's headers, and adds its own in lower case."""
    content_type: str = "application/json"
    currency: str | None = None
    """Of the account under which fixtures are translated."""
    time_zone: str = "UTC"
    """Of that account."""
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Kept headers by fixture's name; under the empty name those of every message."""
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By fixture's name: fields of it, as in `line_items.0.quantity`, without which it must be refused, naming the
    field. For messages that are no trees of JSON, `refused/` alone shows it."""
    identified_by_delivery: tuple[str, ...] = ()
    """Fixtures whose events nothing but the delivery identifies: figures that carry neither number nor time."""
    totals: Callable[[str, bytes], Sequence[Decimal] | None] | None = None
    """What the vendor itself states, read from a message (topic, body) without the translator, in whole units of the
    currency: one amount for each document that becomes an event with a total, and where it is given in a second
    (presentment) currency that one too. The events must come to the same amounts, in any order. None for a message that
    states no total."""
    personal: tuple[str, ...] = ()
    """Names, addresses and the like that stand in the fixtures, and must stand in no log line and no reason."""
    tampered: Callable[[Request], Request] | None = flipped
    """A signed call with something changed that matters; None where the vendor does not sign what it sends."""
    widened: Callable[[bytes], bytes] = widened_json
    """A message with unknown fields added everywhere."""
    load: Callable[[bytes], Any] | None = load_json
    """A message as a tree of dicts and lists, to take fields out of and to put others in; None where it is no such."""
    dump: Callable[[Any], bytes] = dump_json
    """The tree as a message again."""
    vectors_of: tuple[str, ...] = ()
    """Vendors in the shared signature vectors whose scheme this is."""
    vector: Callable[[Mapping[str, Any]], Vector | None] | None = None
    """A shared vector as a call; None for one that this connector does not take."""
    own_vectors: tuple[Vector, ...] = ()
    """Calls signed by other software than ours, or worked out by hand from the vendor's description."""
    payload_topics: Mapping[str, str] = field(default_factory=dict)
    """Topic in the index of real messages to the manifest's own, or to `fetched/<resource>`; empty to leave it out.
    Where the two read alike nothing need be said."""
    refused_payloads: tuple[str, ...] = ()
    """Names of real messages that are rightly refused: fragments, or without what money needs. Say why beside each."""
    payloads: str = ""
    """Folder of real messages, where it is not the system's name."""
    contracts: tuple[Contract, ...] = ()
    connection: Mapping[str, str] = field(default_factory=dict)
    """For one that reads: the other fields of an account's secret, as examples."""
    statuses: tuple[VendorAnswer, ...] = ()
    """For one that reads: every answer that the vendor documents."""
    optional_lists: tuple[str, ...] = ()
    """For one that reads: lists that an account may not have at all, so that their absence is no fault of ours."""
    opening: Mapping[str, bytes] = field(default_factory=dict)
    """For one that reads: what the vendor answers to calls that come first, as for a token, by a part of their URL."""
    sent_to_sandbox: tuple[str, ...] = ()
    """Fixtures that become samples in `events/apigateway/`; when empty, the first of each topic."""
