"""Lambda handlers of ordered consumers: a workflow's, a document poster's, a state poster's.

Everything a handler needs is made at its first call and kept: an import reads no environment and makes no client.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from typing import Any

from lockstep.masterdata.crosswalk import Crosswalk
from lockstep.messaging.breaker import Breaker, TargetGuard, force_open
from lockstep.messaging.errors import ConfigurationError
from lockstep.messaging.ledger import breaker_key
from lockstep.messaging.outbound import DocumentTarget, StateTarget
from lockstep.messaging.ports import Bell
from lockstep.messaging.posting import DocumentPoster
from lockstep.messaging.specs import ConnectorManifest, Outbound
from lockstep.messaging.state_delivery import StatePoster
from lockstep.messaging.sweep import ring_waiting
from lockstep.messaging.topology import Owners
from lockstep.messaging.workflow import Workflow, WorkflowConsumer
from lockstep.runtime.aws import DynamoTable
from lockstep.runtime.bells import BellAnswers, Timing
from lockstep.runtime.clients import client
from lockstep.runtime.parts import Parts
from lockstep.runtime.secrets import KEPT_BY_POSTERS, Secrets
from lockstep.runtime.settings import AccountSettings, PosterSettings, WorkflowSettings

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]
Connection = Mapping[str, str]
"""A target account's secret: where it is, and what opens it."""


def workflow_handler(workflow: Workflow) -> Handler:
    """The handler of a workflow."""

    @cache
    def made() -> tuple[BellAnswers, WorkflowConsumer]:
        settings = WorkflowSettings.load()
        parts = Parts(workflow.spec.consumer, settings)
        consumer = WorkflowConsumer(
            workflow,
            targets=settings.roles.get(workflow.spec.role, ()),
            resolver=Crosswalk(DynamoTable(client("dynamodb"), settings.masterdata_table), parts.clock),
            owners=Owners(settings.case_owners, workflow.spec.owner),
            **parts.ports,
        )
        return parts.answers, consumer

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        answers, consumer = made()
        return answers.one_by_one(event, context, lambda bell, timing: consumer.drain(bell, until=timing.until))

    return handler


class _PosterParts(Parts):
    """What the posters of documents and of state have in common."""

    def __init__(self, manifest: ConnectorManifest) -> None:
        settings = PosterSettings.load()
        if manifest.outbound is None:
            raise ConfigurationError(f"{manifest.system} declares nothing outbound")
        super().__init__(settings.account, settings)
        self.settings = settings
        self.outbound: Outbound = manifest.outbound
        self.account: AccountSettings = settings.accounts[settings.account]
        self.secrets = Secrets(client("secretsmanager"), self.clock, kept_for=KEPT_BY_POSTERS)
        self.core: dict[str, Any] = self.ports | {
            "owner": settings.consumer.owner,
            "case_owners": settings.case_owners,
            "resolver": Crosswalk(DynamoTable(client("dynamodb"), settings.masterdata_table), self.clock),
            "guard": TargetGuard(
                settings.account,
                table=self.table,
                clock=self.clock,
                metrics=self.metrics,
                ring_waiting=partial(ring_waiting, self.table, self.doorbells, settings.consumer),
            ),
        }

    def connection(self) -> tuple[tuple[str, str], ...]:
        """The account's secret as it is now, so that a rotated one makes a new target."""
        return tuple(sorted(self.secrets.get(self.account.secret).items()))

    @contextmanager
    def set_up(self) -> Iterator[None]:
        """Around making and using the target: when our own set-up of it is wrong, it is stopped, and operators see why.

        Once it is on its way the poster stops it by itself; this holds for one that could not even be made.
        """
        try:
            yield
        except ConfigurationError as error:
            self.secrets.forget(self.account.secret)  # it may be what is wrong: the repaired one counts at once
            key = breaker_key(self.settings.account)
            breaker = Breaker.of(self.settings.account, self.table.get([key]).get(key))
            if not breaker.configuration:
                force_open(self.table, breaker, str(error), self.clock.now())
            raise


def document_poster_handler(
    manifest: ConnectorManifest, connect: Callable[[str, Connection, AccountSettings], DocumentTarget]
) -> Handler:
    """The handler of a poster of documents.

    Args:
        manifest: Of the connector.
        connect: Makes the target from its account name, its secret and its settings; opens no connection.
    """

    @cache
    def made() -> _PosterParts:
        return _PosterParts(manifest)

    @lru_cache(maxsize=1)
    def poster(connection: tuple[tuple[str, str], ...]) -> DocumentPoster:
        parts = made()
        target = connect(parts.settings.account, dict(connection), parts.account)
        return DocumentPoster(parts.settings.consumer, target, parts.outbound, **parts.core)

    def drain(bell: Bell, timing: Timing) -> None:
        with made().set_up():
            poster(made().connection()).drain(bell, until=timing.until, dead_by=timing.dead_by)

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        return made().answers.one_by_one(event, context, drain)

    return handler


def state_poster_handler(
    manifest: ConnectorManifest,
    connect: Callable[[str, Connection, AccountSettings], StateTarget],
    *,
    collection: str,
    value_of: Callable[[Mapping[str, Any] | None], int],
) -> Handler:
    """The handler of a poster of state.

    Args:
        manifest: Of the connector.
        connect: As for documents.
        collection: Records that the state follows from.
        value_of: What the target shows for a record, or for none.
    """

    @cache
    def made() -> _PosterParts:
        return _PosterParts(manifest)

    @lru_cache(maxsize=1)
    def poster(connection: tuple[tuple[str, str], ...]) -> StatePoster:
        parts = made()
        target = connect(parts.settings.account, dict(connection), parts.account)
        return StatePoster(
            parts.settings.consumer,
            target,
            parts.outbound,
            collection=collection,
            value_of=value_of,
            **parts.core,
        )

    def drain(bells: Sequence[Bell], timing: Timing) -> None:
        with made().set_up():
            poster(made().connection()).drain(bells, until=timing.until, dead_by=timing.dead_by)

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        return made().answers.together(event, context, drain)

    return handler
