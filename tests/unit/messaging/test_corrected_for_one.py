"""What a person corrected for one consumer is not, to another, a transaction that came corrected by itself."""

from contextlib import suppress

import pytest

from lockstep.masterdata.importing import MappingImport
from lockstep.messaging.correcting import Correction, Held, correct_held
from lockstep.messaging.ledger import Outcome, awaited_key, case_key, outcome_key
from lockstep.messaging.parking import stop_for
from lockstep.messaging.skipping import skip_case
from lockstep.messaging.specs import Role
from lockstep.messaging.topology import consumers
from lockstep.workflows.financial_posting.decide import FinancialPosting
from lockstep.workflows.inventory_availability.decide import InventoryAvailability
from simulation.chance import Dice, Odds
from simulation.retail import Closed, Register, Till, always_known, mappings
from tests.unit.messaging.bench import ERP, LANE, SHOP, Bench, Crash

TILL = Till("101", "T1")


class Shopkeepers(Bench):
    """One till, and the two real workflows."""

    def __init__(self) -> None:
        super().__init__()
        self.posting, self.availability = FinancialPosting(), InventoryAvailability()
        specs = (self.posting.spec, self.availability.spec)
        self.consumers = {c.id: c for c in consumers(specs, {Role.ERP: (ERP,), Role.SHOP: (SHOP,)})}
        content = "kind,canonical,system,value\n" + "\n".join([*mappings(), *always_known()])
        MappingImport(masterdata=self.masterdata, ledger=self.table, doorbells=self.bells, clock=self.clock).run(
            content.encode(), by="ada"
        )
        self.register = Register(TILL, Dice(1, Odds()), self.clock.now())
        self.sold = self.register.sale(1)

    @property
    def case(self) -> str:
        return f"unbalanced_totals/{self.sold.unbalanced.correlation_id}"

    def correct_for(self, consumer: str, seq: int) -> tuple[Held, ...]:
        correction = Correction("ada", self.clock.now(), "a line was lost", event=self.sold.event)
        held = Held(LANE, seq, consumer, self.sold.unbalanced.subject)
        done = correct_held(self.table, held, correction, self.clock.now(), case=self.case, identity=self.sold.event.id)
        return done.held

    def outcome(self, seq: int, consumer: str) -> Outcome:
        return Outcome.from_item(self.table.items[outcome_key(LANE, seq, consumer)])

    def sweep_and_decide(self) -> None:
        for _ in range(2):
            self.clock.advance(minutes=1)
            self.sweep().run()
            self.decide(self.posting)
            self.decide(self.availability)


@pytest.fixture
def bench() -> Shopkeepers:
    return Shopkeepers()


def test_who_had_not_come_to_it_yet_still_waits_for_its_own_correction(bench: Shopkeepers) -> None:
    posting, availability = bench.posting.spec.consumer, bench.availability.spec.consumer
    bench.accept(bench.sold.unbalanced)
    bench.decide(bench.availability)
    bench.correct_for(availability, 1)

    bench.decide(bench.posting)

    assert (bench.outcome(1, posting).state, bench.outcome(1, posting).causes) == ("parked", (bench.case,))
    assert bench.correct_for(posting, 1)
    bench.decide(bench.posting)
    assert len(bench.outcome(1, posting).documents) == 1


def test_a_void_of_it_undoes_nothing_before_it_is_corrected_here_too(bench: Shopkeepers) -> None:
    availability = bench.availability.spec.consumer
    bench.accept(bench.sold.unbalanced)
    bench.decide(bench.posting)
    bench.correct_for(bench.posting.spec.consumer, 1)
    void = Register(Till("101", "T2"), Dice(1, Odds()), bench.clock.now()).voided(1, bench.sold, with_lines=False)
    bench.accept(void.event)
    lane = LANE.replace("T1", "T2")

    bench.decide(bench.availability, lane=lane)
    assert bench.outcomes(availability, lane) == ["parked"]

    bench.decide(bench.availability)
    bench.correct_for(availability, 1)
    bench.sweep_and_decide()
    bench.decide(bench.availability, lane=lane)
    assert bench.outcomes(availability, lane) == ["decided"]
    assert {bench.position(key) for key in bench.sold.effect.goods} == {0}


def returned(bench: Shopkeepers) -> Closed:
    return bench.register.returned(2, bench.sold)


def test_what_waits_for_it_and_stands_before_it_lets_it_go_ahead(bench: Shopkeepers) -> None:
    posting = bench.posting.spec.consumer
    bench.accept(returned(bench).event)
    bench.decide(bench.posting)
    bench.accept(bench.sold.unbalanced)
    bench.decide(bench.posting)  # behind the return, which waits for what it should have been
    bench.decide(bench.availability)
    bench.correct_for(bench.availability.spec.consumer, 2)

    bench.sweep_and_decide()
    assert bench.outcome(2, posting).causes == (bench.case,)

    bench.correct_for(posting, 2)
    bench.decide(bench.posting)
    bench.sweep_and_decide()
    assert bench.outcomes(posting) == ["decided", "decided"]


def test_a_correction_that_was_interrupted_ends_its_case_once_it_is_given_again(bench: Shopkeepers) -> None:
    posting = bench.posting.spec.consumer
    for step in range(1, 6):
        bench = Shopkeepers()
        bench.accept(bench.sold.unbalanced)
        bench.decide(bench.posting)
        bench.table.crash_at(step)
        with suppress(Crash):
            bench.correct_for(posting, 1)
        bench.table.heal()
        bench.decide(bench.posting)

        bench.correct_for(posting, 1)
        bench.decide(bench.posting)

        case = bench.table.items[case_key(bench.case)]
        assert (case["state"], case["waiting"]) == ("resolved", 0), f"interrupted before write {step}"
        assert len(bench.outcome(1, posting).documents) == 1


def test_a_lane_that_had_stopped_for_the_case_of_an_interrupted_correction_is_rung_when_it_is_given_again(
    bench: Shopkeepers,
) -> None:
    posting, other = bench.posting.spec.consumer, LANE.replace("T1", "T2")
    bench.accept(bench.sold.unbalanced)
    bench.decide(bench.posting)
    bench.table.write(stop_for(bench.case, other, posting, bench.clock.now()))
    bench.table.crash_at(2)
    with suppress(Crash):
        bench.correct_for(posting, 1)
    bench.table.heal()

    held = Held(LANE, 1, posting, bench.sold.unbalanced.subject)
    correction = Correction("ada", bench.clock.now(), "a line was lost", event=bench.sold.event)
    done = correct_held(bench.table, held, correction, bench.clock.now(), case=bench.case, identity=bench.sold.event.id)

    assert (done.held, done.bells) == ((), {posting: {other}})


def test_what_waits_for_one_that_was_skipped_uncorrected_is_told_of_when_it_is_time(bench: Shopkeepers) -> None:
    bench.accept(bench.sold.unbalanced)
    bench.decide(bench.availability)
    bench.correct_for(bench.availability.spec.consumer, 1)
    bench.decide(bench.availability)
    bench.decide(bench.posting)
    skip_case(bench.table, bench.case, bench.clock.now(), by="ada", reason="a test")
    bench.decide(bench.posting)
    waits = bench.register.voided(2, bench.sold, with_lines=False)
    bench.accept(waits.event)
    bench.decide(bench.posting)
    case = f"predecessor_missing/{bench.sold.event.id}"
    due = bench.table.items[awaited_key(case)]["due_at"]

    for _ in range(3):
        bench.sweep_and_decide()

    assert bench.table.items[awaited_key(case)]["due_at"] == due
    assert bench.outcome(2, bench.posting.spec.consumer).state == "parked"
