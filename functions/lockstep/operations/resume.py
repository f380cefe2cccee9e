"""Not delivering to a target for a while, and delivering to it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lockstep.messaging.breaker import Breaker, close, pause
from lockstep.messaging.ledger import breaker_key
from lockstep.messaging.ports import Clock, Doorbells, Table
from lockstep.messaging.sweep import ring_waiting
from lockstep.messaging.topology import Consumer


@dataclass(frozen=True, slots=True)
class Resumed:
    """What was found and done."""

    target: str
    was_open: bool
    """Whether its breaker was open."""
    reason: str
    """Why it was."""
    rung: int
    """Lanes that were waiting for it."""
    by: str


def resume_target(
    target: str, *, consumers: Sequence[Consumer], table: Table, doorbells: Doorbells, clock: Clock, by: str
) -> Resumed:
    """Close a target's breaker and ring every lane that waits for it. Safe to repeat.

    Raises:
        KeyError: No consumer has that id.
    """
    key = breaker_key(target)
    breaker = Breaker.of(target, table.get([key]).get(key))
    consumer = {consumer.id: consumer for consumer in consumers}[target]
    close(table, target, clock.now(), by=by)
    rung = ring_waiting(table, doorbells, consumer)
    return Resumed(target, breaker.is_open, breaker.reason, rung, by)


class TargetStopped(Exception):
    """The target is not delivered to already, because our own set-up is wrong; says why."""


@dataclass(frozen=True, slots=True)
class Paused:
    """What was done."""

    target: str
    until: datetime | None
    """When it is tried again by itself, UTC; None when it waits for `resume_target`."""
    reason: str
    by: str


def pause_target(target: str, *, table: Table, clock: Clock, until: datetime | None, reason: str, by: str) -> Paused:
    """Deliver nothing more to a target: what is decided for it waits in the ledger, in order.

    A run that delivers just then goes on to its end. Pausing again replaces the time and the reason.

    Raises:
        TargetStopped: A time would start it again though a person has to repair it first.
    """
    key = breaker_key(target)
    breaker = Breaker.of(target, table.get([key]).get(key))
    if breaker.configuration:
        raise TargetStopped(breaker.reason)
    pause(table, target, reason, clock.now(), until=until, by=by)
    return Paused(target, until, reason, by)
