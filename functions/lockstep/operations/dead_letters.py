"""Dead letters: which lanes stand because of them, and how they start again.

A bell that failed to its last receive stands in its consumer's dead-letter queue and its lane names it as what stopped
it. Sent back with the same body, it is let through and the lane goes on from its cursor: order cannot break.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from lockstep.canonical.streams import StreamId
from lockstep.messaging.lane import start
from lockstep.messaging.ledger import StreamState, moment, stream_key
from lockstep.messaging.ports import Doorbells, Table
from lockstep.messaging.sweep import open_streams
from lockstep.messaging.topology import Consumer

MOST_SHOWN: Final = 100
"""Dead letters of one queue that are looked at for a list; the rest are counted."""
_STREAMS: Final = 10_000
"""Streams with work that are looked through for stopped lanes, the oldest first."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a dead-letter queue."""

    receipt: str
    body: str
    sent_at: datetime
    """When the bell was first rung, UTC."""
    why: str = ""
    """What whoever gave it up says, where that is not its consumer."""

    @property
    def stream(self) -> str:
        """The lane it names; empty for what is no bell."""
        return str(self.content.get("stream", ""))

    @property
    def bell(self) -> str:
        """Its id, by which a lane knows what stopped it."""
        return str(self.content.get("bell", ""))

    @property
    def content(self) -> dict[str, Any]:
        """Its body, read; empty for what is no JSON object."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


class DeadLetterQueues(Protocol):
    """The dead-letter queues of every consumer; by their names, also those that are none's."""

    def count(self, consumer: str) -> int:
        """How many letters there are, about."""
        ...

    def take(self, consumer: str) -> Sequence[Letter]:
        """Some letters, hidden from others for a minute; none when there are none."""
        ...

    def put_back(self, consumer: str, letters: Sequence[Letter]) -> None:
        """Let them be seen again."""
        ...

    def send(self, consumer: str, letters: Sequence[Letter]) -> None:
        """Send them to the consumer's own queue, as they were.

        Raises:
            EndpointUnavailable: Some were not taken.
        """
        ...

    def delete(self, consumer: str, letters: Sequence[Letter]) -> None:
        """Take them out of the dead-letter queue for good."""
        ...


@dataclass(frozen=True, slots=True)
class StoppedLane:
    """A lane that does not go on by itself."""

    consumer: str
    stream: str
    bell: str
    """The bell that stopped it; empty for one that a case stopped, which its repair starts."""
    reason: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetterView:
    """One dead letter, for people."""

    stream: str
    sent_at: datetime
    stops: bool
    """Whether the lane stands because of it; another bell of the same lane may be what it waits for."""
    reason: str
    """Why the lane stands; empty when it goes on."""


@dataclass(frozen=True, slots=True)
class DeadLettersOf:
    """One consumer's dead-letter queue, and its lanes that stand for a bell."""

    consumer: str
    messages: int
    oldest: datetime | None
    letters: tuple[DeadLetterView, ...]
    """The first `MOST_SHOWN` of them."""
    stopped: tuple[StoppedLane, ...]
    """Lanes that stand for a bell."""
    lost: tuple[StoppedLane, ...]
    """Those of them whose bell is not in the queue, as after a purge. Told only when every message was seen."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """What was sent back."""

    consumer: str
    sent: int
    """Messages that went back to the consumer's queue."""
    started: tuple[str, ...]
    """Lanes that stood because of one of them: they go on as soon as it is received."""
    lost: tuple[str, ...]
    """Lanes that were started without their bell, which was gone."""


def stopped_lanes(table: Table, consumers: Iterable[Consumer]) -> list[StoppedLane]:
    """Every lane that does not go on by itself, in the order of their names."""
    consumers = tuple(consumers)
    lanes = [
        _stopped(state, consumer.id)
        for state in open_streams(table, limit=_STREAMS)
        for consumer in consumers
        if consumer.reads(StreamId.parse(state.stream)) and state.stopped(consumer.id) is not None
    ]
    return sorted(lanes, key=lambda lane: (lane.consumer, lane.stream))


def dead_letters(
    table: Table, queues: DeadLetterQueues, consumers: Sequence[Consumer], names: Sequence[str]
) -> list[DeadLettersOf]:
    """What stands in the dead-letter queues of these consumers, and which lanes wait for it.

    Looking hides the messages for a moment; they are put back before this returns.
    """
    stopped = [lane for lane in stopped_lanes(table, consumers) if lane.bell]
    return [_view(table, queues, name, [lane for lane in stopped if lane.consumer == name]) for name in names]


def redrive(
    table: Table,
    queues: DeadLetterQueues,
    consumer: str,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Redriven:
    """Send every dead letter of a consumer back to its queue. Safe to repeat, and to interrupt.

    Each is sent before it is deleted: one that was interrupted in between is there twice, and a bell may be.

    Args:
        table: The ledger.
        queues: The queues.
        consumer: Whose.
        progress: Told of each few how many were sent.

    Raises:
        EndpointUnavailable: The queue did not take some; they are still dead letters.
    """
    sent = 0
    started: dict[str, None] = {}
    while letters := queues.take(consumer):
        states = _states(table, letters)
        queues.send(consumer, letters)
        queues.delete(consumer, letters)
        sent += len(letters)
        started |= dict.fromkeys(letter.stream for letter in letters if _is_stopped_by(states, consumer, letter))
        progress(len(letters))
    return Redriven(consumer, sent, tuple(started), ())


def start_lost(table: Table, doorbells: Doorbells, consumer: Consumer, *, but: Iterable[str] = ()) -> tuple[str, ...]:
    """Start the lanes that stand for a bell, and ring for them: for bells that are gone, as after a purge.

    Were the bell still somewhere it would do no harm: it finds a lane that runs.

    Args:
        table: The ledger.
        doorbells: Rung for each.
        consumer: Whose lanes.
        but: Streams whose bell has just been sent back.

    Returns:
        The lanes that were started.
    """
    skipped = set(but)
    lost = [lane for lane in stopped_lanes(table, [consumer]) if lane.bell and lane.stream not in skipped]
    started = tuple(lane.stream for lane in lost if start(table, lane.stream, consumer.id, lane.bell))
    if started:
        doorbells.ring(consumer.id, started)
    return started


def _stopped(state: StreamState, consumer: str) -> StoppedLane:
    stopped = state.stopped(consumer) or {}
    since = stopped.get("since")
    return StoppedLane(
        consumer, state.stream, stopped.get("bell", ""), stopped.get("reason", ""), moment(since) if since else None
    )


def _view(table: Table, queues: DeadLetterQueues, name: str, stopped: Sequence[StoppedLane]) -> DeadLettersOf:
    letters: list[Letter] = []
    emptied = False
    try:
        while len(letters) < MOST_SHOWN and not emptied:
            taken = queues.take(name)
            letters += taken
            emptied = not taken
    finally:
        queues.put_back(name, letters)
    states = _states(table, letters)
    views = [
        DeadLetterView(
            letter.stream,
            letter.sent_at,
            stops=_is_stopped_by(states, name, letter),
            reason=(_stop_of(states, name, letter) or {}).get("reason", ""),
        )
        for letter in sorted(letters, key=lambda letter: letter.sent_at)
    ]
    messages = max(queues.count(name), len(letters))
    seen = {letter.bell for letter in letters}
    all_seen = emptied and messages == len(letters)
    return DeadLettersOf(
        name,
        messages,
        min((letter.sent_at for letter in letters), default=None),
        tuple(views),
        tuple(stopped),
        tuple(lane for lane in stopped if lane.bell not in seen) if all_seen else (),
    )


def _states(table: Table, letters: Sequence[Letter]) -> dict[str, StreamState]:
    keys = {stream_key(letter.stream): letter.stream for letter in letters if letter.stream}
    found = table.get(keys) if keys else {}
    return {stream: StreamState(stream, found.get(key, {})) for key, stream in keys.items()}


def _stop_of(states: dict[str, StreamState], consumer: str, letter: Letter) -> dict[str, str] | None:
    state = states.get(letter.stream)
    stopped = state.stopped(consumer) if state is not None else None
    return dict(stopped) if stopped is not None else None


def _is_stopped_by(states: dict[str, StreamState], consumer: str, letter: Letter) -> bool:
    stopped = _stop_of(states, consumer, letter)
    return stopped is not None and bool(letter.bell) and stopped.get("bell") == letter.bell
