"""Decides entries anew, with today's code and names, and compares that with what was decided. Nothing is written.

The very consumer that runs in production runs here, under an id of its own, on a table that keeps its writes to itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Any, Final

from lockstep.canonical.events import Event
from lockstep.messaging.correcting import as_corrected
from lockstep.messaging.errors import BusinessError
from lockstep.messaging.ledger import (
    LAST,
    Entry,
    Outcome,
    StreamState,
    entry_item,
    entry_key,
    outcome_key,
    parked_key,
    stream_key,
)
from lockstep.messaging.parking import ParkedEntry
from lockstep.messaging.ports import Bell, Clock, Item, Key, Random, Table
from lockstep.messaging.references import Reference, Resolver
from lockstep.messaging.workflow import Context, Decision, Workflow, WorkflowConsumer
from lockstep.operations.differences import Difference, differences
from lockstep.operations.replay.overlay import Overlay
from lockstep.operations.replay.window import Run
from lockstep.runtime.memory import MemoryDoorbells, MemoryMetrics

_NOWHERE: Final = Key("D#replay", "D")
_NOTED_IN: Final = 2
"""Records in which an entry leaves word that it was decided, at most: its own, and its order's."""
_WITHOUT_END: Final = 10**9


class Verdict(StrEnum):
    """How today's decision compares with the recorded one."""

    SAME = "same as recorded"
    DIFFERENT = "decided differently"
    NEVER = "never decided"
    """There was nothing of it: the workflow passed it over, or has not come to it."""
    SKIPPED = "skipped by a person"


@dataclass(frozen=True, slots=True)
class Compared:
    """One entry."""

    kind: str
    """Its event's type."""
    event: str
    """Its event's id."""
    stream: str
    seq: int
    verdict: Verdict
    recorded: str
    """What was made of it, in words."""
    today: str
    differences: tuple[Difference, ...] = ()


class _Under:
    """A workflow under another id, of everything whenever it came, with no limit to what may wait."""

    def __init__(self, workflow: Workflow, consumer: str) -> None:
        self.recorded: Mapping[str, Outcome] = {}
        """By event, what was made of those that are decided anew."""
        ever = datetime.min.replace(tzinfo=UTC)
        self.workflow = workflow
        self.spec = replace(workflow.spec, consumer=consumer, active_from=ever, park_limit=_WITHOUT_END)
        self.collection = workflow.collection

    def references(self, event: Event, context: Context) -> Sequence[Reference]:
        """As of the workflow."""
        return self.workflow.references(event, context)

    def records(self, event: Event, context: Context) -> Sequence[str]:
        """As of the workflow."""
        return self.workflow.records(event, context)

    def decide(self, event: Event, context: Context) -> Decision:
        """As of the workflow, on its records as they are now, or as they may have been.

        What an entry led to stands in the records since: that an order is booked, when it is to be booked. Without some
        of them it is decided as it was, if it still would be; what else there is shows on the records as they are.
        """
        recorded = self.recorded.get(event.id)
        if recorded is not None and recorded.state == "decided":
            for kept in _parts_of(context.records):
                with suppress(BusinessError):
                    decision = self.workflow.decide(event, replace(context, records=kept))
                    if _leads_to_the_same(decision, recorded):
                        return decision
        return self.workflow.decide(event, context)

    def amount_at_stake(self, event: Event) -> str:
        """As of the workflow."""
        return self.workflow.amount_at_stake(event)


def _parts_of(records: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Mapping[str, Any]]]:
    """All of them first, then without one, without two, and none: an entry notes itself in one or two."""
    for left_out in range(min(_NOTED_IN, len(records)) + 1):
        for names in combinations(records, left_out):
            yield {name: value for name, value in records.items() if name not in names}
    yield {}


def _leads_to_the_same(decision: Decision, recorded: Outcome) -> bool:
    documents = {(target, document.key) for target, document in decision.documents}
    same_documents = documents == {(item["target"], item["key"]) for item in recorded.documents}
    return same_documents and set(decision.shown) == set(recorded.states)


class _Stage(Overlay):
    """A stream as it stood before a run, for a consumer that has not come to it.

    What the recorded consumer made of entries outside the run counts as this one's.
    """

    def __init__(self, base: Table, consumer: str, recorded: str, run: Run) -> None:
        super().__init__(base)
        self._suffix, self._recorded = f"#{consumer}", recorded
        first, last = run.kept[0].entry.seq, run.kept[-1].entry.seq
        where = stream_key(run.stream)
        state = StreamState(run.stream, base.get([where]).get(where, {}))
        item: Item = {**state.item, "head": last}
        item |= {f"cursor#{consumer}": f"{first - 1}.0", f"applied#{consumer}": state.controls}
        item[f"parked#{consumer}"] = self._lay_parked(state, consumer, first)
        self.lay(where, item)
        for kept in run.kept:
            entry = as_corrected(kept.entry, kept.outcomes.get(recorded))
            self.lay(entry_key(run.stream, entry.seq), entry_item(entry.event, run.stream, entry.accepted_at, _NOWHERE))
            self._known.add(outcome_key(run.stream, entry.seq, consumer))

    def below(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """As of an overlay."""
        asked = {self._as_recorded(key): key for key in keys}
        return {asked[key]: item for key, item in super().below(list(asked)).items()}

    def _as_recorded(self, key: Key) -> Key:
        if key.sk.startswith("E#") and key.sk.endswith(self._suffix):
            return Key(key.pk, f"{key.sk.removesuffix(self._suffix)}#{self._recorded}")
        return key

    def _lay_parked(self, state: StreamState, consumer: str, first: int) -> int:
        if not state.parked(self._recorded):
            return 0
        prefix, count = f"P#{self._recorded}#", 0
        for key, item in self._base.query(f"S#{state.stream}", prefix, prefix + LAST):
            parked = ParkedEntry.of(key, item)
            if parked.seq < first:
                self.lay(parked_key(state.stream, consumer, parked.subject, parked.seq), item)
                count += 1
        return count


class Rehearsal:
    """Decides runs of entries anew."""

    def __init__(
        self,
        workflow: Workflow,
        consumer: str,
        *,
        targets: tuple[str, ...],
        table: Table,
        resolver: Resolver,
        clock: Clock,
        random: Random,
    ) -> None:
        """Args:
        workflow: As it decides today.
        consumer: Id under which it does so here.
        targets: Accounts bound to its role.
        table: The ledger; it is only read.
        resolver: The crosswalk.
        clock: UTC.
        random: Chance.
        """
        self._recorded = workflow.spec.consumer
        self._consumer = consumer
        self._workflow = _Under(workflow, consumer)
        self._targets = targets
        self._table = table
        self._resolver = resolver
        self._clock = clock
        self._random = random

    def compare(self, run: Run) -> list[Compared]:
        """Every entry of a run that the workflow is concerned with, or was."""
        if not run.kept:
            return []
        self._workflow.recorded = {
            kept.entry.event.id: made for kept in run.kept if (made := kept.outcomes.get(self._recorded)) is not None
        }
        stage = _Stage(self._table, self._consumer, self._recorded, run)
        drained = WorkflowConsumer(
            self._workflow,
            targets=self._targets,
            table=stage,
            resolver=self._resolver,
            doorbells=MemoryDoorbells(),
            clock=self._clock,
            random=self._random,
            metrics=MemoryMetrics(),
        )
        drained.drain(Bell(run.stream), until=self._clock.now() + timedelta(days=1))
        found = []
        for kept in run.kept:
            item = stage.items.get(outcome_key(run.stream, kept.entry.seq, self._consumer))
            today = Outcome.from_item(item) if item is not None else None
            recorded = kept.outcomes.get(self._recorded)
            if today is not None or recorded is not None:
                found.append(_compared(kept.entry, recorded, today))
        return found


def _compared(entry: Entry, recorded: Outcome | None, today: Outcome | None) -> Compared:
    verdict = Verdict.SAME
    differing: tuple[Difference, ...] = ()
    if recorded is None:
        verdict = Verdict.NEVER
    elif recorded.state == "skipped":
        verdict = Verdict.SKIPPED
    else:
        differing = tuple(differences(_told_in_full(recorded), _told_in_full(today)))
        verdict = Verdict.DIFFERENT if differing else Verdict.SAME
    event = entry.event
    return Compared(event.type, event.id, entry.stream, entry.seq, verdict, _told(recorded), _told(today), differing)


def _told_in_full(outcome: Outcome | None) -> dict[str, object]:
    """What follows from an entry: not when that was found, nor in which words."""
    if outcome is None:
        return {"state": "passed over", "documents": [], "states": []}
    return {
        "state": outcome.state,
        "documents": list(outcome.documents),
        "states": sorted(outcome.states),
    }


def _told(outcome: Outcome | None) -> str:
    return f"{outcome.state}: {outcome.summary}" if outcome is not None else "nothing"
