"""Faults planted in the core, one at a time. A simulation that does not notice one of them proves nothing about it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

from lockstep.messaging import (
    accept,
    breaker,
    correcting,
    lane,
    parking,
    ports,
    posting,
    predecessors,
    state_delivery,
    sweep,
    unit_of_work,
    workflow,
)
from lockstep.messaging.ledger import Cursor, StreamState, entry_from, entry_key, parked_key, stream_key
from lockstep.messaging.ports import Delete, Item, Key, Patch, Put, Table, Write

Fault = Callable[[], Any]


@contextmanager
def _without_identities() -> Iterator[None]:
    """Events are not looked up by their identity, nor is the identity conditional."""
    entries = accept._entries

    def careless(*args: Any) -> list[Write]:
        return [
            replace(write, expect={}) if isinstance(write, Put) and write.key.pk.startswith("I#") else write
            for write in entries(*args)
        ]

    class Forgetful:
        def __init__(self, table: Table) -> None:
            self._table = table
            self.write = table.write

        def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
            return self._table.get([key for key in keys if not key.pk.startswith("I#")])

    class Careless(accept.Acceptor):
        def __init__(self, table: Table, *others: Any) -> None:
            super().__init__(Forgetful(table), *others)

    with patch.object(accept, "_entries", careless), patch("simulation.world.Acceptor", Careless):
        yield


def _cursor_before_post() -> Any:
    """The poster moves its cursor, then posts."""
    take = posting.DocumentPoster._take_lease

    def early(self: Any, state: StreamState, dead_by: datetime, *, reach: Cursor) -> Any:
        lease = take(self, state, dead_by, reach=reach)
        if lease is not None and reach > state.cursor(self._me):
            name = f"cursor#{self._me}"
            key = stream_key(state.stream)
            self._table.write([Patch(key, set={name: str(reach)}, expect={name: state.raw(name)})])
            state.item[name] = str(reach)
        return lease

    return patch.object(posting.DocumentPoster, "_take_lease", early)


def _no_lease() -> Any:
    """Everybody gets the lease, whoever holds it."""
    held = StreamState.lease

    def careless(self: StreamState, consumer: str) -> Any:
        lease = held(self, consumer)
        return None if lease is None else replace(lease, token="")

    return patch.object(lane.StreamState, "lease", careless)


def _first_bell_alone() -> Any:
    """Of several bells of a lane only the first is heard."""
    return patch.object(ports.Bell, "is_or_brings", lambda self, bell: bool(bell) and bell == self.id)


def _resolved_stays_resolved() -> Any:
    """What comes to wait for a case that was resolved waits there, and nobody sees it."""
    hold = parking.hold

    def careless(*args: Any, **others: Any) -> list[Write]:
        cases = others.get("cases", {})
        found = hold(*args, **others)
        return [
            replace(write, set={**write.set, "state": "resolved"})
            if isinstance(write, Patch) and cases.get(write.key, {}).get("state") == "resolved"
            else write
            for write in found
        ]

    return patch.object(parking, "hold", careless)


def _no_look_up() -> Any:
    """What may have been sent is sent again."""
    post = posting.DocumentPoster._post

    def careless(self: Any, steps: Any, *, look_up_first: bool) -> Any:
        del look_up_first
        return post(self, steps, look_up_first=False)

    return patch.object(posting.DocumentPoster, "_post", careless)


def _look_up_owed_for_one_batch() -> Any:
    """A look-up is forgotten once a batch went through, however far the unanswered one had reached."""
    give_back = posting.DocumentPoster._give_back

    def careless(self: Any, work: Any, lease: Any, *, owed: str, since: Any) -> None:
        give_back(self, work, lease, owed=owed if since == self._clock.now() else "", since=since)

    return patch.object(posting.DocumentPoster, "_give_back", careless)


def _no_recheck() -> Any:
    """What was just parked is not looked up again."""

    def careless(self: Any, subject: str, seq: int, causes: Any) -> None:
        del self, subject, seq, causes

    return patch.object(unit_of_work.UnitOfWork, "check_again", careless)


def _standing_of_cursor_alone() -> Any:
    """A lane is written if its cursor stands, whatever was parked or released meanwhile."""

    def careless(self: StreamState, consumer: str, feeders: Any = ()) -> dict[str, Any]:
        del feeders
        return {f"cursor#{consumer}": self.raw(f"cursor#{consumer}")}

    return patch.object(StreamState, "standing", careless)


def _hand_on_unseen() -> Any:
    """A release does not hold that the posters stand where it read them."""
    patch_stream = unit_of_work.UnitOfWork.patch_stream

    def careless(self: Any, *, expect: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        kept = {name: value for name, value in (expect or {}).items() if not name.startswith("cursor#")}
        patch_stream(self, expect=kept, **kwargs)

    return patch.object(unit_of_work.UnitOfWork, "patch_stream", careless)


def _no_parking_behind() -> Any:
    """Documents of a parked subject go on."""
    return patch.object(posting, "all_parked", lambda *_: [])


def _new_idempotency_key() -> Any:
    """What was under way at a crash is forgotten, and pushed anew."""
    go_on = state_delivery.StatePoster._go_on

    def careless(self: Any, states: Any, drain: Item, token: str) -> Any:
        drain.pop("attempting", None)
        return go_on(self, states, drain, token)

    return patch.object(state_delivery.StatePoster, "_go_on", careless)


def _blind_push() -> Any:
    """The shop is told a quantity, whatever it shows."""
    after = state_delivery._Push.after

    def careless(self: Any, seen: int | None) -> Any:
        del seen
        return after(self, None)

    return patch.object(state_delivery._Push, "after", careless)


def _belief_set() -> Any:
    """What the shop is believed to show is set to what was pushed, over movements noted meanwhile."""
    record_of = state_delivery.StatePoster._record_of

    def careless(self: Any, push: Any, attempt: str) -> Write:
        write = record_of(self, push, attempt)
        return replace(write, set={**write.set, "expected": push.believed + push.moves}, add={})

    return patch.object(state_delivery.StatePoster, "_record_of", careless)


def _sweep_takes_what_is_new() -> Any:
    """The sweep puts a stream to rest without holding that nothing came."""

    def careless(self: Any, state: StreamState) -> bool:
        key = stream_key(state.stream)
        self._table.write([Patch(key, remove=("open_key", "open_since"))])
        return True

    return patch.object(sweep.Sweep, "_rest", careless)


def _no_waiting_for_others() -> Any:
    """What follows another goes to the target whether or not that stands there."""
    stack = ExitStack()
    for module in (posting, predecessors):
        stack.enter_context(patch.object(module, "unsettled", lambda *_: set()))
    return stack


def _clock_forgotten() -> Any:
    """What waits for another is noted where no sweep looks."""
    wait_for = parking.wait_for

    def careless(*args: Any) -> Patch:
        noted = wait_for(*args)
        return replace(noted, default={name: v for name, v in noted.default.items() if name != "open_key"})

    return patch.object(parking, "wait_for", careless)


def _no_calendar() -> Any:
    """A poster delivers while its target is maintained."""
    return patch.object(posting.DocumentPoster, "_is_maintained", lambda _: False)


def _sweep_without_calendar() -> Any:
    """The sweep rings for a target that is maintained."""
    made = sweep.Sweep.__init__

    def careless(self: Any, consumers: Any, **others: Any) -> None:
        made(self, [replace(consumer, maintenance=()) for consumer in consumers], **others)

    return patch.object(sweep.Sweep, "__init__", careless)


def _pause_unheard() -> Any:
    """An open breaker lets everything through."""
    return patch.object(breaker.Breaker, "lets_through", lambda *_: True)


def _skip_loses_those_behind() -> Any:
    """Who skips an entry takes those behind it off the lane, too."""
    skip = workflow.WorkflowConsumer._skip

    def careless(self: Any, parked: Any, state: StreamState) -> None:
        others = parking.parked_entries(self._table, state.stream, self._me, parked.subject)
        skip(self, parked, state)
        for other in others:
            key = parked_key(state.stream, self._me, parked.subject, other.seq)
            if other.seq > parked.seq and not other.causes and key in self._table.get([key]):
                count = Patch(stream_key(state.stream), add={f"parked#{self._me}": -1})
                self._table.write([Delete(key, expect={"causes": []}), count])

    return patch.object(workflow.WorkflowConsumer, "_skip", careless)


def _correction_twice() -> Any:
    """What was corrected is not known as what it should have been: it counts again when the sender sends it."""
    return patch.object(correcting, "_known_as", lambda *_: [])


def _correction_of_one_for_all() -> Any:
    """What was corrected for one consumer looks to another as if it had come again."""

    def careless(self: Any, entries: Any) -> dict[str, Any]:
        places = self._places(entries)
        keys = {event_id: entry_key(*place) for event_id, place in places.items()}
        found = self._table.get(keys.values()) if keys else {}
        return {event_id: entry_from(key, found[key]).event for event_id, key in keys.items()}

    return patch.object(workflow.WorkflowConsumer, "_earlier", careless)


def _from_the_first_entry() -> Any:
    """A workflow added later takes what was accepted before it began."""
    return patch.object(
        workflow.WorkflowConsumer, "_concerns", lambda self, entry: entry.event.type in self._spec.consumes
    )


def _numbers_shared() -> Any:
    """The documents that several workflows decide of an entry bear the same numbers."""
    return patch.object(posting, "MOST_OF_A_WORKFLOW", 0)


def _gaps_unseen() -> Any:
    """Nobody notes the numbers that a till leaves out."""
    return patch.object(accept, "left_out", lambda newest, *_: (newest, []))


FAULTS: Mapping[str, Fault] = {
    "events are accepted without their identity": _without_identities,
    "the cursor moves before the post": _cursor_before_post,
    "the lease keeps nobody out": _no_lease,
    "of several bells only the first is heard": _first_bell_alone,
    "a case that was resolved is not opened again": _resolved_stays_resolved,
    "an unanswered call is not looked up": _no_look_up,
    "a look-up is owed for one batch only": _look_up_owed_for_one_batch,
    "what was parked is not looked up again": _no_recheck,
    "a lane is written on its cursor alone": _standing_of_cursor_alone,
    "a release does not see posters pass": _hand_on_unseen,
    "nothing parks behind": _no_parking_behind,
    "a push under way is forgotten": _new_idempotency_key,
    "a stale push overwrites": _blind_push,
    "a belief is set, not moved": _belief_set,
    "the sweep puts to rest what just came": _sweep_takes_what_is_new,
    "a return is posted before its sale": _no_waiting_for_others,
    "the clock of what is awaited is forgotten": _clock_forgotten,
    "a poster delivers during maintenance": _no_calendar,
    "the sweep rings during maintenance": _sweep_without_calendar,
    "a pause is not heard": _pause_unheard,
    "a skip loses those behind": _skip_loses_those_behind,
    "a correction counts twice": _correction_twice,
    "a correction for one is one for all": _correction_of_one_for_all,
    "a workflow added later starts at the first entry": _from_the_first_entry,
    "documents of several workflows share their numbers": _numbers_shared,
    "gaps of a till are not seen": _gaps_unseen,
}
