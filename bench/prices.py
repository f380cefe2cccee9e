"""The one price table: list prices of us-east-1 in USD, without free tiers and volume discounts.

Taken from the services' pricing pages (https://aws.amazon.com/<service>/pricing/) on the date below; look again
before quoting any of it to anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DATE: Final = "2026-11"
REGION: Final = "us-east-1"
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit costs, for a unit that is used with each sale or each month."""

    usd: float
    per: float
    unit: str

    def of(self, amount: float) -> float:
        """USD for an amount of units."""
        return self.usd * amount / self.per


USE: Final[Mapping[str, Price]] = {
    "http_api_request": Price(1.00, _MILLION, "HTTP API request"),
    "lambda_request": Price(0.20, _MILLION, "Lambda request"),
    "lambda_gb_second": Price(0.0000133334, 1, "Lambda GB-second, arm64"),
    "sqs_request": Price(0.40, _MILLION, "SQS request, standard queue"),
    "event": Price(1.00, _MILLION, "EventBridge event, each 64 KB"),
    "archive_gb": Price(0.10, 1, "EventBridge archive, GB"),
    "write_unit": Price(0.625, _MILLION, "DynamoDB write unit, on demand"),
    "read_unit": Price(0.125, _MILLION, "DynamoDB read unit, on demand"),
    "secret_request": Price(0.05, 10_000, "Secrets Manager request"),
    "s3_put": Price(0.005, 1_000, "S3 PUT request"),
    "s3_get": Price(0.0004, 1_000, "S3 GET request"),
    "log_gb": Price(0.50, 1, "CloudWatch Logs ingested, GB"),
}
"""By use."""

MONTHLY: Final[Mapping[str, Price]] = {
    "alarm": Price(0.10, 1, "CloudWatch alarm, standard resolution"),
    "dashboard": Price(3.00, 1, "CloudWatch dashboard"),
    "metric_series": Price(0.30, 1, "CloudWatch custom metric series"),
    "kms_key": Price(1.00, 1, "KMS customer key"),
    "secret": Price(0.40, 1, "Secrets Manager secret"),
    "storage_gb": Price(0.25, 1, "DynamoDB storage, GB"),
    "pitr_gb": Price(0.20, 1, "DynamoDB point-in-time recovery, GB"),
}
"""By month, whatever is sold."""


def cost(use: Mapping[str, float]) -> dict[str, float]:
    """USD by kind of use, for amounts by kind of use.

    Raises:
        KeyError: A kind of use has no price.
    """
    return {kind: USE[kind].of(amount) for kind, amount in use.items()}


def per_million(use: Mapping[str, float]) -> dict[str, float]:
    """USD by kind of use for a million sales, for what one sale uses.

    Raises:
        KeyError: A kind of use has no price.
    """
    return {kind: usd * _MILLION for kind, usd in cost(use).items()}


def monthly(amounts: Mapping[str, float]) -> dict[str, float]:
    """USD a month by kind, for how many there are of each.

    Raises:
        KeyError: A kind has no price.
    """
    return {kind: MONTHLY[kind].of(amount) for kind, amount in amounts.items()}
