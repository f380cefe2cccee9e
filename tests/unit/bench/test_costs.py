"""From counts to one sale: what is ours, what AWS adds, and what a larger assortment changes."""

from collections import Counter

import pytest

import bench.__main__ as program
from bench import costs
from bench.metering import Counts
from bench.sale import Invocations, SaleRun


def run(**changes: object) -> SaleRun:
    """Ten sales in two batches; ten SKUs moved in each batch, where 25 lines could have named 25."""
    values: dict[str, object] = {
        "sales": 10,
        "keys_moved": 20,
        "counts": Counts(
            requests=Counter({"DynamoDB.GetItem": 20, "DynamoDB.TransactWriteItems": 10, "SQS.SendMessageBatch": 4}),
            write_units=Counter({"record": 40, "entry": 20}),
            read_units={"record": 20.0, "entry": 10.0},
            events=10,
            event_bytes=20_000,
        ),
        "invocations": {
            "inbound.poslog": Invocations(10, 1.0, 5_000),
            "relay": Invocations(10, 0.2, 1_000),
            "tryton.main": Invocations(2, 0.8, 1_000),
        },
        "memory_gb": {"inbound.poslog": 0.5, "relay": 0.5, "tryton.main": 0.5, "sweep": 0.5},
        "bells_by_bus": 20,
        "stored_bytes": 40_000,
        "resources": {"AWS::CloudWatch::Alarm": 28, "AWS::Lambda::EventSourceMapping": 6},
        "metric_series": 10,
        "sweep": Counts(read_units={"query open": 8.0}),
        "sweep_invocation": Invocations(1, 0.1, 2_000),
    }
    return SaleRun(**{**values, **changes})  # type: ignore[arg-type]


def test_lines_that_shared_a_sku_are_counted_as_if_they_had_not() -> None:
    use = costs.use(run())
    assert use["write_unit"] == pytest.approx(4 * 50 / 20 + 2), "50 lines moved 20 SKUs; entries are what they are"
    assert use["read_unit"] == pytest.approx(2 * 50 / 20 + 1)


def test_requests_are_ours_and_those_that_aws_makes_for_us() -> None:
    assert costs.requests(run()) == {
        "DynamoDB": 3.0,
        "SQS": 0.4,
        "SQS, by the bus": 2.0,
        "SQS, by Lambda": 0.4,
        "Lambda": 2.2,
        "HTTP API": 1.0,
    }


def test_a_sale_uses_what_was_counted_over_the_number_of_sales() -> None:
    use = costs.use(run())
    assert use["sqs_request"] == pytest.approx(0.4 + 2.0 + 0.4)
    assert use["lambda_gb_second"] == pytest.approx(2.0 * 0.5 / 10)
    assert use["event"] == 1.0
    assert use["archive_gb"] == pytest.approx(2_000e-9)


def test_what_is_paid_each_month_does_not_depend_on_sales() -> None:
    fixed = costs.fixed(run())
    assert fixed["alarm"] == pytest.approx(2.80)
    assert fixed["metric_series"] == pytest.approx(3.00)
    assert fixed["idle_queues"] == pytest.approx(5 * 5 * 730 * 180 * 0.40 / 1e6)
    assert fixed == costs.fixed(run(sales=20))


def test_the_figures_of_a_sale_have_the_budgets_of_the_architecture() -> None:
    figures, details = program.sale_figures(run())
    assert {figure.key: figure.budget for figure in figures} == {
        "write_units": 50,
        "aws_requests": 22,
        "usd_per_million": 48,
        "usd_per_month": None,
        "usd_per_month_kept": None,
    }
    by_use = details["usd_per_million_by_use"]
    assert isinstance(by_use, dict)
    assert sum(by_use.values()) == pytest.approx(next(f.value for f in figures if f.key == "usd_per_million"))


def test_counts_can_be_taken_away_again() -> None:
    counts = Counts(requests=Counter({"SQS.SendMessage": 3}), write_units=Counter({"entry": 2}), events=1)
    counts.add(Counts(requests=Counter({"SQS.SendMessage": 3}), write_units=Counter({"entry": 2}), events=1), times=-1)
    assert not any(counts.requests.values())
    assert not any(counts.write_units.values())
    assert counts.events == 0
