"""Measures how fast a target takes what waits for it: by its outcomes near its cursors, nothing else is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lockstep.canonical.streams import StreamId
from lockstep.messaging.ledger import StreamState, entry_key, moment, outcome_key
from lockstep.messaging.ports import Item, Key, Table
from lockstep.messaging.topology import Consumer
from lockstep.operations.forecast import Came, Done, arrivals_of, rate_of

MOST_LANES: Final = 50
"""Lanes that are looked into, those with the oldest entries first. Over more, the rate is what these took at least."""
LOOKED_BACK: Final = 20
"""Entries before a cursor, and before a head, that are looked at."""
_TAKEN: Final = frozenset({"posted", "pushed"})


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen near a target's cursors."""

    per_minute: float | None
    """Entries it takes while it is busy; None when it was not lately."""
    arriving_per_minute: float
    """Entries for it that come into the lanes."""
    share: float
    """How many of a lane's entries are for it, of 1: the others it passes at no cost."""


def measure(table: Table, consumer: Consumer, states: Sequence[StreamState], now: datetime) -> Measured:
    """How fast a target is, and how fast its lanes fill.

    Args:
        table: The ledger.
        consumer: A poster.
        states: Streams that wait for it, the oldest first.
        now: UTC.
    """
    looked_at = states[:MOST_LANES]
    own = {state.stream: _own_keys(state, consumer) for state in looked_at}
    first = {state.stream: max(1, state.head - LOOKED_BACK + 1) for state in looked_at}
    keys: list[Key] = [key for keys in own.values() for pair in keys for key in pair]
    keys += [entry_key(stream, seq) for stream, seq in first.items()]
    found = table.get(keys) if keys else {}
    done = [_done(found, pairs) for pairs in own.values()]
    passed = sum(map(len, own.values()))
    concerned = sum(1 for pairs in own.values() for outcome, *_ in pairs if outcome in found)
    share = concerned / passed if concerned else 1.0
    came = [
        Came(state.head - first[state.stream] + 1, moment(item["accepted_at"]))
        for state in looked_at
        if (item := found.get(entry_key(state.stream, first[state.stream]))) is not None
    ]
    return Measured(rate_of(done), arrivals_of(came, now) * share, share)


def _own_keys(state: StreamState, consumer: Consumer) -> list[tuple[Key, ...]]:
    """For each of the entries before the cursor: the poster's outcome, then those of the workflows that feed it."""
    names = (consumer.id, *consumer.fed_by(StreamId.parse(state.stream)))
    at = state.cursor(consumer.id).seq
    return [
        tuple(outcome_key(state.stream, seq, name) for name in names) for seq in range(max(1, at - LOOKED_BACK), at + 1)
    ]


def _done(found: dict[Key, Item], pairs: Sequence[tuple[Key, ...]]) -> list[Done]:
    done = []
    for own, *feeders in pairs:
        outcome = found.get(own)
        accepted: list[Any] = [found[key]["accepted_at"] for key in feeders if "accepted_at" in found.get(key, {})]
        if outcome is not None and outcome["state"] in _TAKEN and accepted:
            done.append(Done(moment(min(accepted)), moment(outcome["at"])))
    return done
