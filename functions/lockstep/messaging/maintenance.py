"""Planned maintenance of target accounts: weekly windows, in the local time of whoever plans them.

During one the target is left alone: bells are acknowledged and the work waits in the ledger, as when somebody pauses
the target. Afterwards the sweep rings, and all goes on by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final


class Weekday(StrEnum):
    """In ISO 8601's order."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


LONGEST: Final = timedelta(days=2)
"""A window is for maintenance: who turns a system off for longer pauses it."""
_DAYS: Final = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A time of the week."""

    weekdays: tuple[Weekday, ...]
    """On which it begins, by the local calendar."""
    start: time
    """Local time at which it begins. On the day on which clocks go forward past it, it begins that much later; on the
    day on which it comes twice, the first time."""
    lasts: timedelta
    """Time that passes, whether or not clocks are changed meanwhile."""
    time_zone: str
    """IANA name."""

    def until(self, now: datetime) -> datetime | None:
        """When the window in which a time falls is over, UTC; None for a time outside.

        Raises:
            zoneinfo.ZoneInfoNotFoundError: There is no such time zone.
        """
        from zoneinfo import ZoneInfo  # noqa: PLC0415  # most targets have no windows

        zone = ZoneInfo(self.time_zone)
        today = now.astimezone(zone).date()
        for back in range(self.lasts.days + 2):
            day = today - timedelta(days=back)
            if _DAYS[day.weekday()] not in self.weekdays:
                continue
            begins = datetime.combine(day, self.start, tzinfo=zone).astimezone(UTC)
            if begins <= now < begins + self.lasts:
                return begins + self.lasts
        return None


def maintained_until(windows: Iterable[MaintenanceWindow], now: datetime) -> datetime | None:
    """When maintenance is over, UTC: of windows that follow each other, the last; None when there is none."""
    windows = tuple(windows)
    over: datetime | None = None
    while True:
        ends = [end for window in windows if (end := window.until(over or now)) is not None]
        if not ends or (over is not None and max(ends) <= over):
            return over
        over = max(ends)
        if over - now > LONGEST * 7:
            return over  # windows without a gap: it is asked again then
