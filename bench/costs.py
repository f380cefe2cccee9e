"""Figures 3 and 4: from what a run counted to units, requests and list price of one sale, and of a month."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from bench import prices
from bench.metering import Counts
from bench.sale import BATCH, LINES, SaleRun

_BY_SKU: Final = frozenset({"record", "state shown", "drain", "master data"})
"""Items of which there is one a SKU, or whose size grows with the number of SKUs."""
_API_LOG_BYTES: Final = 350
"""Of the API's access log, a request: not written by the embedded AWS, so as its format has it."""
_GB: Final = 1e9
_HOURS: Final = 730
_POLLERS: Final = 5
_LONG_POLL_SECONDS: Final = 20
"""Lambda keeps five long polls of 20 seconds on an idle queue (Developer Guide, "Using Lambda with Amazon SQS")."""
_NOT_FED_BY_QUEUES: Final = ("inbound.", "relay", "sweep")


def spread(run: SaleRun) -> Counts:
    """What was counted, as if no two lines of a batch had named one SKU.

    The demo retailer has a dozen SKUs, so baskets overlap more than a real retailer's do; each SKU of a batch is one
    position and one quantity shown, however many lines named it.
    """
    more = run.sales * LINES / run.keys_moved
    return Counts(
        requests=Counter(run.counts.requests),
        write_units=Counter({kind: _scaled(kind, units, more) for kind, units in run.counts.write_units.items()}),
        read_units={kind: _scaled(kind, units, more) for kind, units in run.counts.read_units.items()},
        events=run.counts.events,
        event_bytes=run.counts.event_bytes,
    )


def _scaled(kind: str, units: float, more: float) -> float:
    return units * more if kind in _BY_SKU else units


def requests(run: SaleRun) -> dict[str, float]:
    """AWS requests per sale by service: those of our functions, and those that AWS makes for them and bills."""
    asked: Counter[str] = Counter()
    for name, number in run.counts.requests.items():
        asked[name.partition(".")[0]] += number
    polled = sum(used.number for name, used in run.invocations.items() if not name.startswith(_NOT_FED_BY_QUEUES))
    asked["SQS, by the bus"] = run.bells_by_bus
    asked["SQS, by Lambda"] = 2 * polled  # a receive and a deletion each
    asked["Lambda"] = sum(used.number for used in run.invocations.values())
    asked["HTTP API"] = run.sales
    return {service: number / run.sales for service, number in asked.items()}


def use(run: SaleRun) -> dict[str, float]:
    """What one sale uses, by kind of use as in the price table."""
    counts, by_service = spread(run), requests(run)
    logged = sum(used.log_bytes for used in run.invocations.values()) / run.sales + _API_LOG_BYTES
    gb_seconds = sum(used.seconds * run.memory_gb[name] for name, used in run.invocations.items())
    return {
        "http_api_request": by_service["HTTP API"],
        "lambda_request": by_service["Lambda"],
        "lambda_gb_second": gb_seconds / run.sales,
        "sqs_request": sum(number for service, number in by_service.items() if service.startswith("SQS")),
        "event": counts.events / run.sales,
        "archive_gb": counts.event_bytes / run.sales / _GB,
        "write_unit": sum(counts.write_units.values()) / run.sales,
        "read_unit": sum(counts.read_units.values()) / run.sales,
        "secret_request": by_service.get("Secrets Manager", 0.0),
        "log_gb": logged / _GB,
    }


def fixed(run: SaleRun) -> dict[str, float]:
    """USD a month of one environment while nothing is sold, by kind."""
    there = run.resources
    queues = there.get("AWS::Lambda::EventSourceMapping", 0) - 1  # the relay's reads a stream, which is free
    sweeps = _HOURS * 60
    sweeping = {
        "lambda_request": 1.0,
        "lambda_gb_second": run.sweep_invocation.seconds * run.memory_gb["sweep"],
        "read_unit": sum(run.sweep.read_units.values()),
        "log_gb": run.sweep_invocation.log_bytes / _GB,
    }
    return {
        **prices.monthly(
            {
                "alarm": there.get("AWS::CloudWatch::Alarm", 0),
                "dashboard": there.get("AWS::CloudWatch::Dashboard", 0),
                "kms_key": there.get("AWS::KMS::Key", 0),
                "secret": there.get("AWS::SecretsManager::Secret", 0),
                "metric_series": run.metric_series,
            }
        ),
        "sweep": sum(prices.cost(sweeping).values()) * sweeps,
        "idle_queues": prices.USE["sqs_request"].of(queues * _POLLERS * _HOURS * 3600 / _LONG_POLL_SECONDS),
    }


def kept(run: SaleRun) -> dict[str, float]:
    """USD a month for keeping a million sales, by kind; raw bodies are kept for 90 days, the rest for ever."""
    gigabytes = run.stored_bytes / run.sales * 1e6 / _GB
    return prices.monthly({"storage_gb": gigabytes, "pitr_gb": gigabytes})


def per_sale(units: Mapping[str, float], run: SaleRun) -> dict[str, float]:
    """Units of a whole run, by kind, for one sale; the largest first."""
    ordered = sorted(units.items(), key=lambda part: -part[1])
    return {kind: amount / run.sales for kind, amount in ordered if amount}


BATCHES_NOTE: Final = f"batches of {BATCH} sales of {LINES} lines, every line another SKU"
