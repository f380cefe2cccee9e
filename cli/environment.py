"""The command line's composition root: everything a command works with, wired to one stack."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from botocore.exceptions import ClientError

from cli.audits import audits
from cli.deciders import decider
from cli.errors import CommandFailed
from cli.http import Post, post
from cli.locate import locate
from cli.topology import Topology
from infra import registry
from lockstep.masterdata.crosswalk import Crosswalk, names_at
from lockstep.masterdata.importing import MappingImport
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.maintenance import MaintenanceWindow
from lockstep.messaging.outbound import DocumentAudit
from lockstep.messaging.ports import Claims, Clock, Doorbells, Random, Table
from lockstep.messaging.references import ReferenceKind
from lockstep.messaging.specs import ConnectorManifest, Role, WorkflowSpec
from lockstep.messaging.topology import Consumer, consumers, intake_consumer
from lockstep.messaging.workflow import Workflow
from lockstep.operations.dead_letters import DeadLetterQueues
from lockstep.operations.inventory_import import ACCOUNT as FILES
from lockstep.operations.reconciliation.reconcile import Reconciler
from lockstep.operations.sqs_dead_letters import SqsDeadLetters
from lockstep.operations.trace import Tracer
from lockstep.runtime.aws import DynamoTable, S3Claims, SqsDoorbells
from lockstep.runtime.secrets import Secrets
from lockstep.runtime.system import SystemClock, SystemRandom

_INTAKE = "intake."


class NoMetrics:
    """A person's commands are not counted with what the platform does."""

    def count(self, name: str, value: float = 1, *, service: str) -> None:
        """See `Metrics.count`."""


@dataclass(frozen=True)
class Deployed:
    """One stack, as the commands see it. Tests build it on the in-memory ports."""

    name: str
    api_url: str
    ledger: Table
    masterdata: Table
    claims: Claims
    doorbells: Doorbells
    clock: Clock
    random: Random
    consumers: tuple[Consumer, ...]
    specs: tuple[WorkflowSpec, ...]
    manifests: Mapping[str, ConnectorManifest]
    accounts: tuple[str, ...]
    """Connector accounts, and the one that files come in by."""
    dead_letters: DeadLetterQueues
    other_dlqs: tuple[str, ...]
    """Dead-letter queues that are no consumer's: the bus's, the relay's, tickets, a partner bus's."""
    redrives: tuple[str, ...]
    """Those of them whose messages go back to a queue as they are."""
    secret: Callable[[str], Mapping[str, str]]
    """The secret of an account."""
    audit: Callable[[str], DocumentAudit | None] = lambda _account: None
    """Reads a target account back; None for one that cannot be."""
    decider: Callable[[str], Workflow] = decider
    """A workflow by its consumer, as it decides today."""
    post: Post = post
    pause: Callable[[float], None] = time.sleep

    @property
    def acceptor(self) -> Acceptor:
        """Where files enter."""
        return Acceptor(self.ledger, self.claims, self.clock, self.random, NoMetrics())

    @property
    def tracer(self) -> Tracer:
        """Follows events."""
        consumes = {spec.consumer: spec.consumes for spec in self.specs}
        return Tracer(self.ledger, self.consumers, self.accounts, consumes)

    @property
    def reconciler(self) -> Reconciler:
        """Proves business days complete."""
        return Reconciler(
            self.ledger,
            Crosswalk(self.masterdata, self.clock),
            consumers=self.consumers,
            specs=self.specs,
            accounts=self.accounts,
            audits=self.audit,
        )

    def stores_kept_at(self, targets: Iterable[str]) -> list[str]:
        """Codes of the stores that any of these accounts knows."""
        return sorted({name for target in targets for name in names_at(self.masterdata, ReferenceKind.STORE, target)})

    @property
    def mapping_import(self) -> MappingImport:
        """Takes mappings."""
        return MappingImport(
            masterdata=self.masterdata,
            ledger=self.ledger,
            doorbells=self.doorbells,
            clock=self.clock,
            write_only=self._is_write_only,
            systems=self.accounts,
        )

    def _is_write_only(self, account: str) -> bool:
        manifest = self.manifests.get(account.partition(".")[0])
        return manifest is not None and manifest.inbound is None


def connect(environment: str) -> Deployed:
    """Everything wired to a stack. Nothing of it is called before it is needed.

    Raises:
        StackUnreachable: It is not there.
    """
    topology, make = locate(environment)
    client = cache(make)
    clock, random = SystemClock(), SystemRandom()
    specs = tuple(spec for spec in registry.workflows().values() if spec.consumer in topology.queues)
    secret = _secrets(topology, lambda: Secrets(client("secretsmanager"), clock))
    return Deployed(
        name=environment,
        api_url=topology.api_url,
        ledger=DynamoTable(client("dynamodb"), topology.ledger_table),
        masterdata=DynamoTable(client("dynamodb"), topology.masterdata_table),
        claims=S3Claims(lambda: client("s3"), topology.claims_bucket),
        doorbells=SqsDoorbells(client("sqs"), topology.queues, random.token),
        clock=clock,
        random=random,
        consumers=consumers_of(topology.queues, specs, topology.roles, topology.maintenance),
        specs=specs,
        manifests=registry.connectors(),
        accounts=tuple(dict.fromkeys((*topology.secrets, FILES))),
        dead_letters=SqsDeadLetters(client("sqs"), topology.queues | topology.redrives, topology.dlqs),
        other_dlqs=tuple(sorted(set(topology.dlqs) - set(topology.queues))),
        redrives=tuple(sorted(topology.redrives)),
        secret=secret,
        audit=audits(environment, secret),
    )


def consumers_of(
    queues: Mapping[str, str],
    specs: tuple[WorkflowSpec, ...],
    roles: Mapping[Role, tuple[str, ...]],
    maintenance: Mapping[str, tuple[MaintenanceWindow, ...]] | None = None,
) -> tuple[Consumer, ...]:
    """Everyone who reads streams: workflows and posters from the specs, intakes by their queues."""
    intakes = (intake_consumer(name.removeprefix(_INTAKE)) for name in sorted(queues) if name.startswith(_INTAKE))
    return (*consumers(specs, roles, maintenance), *intakes)


def _secrets(topology: Topology, secrets: Callable[[], Secrets]) -> Callable[[str], Mapping[str, str]]:
    def secret(account: str) -> Mapping[str, str]:
        name = topology.secrets.get(account)
        if name is None:
            raise CommandFailed(
                f"There is no account {account!r} in {topology.environment}.",
                then=f"There are: {', '.join(sorted(topology.secrets))}.",
            )
        try:
            return secrets().get(name)
        except ClientError as error:
            raise CommandFailed(f"The secret of {account} cannot be read: {error}") from error

    return secret
