"""Has what was delivered looked up again at its target, and put there where it is missing.

For a target that has lost something: an ERP restored from a backup, a shop whose figures were overwritten. Documents
take the way of repaired ones (posters come back by controls): parked with their poster, free to run, and released by a
control entry. A poster always looks such a one up first, so nothing is there twice, and a subject keeps its order.
Quantities are set again to what they are now, whatever the target is believed to show.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from lockstep.canonical.streams import StreamId
from lockstep.masterdata.release import STATE_SUBJECT
from lockstep.messaging.correcting import correction_of
from lockstep.messaging.ledger import StreamState, parked_key, stream_key
from lockstep.messaging.parking import all_parked, append_control
from lockstep.messaging.ports import NEW, Clock, Doorbells, Item, Patch, Put, Table, Write
from lockstep.messaging.retry import until_accepted
from lockstep.messaging.specs import Delivery
from lockstep.messaging.topology import Consumer
from lockstep.operations.numbering import first_number, outcome_name
from lockstep.operations.reconciliation.days import Kept
from lockstep.operations.replay.window import Run

_AT_ONCE: Final = 40
"""Entries handed to a poster in one transaction: each with its control, beside the stream's item."""
DELIVERED: Final = frozenset({"posted", "pushed"})


@dataclass(slots=True)
class Redelivered:
    """What was asked of posters."""

    consumer: str
    """The replay's own id: it stands in the controls, and in the outcomes of what it led to."""
    entries: int = 0
    documents: int = 0
    """That are looked up again."""
    quantities: int = 0
    """That are set again."""
    streams: int = 0
    left: Counter[str] = field(default_factory=Counter)
    """How many were left alone, by why."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One thing that a poster is to come back to."""

    target: str
    seq: int
    subject: str
    correction: bytes = b""
    documents: int = 0


class Redelivery:
    """Goes through runs of entries, and asks for what they led to once more."""

    def __init__(
        self,
        workflow: str,
        consumer: str,
        *,
        by: str,
        posters: Iterable[Consumer],
        table: Table,
        doorbells: Doorbells,
        clock: Clock,
    ) -> None:
        """Args:
        workflow: Whose decisions are delivered again.
        consumer: The replay's id. The same again goes on where it was left.
        by: Who asks for it.
        posters: Those that it feeds.
        table: The ledger.
        doorbells: Rung for each stream.
        clock: UTC.
        """
        self._workflow = workflow
        self._posters = {poster.id: poster for poster in posters}
        self._by = f"{consumer} by {by}"
        self._consumer = consumer
        self._table = table
        self._doorbells = doorbells
        self._clock = clock
        self.done = Redelivered(consumer)

    def documents_of(self, run: Run) -> None:
        """Have every document of a run looked up again, and posted where it is missing. Safe to repeat."""
        self.done.entries += len(run.kept)
        asked = iter([one for kept in run.kept for one in self._documents(kept)])
        while chunk := list(islice(asked, _AT_ONCE)):
            self._ask(run.stream, chunk)

    def states_of(self, runs: Iterable[Run]) -> None:
        """Have every quantity that these runs touched set again, once. Safe to repeat."""
        newest: dict[tuple[str, str], tuple[str, int]] = {}
        for run in runs:
            self.done.entries += len(run.kept)
            for kept in run.kept:
                for target, state in self._states(kept, run.stream):
                    newest[target, state] = run.stream, kept.entry.seq
        by_stream: dict[str, list[_Asked]] = {}
        for (target, state), (stream, seq) in newest.items():
            by_stream.setdefault(stream, []).append(_Asked(target, seq, f"{STATE_SUBJECT}{state}"))
        for stream, wanted in sorted(by_stream.items()):
            asked = iter(wanted)
            while chunk := list(islice(asked, _AT_ONCE)):
                self._ask(stream, chunk)

    # ---- what is asked for ----

    def _documents(self, kept: Kept) -> Iterator[_Asked]:
        decided = kept.outcomes.get(self._workflow)
        if decided is None or not decided.documents:
            self.done.left["nothing was decided to be there"] += 1
            return
        for target in dict.fromkeys(item["target"] for item in decided.documents):
            mine = [item for item in decided.documents if item["target"] == target]
            poster = self._posters.get(target)
            first = first_number(poster, kept.entry.stream, self._workflow) if poster is not None else 0
            made = [kept.outcomes.get(outcome_name(target, first + number)) for number in range(len(mine))]
            if target not in self._posters:
                self.done.left[f"{target} is no target any more"] += len(mine)
            elif any(one is not None and one.again == self._consumer for one in made):
                self.done.left["looked up already"] += len(mine)
            elif not all(one is not None and one.state in DELIVERED for one in made):
                self.done.left["not posted yet, held or skipped"] += len(mine)
            else:
                corrections = (one.correction for one in made if correction_of(one) is not None and one is not None)
                yield _Asked(target, kept.entry.seq, mine[0]["subject"], next(corrections, b""), len(mine))

    def _states(self, kept: Kept, stream: str) -> Iterator[tuple[str, str]]:
        decided = kept.outcomes.get(self._workflow)
        if decided is None or not decided.states:
            self.done.left["nothing was decided to be shown"] += 1
            return
        for target, poster in self._posters.items():
            if poster.delivery is not Delivery.STATE or not poster.reads(StreamId.parse(stream)):
                continue
            made = kept.outcomes.get(target)
            if made is not None and made.again == self._consumer:
                self.done.left["set already"] += 1
                continue
            yield from ((target, state) for state in decided.states)

    # ---- asking ----

    def _ask(self, stream: str, asked: Sequence[_Asked]) -> None:
        """Hand some entries of a stream to their posters, and ring."""
        taken = until_accepted(lambda: self._hand_over(stream, asked))
        if not taken:
            return
        self.done.streams += 1
        self.done.documents += sum(one.documents for one in taken)
        self.done.quantities += sum(1 for one in taken if not one.documents)
        for target in dict.fromkeys(one.target for one in taken):
            self._doorbells.ring(target, [stream])

    def _hand_over(self, stream: str, asked: Sequence[_Asked]) -> list[_Asked]:
        """Those that were handed over: not what waits with its poster already, nor what it has still to come to."""
        where = stream_key(stream)
        state = StreamState(stream, self._table.get([where])[where])
        waiting = self._waiting(state, {one.target for one in asked})
        taken, left = [], Counter[str]()
        for one in asked:
            held = waiting.get((one.target, one.subject), ())
            if one.seq in held or (held and not one.documents):
                left["waiting with its poster already"] += max(1, one.documents)
            elif one.documents and state.cursor(one.target).seq < one.seq:
                left["not posted yet, held or skipped"] += one.documents
            else:
                taken.append(one)
        if taken:
            self._table.write(self._writes(state, taken))
        self.done.left += left
        return taken

    def _writes(self, state: StreamState, taken: Sequence[_Asked]) -> list[Write]:
        writes: list[Write] = []
        more: dict[str, int] = {}
        for one in taken:
            item: Item = {"causes": [], "part": 0, "again": self._consumer}
            if one.correction:
                item["correction"] = one.correction
            writes.append(Put(parked_key(state.stream, one.target, one.subject, one.seq), item, expect=NEW))
            more[f"parked#{one.target}"] = more.get(f"parked#{one.target}", 0) + 1
        controls = list(dict.fromkeys((one.target, "release", one.subject) for one in taken))
        *entries, patch = append_control(state, controls, self._clock.now(), by=self._by)
        if not isinstance(patch, Patch):
            raise TypeError("the last write appends to the stream's item")
        counted = Patch(patch.key, set=patch.set, default=patch.default, add=more, expect=patch.expect)
        return [*writes, *entries, counted]

    def _waiting(self, state: StreamState, targets: Iterable[str]) -> dict[tuple[str, str], set[int]]:
        """Entries that wait with some targets, by target and subject."""
        found: dict[tuple[str, str], set[int]] = {}
        for target in targets:
            for one in all_parked(self._table, state, target):
                found.setdefault((target, one.subject), set()).add(one.seq)
        return found


def left_alone(counts: Mapping[str, int]) -> list[str]:
    """What was left alone and why, the most first."""
    return [f"{count} {why}" for why, count in sorted(counts.items(), key=lambda pair: -pair[1])]
