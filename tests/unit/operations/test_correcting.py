"""Correcting what waits: it is booked as a person says, once, and everybody who looks at it later sees that."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lockstep.messaging.correcting import CannotCorrect
from lockstep.messaging.errors import CaseKey, DocumentRejected
from lockstep.messaging.ledger import Outcome, entry_key, outcome_key
from lockstep.messaging.parking import hold
from lockstep.messaging.topology import Owners
from lockstep.operations.correcting import correct_and_ring, plan_correction, read_draft, waiting_for
from lockstep.operations.exceptions import open_cases
from lockstep.operations.trace import Tracer
from tests.unit.operations.reconciliation.day_world import DayWorld, kinds, tender_of
from tests.unit.operations.retail_world import DAY, LEDGER, TILL

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lockstep.messaging.correcting import Held

FIRST = f"101/1/{DAY}/1"
LANE = f"till:{TILL}:101/1"
UNBALANCED = f"unbalanced_totals/{TILL}/{FIRST}"
REJECTED = f"document_rejected/{LEDGER}/{TILL}/TransactionClosed/{FIRST}"


@pytest.fixture
def world() -> DayWorld:
    return DayWorld()


def draft_of(world: DayWorld, case: str, subject: str = "") -> dict[str, Any]:
    draft: dict[str, Any] = waiting_for(world.ledger_table, world.consumers, case, subject).draft.model_dump()
    return draft


def correct(world: DayWorld, case: str, edit: Callable[[dict[str, Any]], object], subject: str = "") -> list[Held]:
    waiting = waiting_for(world.ledger_table, world.consumers, case, subject)
    draft = waiting.draft.model_dump()
    edit(draft)
    consumes = {spec.consumer: spec.consumes for spec in world.specs}
    plan = plan_correction(world.ledger_table, world.consumers, consumes, waiting, read_draft(json.dumps(draft)))
    ports = {"ledger": world.ledger_table, "doorbells": world.doorbells, "clock": world.clock}
    done = correct_and_ring(plan, case, by="ada", reason="the till lost a line", **ports)
    world.run()
    return list(done)


def fill_in(draft: dict[str, Any], amount: str = "7.50") -> None:
    """One scarf for so much, paid by card."""

    def money() -> dict[str, str]:
        return {"amount": amount, "currency": "USD"}

    draft["data"]["lines"] = [
        {"number": 1, "item": {"value": "9521000000056"}, "quantity": "1", "unit_price": money(), "amount": money()}
    ]
    draft["data"]["tenders"] = [{"tender": "Karte", "amount": money()}]


def retender(draft: dict[str, Any]) -> None:
    draft["body"]["tenders"][0]["tender"] = "CASH"


def test_what_did_not_add_up_is_booked_as_it_was_corrected_and_the_day_ties_out(world: DayWorld) -> None:
    world.send(world.unbalanced(1, "7.50"))
    world.run()
    assert world.books.booked == []
    before = dict(world.ledger_table.items[entry_key(LANE, 1)])

    done = correct(world, UNBALANCED, fill_in)

    assert [held.consumer for held in done] == ["financial_posting"]
    assert [str(one.total) for _, _, one in world.books.booked] == ["7.50 USD"]
    assert world.ledger_table.items[entry_key(LANE, 1)] == before
    report = world.reconciled()
    assert report.ties_out
    assert tender_of(report, "CARD").posted.minor == 750
    assert any("corrected by ada: the till lost a line" in note for note in report.notes)


def test_what_was_corrected_and_then_arrives_by_itself_is_a_duplicate(world: DayWorld) -> None:
    world.send(world.unbalanced(1, "7.50"))
    world.run()
    correct(world, UNBALANCED, fill_in)

    world.send(world.ticket(1, ("Karte", "7.50")))
    world.run()

    assert len(world.books.booked) == 1
    assert entry_key(LANE, 2) not in world.ledger_table.items


def test_what_has_arrived_corrected_is_not_corrected_again(world: DayWorld) -> None:
    world.send(world.unbalanced(1, "7.50"))
    world.run()
    world.send(world.ticket(1, ("Karte", "7.50")))
    world.run()

    with pytest.raises(CannotCorrect, match="has arrived meanwhile"):
        correct(world, UNBALANCED, fill_in)


def test_a_void_of_what_was_corrected_undoes_the_corrected_one(world: DayWorld) -> None:
    world.send(world.unbalanced(1, "7.50"))
    world.run()
    correct(world, UNBALANCED, fill_in)

    world.send(world.ticket(2, voids=world.identity(1)))
    world.run()

    assert [str(one.total) for _, _, one in world.books.booked] == ["7.50 USD", "-7.50 USD"]
    assert world.reconciled().ties_out


def test_a_correction_outlives_the_next_thing_that_is_wrong(world: DayWorld) -> None:
    world.send(world.unbalanced(1, "7.50"))
    world.run()

    def unknown_tender(draft: dict[str, Any]) -> None:
        fill_in(draft)
        draft["data"]["tenders"][0]["tender"] = "Scheck"

    correct(world, UNBALANCED, unknown_tender)
    assert world.books.booked == []
    world.map(f"kind,canonical,system,value\ntender,CARD,{TILL},Scheck\n")
    world.run()

    assert [str(one.total) for _, _, one in world.books.booked] == ["7.50 USD"]
    assert world.reconciled().ties_out


def test_a_refused_document_is_posted_as_it_was_corrected(world: DayWorld) -> None:
    world.books.refused = {FIRST}
    world.sell_some(1)
    world.run()
    world.books.refused = set()
    cases = {case.kind: case for case in open_cases(world.ledger_table, world.clock.now())}
    assert cases["document_rejected"].at_stake == ("10.00 USD",)

    (held,) = correct(world, REJECTED, retender)

    assert held.consumer == LEDGER
    assert [set(one.tenders) for _, _, one in world.books.booked] == [{"1"}]
    report = world.reconciled()
    assert report.ties_out, report.findings
    assert tender_of(report, "CASH").posted.minor == 1000
    kept = Outcome.from_item(world.ledger_table.items[outcome_key(LANE, 1, LEDGER)])
    assert kept.summary.endswith("corrected by ada: the till lost a line")


def test_a_document_corrected_onto_another_day_is_found_there(world: DayWorld) -> None:
    world.books.refused = {FIRST}
    world.sell_some(1, 2)
    world.run()
    world.books.refused = set()
    later = DAY + timedelta(days=1)

    def move(draft: dict[str, Any]) -> None:
        draft["body"]["business_day"] = later.isoformat()

    correct(world, REJECTED, move)
    world.sell_some(3, day=later)
    world.run()

    for day in (DAY, later):
        report = world.reconciled(day, stores=["101"])
        assert report.ties_out, report.findings
        assert any("booked on" in note for note in report.notes)
    assert [day for day, _, _ in world.books.booked] == [DAY, later, later]


def test_trace_tells_of_the_correction(world: DayWorld) -> None:
    world.send(world.unbalanced(1, "7.50"))
    world.run()
    correct(world, UNBALANCED, fill_in)

    consumes = {spec.consumer: spec.consumes for spec in world.specs}
    tracer = Tracer(world.ledger_table, world.consumers, world.accounts, consumes)
    (event,) = tracer.trace(FIRST, world.clock.now()).events

    (booked,) = [step for step in event.steps if step.consumer == "financial_posting"]
    assert "corrected by ada: the till lost a line" in booked.summary
    assert event.settled


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda draft: None, "nothing in it is changed"),
        (lambda draft: draft.update(type="Nonsense"), "no event 'Nonsense'"),
        (lambda draft: (fill_in(draft), draft["data"]["id"].update(sequence=2)), "another event"),
        (lambda draft: (fill_in(draft), draft["data"]["tenders"][0]["amount"].update(amount="7.49")), "unbalanced"),
        (lambda draft: draft.update(extra=1), "neither an event"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(world: DayWorld, edit: Any, why: str) -> None:
    world.send(world.unbalanced(1, "7.50"))
    world.run()
    before = dict(world.ledger_table.items)

    with pytest.raises(CannotCorrect, match=why):
        correct(world, UNBALANCED, edit)

    assert dict(world.ledger_table.items) == before


def test_a_document_stays_the_same_document(world: DayWorld) -> None:
    world.books.refused = {FIRST}
    world.sell_some(1)
    world.run()

    with pytest.raises(CannotCorrect, match="another document: store"):
        correct(world, REJECTED, lambda draft: draft["body"].update(store="102"))
    with pytest.raises(CannotCorrect, match="nothing in it is changed"):
        correct(world, REJECTED, lambda draft: None)


def test_nobody_may_be_left_to_take_it_as_it_came(world: DayWorld) -> None:
    world.send(world.unbalanced(1, "7.50"))
    world.run()
    waiting = waiting_for(world.ledger_table, world.consumers, UNBALANCED)
    consumes = {spec.consumer: (*spec.consumes, "TransactionUnbalanced") for spec in world.specs}
    state = world.ledger_table.items[next(k for k in world.ledger_table.items if k.sk == "STREAM" and LANE in k.pk)]
    state.pop("cursor#inventory_availability", None)
    draft = waiting.draft.model_dump()
    fill_in(draft)

    with pytest.raises(CannotCorrect, match="inventory_availability has not come to it yet"):
        plan_correction(world.ledger_table, world.consumers, consumes, waiting, read_draft(json.dumps(draft)))


def test_several_that_wait_are_corrected_one_by_one(world: DayWorld) -> None:
    world.send(world.ticket(1, ("Scheck", "5.00")))
    world.send(world.ticket(2, ("Scheck", "6.00")))
    world.run()
    case = f"unmatched_tender/tender/{TILL}/Scheck"

    with pytest.raises(CannotCorrect, match="2 wait for it"):
        draft_of(world, case)

    def by_card(draft: dict[str, Any]) -> None:
        draft["data"]["tenders"][0]["tender"] = "Karte"

    correct(world, case, by_card, subject=FIRST)

    assert [str(one.total) for _, _, one in world.books.booked] == ["5.00 USD"]
    report = world.reconciled()
    assert report.ties_out
    assert (tender_of(report, "CARD").posted.minor, tender_of(report, "Scheck").held.minor) == (500, 600)
    assert not kinds(report)


def test_what_only_stands_for_others_cannot_be_corrected(world: DayWorld) -> None:
    stream, case = f"intake:{TILL}:deliveries", CaseKey("document_rejected", "unreadable")
    error = DocumentRejected("not understood", case)
    writes = hold(stream, 1, "intake.poslog", "d1", error, owners=Owners({}, "IT"), now=world.clock.now())
    world.ledger_table.write(writes)

    with pytest.raises(CannotCorrect, match="stands for others"):
        draft_of(world, str(case))


@pytest.mark.parametrize("writes", range(1, 8))
def test_a_crash_in_the_middle_is_repaired_by_repeating_it(world: DayWorld, writes: int) -> None:
    world.send(world.unbalanced(1, "7.50"))
    world.run()
    plain, left = world.ledger_table.write, [writes]

    def dying(asked: list[object]) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        plain(asked)

    world.ledger_table.write = dying
    with contextlib.suppress(KeyboardInterrupt):
        correct(world, UNBALANCED, fill_in)
    world.ledger_table.write = plain
    with contextlib.suppress(CannotCorrect):  # it was put in its place before the crash
        correct(world, UNBALANCED, fill_in)
    world.run()

    assert [str(one.total) for _, _, one in world.books.booked] == ["7.50 USD"]
    assert world.reconciled().ties_out
