"""The Lambda handler that reads a connector's lists again: what its webhooks missed is accepted."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final

from lockstep.messaging.accept import Acceptor
from lockstep.messaging.catching_up import Lists, Progress
from lockstep.messaging.errors import ConfigurationError, TransientEndpointError
from lockstep.messaging.inbound import InboundConnector
from lockstep.messaging.ports import Clock
from lockstep.messaging.specs import ConnectorManifest, Inbound, Poll
from lockstep.runtime.aws import DynamoTable, S3Claims
from lockstep.runtime.clients import client
from lockstep.runtime.observability import EmbeddedMetrics, logger
from lockstep.runtime.readers import MakeReader, Readers
from lockstep.runtime.secrets import KEPT_BY_POSTERS, Secrets
from lockstep.runtime.settings import AccountSettings, PollingSettings
from lockstep.runtime.system import SystemClock, SystemRandom

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]
_ANSWER_TIME: Final = timedelta(seconds=30)
"""Kept back from a function's time: the longest read, and its commit."""


class Polling:
    """Reads one list of every account."""

    def __init__(
        self,
        inbound: Inbound,
        lists: Callable[[str], Lists],
        accounts: tuple[str, ...],
        *,
        service: str,
        clock: Clock,
        metrics: EmbeddedMetrics,
    ) -> None:
        """Args:
        inbound: What the connector declares.
        lists: The lists of an account.
        accounts: Every account of the connector.
        service: Name in the log.
        """
        self._polls: dict[str, Poll] = {poll.resource: poll for poll in inbound.polls}
        self._lists = lists
        self._accounts = accounts
        self._clock = clock
        self._metrics = metrics
        self._log = logger(service)

    def run(self, resource: str, *, within: timedelta) -> dict[str, Any]:
        """Read a list of each account, one after the other.

        Raises:
            ConfigurationError: A vendor cannot be read as we are set up; every other account was read all the same.
            KeyError: The manifest polls no such resource.
        """
        poll = self._polls[resource]
        until = self._clock.now() + within
        wrong: list[ConfigurationError] = []
        read: dict[str, Any] = {}
        for account in self._accounts:
            try:
                progress = self._lists(account).catch_up(poll, until=until)
            except TransientEndpointError as error:
                self._metrics.count("ReadsFailed", service=account)
                self._log.warning("not now", extra={"account": account, "resource": resource, "reason": str(error)})
            except ConfigurationError as error:
                self._metrics.count("ReadsFailed", service=account)
                self._log.critical(
                    "our set-up is wrong", extra={"account": account, "resource": resource, "reason": str(error)}
                )
                wrong.append(error)
            else:
                self._metrics.count("EventsCaughtUp", progress.accepted, service=account)
                read[account] = _told(progress)
                self._log.info("caught up", extra={"account": account, "resource": resource, **read[account]})
        self._metrics.flush()
        if wrong:
            raise wrong[0]
        return read


def polling_handler(
    manifest: ConnectorManifest, connector: Callable[[AccountSettings], InboundConnector], reader: MakeReader
) -> Handler:
    """The handler of a connector's scheduled catching up; its event names the resource."""

    @cache
    def made() -> Polling:
        settings = PollingSettings.load()
        inbound = manifest.inbound
        if inbound is None:
            raise ConfigurationError(f"{manifest.system} receives nothing")
        clock, metrics = SystemClock(), EmbeddedMetrics(settings.environment)
        table = DynamoTable(client("dynamodb"), settings.ledger_table)
        acceptor = Acceptor(
            table, S3Claims(lambda: client("s3"), settings.claims_bucket), clock, SystemRandom(), metrics
        )
        readers = Readers(reader, settings.accounts, Secrets(client("secretsmanager"), clock, kept_for=KEPT_BY_POSTERS))

        def lists(account: str) -> Lists:
            return Lists(
                account,
                readers.of(account),
                connector(settings.accounts[account]).translate,
                acceptor=acceptor,
                table=table,
                clock=clock,
                reads_per_second=inbound.reads_per_second,
            )

        accounts = tuple(sorted(settings.accounts))
        return Polling(inbound, lists, accounts, service=f"polling.{manifest.system}", clock=clock, metrics=metrics)

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        left = timedelta(milliseconds=context.get_remaining_time_in_millis()) - _ANSWER_TIME
        return made().run(event["resource"], within=left)

    return handler


def _told(progress: Progress) -> dict[str, Any]:
    return {
        "since": progress.since.isoformat(),
        "until": progress.until.isoformat(),
        "pages": progress.pages,
        "accepted": progress.accepted,
        "known": progress.known,
        "unreadable": progress.unreadable,
        "done": progress.done,
    }
