"""What a request to AWS comes to: operations, DynamoDB units, events."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bench.capacity import Image, Index, query_units, read_units, write_units

_NAMES: Final = {
    "DynamoDB_20120810": "DynamoDB",
    "AmazonSQS": "SQS",
    "AWSEvents": "EventBridge",
    "secretsmanager": "Secrets Manager",
}
"""Services by the first part of the target that a request names; S3's name none."""
_SINGLE: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
_INDEXES: Final = (Index("open", ("open_key", "open_since")), Index("reference", ("reference",)))


@dataclass(slots=True)
class Counts:
    """What was asked for since the last reset."""

    requests: Counter[str] = field(default_factory=Counter)
    """By service and operation, as in `DynamoDB.GetItem`."""
    write_units: Counter[str] = field(default_factory=Counter)
    """By kind of item."""
    read_units: dict[str, float] = field(default_factory=dict)
    """By kind of item, and for queries by table."""
    events: int = 0
    """Put on a bus."""
    event_bytes: int = 0
    refused: int = 0
    """Requests that were answered with an error, among all."""

    def add(self, other: "Counts", times: int = 1) -> None:
        """Add what another counted; with -1, take it away again."""
        for kind, number in other.requests.items():
            self.requests[kind] += times * number
        for kind, number in other.write_units.items():
            self.write_units[kind] += times * number
        for kind, units in other.read_units.items():
            self.read_units[kind] = self.read_units.get(kind, 0.0) + times * units
        self.events += times * other.events
        self.event_bytes += times * other.event_bytes
        self.refused += times * other.refused


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item is."""

    table: str
    pk: str
    sk: str

    @property
    def key(self) -> dict[str, dict[str, str]]:
        """As requests have it."""
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


@dataclass(frozen=True, slots=True)
class _Write:
    place: Place
    in_transaction: bool
    item: Image | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as it is counted."""

    service: str
    operation: str
    document: Mapping[str, Any]
    writes: tuple[_Write, ...]

    @property
    def places(self) -> list[Place]:
        """Where it writes."""
        return list(dict.fromkeys(write.place for write in self.writes))


def asked(target: str | None, method: str, body: bytes) -> Asked:
    """What a request asks for.

    Args:
        target: Its `X-Amz-Target` header, if it has one.
        method: Of HTTP.
        body: Its content.
    """
    if target is None:
        return Asked("S3", method, {}, ())
    prefix, _, operation = target.rpartition(".")
    service = _NAMES.get(prefix, prefix)
    document = json.loads(body) if body else {}
    return Asked(service, operation, document, tuple(_writes(operation, document)) if service == "DynamoDB" else ())


def _writes(operation: str, document: Mapping[str, Any]) -> Iterator[_Write]:
    if operation == "TransactWriteItems":
        for action in document["TransactItems"]:
            ((_, request),) = action.items()
            yield _write(request, in_transaction=True)
    elif operation in _SINGLE:
        yield _write(document, in_transaction=False)


def _write(request: Mapping[str, Any], *, in_transaction: bool) -> _Write:
    item = request.get("Item")
    key = item or request["Key"]
    return _Write(Place(request["TableName"], key["pk"]["S"], key["sk"]["S"]), in_transaction, item)


def _reads(operation: str, document: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Read units by kind of item."""
    if operation == "GetItem":
        yield _read(document["TableName"], document["Key"], answer.get("Item"), document)
    elif operation == "BatchGetItem":
        for table, asked in document["RequestItems"].items():
            found = {(item["pk"]["S"], item["sk"]["S"]): item for item in answer["Responses"].get(table, ())}
            for key in asked["Keys"]:
                yield _read(table, key, found.get((key["pk"]["S"], key["sk"]["S"])), asked)
    elif operation == "Query":
        consistent = bool(document.get("ConsistentRead"))
        yield f"query {document.get('IndexName', 'items')}", query_units(answer["Items"], consistent=consistent)


def _read(table: str, key: Image, item: Image | None, asked: Mapping[str, Any]) -> tuple[str, float]:
    kind = _kind(Place(table, key["pk"]["S"], key["sk"]["S"]))
    return kind, read_units(item, consistent=bool(asked.get("ConsistentRead")))


def _kind(place: Place) -> str:
    """What an item is, as the ledger's key scheme has it."""
    kinds = {
        "D#": "delivery",
        "I#": "identity",
        "R#": "record",
        "C#": "case",
        "B#": "business day",
        "M#": "master data",
    }
    if place.pk[:2] in kinds:
        return kinds[place.pk[:2]]
    if place.pk.startswith("T#"):
        return "state shown" if place.sk.startswith("K#") else place.sk.lower()
    if place.sk.startswith("E#"):
        _, _, consumer = place.sk.removeprefix("E#").partition("#")
        return f"outcome of {consumer}" if consumer else "entry"
    return {"S": "stream", "P": "parked entry", "X": "control"}.get(place.sk[0], place.sk)


def counted(
    request: Asked, answer: Mapping[str, Any] | None, before: Mapping[Place, Image], after: Mapping[Place, Image]
) -> Counts:
    """What one request comes to.

    Args:
        request: What was asked.
        answer: Of the service, where its content matters; None when the request was refused.
        before: The items it writes, as they were.
        after: The same, as they are now.
    """
    counts = Counts(requests=Counter({f"{request.service}.{request.operation}": 1}), refused=answer is None)
    for write in request.writes:
        was, becomes = before.get(write.place), after.get(write.place)
        # What was refused is charged as if it had been written.
        units = write_units(was, becomes or write.item, transactional=write.in_transaction)
        counts.write_units[_kind(write.place)] += units
        for index in _INDEXES:
            if entered := index.write_units(was, becomes):
                counts.write_units[f"index {index.name}"] += entered
    if answer is not None and request.service == "DynamoDB":
        for kind, read in _reads(request.operation, request.document, answer):
            counts.read_units[kind] = counts.read_units.get(kind, 0.0) + read
    if request.operation == "PutEvents":
        entries = request.document["Entries"]
        counts.events = len(entries)
        counts.event_bytes = sum(len(entry["Detail"].encode()) for entry in entries)
    return counts
