"""Growth, in small: calls per event do not depend on what there is; a backlog keeps its target busy."""

from datetime import UTC, datetime

from bench import growth
from bench.figures import Report


def test_calls_per_event_do_not_grow_with_the_ledger() -> None:
    small, large = growth.entries([100, 5_100], events=50)  # of the same article next

    assert small.dynamodb == large.dynamodb
    assert small.items == large.items
    assert small.sqs == large.sqs


def test_calls_per_event_do_not_grow_with_the_lanes_that_wait() -> None:
    few, many = growth.lanes([10, 700])  # more than one sweep rings

    assert many.dynamodb <= few.dynamodb
    assert many.items <= few.items + 8  # a sweep looks at four times the lanes that it rings, and their oldest entries
    assert many.sqs <= few.sqs


def test_a_backlog_keeps_a_limited_target_busy_and_in_order() -> None:
    drained = growth.backlog(4_000, lanes=400)

    assert drained.busy >= 0.95
    assert drained.overtaken == 0


def test_who_overtakes_is_seen() -> None:
    at = datetime(2026, 11, 27, tzinfo=UTC)
    later = at.replace(hour=1)

    assert growth._overtaken([(at, "s", "receipt/T1/2"), (later, "s", "receipt/T1/1")]) == 1
    assert growth._overtaken([(at, "s", "receipt/T1/1"), (later, "s", "receipt/T1/1")]) == 1
    assert growth._overtaken([(at, "s", "receipt/T1/9"), (later, "s", "receipt/T1/10")]) == 0


def test_the_figures_stand_beside_their_budgets() -> None:
    report = Report(growth.figures(ledgers=(100, 1_000), waiting=(10, 100), documents=1_500, backlog_lanes=150))

    assert report.ok, [figure for figure in report.figures if not figure.ok]
    assert len(report.figures) == 8
