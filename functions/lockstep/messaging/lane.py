"""A lane: one stream as one consumer sees it."""

from collections.abc import Iterable
from datetime import datetime

from lockstep.messaging.ledger import Lease, StreamState, stamp, stream_key
from lockstep.messaging.ports import Bell, Key, Patch, Table
from lockstep.messaging.retry import until_accepted


def read_lane(table: Table, stream: str, *others: Key) -> tuple[StreamState, dict[Key, dict[str, object]]]:
    """A stream's state, and other items in the same read."""
    key = stream_key(stream)
    found = table.get([key, *others])
    return StreamState(stream, found.pop(key, {})), found


def may_go_on(table: Table, state: StreamState, consumer: str, bell: Bell) -> bool:
    """Whether the lane is not stopped. The bell that stopped it, once redriven, starts it again."""
    stopped = state.stopped(consumer)
    if stopped is None:
        return True
    if not bell.is_or_brings(str(stopped.get("bell", ""))):
        return False
    # Until it is done: given up, this bell would be answered by another one, which may not start the lane.
    start_it = Patch(stream_key(state.stream), remove=(f"stopped#{consumer}",))
    until_accepted(lambda: table.write([start_it]))
    return True


def stop(table: Table, consumer: str, bell: Bell, reason: str, now: datetime) -> None:
    """Stop a lane whose bell goes to the dead-letter queue: the sweep leaves it alone until the bell is redriven."""
    stopped = {"bell": bell.id, "reason": reason, "since": stamp(now)}
    table.write([Patch(stream_key(bell.stream), set={f"stopped#{consumer}": stopped})])


def start(table: Table, stream: str, consumer: str, bell: str) -> bool:
    """Start a lane that a bell stopped, without that bell; False when it does not stand for it any more."""
    name, key = f"stopped#{consumer}", stream_key(stream)

    def attempt() -> bool:
        stopped = StreamState(stream, table.get([key]).get(key, {})).stopped(consumer)
        if stopped is None or stopped.get("bell") != bell:
            return False  # its bell came after all, or it was stopped anew
        table.write([Patch(key, remove=(name,), expect={name: stopped})])
        return True

    return until_accepted(attempt)  # passing contention must not leave it stopped: nobody would come back to it


def take_lease(
    table: Table, state: StreamState, consumer: str, lease: Lease, now: datetime, *, feeders: Iterable[str] = ()
) -> bool:
    """Become the only one who delivers for the lane; False when somebody else is.

    Raises:
        WriteRefused: The lane is not any more as it was read.
    """
    held = state.lease(consumer)
    if held is not None and held.token and held.until > now:
        return False
    name = f"lease#{consumer}"
    expect = {name: state.raw(name), **state.standing(consumer, feeders)}
    table.write([Patch(stream_key(state.stream), set={name: lease.to_item()}, expect=expect)])
    return True
