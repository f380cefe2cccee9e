"""Dead-letter queues: never without an alarm."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.pager import Pager
from infra.nag import acknowledge
from infra.runbook import see


def dead_letter_queue(
    scope: Construct, construct_id: str, *, name: str, pager: Pager, meaning: str, page: str
) -> sqs.Queue:
    """A dead-letter queue that pages as soon as anything is in it.

    The alarm looks at what is visible, never at what was sent: messages that a redrive policy moves are not counted as
    sent (SQS developer guide, "Creating alarms for dead-letter queues").

    Args:
        scope: Where it stands.
        construct_id: Its id there.
        name: Its name.
        pager: Whom to tell.
        meaning: What a message in it means and what to do; the alarm's text.
        page: Of the runbook.
    """
    queue = sqs.Queue(
        scope,
        construct_id,
        queue_name=name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    acknowledge(queue, "AwsSolutions-SQS3", "It is itself a dead-letter queue.")
    acknowledge(queue, "Serverless-SQSRedrivePolicy", "It is itself a dead-letter queue.")
    pager.watch(
        cloudwatch.Alarm(
            scope,
            f"{construct_id}Alarm",
            metric=queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(1), statistic="Maximum"),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=meaning + see(page),
        )
    )
    return queue
