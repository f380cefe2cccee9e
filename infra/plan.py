"""What an environment consists of, worked out and checked before anything is synthesized."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from infra.checks import check, system_of
from infra.environments import Environment
from lockstep.messaging.specs import ConnectorManifest, Inbound, Outbound, WorkflowSpec
from lockstep.messaging.topology import Consumer, case_owners, consumers, intake_consumer, workflow_consumer


@dataclass(frozen=True, slots=True)
class Door:
    """A connector that receives: its inbound function and the consumer that expands its large deliveries."""

    manifest: ConnectorManifest
    inbound: Inbound
    accounts: tuple[str, ...]
    event_sources: tuple[str, ...] = ()
    """Names of the vendor's event sources on the partner bus, of those accounts that have one."""

    @property
    def intake_consumer(self) -> Consumer:
        """The consumer that expands its large deliveries."""
        return intake_consumer(self.manifest.system)

    @property
    def intake(self) -> str:
        """That consumer's id."""
        return self.intake_consumer.id

    @property
    def service(self) -> str:
        """Name of its function."""
        return f"inbound.{self.manifest.system}"

    @property
    def polling(self) -> str | None:
        """Name of the function that catches up with what its webhooks missed; None where nothing is polled."""
        return f"polling.{self.manifest.system}" if self.inbound.polls else None

    @property
    def partner_bus(self) -> str | None:
        """Name of the function that takes what comes by partner bus; None where no account has an event source."""
        return f"bus.{self.manifest.system}" if self.event_sources else None


@dataclass(frozen=True, slots=True)
class Target:
    """An account that is delivered to: its poster."""

    account: str
    manifest: ConnectorManifest
    outbound: Outbound
    consumer: Consumer
    service_level: timedelta
    """The strictest promise of the workflows that feed it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an environment runs."""

    environment: Environment
    doors: tuple[Door, ...]
    workflows: tuple[WorkflowSpec, ...]
    targets: tuple[Target, ...]
    folders: Mapping[str, str]
    """Folder under `workflows/`, by consumer id."""

    def folder_of(self, spec: WorkflowSpec) -> str:
        """Folder of a workflow under `workflows/`."""
        return self.folders[spec.consumer]

    def targets_of(self, spec: WorkflowSpec) -> tuple[Target, ...]:
        """The targets that a workflow decides for."""
        bound = self.environment.roles[spec.role]
        return tuple(target for target in self.targets if target.account in bound)

    @property
    def case_owners(self) -> dict[str, str]:
        """Who answers for each kind of case."""
        return case_owners(self.workflows)

    @property
    def consumers(self) -> tuple[Consumer, ...]:
        """Every consumer; each has a queue."""
        return (
            *(door.intake_consumer for door in self.doors),
            *map(workflow_consumer, self.workflows),
            *(target.consumer for target in self.targets),
        )

    @property
    def consumer_ids(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(consumer.id for consumer in self.consumers)


def make_plan(
    environment: Environment,
    connectors: Mapping[str, ConnectorManifest],
    workflows: Mapping[str, WorkflowSpec],
) -> Plan:
    """Work out what an environment runs.

    Args:
        environment: Its configuration.
        connectors: Every connector there is, by system.
        workflows: Every workflow there is, by folder.

    Raises:
        EnvironmentInvalid: It cannot run as configured. Names every problem found.
    """
    specs = tuple(spec for spec in workflows.values() if spec.consumer not in environment.workflows_off)
    check(environment, connectors, workflows)

    by_system: dict[str, list[str]] = {}
    for account in sorted(environment.accounts):
        by_system.setdefault(system_of(account), []).append(account)
    doors = tuple(
        Door(manifest, manifest.inbound, tuple(accounts), _event_sources(environment, accounts))
        for manifest, accounts in ((connectors[system], names) for system, names in by_system.items())
        if manifest.inbound is not None
    )
    return Plan(
        environment,
        doors,
        specs,
        tuple(_targets(environment, connectors, specs)),
        {spec.consumer: folder for folder, spec in workflows.items()},
    )


def _event_sources(environment: Environment, accounts: Iterable[str]) -> tuple[str, ...]:
    named = (environment.accounts[account].event_source for account in accounts)
    return tuple(source for source in named if source is not None)


def _targets(
    environment: Environment, connectors: Mapping[str, ConnectorManifest], specs: tuple[WorkflowSpec, ...]
) -> Iterator[Target]:
    windows = {name: account.maintenance for name, account in environment.accounts.items()}
    for consumer in consumers(specs, environment.roles, windows):
        manifest = connectors.get(system_of(consumer.id))
        if consumer.is_poster and manifest is not None and manifest.outbound is not None:
            served = (spec for spec in specs if consumer.id in environment.roles[spec.role])
            level = min(spec.service_level.within for spec in served)
            yield Target(consumer.id, manifest, manifest.outbound, consumer, level)
