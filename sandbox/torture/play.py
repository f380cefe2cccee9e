"""Plays one pass: floor and chaos side by side; then calm, until every lane is level; then promises and proof."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from lockstep.messaging.awaiting import PREDECESSOR_MISSING
from lockstep.messaging.breaker import Breaker
from lockstep.messaging.ledger import AWAITED_CASES, INDEX_OPEN, breaker_key, drain_key
from lockstep.messaging.sweep import lanes_behind, open_streams
from sandbox.stack import STACK_FILE, Stack
from sandbox.torture.account import Certificate, Kept, Pass
from sandbox.torture.chaos import Chaos, Damage
from sandbox.torture.evidence import ErpStock, Evidence, erp_stock, gather
from sandbox.torture.floor import Done, Floor, Place
from sandbox.torture.promises import PROMISES, SHOP
from sandbox.torture.script import TARGETS, Script, write_script

CALM_WITHIN: Final = 300.0
"""Seconds that it may take until every lane is level, once nothing goes wrong any more."""
_SWEPT_EVERY: Final = 5.0
"""Seconds between two sweeps of our own in the calm; the deployed schedule's minute would only take time."""
_REDRIVEN_EVERY: Final = 5.0
_LOST_AFTER: Final = 15.0
"""Seconds of calm after which a dead letter that has not come is gone."""
_POLL: Final = 0.5
_BAR: Final = 24
_STREAMS: Final = 10_000
_MOST_TOLD: Final = 25
"""Violations of one promise that are told in full."""
_LOCKSTEP: Final = Path(sys.executable).with_name("lockstep")


class Tell(Protocol):
    """Told what is being done, and how it stands."""

    def __call__(self, step: str, standing: str = "") -> None:
        """See `sandbox.progress.Progress.tell`."""


@dataclass(slots=True)
class Torture:
    """Passes on one stack, each with the transactions of those before still in it."""

    stack: Stack
    tell: Tell
    done: Done = field(default_factory=Done)
    opening: dict[Place, ErpStock] = field(init=False)

    def __post_init__(self) -> None:
        self.opening = erp_stock(self.stack)

    def play(self, number: int, seed: int, seconds: float) -> Pass:
        """Play one pass, and hold the stack to every promise.

        Args:
            number: Of the pass, from 1.
            seed: Of its script.
            seconds: How long things go wrong.
        """
        script, damage = write_script(seed, number, seconds), Damage()
        closed, sent, requests = Counter(self.done.closed), Counter(self.done.sent), self.done.attempts
        self.done.slowest = 0.0
        chaos = Chaos(self.stack, script, self.done, damage)
        floor = Floor(script, self.stack.api_url, self.stack.signing_secret, self.done, name=f"{number}-{seed}")
        started = time.monotonic()
        self._chaos(f"pass {number}, seed {seed}: chaos", script, floor, chaos)
        calm = time.monotonic()
        behind = self._calm(f"pass {number}: calm", chaos)
        level = time.monotonic()
        self.tell(f"pass {number}: reading the ledger, the shop and the ERP")
        seen = gather(self.stack, self.done, self.opening)
        self.tell(f"pass {number}: lockstep reconcile")
        return Pass(
            number=number,
            seed=seed,
            chaos_s=round(calm - started, 1),
            calm_s=round(level - calm, 1),
            closed=dict(self.done.closed - closed),
            sent=dict(self.done.sent - sent),
            requests=self.done.attempts - requests,
            slowest_answer_s=round(self.done.slowest, 2),
            faults=dict(sorted(damage.faults.items())),
            dead_letters_redriven=damage.redriven,
            lanes_started=damage.started,
            lanes_started_without=damage.started_without,
            held=sum(self.done.held(ticket) for ticket in self.done.tickets),
            kept=(
                Kept(promise="every till is answered", violations=tuple(floor.failed)),
                Kept(promise="every lane comes to rest", violations=tuple(behind)),
                *held_against(seen),
            ),
            certificates=tuple(self._certificates()),
        )

    def _chaos(self, step: str, script: Script, floor: Floor, chaos: Chaos) -> None:
        """Floor and chaos side by side, until everything has struck and is mended and every till is through."""
        with ThreadPoolExecutor(max_workers=len(script.tills) + 1) as pool:
            through = floor.play(pool)
            striking = pool.submit(self._strike, chaos)
            try:
                while not (striking.done() and through()):
                    answered = len(script.acts) - floor.left
                    self.tell(step, f"{bar(answered, len(script.acts))} answered, {chaos.now}")
                    _raise_what_was_raised(striking)
                    time.sleep(_POLL)
                _raise_what_was_raised(striking)
            except BaseException:
                chaos.end()
                floor.end()
                raise

    def _strike(self, chaos: Chaos) -> None:
        try:
            chaos.play()
        finally:
            chaos.mend_all()

    def _calm(self, step: str, chaos: Chaos) -> list[str]:
        """Sweep, redrive and wait until nobody has anything to do; who still has when it takes too long."""
        started = swept = redriven = time.monotonic()
        most = 1
        chaos.redrive_all(lost=False)
        while behind := list(self._behind()):
            now = time.monotonic()
            if now - started > CALM_WITHIN:
                return [f"after {CALM_WITHIN:.0f} s of calm: {one}" for one in behind[:_MOST_TOLD]]
            most = max(most, len(behind))
            self.tell(step, f"{bar(most - len(behind), most)} level; {behind[0]}")
            if now - swept >= _SWEPT_EVERY:
                swept = now
                self._sweep()
            if now - redriven >= _REDRIVEN_EVERY:
                redriven = now
                chaos.redrive_all(lost=now - started >= _LOST_AFTER)
            time.sleep(_POLL)
        return []

    def _behind(self) -> Iterator[str]:
        """Who has something to do, or stands for what a person has to put right; nobody when all is level."""
        ledger = self.stack.ledger()
        states = open_streams(ledger, limit=_STREAMS)
        lanes, level = lanes_behind(ledger, states, self.stack.consumers)
        stopped_by_case = {
            (lane.consumer, lane.stream)
            for lane, state in ((lane, state) for lane in lanes for state in states if state.stream == lane.stream)
            if (stopped := state.stopped(lane.consumer)) is not None and not stopped.get("bell")
        }
        for lane in lanes:
            if (lane.consumer, lane.stream) not in stopped_by_case:
                what = f"is {lane.backlog} behind" if lane.backlog else "has to let something go"
                yield f"{lane.consumer} {what} on {lane.stream} {lane.stopped}".rstrip()
        yield from (f"{state.stream} was not put to rest" for state in level)
        awaited = (key.pk.removeprefix("C#") for key in ledger.index(INDEX_OPEN, AWAITED_CASES, limit=_STREAMS))
        yield from (f"{case} is awaited" for case in awaited if case.startswith(f"{PREDECESSOR_MISSING}/"))
        found = ledger.get([*map(breaker_key, TARGETS), drain_key(SHOP)])
        for target in TARGETS:
            breaker = Breaker.of(target, found.get(breaker_key(target)))
            if breaker.is_open:
                yield f"{target} is being spared: {breaker.reason}"
        if "attempting" in found.get(drain_key(SHOP), {}):
            yield "a push to the shop has no answer yet"

    def _sweep(self) -> None:
        """Invoke the deployed sweep once, as its schedule does every minute."""
        name = self.stack.topology["functions"]["sweep"]
        self.stack.endpoint.client("lambda").invoke(FunctionName=name, Payload=b"{}")

    def _certificates(self) -> Iterator[Certificate]:
        """What `lockstep reconcile` says of every business day that the tills have closed anything on."""
        days = sorted({ticket.transaction.business_day.isoformat() for ticket in self.done.tickets})
        environment = {**os.environ, "LOCKSTEP_STACK": str(self.stack.run_dir / STACK_FILE.name)}
        for day in days:
            told = subprocess.run(
                [_LOCKSTEP, "reconcile", "--date", day, "--json"],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            yield certificate_of(day, told.returncode, told.stdout, told.stderr)


def held_against(seen: Evidence) -> list[Kept]:
    """Every promise, with what breaks it."""
    return [Kept(promise=promise.__name__.replace("_", " "), violations=tuple(promise(seen))) for promise in PROMISES]


def certificate_of(day: str, exit_code: int, said: str, complained: str) -> Certificate:
    """What the command answered, in short; what it could not answer is a finding."""
    try:
        report = json.loads(said)
    except json.JSONDecodeError:
        last = (complained.strip() or said.strip()).splitlines()[-3:]
        return Certificate(day=day, exit_code=exit_code or 1, transactions=0, fates={}, findings=(" ".join(last),))
    fates: Counter[str] = Counter()
    for store in report["stores"]:
        fates.update(store["fates"])
    findings = (f"{one['kind']}: {one['store']} {one['subject']}: {one['what']}" for one in report["findings"])
    return Certificate(
        day=day,
        exit_code=exit_code,
        transactions=sum(store["transactions"] for store in report["stores"]),
        fates={fate: number for fate, number in fates.items() if number},
        findings=tuple(findings),
    )


def bar(done: int, of: int) -> str:
    """How much of something is done, as `━━━━╌╌╌╌ 12/24`."""
    full = _BAR * done // of if of else _BAR
    return f"{'━' * full}{'╌' * (_BAR - full)} {done}/{of}"


def _raise_what_was_raised(future: Future[None]) -> None:
    if future.done() and (error := future.exception()) is not None:
        raise error
