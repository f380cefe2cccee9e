"""A queue, its dead-letter queue, what they tell the pager, and the function behind them."""

from datetime import timedelta

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.dead_letters import dead_letter_queue
from infra.constructs.function import LockstepFunction
from infra.constructs.pager import Pager
from infra.environments import Environment
from infra.nag import acknowledge
from infra.naming import physical_name
from infra.runbook import see

_BELLS_AT_ONCE = 10
_VISIBILITY_FACTOR = 2
_RETENTION = Duration.days(14)
_LEAST_CONCURRENCY = 2
_MINUTE = Duration.minutes(1)


class BufferedConsumer(Construct):
    """One consumer's doorbell queue.

    The queue is encrypted with SQS's own key: a bell holds a stream's name and a message id, no business data.

    A received bell is invisible for twice the function's timeout. AWS advises six times, so that Lambda can retry a
    throttled invocation without the message being delivered twice. A second bell is harmless here (it finds the
    cursor moved on), throttling is kept off by the event source's maximum concurrency, and that time is how long a
    crashed lane waits: at six times, a defect would take half an hour to reach the dead-letter queue.

    Attributes:
        queue: Where its bells go.
        dead_letters_name: Name of the dead-letter queue.
        dead_letters: Bells that failed to their last receive. Its lane is stopped until they are redriven.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        consumer: str,
        timeout: timedelta,
        late_after: timedelta,
        pager: Pager,
        environment: Environment,
    ) -> None:
        """Define the queues and their alarms.

        Args:
            scope: Where it stands.
            construct_id: Its id there.
            consumer: Consumer id.
            timeout: Of the function that will be attached.
            late_after: A bell older than this is news.
            pager: Whom to tell.
            environment: For the number of receives.
        """
        super().__init__(scope, construct_id)
        self.consumer = consumer
        self.dead_letters_name = physical_name(environment.name, consumer, "dead")
        self._timeout = timeout
        self.dead_letters = dead_letter_queue(
            self,
            "DeadLetters",
            name=self.dead_letters_name,
            pager=pager,
            meaning=f"A lane of {consumer} is stopped: a bell failed to its last receive. Find the cause in the log "
            f"(service {consumer}), mend it, then `lockstep dlq redrive {consumer}`.",
            page="dead-letters",
        )
        visibility = timeout * _VISIBILITY_FACTOR
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=physical_name(environment.name, consumer),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_RETENTION,
            visibility_timeout=Duration.seconds(visibility.total_seconds()),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=environment.max_receives),
        )
        # A bell that failed once comes back after its visibility timeout; that alone is not late.
        threshold = max(late_after, visibility + timedelta(minutes=1))
        pager.watch(
            cloudwatch.Alarm(
                self,
                "BellsLate",
                metric=self.queue.metric_approximate_age_of_oldest_message(period=_MINUTE, statistic="Maximum"),
                threshold=threshold.total_seconds(),
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                evaluation_periods=2,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description=f"Bells of {consumer} wait for more than {int(threshold.total_seconds())} s: its "
                "function is throttled, failing or switched off." + see("bells-late"),
            )
        )

    def attach(self, function: LockstepFunction, *, max_concurrency: int) -> None:
        """Let a function take its bells, each acknowledged by itself.

        Args:
            function: The consumer's function.
            max_concurrency: Instances at once; Lambda's minimum of 2 is applied.

        Raises:
            ValueError: The function's timeout is not the one the queue was made for.
        """
        if function.timeout != self._timeout:
            raise ValueError(
                f"{self.consumer}: its queue was made for a timeout of {self._timeout}, not {function.timeout}"
            )
        function.target.add_event_source(
            sources.SqsEventSource(
                self.queue,
                batch_size=_BELLS_AT_ONCE,
                max_concurrency=max(_LEAST_CONCURRENCY, max_concurrency),
                report_batch_item_failures=True,
            )
        )
        acknowledge(
            function.function,
            "Serverless-LambdaEventSourceMappingDestination",
            "A queue's failed messages go to its dead-letter queue; Lambda offers destinations for streams only.",
        )
