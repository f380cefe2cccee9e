"""Waits for an event to get through."""

from datetime import timedelta
from typing import Final

from cli.environment import Deployed
from lockstep.operations.trace import Trace

_POLL: Final = 0.5


def follow(deployed: Deployed, name: str, *, within: float, related: bool = True) -> Trace:
    """The trace of a name once everything under it is settled or needs a person, or as it is when the time is over.

    Args:
        deployed: The stack.
        name: Any name of the event.
        within: Seconds.
        related: See `Tracer.trace`.
    """
    deadline = deployed.clock.now() + timedelta(seconds=within)
    while True:
        found = deployed.tracer.trace(name, deployed.clock.now(), related=related)
        ended = found.events and all(event.settled or event.needs_attention for event in found.events)
        if ended or deployed.clock.now() >= deadline:
            return found
        deployed.pause(_POLL)
