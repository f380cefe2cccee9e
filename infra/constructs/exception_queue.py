"""The queue from which a ticket system takes business exceptions. Technical failures never come here."""

from datetime import timedelta
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.bus import Bus
from infra.constructs.dead_letters import dead_letter_queue
from infra.constructs.pager import Pager
from infra.environments import Environment
from infra.naming import physical_name
from infra.runbook import see
from lockstep.operations.case_events import SOURCE, TYPES

NAME: Final = "exceptions"
_LATE_AFTER: Final = timedelta(hours=1)
_VISIBILITY: Final = timedelta(minutes=5)


class ExceptionQueue(Construct):
    """`ExceptionOpened` and `ExceptionResolved`, each a message with the event's detail: a ticket to open or close.

    Messages may come twice and in any order; their `id` is the same each time. The cases themselves stay in the ledger:
    a message that is lost loses no exception.

    Attributes:
        queue: Where the ticket system takes them.
        dead_letters: Those that it did not take.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, bus: Bus, pager: Pager, environment: Environment
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = dead_letter_queue(
            self,
            "DeadLetters",
            name=physical_name(environment.name, NAME, "dead"),
            pager=pager,
            meaning="The ticket system failed to take a business exception to its last receive. The case itself is "
            "listed by `lockstep exceptions list`.",
            page="tickets",
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=physical_name(environment.name, NAME),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            visibility_timeout=Duration.seconds(_VISIBILITY.total_seconds()),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=environment.max_receives),
        )
        pager.watch(
            cloudwatch.Alarm(
                self,
                "NotTaken",
                metric=self.queue.metric_approximate_age_of_oldest_message(
                    period=Duration.minutes(5), statistic="Maximum"
                ),
                threshold=_LATE_AFTER.total_seconds(),
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                evaluation_periods=1,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description="The ticket system has not taken a business exception for an hour." + see("tickets"),
            )
        )
        rule = events.Rule(
            self,
            "Rule",
            event_bus=bus.bus,
            description="Business exceptions, for a ticket system",
            event_pattern=events.EventPattern(source=[SOURCE], detail_type=list(TYPES)),
        )
        rule.add_target(
            targets.SqsQueue(
                self.queue,
                message=events.RuleTargetInput.from_object(
                    {
                        "type": events.EventField.detail_type,
                        "exception": events.EventField.from_path("$.detail.exception"),
                    }
                ),
                dead_letter_queue=bus.undelivered,
            )
        )
