"""Logs and metrics, written as JSON lines on standard output.

Metrics go out in CloudWatch's embedded metric format. Store, SKU and order numbers are log fields, never dimensions: a
series costs money. Secrets and personal data are never logged.
"""

from typing import Final

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

NAMESPACE: Final = "Lockstep"
UNITS: Final = {
    "AcceptToEffectMilliseconds": MetricUnit.Milliseconds,
    "OldestEntryAgeSeconds": MetricUnit.Seconds,
}
GAUGES: Final = frozenset({"LanesOpen", "LanesStopped", "OldestEntryAgeSeconds"})
"""Metrics for which zero is news."""


def logger(service: str) -> Logger:
    """A logger of one service: a consumer, a connector, the relay or the sweep."""
    return Logger(service=service)


class EmbeddedMetrics:
    """Metrics gathered during one invocation, written when flushed: one line a service."""

    def __init__(self, environment: str) -> None:
        """Args:
        environment: Dimension of every metric, beside `service`.
        """
        self._environment = environment
        self._by_service: dict[str, EphemeralMetrics] = {}

    def count(self, name: str, value: float = 1, *, service: str) -> None:
        """Note a value; nothing for zero events."""
        if not value and name not in GAUGES:
            return
        metrics = self._by_service.get(service)
        if metrics is None:
            metrics = self._by_service[service] = EphemeralMetrics(namespace=NAMESPACE, service=service)
            metrics.add_dimension("environment", self._environment)
        metrics.add_metric(name, UNITS.get(name, MetricUnit.Count), value)

    def flush(self) -> None:
        """Write everything, and start afresh."""
        for metrics in self._by_service.values():
            metrics.flush_metrics()
        self._by_service.clear()
