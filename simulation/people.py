"""What persons do: each act is a process, which may die at any step and then is done again until it is through."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from lockstep.canonical.events import TransactionUnbalanced
from lockstep.masterdata.importing import MappingImport
from lockstep.messaging.breaker import close, pause
from lockstep.messaging.correcting import CannotCorrect, Correction, Held, correct_held
from lockstep.messaging.errors import ConcurrentUpdate
from lockstep.messaging.lane import start
from lockstep.messaging.parking import resolve_case
from lockstep.messaging.ports import Bell, Clock, Doorbells, Key, Table
from lockstep.messaging.skipping import note_in_case, skip_case
from lockstep.messaging.sweep import ring_waiting
from simulation.chance import Dice
from simulation.process import Killed, Process, ProcessDoorbells, ProcessTable
from simulation.retail import ERP, TOMORROW, Closed
from simulation.watch import Parked
from simulation.workflows import BOOKING

if TYPE_CHECKING:
    from simulation.world import World

_HEADER: Final = "kind,canonical,system,value\n"
_ME: Final = "a person"
NAMES: Final = frozenset({"unmapped_reference", "unmatched_tender", "invalid_tax_code"})
"""Kinds of case that an import of names ends."""


class Desk:
    """One attempt of a person: the tables and doorbells as the process that acts for them reaches them."""

    def __init__(self, world: "World", process: Process) -> None:
        self._masterdata = ProcessTable(world.masterdata, process, world.dice)
        self.table: Table = ProcessTable(world.table, process, world.dice)
        self.doorbells: Doorbells = ProcessDoorbells(world.queues, process)
        self.clock: Clock = world.clock

    def ring(self, bells: Any) -> None:
        """Ring for what an act set free."""
        for consumer, streams in sorted(bells.items()):
            self.doorbells.ring(consumer, sorted(streams))

    def import_mappings(self, lines: Sequence[str]) -> None:
        """Take a file of mappings."""
        MappingImport(masterdata=self._masterdata, ledger=self.table, doorbells=self.doorbells, clock=self.clock).run(
            (_HEADER + "\n".join(lines)).encode(), by=_ME
        )


class People:
    """Operators, accountants, whoever looks after what waits."""

    def __init__(self, world: "World", dice: Dice) -> None:
        """Args:
        world: In which they act.
        dice: Decide when one is interrupted.
        """
        self._world = world
        self._dice = dice

    def _surely(self, what: str, act: Callable[[Desk], None]) -> None:
        self._world.tell(f"a person: {what}")
        while True:
            try:
                act(Desk(self._world, self._world.process()))
            except (Killed, ConcurrentUpdate) as error:
                self._world.tell(f"a person is interrupted: {type(error).__name__}")
            else:
                return

    def import_mappings(self, lines: Sequence[str]) -> None:
        """A file of mappings is imported."""
        self._surely(f"imports {'; '.join(lines)}", lambda desk: desk.import_mappings(lines))

    def retry(self, case: str, *, unfollowed: bool = False) -> None:
        """What waits for a case is tried again, since it is repaired; or goes on without what never came."""

        def act(desk: Desk) -> None:
            desk.ring(resolve_case(desk.table, case, desk.clock.now(), by=_ME, unfollowed=unfollowed).bells)

        self._surely(f"{'lets go on without' if unfollowed else 'repairs'} {case}", act)

    def skip(self, case: str, *, behind: bool) -> None:
        """What waits for a case shall have no effect; with what waits behind it, or without."""

        def act(desk: Desk) -> None:
            self._world.watch.may_skip.add((case, behind))
            done = skip_case(desk.table, case, desk.clock.now(), by=_ME, reason="it never was", behind=behind)
            desk.ring(done.bells)

        self._surely(f"skips {case}{', with what waits behind' if behind else ''}", act)

    def reassign(self, case: str) -> None:
        """A case is given to somebody else."""

        def act(desk: Desk) -> None:
            owner = {"owner": "Somebody else"}
            note_in_case(desk.table, case, desk.clock.now(), by=_ME, what="given away", values=owner)

        self._surely(f"gives {case} away", act)

    def correct(self, case: str, closed: Closed) -> None:
        """A person says what a transaction that does not add up should have been."""
        sender = closed.event.id

        def act(desk: Desk) -> None:
            for held in self._unbalanced_held(case):
                correction = Correction(_ME, desk.clock.now(), "a minor unit was lost", event=closed.event)
                try:
                    done = correct_held(desk.table, held, correction, desk.clock.now(), case=case, identity=sender)
                except CannotCorrect as error:
                    self._world.tell(f"cannot be corrected: {error}")
                    continue
                desk.ring(done.bells)

        self._surely(f"corrects what waits for {case}", act)

    def book_tomorrow(self, case: str) -> None:
        """A person has a refused receipt booked on another day."""

        def act(desk: Desk) -> None:
            for held, number, body in self._receipts_held(case):
                changed = {**body, "business_day": TOMORROW.isoformat()}
                correction = Correction(_ME, desk.clock.now(), "its day is over", body=changed, number=number)
                try:
                    desk.ring(correct_held(desk.table, held, correction, desk.clock.now(), case=case).bells)
                except CannotCorrect as error:
                    self._world.tell(f"cannot be corrected: {error}")

        self._surely(f"has what waits for {case} booked tomorrow", act)

    def _receipts_held(self, case: str) -> list[tuple[Held, int, Mapping[str, Any]]]:
        """The receipts that wait for a case, each with its number among the documents of its entry."""
        watch = self._world.watch
        found = []
        for key, parked in sorted(watch.parked.items()):
            item = self._world.table.items[key]
            made = watch.made.get((parked.stream, parked.seq, BOOKING))
            if parked.consumer == ERP and case in item["causes"] and made is not None and made.documents:
                number = int(item.get("part", 0))
                if number < len(made.documents):
                    found.append((Held(*_place(parked)), number, made.documents[number]["body"]))
        return found

    def _unbalanced_held(self, case: str) -> list[Held]:
        """The entries of transactions that do not add up and wait for a case."""
        watch = self._world.watch
        found = []
        for key, parked in sorted(watch.parked.items()):
            entry = watch.entries[parked.stream][parked.seq - 1]
            if case in self._world.table.items[key]["causes"] and isinstance(entry.event, TransactionUnbalanced):
                found.append(Held(*_place(parked)))
        return found

    def pause(self, target: str, minutes: int | None) -> None:
        """Nothing more is delivered to a target, for so long or until it is resumed."""

        def act(desk: Desk) -> None:
            now = desk.clock.now()
            until = None if minutes is None else now + timedelta(minutes=minutes)
            pause(desk.table, target, "a person asked for it", now, until=until, by=_ME)

        self._surely(f"pauses {target} {'until resumed' if minutes is None else f'for {minutes} minutes'}", act)

    def resume(self, target: str) -> None:
        """It is delivered to again."""

        def act(desk: Desk) -> None:
            close(desk.table, target, desk.clock.now(), by=_ME)
            ring_waiting(desk.table, desk.doorbells, self._world.topology[target])

        self._surely(f"resumes {target}", act)

    def start(self, consumer: str, bells: Sequence[Bell]) -> None:
        """Lanes are started that wait for bells which are gone."""

        def act(desk: Desk) -> None:
            for bell in bells:
                start(desk.table, bell.stream, consumer, bell.id)
                desk.doorbells.ring(consumer, [bell.stream])

        self._surely(f"starts {consumer} where bells are gone", act)


def _place(parked: Parked) -> tuple[str, int, str, str]:
    return parked.stream, parked.seq, parked.consumer, parked.subject


def open_cases(world: "World") -> list[str]:
    """Keys of the open cases, sorted."""
    found = [key.pk.removeprefix("C#") for key in world.watch.cases if _is_open(world, key)]
    return sorted(found)


def is_about_a_name(case: str) -> bool:
    """Whether an import of names ends it."""
    return case.partition("/")[0] in NAMES


def _is_open(world: "World", key: Key) -> bool:
    return bool(world.table.items[key].get("state") == "open")
