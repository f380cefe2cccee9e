"""How far each connector's conformance goes: the table of `lockstep connectors` and of the reference."""

from collections.abc import Iterable
from dataclasses import dataclass

from cli.fixtures import fixtures
from cli.payloads import kept_counts
from lockstep.messaging.specs import ConnectorManifest, Inbound
from lockstep.messaging.topics import resources


@dataclass(frozen=True, slots=True)
class Conformance:
    """One connector that receives, as it declares itself, and on how many messages that was tried."""

    connector: str
    title: str
    topics: tuple[str, ...]
    reads: tuple[str, ...]
    """Resources read at the vendor: by notice, to catch up, or for history."""
    signature: str
    signature_proven: bool
    delivery_id: str
    event_identity: str
    delivery_promise: str
    catches_up: tuple[str, ...]
    """Resources that are read again on a schedule."""
    proven_against: tuple[tuple[str, str], ...]
    own_messages: int
    """Messages of the folder's own fixtures, those to be refused among them."""
    real_messages: dict[str, int]
    """What became of messages of the vendor's, by outcome."""


def conformance(manifests: Iterable[ConnectorManifest]) -> list[Conformance]:
    """Of each connector that receives, in the order given."""
    return [_of(manifest, manifest.inbound) for manifest in manifests if manifest.inbound is not None]


def _of(manifest: ConnectorManifest, inbound: Inbound) -> Conformance:
    return Conformance(
        connector=manifest.system,
        title=manifest.title,
        topics=inbound.topics,
        reads=resources(inbound),
        signature=inbound.signature.scheme,
        signature_proven=inbound.signature.proven,
        delivery_id=inbound.delivery_id,
        event_identity=inbound.event_identity,
        delivery_promise=inbound.redelivery + ("" if inbound.delivery_guaranteed else "; not guaranteed"),
        catches_up=tuple(poll.resource for poll in inbound.polls),
        proven_against=tuple((evidence.value, what) for evidence, what in manifest.proven_against),
        own_messages=len(fixtures(manifest)),
        real_messages=kept_counts(manifest.system),
    )


def in_words(counts: dict[str, int]) -> str:
    """Counts of outcomes as they are read: `12 (10 translated, 2 ignored)`."""
    if not counts:
        return "none"
    return f"{sum(counts.values())} ({', '.join(f'{count} {outcome}' for outcome, count in counts.items())})"
