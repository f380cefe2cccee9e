"""A target is left alone while it is maintained, and everything goes on by itself afterwards."""

from datetime import UTC, datetime, time, timedelta

import pytest

from lockstep.messaging.breaker import FIRST_PAUSE
from lockstep.messaging.errors import EndpointUnavailable
from lockstep.messaging.lane import stop
from lockstep.messaging.maintenance import MaintenanceWindow, Weekday, maintained_until
from lockstep.messaging.ports import Bell
from lockstep.messaging.specs import Role
from lockstep.messaging.topology import consumers
from lockstep.runtime.settings import SweepSettings
from tests.unit.messaging.bench import ERP, LANE, SHOP, Bench


def window(*days: Weekday, start: str = "02:00", hours: float = 2, zone: str = "Europe/Berlin") -> MaintenanceWindow:
    return MaintenanceWindow(days, time.fromisoformat(start), timedelta(hours=hours), zone)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SUNDAY = Weekday.SUNDAY


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-29T00:59:59", None),
        ("2026-11-29T01:00:00", "2026-11-29T03:00:00"),  # 02:00 in winter
        ("2026-11-29T02:59:59", "2026-11-29T03:00:00"),
        ("2026-11-29T03:00:00", None),
        ("2026-11-30T01:30:00", None),  # a Monday
        ("2026-07-05T00:00:00", "2026-07-05T02:00:00"),  # 02:00 in summer
        ("2026-07-05T02:00:00", None),
    ],
)
def test_a_window_is_in_local_time(at: str, until: str | None) -> None:
    assert window(SUNDAY).until(utc(at)) == (utc(until) if until else None)


@pytest.mark.parametrize(
    ("start", "begins"),
    [
        # Berlin's clocks go forward on 2026-03-29 from 02:00 to 03:00, which is 01:00 UTC, and back on 2026-10-25 from
        # 03:00 to 02:00 (IANA time zone database).
        (("2026-03-29", "02:30"), "2026-03-29T01:30:00"),
        (("2026-03-29", "01:30"), "2026-03-29T00:30:00"),
        (("2026-10-25", "02:30"), "2026-10-25T00:30:00"),
        (("2026-10-25", "01:30"), "2026-10-24T23:30:00"),
    ],
)
def test_a_window_lasts_as_long_on_a_day_on_which_clocks_are_changed(start: tuple[str, str], begins: str) -> None:
    _, at = start
    planned, first = window(SUNDAY, start=at, hours=3), utc(begins)

    assert planned.until(first - timedelta(seconds=1)) is None
    assert planned.until(first) == first + timedelta(hours=3)
    assert planned.until(first + timedelta(hours=3) - timedelta(seconds=1)) == first + timedelta(hours=3)
    assert planned.until(first + timedelta(hours=3)) is None


def test_a_window_may_go_past_midnight_and_over_days() -> None:
    planned = window(Weekday.SATURDAY, start="22:00", hours=30)
    assert planned.until(utc("2026-11-29T20:00:00")) == utc("2026-11-30T03:00:00")
    assert planned.until(utc("2026-11-30T02:59:00")) == utc("2026-11-30T03:00:00")
    assert planned.until(utc("2026-11-30T03:00:00")) is None


def test_windows_that_follow_each_other_are_over_when_the_last_is() -> None:
    windows = [window(SUNDAY), window(SUNDAY, start="03:00", hours=3), window(SUNDAY, start="08:00")]
    assert maintained_until(windows, utc("2026-11-29T01:30:00")) == utc("2026-11-29T05:00:00")
    assert maintained_until(windows, utc("2026-11-29T06:00:00")) is None
    always = [window(*Weekday, start="00:00", hours=24)]
    assert maintained_until(always, utc("2026-11-29T06:00:00")) is not None


def maintained(target: str, *, hours: float = 2) -> Bench:
    """A bench on a Friday at 09:00 UTC, whose target is maintained from then on."""
    bench = Bench()
    planned = {target: (window(Weekday.FRIDAY, start="09:00", hours=hours, zone="UTC"),)}
    roles = {Role.ERP: (ERP,), Role.SHOP: (SHOP,)}
    found = consumers((bench.booking.spec, bench.stocking.spec), roles, planned)
    bench.consumers = {consumer.id: consumer for consumer in found}
    return bench


def rung(bench: Bench) -> set[tuple[str, str]]:
    return set(bench.rung())


def test_a_document_waits_for_the_end_of_maintenance_and_is_then_rung_for() -> None:
    bench = maintained(ERP)
    bench.sell(1)
    bench.decide()
    bench.post()
    assert bench.ledger.calls == []

    bench.clock.advance(hours=1)
    rung(bench)
    bench.sweep().run()
    assert (ERP, LANE) not in rung(bench)
    assert (SHOP, LANE) not in rung(bench)

    bench.clock.advance(hours=1)
    bench.sweep().run()
    assert (ERP, LANE) in rung(bench)
    bench.post()
    assert bench.ledger.booked == ["receipt 1"]


def test_what_a_shop_shows_waits_too() -> None:
    bench = maintained(SHOP)
    bench.sell(1)
    bench.stock()
    assert bench.shop.calls == []

    bench.clock.advance(hours=2)
    bench.show()
    assert bench.shop.calls


def test_a_run_leaves_off_when_maintenance_begins() -> None:
    bench = maintained(ERP)
    bench.clock.time -= timedelta(seconds=1)
    bench.batch_size = 1
    bench.sell(1)
    bench.sell(2)
    bench.decide()
    bench.ledger.meanwhile = lambda: bench.clock.advance(seconds=1)

    bench.post()

    assert bench.ledger.booked == ["receipt 1"]
    assert bench.lane().lease(ERP) is None


def test_a_target_that_is_maintained_is_not_probed() -> None:
    bench = maintained(ERP)
    bench.clock.time -= timedelta(minutes=5)
    bench.ledger.before["receipt 1"] = EndpointUnavailable("down")
    bench.sell(1)
    bench.decide()
    for _ in range(3):
        try:
            bench.post()
        except EndpointUnavailable:
            continue
    assert bench.breaker(ERP).is_open
    bench.clock.time += timedelta(minutes=5) + FIRST_PAUSE

    assert bench.sweep().run().probed == []
    bench.clock.advance(hours=2)
    assert bench.sweep().run().probed == [ERP]


def test_a_lane_that_was_stopped_is_started_by_its_redriven_bell_in_the_midst_of_maintenance() -> None:
    bench = maintained(ERP)
    bench.sell(1)
    bench.decide()
    stop(bench.table, ERP, Bell(LANE, "dead"), "a defect", bench.clock.now())

    bench.post(bell="dead")

    assert bench.ledger.calls == []
    assert bench.lane().stopped(ERP) is None


def test_windows_reach_the_functions_as_they_were_planned() -> None:
    bench = maintained(ERP)
    found = tuple(bench.consumers.values())
    settings = SweepSettings(environment="test", ledger_table="ledger", consumers=found, queues={})
    assert SweepSettings.load(settings.variables()).consumers == found
