"""The Lambda handler behind a connector's door: expands large deliveries, and reads what notices name."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from lockstep.messaging.accept import Acceptor
from lockstep.messaging.inbound import Delivery, InboundConnector, Translation
from lockstep.messaging.intake import IntakeConsumer
from lockstep.messaging.specs import ConnectorManifest
from lockstep.messaging.topology import intake_consumer
from lockstep.runtime.aws import S3Claims
from lockstep.runtime.bells import BellAnswers
from lockstep.runtime.clients import client
from lockstep.runtime.parts import Parts
from lockstep.runtime.readers import MakeReader, Readers
from lockstep.runtime.secrets import KEPT_BY_POSTERS, Secrets
from lockstep.runtime.settings import AccountSettings, IntakeSettings

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]
READERS_AT_ONCE = 2
"""Instances of the intake of a connector that reads: they share what the vendor allows."""


def intake_handler(
    manifest: ConnectorManifest,
    connector: Callable[[AccountSettings], InboundConnector],
    reader: MakeReader | None = None,
) -> Handler:
    """The handler of a connector's intake.

    Args:
        manifest: Of the connector.
        connector: Makes it for an account.
        reader: Makes an account's reading side, for a connector whose messages are notices.
    """

    @cache
    def made() -> tuple[BellAnswers, IntakeConsumer]:
        settings = IntakeSettings.load()
        parts = Parts(intake_consumer(manifest.system).id, settings)
        claims = S3Claims(lambda: client("s3"), settings.claims_bucket)

        def translate(delivery: Delivery) -> Translation:
            return connector(settings.accounts[delivery.account]).translate(delivery)

        readers = None
        if reader is not None:
            secrets = Secrets(client("secretsmanager"), parts.clock, kept_for=KEPT_BY_POSTERS)
            readers = Readers(reader, settings.accounts, secrets)
        rate = manifest.inbound.reads_per_second if manifest.inbound else 1.0
        consumer = IntakeConsumer(
            intake_consumer(manifest.system).id,
            translate,
            acceptor=Acceptor(parts.table, claims, parts.clock, parts.random, parts.metrics),
            table=parts.table,
            claims=claims,
            doorbells=parts.doorbells,
            clock=parts.clock,
            metrics=parts.metrics,
            fetch=readers.fetch if readers is not None else None,
            reads_per_second=rate / READERS_AT_ONCE,
        )
        return parts.answers, consumer

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        answers, consumer = made()
        return answers.one_by_one(event, context, lambda bell, timing: consumer.drain(bell, until=timing.until))

    return handler
