"""The Lambda handler that expands a connector's large deliveries."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from lockstep.messaging.accept import Acceptor
from lockstep.messaging.inbound import Delivery, InboundConnector, Translation
from lockstep.messaging.intake import IntakeConsumer
from lockstep.messaging.specs import ConnectorManifest
from lockstep.messaging.topology import intake_consumer
from lockstep.runtime.aws import DynamoTable, S3Claims, SqsDoorbells
from lockstep.runtime.bells import BellAnswers
from lockstep.runtime.clients import client
from lockstep.runtime.consumers import bell_answers
from lockstep.runtime.observability import EmbeddedMetrics
from lockstep.runtime.settings import AccountSettings, IntakeSettings
from lockstep.runtime.system import SystemClock, SystemRandom

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


def intake_handler(manifest: ConnectorManifest, connector: Callable[[AccountSettings], InboundConnector]) -> Handler:
    """The handler of a connector's intake."""

    @cache
    def made() -> tuple[BellAnswers, IntakeConsumer]:
        settings = IntakeSettings.load()
        clock, random, metrics = SystemClock(), SystemRandom(), EmbeddedMetrics(settings.environment)
        table = DynamoTable(client("dynamodb"), settings.ledger_table)
        claims = S3Claims(lambda: client("s3"), settings.claims_bucket)
        doorbells = SqsDoorbells(client("sqs"), settings.queues, random.token)

        def translate(delivery: Delivery) -> Translation:
            return connector(settings.accounts[delivery.account]).translate(delivery)

        consumer = IntakeConsumer(
            intake_consumer(manifest.system).id,
            translate,
            acceptor=Acceptor(table, claims, clock, random, metrics),
            table=table,
            claims=claims,
            doorbells=doorbells,
            clock=clock,
        )
        queue = settings.queues[consumer.consumer]
        return bell_answers(
            consumer.consumer,
            table=table,
            doorbells=doorbells,
            metrics=metrics,
            queue=queue,
            max_receives=settings.max_receives,
        ), consumer

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        answers, consumer = made()
        return answers.one_by_one(event, context, lambda bell, timing: consumer.drain(bell, until=timing.until))

    return handler
