"""A process: one invocation of a function. It can be killed at any step, and others run between its steps."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from lockstep.messaging.ports import Claims, Doorbells, Item, Key, Table, Write, WriteRefused
from lockstep.runtime.memory import ManualClock
from simulation.chance import Dice

_STEP = timedelta(milliseconds=4)


class Killed(BaseException):
    """The process is gone: nothing it does has an effect any more, not even what it does on its way out."""


class Process:
    """Counts the steps of one invocation and ends it when the dice say so."""

    def __init__(self, dice: Dice, clock: ManualClock, meanwhile: Callable[[], None], *, lasts: timedelta) -> None:
        self._dice = dice
        self._clock = clock
        self._meanwhile = meanwhile
        self.began = clock.now()
        self.dead_by = clock.now() + lasts
        self.dead = False

    def step(self, where: str) -> None:
        """Between any two things a process does.

        Args:
            where: Before or after what; part of the kind of fault.
        """
        if self.dead:
            raise Killed
        self._dice.steps += 1
        self._clock.time += _STEP
        if self._dice.falls("interleaved"):
            self._meanwhile()
        if self._clock.now() >= self.dead_by:
            self._dice.count("process-out-of-time")
            self.dead = True
        else:
            odds = self._dice.odds
            outside = where.endswith(("a call", "a claim"))
            self.dead = self._dice.strikes(f"killed {where}", odds.killed_at_call if outside else odds.killed)
        if self.dead:
            raise Killed

    def now(self) -> datetime:
        """What time it is."""
        return self._clock.now()

    def waits_for_answer(self, most: timedelta) -> None:
        """Spend time on a call, while others go on; the answer may come when the process is gone."""
        self._clock.time += timedelta(seconds=self._dice.up_to(most.total_seconds()))
        self._meanwhile()


class ProcessTable:
    """The table as one process reaches it."""

    def __init__(self, table: Table, process: Process, dice: Dice) -> None:
        self._table = table
        self._process = process
        self._dice = dice

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        self._process.step("before a read")
        return self._table.get(keys)

    def query(self, pk: str, first: str, last: str, *, limit: int | None = None) -> list[tuple[Key, Item]]:
        self._process.step("before a read")
        return self._table.query(pk, first, last, limit=limit)

    def index(self, name: str, value: str, *, limit: int, after: str = "") -> list[Key]:
        self._process.step("before a read")
        return self._table.index(name, value, limit=limit, after=after)

    def write(self, writes: Sequence[Write]) -> None:
        self._process.step("before a write")
        if self._dice.falls("contention"):
            raise WriteRefused
        self._table.write(writes)
        self._process.step("after a write")


class ProcessDoorbells:
    """The doorbells as one process reaches them."""

    def __init__(self, doorbells: Doorbells, process: Process) -> None:
        self._doorbells = doorbells
        self._process = process

    def ring(self, consumer: str, streams: Iterable[str], *, delay: timedelta = timedelta(0), probe: str = "") -> None:
        for stream in streams:
            self._process.step("before a bell")
            self._doorbells.ring(consumer, [stream], delay=delay, probe=probe)
            self._process.step("after a bell")


class ProcessClaims:
    """The claim store as one process reaches it."""

    def __init__(self, claims: Claims, process: Process) -> None:
        self._claims = claims
        self._process = process

    def put(self, name: str, content: bytes) -> None:
        self._process.step("before a claim")
        self._claims.put(name, content)
        self._process.step("after a claim")

    def get(self, name: str) -> bytes:
        self._process.step("before a read")
        return self._claims.get(name)


class ProcessClock:
    """Time as one process spends it: who sleeps lets others work."""

    def __init__(self, clock: ManualClock, process: Process) -> None:
        self._clock = clock
        self._process = process

    def now(self) -> datetime:
        return self._clock.now()

    def sleep(self, duration: timedelta) -> None:
        self._process.step("before a pause")
        self._clock.time += duration
