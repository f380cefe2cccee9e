"""The metrics that are watched: our own, which functions write into their logs, and two of AWS.

They carry no label: CloudFormation makes of an alarm on a labelled metric an alarm on a metric expression.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.constructs.function import METRICS_NAMESPACE


def lockstep_metric(
    name: str, *, service: str, environment: str, statistic: str = "Sum", minutes: int = 1
) -> cloudwatch.Metric:
    """One series. Its only dimensions are `service` and `environment`: each series costs 0.30 USD a month.

    Args:
        name: As in `EventsAccepted`.
        service: A consumer id, or a function's service name.
        environment: Name of the environment.
        statistic: CloudWatch statistic, as in `Sum` or `p99`.
        minutes: Period.
    """
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": service, "environment": environment},
        statistic=statistic,
        period=Duration.minutes(minutes),
    )


def function_metric(name: str, *, function: str, statistic: str, minutes: int = 1) -> cloudwatch.Metric:
    """One of Lambda's own metrics of a function, by the function's name."""
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map={"FunctionName": function},
        statistic=statistic,
        period=Duration.minutes(minutes),
    )


def queue_metric(name: str, *, queue: str) -> cloudwatch.Metric:
    """The highest value in each minute of one of SQS's own metrics of a queue, by the queue's name."""
    return cloudwatch.Metric(
        namespace="AWS/SQS",
        metric_name=name,
        dimensions_map={"QueueName": queue},
        statistic="Maximum",
        period=Duration.minutes(1),
    )
