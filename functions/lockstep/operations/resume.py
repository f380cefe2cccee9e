"""Delivering to a target again after a person has repaired what had stopped it."""

from collections.abc import Sequence
from dataclasses import dataclass

from lockstep.messaging.breaker import Breaker, close
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
