"""Dead letters that are no consumer's: what the bus and the relay could not hand on, tickets, a partner bus's messages.

Those of a queue go back to it as they are. What the bus could not hand on is a bell, or news of a case: bells are rung
anew, news goes to the ticket system's queue. The relay leaves word of changes that it could not publish: what they
would have rung is found in the ledger, and rung.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from lockstep.canonical.streams import StreamId
from lockstep.messaging.ports import Doorbells, Table
from lockstep.messaging.sweep import ring_waiting
from lockstep.messaging.topology import Consumer
from lockstep.operations.case_events import TYPES
from lockstep.operations.dead_letters import MOST_SHOWN, DeadLetterQueues, Letter

BUS: Final = "bus"
RELAY: Final = "relay"
TICKETS: Final = "tickets"
_SCHEDULE: Final = "aws.events"
"""Source of what a schedule sends: the next one comes by itself."""


@dataclass(frozen=True, slots=True)
class OtherLetter:
    """One message, for people."""

    what: str
    sent_at: datetime
    why: str
    """What whoever gave it up says; empty where it says nothing."""


@dataclass(frozen=True, slots=True)
class OtherDeadLetters:
    """One dead-letter queue that is no consumer's."""

    name: str
    messages: int
    oldest: datetime | None
    letters: tuple[OtherLetter, ...]
    """The first `MOST_SHOWN` of them."""


@dataclass(frozen=True, slots=True)
class OtherRedriven:
    """What was done about one."""

    name: str
    sent: int
    """Messages that went back to a queue."""
    rung: int
    """Lanes that were rung instead of a message that was sent."""
    left: int
    """Messages of which it is not known what they are: they are still there."""


def other_dead_letters(queues: DeadLetterQueues, names: Sequence[str]) -> list[OtherDeadLetters]:
    """What stands in these queues. Looking hides the messages for a moment; they are put back before this returns."""
    return [_view(queues, name) for name in names]


def redrive_other(
    name: str,
    *,
    queues: DeadLetterQueues,
    goes_back: Collection[str],
    table: Table,
    doorbells: Doorbells,
    consumers: Sequence[Consumer],
) -> OtherRedriven:
    """Send everything of such a queue back, or ring for it. Safe to repeat, and to interrupt.

    Args:
        name: Of the queue.
        queues: The queues.
        goes_back: Names of those that have a queue to which their messages go back as they are.
        table: The ledger.
        doorbells: Rung for bells that got lost.
        consumers: Everyone who reads streams here.

    Raises:
        EndpointUnavailable: A queue did not take some; they are still dead letters.
    """
    done = OtherRedriven(name, 0, 0, 0)
    unknown: list[Letter] = []
    try:
        while letters := queues.take(name):
            if name in goes_back:
                queues.send(name, letters)
                done = replace(done, sent=done.sent + len(letters))
            elif name == RELAY:
                done = replace(done, rung=done.rung + sum(ring_waiting(table, doorbells, one) for one in consumers))
            else:
                strange = [letter for letter in letters if not _is_known(letter, goes_back)]
                unknown += strange
                letters = [letter for letter in letters if letter not in strange]
                sent, rung = _hand_on(letters, queues, doorbells, consumers)
                done = replace(done, sent=done.sent + sent, rung=done.rung + rung)
            queues.delete(name, letters)
    finally:
        queues.put_back(name, unknown)
    return replace(done, left=len(unknown))


def _hand_on(
    letters: Sequence[Letter], queues: DeadLetterQueues, doorbells: Doorbells, consumers: Sequence[Consumer]
) -> tuple[int, int]:
    """What the bus could not hand on: how many went to the ticket system, and how many lanes were rung."""
    tickets = [_as_ticket(letter) for letter in letters if _case_of(letter)]
    if tickets:
        queues.send(TICKETS, tickets)
    streams = sorted({stream for letter in letters if (stream := _stream_of(letter))})
    rung = 0
    for consumer in consumers:
        own = [stream for stream in streams if consumer.reads(StreamId.parse(stream))]
        if own:
            doorbells.ring(consumer.id, own)
            rung += len(own)
    return len(tickets), rung


def _view(queues: DeadLetterQueues, name: str) -> OtherDeadLetters:
    letters: list[Letter] = []
    try:
        while len(letters) < MOST_SHOWN and (taken := queues.take(name)):
            letters += taken
    finally:
        queues.put_back(name, letters)
    shown = sorted(letters, key=lambda letter: letter.sent_at)
    return OtherDeadLetters(
        name,
        max(queues.count(name), len(letters)),
        min((letter.sent_at for letter in letters), default=None),
        tuple(OtherLetter(_what(letter), letter.sent_at, letter.why) for letter in shown),
    )


def _is_known(letter: Letter, goes_back: Collection[str]) -> bool:
    if _case_of(letter):
        return TICKETS in goes_back
    return bool(_stream_of(letter)) or letter.content.get("source") == _SCHEDULE


def _stream_of(letter: Letter) -> str:
    """The lane that it would have rung: as the event names it, or as its rule has put it."""
    return str(_detail(letter).get("stream", letter.content.get("stream", "")))


def _case_of(letter: Letter) -> str:
    exception = _detail(letter).get("exception", letter.content.get("exception"))
    return str(exception.get("case", "?")) if isinstance(exception, Mapping) else ""


def _type_of(letter: Letter) -> str:
    return str(letter.content.get("detail-type", letter.content.get("type", "")))


def _as_ticket(letter: Letter) -> Letter:
    exception = _detail(letter).get("exception", letter.content.get("exception"))
    return replace(letter, body=json.dumps({"type": _type_of(letter), "exception": exception}, separators=(",", ":")))


def _detail(letter: Letter) -> Mapping[str, Any]:
    detail = letter.content.get("detail")
    return detail if isinstance(detail, Mapping) else {}


def _what(letter: Letter) -> str:
    if _case_of(letter):
        kind = _type_of(letter)
        return f"{kind if kind in TYPES else 'news'} of {_case_of(letter)}"
    if _stream_of(letter):
        return f"a bell for {_stream_of(letter)}"
    batch = letter.content.get("DDBStreamBatchInfo")
    if isinstance(batch, Mapping):
        since = batch.get("approximateArrivalOfFirstRecord", "?")
        return f"{batch.get('batchSize', '?')} changes of the ledger since {since}"
    if letter.content.get("source") == _SCHEDULE:
        return "a scheduled run"
    return "a message"
