"""Which consumers read which streams, worked out from the specs and an environment's bindings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from lockstep.canonical.events import stream_kinds_of
from lockstep.canonical.streams import StreamId, StreamKind
from lockstep.messaging.maintenance import MaintenanceWindow, maintained_until
from lockstep.messaging.specs import PREDECESSOR_WITHIN, Criticality, Delivery, Role, WorkflowSpec

_INTAKE: Final = "intake."


@dataclass(frozen=True, slots=True)
class Consumer:
    """One reader of streams: a workflow, or the poster of one target account."""

    id: str
    """A workflow's permanent literal, or the target account's name."""
    kinds: tuple[StreamKind, ...]
    """Streams it reads, sorted."""
    active_from: datetime
    feeders: tuple["Consumer", ...] = ()
    """Workflows whose cursors it never passes; empty for a workflow."""
    sources: str = ""
    """Accounts it reads, by prefix; empty for all."""
    delivery: Delivery | None = None
    """How a poster delivers; None for a workflow."""
    owner: str = ""
    """Business owner of the exceptions it opens."""
    predecessor_within: timedelta = PREDECESSOR_WITHIN
    """How long an entry waits for one that it refers to, before a person hears of it."""
    maintenance: tuple[MaintenanceWindow, ...] = ()
    """When its target is left alone."""

    def maintained_until(self, now: datetime) -> datetime | None:
        """When the maintenance of its target is over, UTC; None when there is none now."""
        return maintained_until(self.maintenance, now) if self.maintenance else None

    def reads(self, stream: StreamId) -> bool:
        """Whether it reads this stream."""
        return stream.kind in self.kinds and stream.source.startswith(self.sources)

    def fed_by(self, stream: StreamId) -> tuple[str, ...]:
        """Ids of the workflows that feed it from this stream."""
        return tuple(feeder.id for feeder in self.feeders if feeder.reads(stream))

    @property
    def is_poster(self) -> bool:
        """Whether it delivers to a target account."""
        return self.delivery is not None


@dataclass(frozen=True, slots=True)
class Owners:
    """Who answers for a case, by its kind: whoever opens it first, its owner is the same."""

    by_kind: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""
    """For a kind that no workflow answers for."""

    def of(self, kind: str) -> str:
        """The owner of a case of this kind."""
        return self.by_kind.get(kind, self.otherwise)


def case_owners(specs: Iterable[WorkflowSpec]) -> dict[str, str]:
    """The owner of each kind of case: of those who answer for it, the one whose workflow goes first in a shortage."""
    order = list(Criticality)
    owners: dict[str, str] = {}
    for spec in sorted(specs, key=lambda spec: (order.index(spec.criticality), spec.consumer)):
        for kind in spec.exceptions:
            owners.setdefault(kind, spec.owner)
    return owners


def workflow_consumer(spec: WorkflowSpec) -> Consumer:
    """The consumer that a workflow is."""
    return Consumer(id=spec.consumer, kinds=_kinds(spec), active_from=spec.active_from, owner=spec.owner)


def consumers(
    specs: Iterable[WorkflowSpec],
    roles: Mapping[Role, tuple[str, ...]],
    maintenance: Mapping[str, tuple[MaintenanceWindow, ...]] | None = None,
) -> tuple[Consumer, ...]:
    """Every consumer of an environment: its workflows, then one poster for each account bound to a role they serve.

    Args:
        specs: The enabled workflows.
        roles: Target accounts by role, as the environment binds them.
        maintenance: When target accounts are left alone.
    """
    specs = tuple(specs)
    posters: dict[str, Consumer] = {}
    for spec in specs:
        for account in roles.get(spec.role, ()):
            known = posters.get(account)
            posters[account] = Consumer(
                id=account,
                kinds=tuple(sorted({*_kinds(spec), *(known.kinds if known else ())})),
                active_from=min(spec.active_from, known.active_from) if known else spec.active_from,
                feeders=(*(known.feeders if known else ()), workflow_consumer(spec)),
                delivery=spec.delivery,
                owner=known.owner if known else spec.owner,
                maintenance=(maintenance or {}).get(account, ()),
                predecessor_within=max(spec.predecessor_within, known.predecessor_within if known else timedelta(0)),
            )
    return (*map(workflow_consumer, specs), *posters.values())


def intakes_of(consumer_ids: Iterable[str]) -> tuple[Consumer, ...]:
    """The intakes among some consumers: their ids say all about them."""
    systems = (name.removeprefix(_INTAKE) for name in sorted(consumer_ids) if name.startswith(_INTAKE))
    return tuple(map(intake_consumer, systems))


def intake_consumer(system: str) -> Consumer:
    """The consumer that expands the large deliveries of a system's accounts."""
    return Consumer(
        id=f"{_INTAKE}{system}",
        kinds=(StreamKind.INTAKE,),
        active_from=datetime.min.replace(tzinfo=UTC),
        sources=f"{system}.",
    )


def _kinds(spec: WorkflowSpec) -> tuple[StreamKind, ...]:
    return tuple(sorted(stream_kinds_of(spec.consumes)))
