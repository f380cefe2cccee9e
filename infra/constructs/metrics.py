"""The metrics that functions write into their logs, as CloudWatch sees them."""

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
        label=service,
    )
