"""When a backlog will be drained: by what was done while somebody waited, never by what merely came in slowly."""

from datetime import UTC, datetime, timedelta

import pytest

from lockstep.operations.forecast import Came, Done, DrainState, arrivals_of, forecast, rate_of

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def busy(begin: float, count: int, each: float) -> list[Done]:
    """So many that all waited already, done one after the other."""
    return [Done(ago(3600), ago(begin - number * each)) for number in range(count)]


def test_the_rate_is_that_of_a_busy_target() -> None:
    assert rate_of([busy(60, 13, 5)]) == pytest.approx(12)


def test_a_till_that_sells_now_and_then_says_nothing_about_the_target() -> None:
    slow = [Done(ago(180 * number), ago(180 * number - 0.3)) for number in range(20, 0, -1)]

    assert rate_of([slow]) is None


def test_lanes_at_the_same_time_count_for_that_time_once_and_one_after_the_other_for_both() -> None:
    assert rate_of([busy(60, 13, 5), busy(60, 13, 5)]) == pytest.approx(24)
    assert rate_of([busy(120, 13, 5), busy(60, 13, 5)]) == pytest.approx(12)


def test_an_outage_in_between_is_no_work() -> None:
    assert rate_of([[*busy(7200, 7, 5), *busy(60, 7, 5)]]) == pytest.approx(12)


def test_a_batch_is_done_at_once() -> None:
    assert rate_of([[Done(ago(3600), ago(60 - number // 10 * 10)) for number in range(40)]]) == pytest.approx(78)


def test_what_comes_is_added_up_over_lanes() -> None:
    assert arrivals_of([Came(20, ago(600)), Came(5, ago(300))], NOW) == pytest.approx(3)
    assert arrivals_of([Came(1, NOW)], NOW) == pytest.approx(1)  # less than a minute is taken for one


def test_nothing_waits() -> None:
    assert forecast(0, None, 0, NOW).state is DrainState.LEVEL


def test_a_target_that_is_up_is_level_at_a_time() -> None:
    drain = forecast(90, 12, 3, NOW)

    assert (drain.state, drain.after, drain.at) == (
        DrainState.DRAINING,
        timedelta(minutes=10),
        NOW + timedelta(minutes=10),
    )
    assert str(drain) == "in 10 min, at 12 a minute"


def test_nobody_knows_when_one_that_is_down_comes_back() -> None:
    drain = forecast(90, 12, 3, NOW, away=True)

    assert (drain.state, drain.at) == (DrainState.WHEN_BACK, None)
    assert str(drain) == "10 min after it is back, at the 12 a minute of before"


def test_a_pause_with_an_end_is_counted_from_there_with_what_comes_meanwhile() -> None:
    drain = forecast(90, 12, 3, NOW, away=True, back_at=NOW + timedelta(minutes=30))

    assert drain.after == timedelta(minutes=20)
    assert drain.at == NOW + timedelta(minutes=50)


def test_one_that_was_never_busy_is_not_guessed_at() -> None:
    assert forecast(5, None, 1, NOW).state is DrainState.NOT_MEASURED
    assert "not known" in str(forecast(5, None, 1, NOW))


@pytest.mark.parametrize("away", [True, False])
def test_more_comes_than_is_taken(away: bool) -> None:
    drain = forecast(5, 10, 10, NOW, away=away)

    assert (drain.state, drain.after) == (DrainState.NOT_CATCHING_UP, None)
    assert str(drain) == "not catching up: 10 a minute come, 10 are taken"
