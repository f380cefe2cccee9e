"""The breaker of a target account: spares a target that fails, and finds out when it is back.

Closed, everything goes. After `THRESHOLD` failures in a row it opens: bells are acknowledged and wait in the ledger.
When its pause is over the sweep rings one lane with a probe; the probe's success closes it, its failure doubles the
pause. A person may open it too, until a time or until they close it: maintenance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from lockstep.messaging.errors import ConfigurationError, disposition_of
from lockstep.messaging.ledger import breaker_key, moment, stamp
from lockstep.messaging.ports import ABSENT, Bell, Clock, Item, Metrics, Patch, Put, Table, WriteRefused

THRESHOLD: Final = 3
FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(minutes=5)
PROBE_LASTS: Final = timedelta(seconds=45)
"""How long a probe may be on its way before another is sent: less than the minute between two sweeps, so that one whose
poster died is followed by another at the next sweep. Two on their way do no harm: each lane has its own lease."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """A target's breaker, as read."""

    target: str
    failures: int = 0
    open_until: datetime | None = None
    """When open: not before this is it probed."""
    reason: str = ""
    configuration: bool = False
    """Open because our own set-up is wrong: only a person closes it."""
    paused_by: str = ""
    """Who opened it; empty when it opened by itself."""
    until_resumed: bool = False
    """Opened by a person without a time: only a person closes it."""
    probe: str = ""
    probe_until: datetime | None = None
    item: Item | None = None

    @classmethod
    def of(cls, target: str, item: Item | None) -> Self:
        """As kept; a target never failed has no item."""
        if item is None:
            return cls(target)
        until, probe_until = item.get("open_until"), item.get("probe_until")
        return cls(
            target=target,
            failures=int(item.get("failures", 0)),
            open_until=moment(until) if until else None,
            reason=item.get("reason", ""),
            configuration=bool(item.get("configuration", False)),
            paused_by=item.get("paused_by", ""),
            until_resumed=bool(item.get("until_resumed", False)),
            probe=item.get("probe", ""),
            probe_until=moment(probe_until) if probe_until else None,
            item=item,
        )

    @property
    def is_open(self) -> bool:
        """Whether the target is being spared."""
        return self.open_until is not None

    def lets_through(self, bell: Bell) -> bool:
        """Whether this bell may try the target."""
        return not self.is_open or (bool(self.probe) and bell.probe == self.probe)

    def may_be_probed(self, now: datetime) -> bool:
        """Whether the pause is over and no probe is on its way."""
        if self.open_until is None or self.configuration or self.until_resumed or now < self.open_until:
            return False
        return self.probe_until is None or self.probe_until <= now


def record_failure(table: Table, breaker: Breaker, reason: str, now: datetime) -> bool:
    """Count a failure; whether the breaker is now open.

    A lost race with another failure is as good as a recorded one: the next is counted. A probe that fails leaves the
    breaker open, however few failures there were before a person opened it.
    """
    failures = breaker.failures + 1
    item: dict[str, Any] = {"failures": failures, "reason": reason, "at": stamp(now)}
    opens = failures >= THRESHOLD or breaker.is_open
    if opens:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(max(0, failures - THRESHOLD), 10))
        item["open_until"] = stamp(now + pause)
    return _put(table, breaker, item) and opens


def record_success(table: Table, breaker: Breaker) -> bool:
    """Forget failures; whether this closed an open breaker. Writes nothing when there were none."""
    if breaker.item is None or not (breaker.failures or breaker.is_open):
        return False
    return _put(table, breaker, {"failures": 0}) and breaker.is_open


def force_open(table: Table, breaker: Breaker, reason: str, now: datetime) -> None:
    """Stop a target because our own set-up is wrong; a person closes it again."""
    item = {"failures": breaker.failures, "reason": reason, "at": stamp(now), "configuration": True}
    _put(table, breaker, {**item, "open_until": stamp(now)})


def pause(table: Table, target: str, reason: str, now: datetime, *, until: datetime | None, by: str) -> None:
    """Open a breaker by hand. Whoever delivers just then finishes its run, and cannot close it.

    Args:
        table: The ledger.
        target: The account.
        reason: For whoever looks.
        now: UTC.
        until: Not before this is the target probed; None to wait until somebody resumes it.
        by: Who asks for it.
    """
    opened: dict[str, Any] = {"open_until": stamp(until or now), "reason": reason, "at": stamp(now), "paused_by": by}
    probe = ("probe", "probe_until")
    if until is None:
        table.write([Patch(breaker_key(target), set={**opened, "until_resumed": True}, remove=probe)])
    else:
        table.write([Patch(breaker_key(target), set=opened, remove=(*probe, "until_resumed"))])


def close(table: Table, target: str, now: datetime, *, by: str) -> None:
    """Close a breaker by hand; who did it stays on record."""
    resumed = {"failures": 0, "resumed_by": by, "resumed_at": stamp(now)}
    table.write([Patch(breaker_key(target), set=resumed, remove=_OPEN_ATTRIBUTES)])


def allow_probe(table: Table, breaker: Breaker, probe: str, now: datetime) -> bool:
    """Give one bell permission to try; False when somebody else just did."""
    item = {**(breaker.item or {}), "probe": probe, "probe_until": stamp(now + PROBE_LASTS)}
    return _put(table, breaker, item)


_OPEN_ATTRIBUTES: Final = (
    "open_until",
    "reason",
    "configuration",
    "paused_by",
    "until_resumed",
    "probe",
    "probe_until",
    "at",
)


def _put(table: Table, breaker: Breaker, item: Item) -> bool:
    was = breaker.item or {}
    expect = {name: was.get(name, ABSENT) for name in ("failures", "open_until", "probe")}
    try:
        table.write([Put(breaker_key(breaker.target), item, expect=expect)])
    except WriteRefused:
        return False
    return True


class TargetGuard:
    """Runs deliveries to one target account behind its breaker."""

    def __init__(
        self,
        target: str,
        *,
        table: Table,
        clock: Clock,
        metrics: Metrics,
        ring_waiting: Callable[[], object],
    ) -> None:
        """Args:
        target: The account.
        table: The ledger.
        clock: UTC.
        metrics: Counts openings.
        ring_waiting: Rings every lane that waits for the target, once it is back.
        """
        self._target = target
        self._table = table
        self._clock = clock
        self._metrics = metrics
        self._ring_waiting = ring_waiting

    def run(self, breaker: Breaker, deliver: Callable[[], bool]) -> None:
        """Deliver, and count what that says about the target.

        Args:
            breaker: As read with the lane.
            deliver: Returns whether it heard from the target at all.

        Raises:
            TransientEndpointError, OutcomeUnknown: While the breaker is still closed; once it opens the ledger waits.
            RateLimited: Always: patience is not failure.
        """
        try:
            heard = deliver()
        except ConfigurationError as error:
            force_open(self._table, breaker, str(error), self._clock.now())
            raise
        except Exception as error:
            if not disposition_of(error).trips_breaker:
                raise
            if not record_failure(self._table, breaker, str(error), self._clock.now()):
                raise
            self._metrics.count("BreakerOpened", service=self._target)
            return
        if heard and record_success(self._table, breaker):
            self._ring_waiting()
