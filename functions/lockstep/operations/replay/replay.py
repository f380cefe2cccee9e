"""A replay: goes through the ledger again for one workflow, to compare what it would decide, or to deliver it again."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from lockstep.messaging.ports import Clock, Doorbells, Random, Table
from lockstep.messaging.references import Resolver
from lockstep.messaging.specs import Delivery
from lockstep.messaging.topology import Consumer
from lockstep.messaging.workflow import Workflow
from lockstep.operations.reconciliation.days import Days
from lockstep.operations.replay.redelivery import Redelivered, Redelivery
from lockstep.operations.replay.rehearsal import Compared, Rehearsal
from lockstep.operations.replay.window import Run, Window, read_runs, runs_of

Progress = Callable[[int, int], None]
"""Told (runs gone through, of how many)."""
_ID: Final = 8


def replay_id(workflow: str, random: Random, given: str = "") -> str:
    """The id under which a replay is on record: that of an earlier one goes on where that was left."""
    return given or f"replay.{workflow}.{random.token()[:_ID]}"


class Replay:
    """Goes through the entries of a window for one workflow."""

    def __init__(
        self,
        workflow: Workflow,
        consumer: str,
        window: Window,
        *,
        consumers: Iterable[Consumer],
        accounts: Iterable[str],
        table: Table,
        resolver: Resolver,
        clock: Clock,
    ) -> None:
        """Args:
        workflow: As it decides today.
        consumer: The replay's id, see `replay_id`.
        window: What is gone through.
        consumers: Everyone who reads streams here.
        accounts: Where events come from.
        table: The ledger.
        resolver: The crosswalk.
        clock: UTC.
        """
        self._workflow = workflow
        self._name = workflow.spec.consumer
        self._consumer = consumer
        everyone = tuple(consumers)
        self._reader = next(one for one in everyone if one.id == self._name)
        self._posters = [one for one in everyone if any(feeder.id == self._name for feeder in one.feeders)]
        self._table = table
        self._resolver = resolver
        self._clock = clock
        self._days = Days(table)
        self._places = runs_of(self._days, resolver, accounts, self._reader, window)

    def compare(self, random: Random, progress: Progress) -> Iterator[Compared]:
        """Decide everything anew, in memory, and say how it compares."""
        rehearsal = Rehearsal(
            self._workflow,
            self._consumer,
            targets=tuple(poster.id for poster in self._posters),
            table=self._table,
            resolver=self._resolver,
            clock=self._clock,
            random=random,
        )
        for run in self._runs(progress):
            yield from rehearsal.compare(run)

    def deliver_again(self, doorbells: Doorbells, progress: Progress, *, by: str) -> Redelivered:
        """Have everything that was delivered looked up again at its target, and put there where it is missing."""
        redelivery = Redelivery(
            self._name,
            self._consumer,
            by=by,
            posters=self._posters,
            table=self._table,
            doorbells=doorbells,
            clock=self._clock,
        )
        if self._workflow.spec.delivery is Delivery.STATE:
            redelivery.states_of(self._runs(progress))
        else:
            for run in self._runs(progress):
                redelivery.documents_of(run)
        return redelivery.done

    def _runs(self, progress: Progress) -> Iterator[Run]:
        for number, place in enumerate(self._places):
            progress(number, len(self._places))
            yield from read_runs(self._days, [place])
        progress(len(self._places), len(self._places))
