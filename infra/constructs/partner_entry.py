"""The entry for messages that a vendor delivers by its event source on the cloud's partner bus."""

from datetime import timedelta

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.dead_letters import dead_letter_queue
from infra.constructs.function import LockstepFunction
from infra.constructs.pager import Pager
from infra.environments import Environment
from infra.nag import acknowledge
from infra.naming import construct_name, physical_name

_MESSAGES_AT_ONCE = 10
_RETENTION = Duration.days(14)
_VISIBILITY_FACTOR = 2
_LEAST_CONCURRENCY = 2


class PartnerEntry(Construct):
    """One queue for a connector's event sources, its dead-letter queue, and the rules that fill it.

    A queue stands between the bus and the function: what the function cannot take is tried again and then kept, where
    an asynchronous invocation would be given up after two more tries.

    Attributes:
        queue: Where messages wait.
        dead_letters: Those that could not be taken. They are in no ledger: they are redriven, never purged.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        event_sources: tuple[str, ...],
        timeout: timedelta,
        pager: Pager,
        environment: Environment,
    ) -> None:
        """Define the queues and the rules.

        Args:
            scope: Where it stands.
            construct_id: Its id there.
            service: Name of the function that will be attached, as in `bus.shop`.
            event_sources: Names of the vendor's event sources; the bus of each has the same name.
            timeout: Of that function.
            pager: Whom to tell.
            environment: For names and the number of receives.
        """
        super().__init__(scope, construct_id)
        self.dead_letters = dead_letter_queue(
            self,
            "DeadLetters",
            name=physical_name(environment.name, service, "dead"),
            pager=pager,
            meaning=f"A message that a vendor delivered by its partner bus could not be taken ({service}). It is in no "
            "ledger yet: find the cause in the log, mend it, and redrive the queue. Never purge it.",
            page="undelivered",
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=physical_name(environment.name, service),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_RETENTION,
            visibility_timeout=Duration.seconds(timeout.total_seconds() * _VISIBILITY_FACTOR),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=environment.max_receives),
        )
        for source in event_sources:
            name = construct_name(source.replace("/", "-"))
            bus = events.EventBus(self, f"Bus-{name}", event_source_name=source)
            rule = events.Rule(
                self,
                f"Takes-{name}",
                event_bus=bus,
                description=f"Takes what {source} delivers",
                event_pattern=events.EventPattern(source=[source]),
            )
            rule.add_target(targets.SqsQueue(self.queue, dead_letter_queue=self.dead_letters))

    def attach(self, function: LockstepFunction) -> None:
        """Let a function take the messages, each acknowledged by itself."""
        function.target.add_event_source(
            sources.SqsEventSource(
                self.queue,
                batch_size=_MESSAGES_AT_ONCE,
                max_concurrency=_LEAST_CONCURRENCY,
                report_batch_item_failures=True,
            )
        )
        acknowledge(
            function.function,
            "Serverless-LambdaEventSourceMappingDestination",
            "A queue's failed messages go to its dead-letter queue; Lambda offers destinations for streams only.",
        )
