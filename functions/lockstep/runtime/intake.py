"""The Lambda handler that expands a connector's large deliveries."""

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
from lockstep.runtime.settings import AccountSettings, IntakeSettings

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


def intake_handler(manifest: ConnectorManifest, connector: Callable[[AccountSettings], InboundConnector]) -> Handler:
    """The handler of a connector's intake."""

    @cache
    def made() -> tuple[BellAnswers, IntakeConsumer]:
        settings = IntakeSettings.load()
        parts = Parts(intake_consumer(manifest.system).id, settings)
        claims = S3Claims(lambda: client("s3"), settings.claims_bucket)

        def translate(delivery: Delivery) -> Translation:
            return connector(settings.accounts[delivery.account]).translate(delivery)

        consumer = IntakeConsumer(
            intake_consumer(manifest.system).id,
            translate,
            acceptor=Acceptor(parts.table, claims, parts.clock, parts.random, parts.metrics),
            table=parts.table,
            claims=claims,
            doorbells=parts.doorbells,
            clock=parts.clock,
        )
        return parts.answers, consumer

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        answers, consumer = made()
        return answers.one_by_one(event, context, lambda bell, timing: consumer.drain(bell, until=timing.until))

    return handler
