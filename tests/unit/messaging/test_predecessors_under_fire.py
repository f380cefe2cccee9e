"""Returns at any till, of anything sold at any till, in any order, with crashes, refusals and repairs between all steps.

Whatever happens, a return is never booked before what it takes back, and in the end everything is booked once and nothing
waits any more.
"""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from lockstep.canonical.events import Event, TransactionClosed
from lockstep.messaging.errors import CaseKey, DocumentRejected, EndpointUnavailable
from lockstep.messaging.ports import WriteRefused
from simulation.business import transaction
from tests.unit.messaging.bench import ERP, TILLS, Crash, short
from tests.unit.messaging.test_predecessors import TwoTills

if TYPE_CHECKING:
    from collections.abc import Callable

TILL_NAMES = ("T1", "T2", "T3")
LANES = tuple(f"till:till.main:101/{till}" for till in TILL_NAMES)
RUNS = 100


def history(chance: random.Random, bench: TwoTills) -> list[Event]:
    """What tills close: sales, returns of sales and of returns, numbered through so that each is known by its number."""
    events: list[TransactionClosed] = []
    for number in range(1, chance.randint(6, 14)):
        till, item = chance.choice(TILL_NAMES), chance.choice(["SCARF", "GLOVE", "HAT"])
        originals = chance.sample(events, min(len(events), chance.choice([0, 0, 1, 1, 2])))
        if not originals:
            events.append(transaction(till, number, (item,), bench.clock.now()))
            continue
        first = transaction(till, number, (item,) * len(originals), bench.clock.now(), returns=("T1", 1))
        lines = tuple(
            line.model_copy(update={"original": original.data.id})
            for line, original in zip(first.data.lines, originals, strict=True)
        )
        data = first.data.model_copy(update={"lines": lines})
        events.append(TransactionClosed.create(data, source=TILLS, received_at=bench.clock.now(), causation_id="d"))
    return list(events)


class Fire:
    """One story."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.bench = TwoTills(batch_size=self.chance.choice([1, 2, 10]))
        self.events = history(self.chance, self.bench)
        self.to_come = list(self.events)
        self.chance.shuffle(self.to_come)
        if self.chance.random() < 0.5:
            self.to_come.sort(key=lambda event: int(event.id.rsplit("/", 1)[1]) + self.chance.randint(-3, 3))
        self.unknown = self.bench.forget("HAT", TILLS) if self.chance.random() < 0.5 else ""
        for event in self.events:
            if self.chance.random() < 0.2:
                key = f"receipt {event.id.rsplit('/', 1)[1]}"
                self.bench.ledger.refuse[key] = DocumentRejected("no", CaseKey("document_rejected", key))
        self.refused = list(self.bench.ledger.refuse)

    def step(self) -> None:
        """Something happens; whoever does it may die of it."""
        acts: list[Callable[[], object]] = [
            self.accept,
            self.accept,
            lambda: self.bench.decide(lane=self.chance.choice(LANES)),
            lambda: self.bench.post(lane=self.chance.choice(LANES)),
            lambda: self.bench.post(lane=self.chance.choice(LANES)),
            lambda: self.bench.sweep().run(),
            self.repair_one,
            lambda: self.bench.clock.advance(seconds=self.chance.choice([1, 20, 40, 3600])),
        ]
        act = self.chance.choice(acts)
        if self.chance.random() < 0.3:
            self.bench.table.crash_at(self.chance.randint(1, 6))
        elif self.chance.random() < 0.3:
            self.meanwhile()
        with suppress(Crash, WriteRefused, EndpointUnavailable):
            act()
        self.bench.table.heal()

    def meanwhile(self) -> None:
        """Before one of the next writes another process runs."""
        others: list[Callable[[], object]] = [
            lambda: self.bench.decide(lane=self.chance.choice(LANES)),
            lambda: self.bench.sweep().run(),
            self.accept,
            self.repair_one,
        ]
        left, other = self.chance.randint(1, 4), self.chance.choice(others)

        def watch(_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self.bench.table.heal()
                with suppress(WriteRefused):
                    other()

        self.bench.table.before = watch

    def accept(self) -> None:
        """The next delivery, which is sent again if it was not answered."""
        if self.to_come:
            event = self.to_come[0]
            self.bench.accept(event)
            if event in self.to_come:  # another call may have brought it meanwhile
                self.to_come.remove(event)

    def repair_one(self) -> None:
        """A person tries a case again, whether or not its cause is repaired."""
        cases = sorted(key.pk.removeprefix("C#") for key in self.bench.table.items if key.sk == "CASE")
        if cases:
            case = self.chance.choice(cases)
            if case.startswith("document_rejected/"):
                self.bench.ledger.refuse.pop(case.partition("/")[2], None)
            elif case == self.unknown:
                self.bench.learn("HAT", TILLS)
            self.bench.repair(case)

    def come_to_rest(self) -> None:
        """Everything arrives, every cause is repaired."""
        while self.to_come:
            self.accept()
        if self.unknown:
            self.bench.learn("HAT", TILLS)
        self.bench.ledger.refuse.clear()
        for _ in range(40):
            for key in self.refused:
                self.bench.repair(f"document_rejected/{key}")
            for lane in LANES:
                self.bench.decide(lane=lane)
                self.bench.post(lane=lane)
            self.bench.clock.advance(minutes=10)
            self.bench.sweep().run()


@pytest.mark.parametrize("seed", range(RUNS))
def test_nothing_goes_before_what_it_follows_and_nothing_waits_for_ever(seed: int) -> None:
    fire = Fire(seed)
    for _ in range(fire.chance.randint(20, 80)):
        fire.step()
    fire.come_to_rest()

    bench, booked = fire.bench, fire.bench.ledger.booked
    assert sorted(booked) == sorted(short(f"receipt/{event.id}") for event in fire.events)
    for event in fire.events:
        for original in event.follows():
            before, after = short(f"receipt/{original}"), short(f"receipt/{event.id}")
            assert booked.index(before) < booked.index(after), f"{after} was booked before {before}"
    assert not bench.parked()
    assert not [key for key in bench.table.items if key.sk.startswith("W#")]
    assert not [key for key in bench.table.items if key.sk == "AWAITED" and "sequence_gap" not in key.pk]
    for lane in LANES:
        assert (bench.lane(lane).parked("booking"), bench.lane(lane).parked(ERP)) == (0, 0)
    left = {key.pk for key, item in bench.table.items.items() if key.sk == "CASE" and item.get("state") != "resolved"}
    assert not {case for case in left if "sequence_gap" not in case}
