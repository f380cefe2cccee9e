"""What a day's certificate says, on the real core and the real workflow."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lockstep.canonical.events import DeliveryReceived
from lockstep.canonical.money import Money
from lockstep.canonical.notices import DeliveryNotice
from lockstep.messaging.ledger import Outcome, case_key, outcome_key
from lockstep.messaging.parking import resolve_case
from lockstep.messaging.ports import Patch
from lockstep.operations.reconciliation.report import Sum
from tests.unit.operations.reconciliation.day_world import (
    CAP,
    LEDGER,
    TILL,
    DayWorld,
    kinds,
    store_of,
    tender_of,
)
from tests.unit.operations.retail_world import DAY

BEFORE = DAY - timedelta(days=1)
AFTER = DAY + timedelta(days=1)


@pytest.fixture
def world() -> DayWorld:
    return DayWorld()


def test_a_day_on_which_all_is_posted_is_certified(world: DayWorld) -> None:
    world.send(world.ticket(1, ("Bar", "20.00"), ("Karte", "5.50")))
    world.send(world.ticket(2, ("Karte", "10.00"), till="101/2"))
    world.run()

    report = world.reconciled(stores=["101"])

    assert report.ties_out
    assert report.settled
    assert store_of(report).fates == {"posted": 2, "held": 0, "waiting": 0, "ignored": 0}
    card = tender_of(report, "CARD")
    assert (card.seen, card.posted, card.difference) == (Sum(2, 1550), Sum(2, 1550), 0)
    (there,) = report.targets
    assert (there.target, there.expected, there.standing) == (LEDGER, 2, 2)
    assert [(line.name, line.expected, line.standing) for line in there.tenders] == [
        ("Cash box", 2000, 2000),
        ("Cards", 1550, 1550),
    ]


def test_a_day_of_which_nothing_is_known_names_the_silent_stores(world: DayWorld) -> None:
    report = world.reconciled(stores=["101", "102"])

    assert report.ties_out
    assert (report.stores, report.silent) == ((), ("101", "102"))


def test_one_store_is_reconciled_by_itself(world: DayWorld) -> None:
    world.sell_some(1, 2)
    world.sell_some(1, 3, till="102/1")
    world.run()

    assert world.reconciled(store="101").settled
    assert kinds(world.reconciled(store="102")) == {"sequence gap": 1}
    assert [store.store for store in world.reconciled().stores] == ["101", "102"]


def test_a_missing_number_is_not_certified(world: DayWorld) -> None:
    world.sell_some(1, 2, 5)
    world.run()

    report = world.reconciled()

    assert kinds(report) == {"sequence gap": 1}
    (till,) = store_of(report).workstations
    assert (till.missing, [str(gap) for gap in till.gaps]) == (2, ["3-4"])


def test_numbers_used_for_something_else_are_not_missing(world: DayWorld) -> None:
    world.sell_some(1, 4)
    world.send(passed_over=[world.identity(2), world.identity(3)])
    world.run()

    report = world.reconciled()

    assert report.ties_out
    assert store_of(report).workstations[0].passed_over == 2


def test_numbering_that_goes_on_from_the_day_before_is_held_to_it(world: DayWorld) -> None:
    world.sell_some(41, 42, day=BEFORE)
    world.sell_some(44, day=DAY)
    world.run()

    assert [str(gap) for gap in store_of(world.reconciled()).workstations[0].gaps] == ["43"]
    world.sell_some(43, day=BEFORE)
    world.run()
    assert world.reconciled().ties_out
    assert world.reconciled(BEFORE).ties_out


def test_a_till_that_restarts_every_day_begins_with_one(world: DayWorld) -> None:
    world.sell_some(1, 2, day=BEFORE)
    world.sell_some(1, 2, 3, till="101/1")
    world.sell_some(1, 2, day=BEFORE, till="101/2")
    world.sell_some(2, 3, till="101/2")
    world.run()

    first, second = store_of(world.reconciled()).workstations

    assert first.gaps == ()
    assert [str(gap) for gap in second.gaps] == ["1"]


def test_what_comes_twice_counts_once(world: DayWorld) -> None:
    one = world.ticket(1, ("Karte", "10.00"))
    world.send(one)
    world.send(one, world.ticket(2, ("Karte", "10.00")))
    world.run()

    report = world.reconciled()

    assert report.settled
    assert tender_of(report, "CARD").seen == Sum(2, 2000)


def test_what_is_parked_is_held_with_its_case(world: DayWorld) -> None:
    world.send(world.ticket(1, ("Karte", "10.00"), item=CAP))
    world.run()

    report = world.reconciled()

    assert report.ties_out
    assert not report.settled
    assert tender_of(report, "CARD").held == Sum(1, 1000)
    (held,) = store_of(report).unsettled
    assert held.cases == (f"unmapped_reference/item/{TILL}/0{CAP}",)
    assert held.amounts == ("10.00 USD",)


def test_what_the_ledger_of_record_refuses_is_held(world: DayWorld) -> None:
    world.books.refused.add(str(world.identity(1)))
    world.sell_some(1, 2)
    world.run()

    report = world.reconciled()

    assert report.ties_out
    assert store_of(report).fates == {"posted": 1, "held": 1, "waiting": 0, "ignored": 0}


def test_what_is_held_by_a_case_that_is_not_open_is_not_certified(world: DayWorld) -> None:
    world.send(world.ticket(1, ("Karte", "10.00"), item=CAP))
    world.run()
    key = case_key(f"unmapped_reference/item/{TILL}/0{CAP}")
    world.ledger_table.write([Patch(key, set={"state": "resolved"})])

    assert kinds(world.reconciled()) == {"held by nothing": 1}


def test_what_was_released_is_posted(world: DayWorld) -> None:
    world.send(world.ticket(1, ("Karte", "10.00"), item=CAP))
    world.run()
    world.map(f"kind,canonical,system,value\nitem,CAP,{TILL},{CAP}\n")

    assert store_of(world.reconciled()).fates["waiting"] == 1
    world.run()
    assert world.reconciled().settled


def test_what_waits_for_its_turn_ties_out_and_is_named(world: DayWorld) -> None:
    world.sell_some(1)

    undecided = world.reconciled()
    world.books.down = True
    world.run()
    unposted = world.reconciled()

    for report, why in ((undecided, "for financial_posting"), (unposted, f"for {LEDGER}")):
        assert report.ties_out
        assert not report.settled
        assert tender_of(report, "CARD").waiting == Sum(1, 1000)
        assert [(one.fate, one.why) for one in store_of(report).unsettled] == [("waiting", why)]


def test_a_transaction_that_does_not_add_up_is_held_with_what_was_paid(world: DayWorld) -> None:
    world.send(world.unbalanced(1, "9.99"))
    world.run()

    report = world.reconciled()

    assert report.ties_out
    assert tender_of(report, "(unstated)").held == Sum(1, 999)


def test_one_that_was_corrected_counts_once(world: DayWorld) -> None:
    world.send(world.unbalanced(1, "9.99"))
    world.run()
    world.send(world.ticket(1, ("Karte", "10.00")))
    world.run()

    held = world.reconciled()
    (one,) = store_of(held).unsettled
    resolve_case(world.ledger_table, *one.cases, world.clock.now(), by="the test")
    world.run()
    posted = world.reconciled()

    for report, fate in ((held, "held"), (posted, "posted")):
        assert report.ties_out
        assert store_of(report).transactions == 1
        assert [line.tender for line in store_of(report).tenders] == ["CARD"]
        assert getattr(tender_of(report, "CARD"), fate) == Sum(1, 1000)


def test_a_return_counts_below_zero(world: DayWorld) -> None:
    world.sell_some(1)
    world.send(world.ticket(2, ("Bar", "-4.00"), original=world.identity(1)))
    world.run()

    report = world.reconciled()

    assert report.settled
    assert tender_of(report, "CASH").posted == Sum(1, -400)


def test_a_void_that_repeats_nothing_gives_back_what_it_voids(world: DayWorld) -> None:
    world.send(world.ticket(1, ("Bar", "3.00"), ("Karte", "7.00"), day=BEFORE))
    world.send(world.ticket(2, voids=world.identity(1, day=BEFORE)))
    world.run()

    report = world.reconciled()

    assert report.settled
    assert tender_of(report, "CASH").posted == Sum(1, -300)
    assert tender_of(report, "CARD").posted == Sum(1, -700)


def test_a_void_of_what_has_not_arrived_is_held(world: DayWorld) -> None:
    world.send(world.ticket(2, voids=world.identity(1, day=BEFORE)))
    world.run()

    report = world.reconciled()

    assert report.ties_out
    assert store_of(report).fates["held"] == 1


def test_currencies_do_not_mix(world: DayWorld) -> None:
    world.send(world.ticket(1, ("Bar", "1500"), currency="JPY"))
    world.send(world.ticket(2, ("Bar", "15.00")))
    world.send(world.ticket(3, ("Bar", "1.500"), currency="KWD"))
    world.run()

    report = world.reconciled()

    assert report.settled
    assert {line.currency: line.posted.minor for line in store_of(report).tenders} == {
        "JPY": 1500,
        "KWD": 1500,
        "USD": 1500,
    }


def test_nothing_to_book_is_ignored_by_decision(world: DayWorld) -> None:
    world.send(world.ticket(1))
    world.run()

    report = world.reconciled()

    assert report.settled
    assert [(one.fate, one.why) for one in store_of(report).unsettled] == [("ignored", "nothing to book")]


def test_a_late_batch_belongs_to_its_own_day(world: DayWorld) -> None:
    world.sell_some(1, 2, 4)
    world.sell_some(5, 6, day=AFTER)
    world.send(world.ticket(3, ("Karte", "10.00")), world.ticket(7, ("Karte", "10.00"), day=AFTER))
    world.run()

    today, tomorrow = world.reconciled(), world.reconciled(AFTER)

    assert today.settled
    assert tomorrow.settled
    assert (store_of(today).transactions, store_of(tomorrow).transactions) == (4, 3)


def test_a_till_is_found_again_without_looking_at_its_other_days(world: DayWorld) -> None:
    for back in range(30, 0, -1):
        world.sell_some(back, day=DAY - timedelta(days=back))
    world.sell_some(1, 2)
    world.run()
    before = world.ledger_table.calls["query"]

    world.reconciled()

    by_acceptance = 2 * len(world.accounts)  # the day before and the day itself; later ones have not come
    assert world.ledger_table.calls["query"] - before < 15 + by_acceptance


def test_a_long_day_is_read_to_its_end(world: DayWorld) -> None:
    for first in range(1, 301, 10):
        world.send(*(world.ticket(number, ("Karte", "1.00")) for number in range(first, first + 10)))
    world.run()

    report = world.reconciled()

    assert report.settled
    assert tender_of(report, "CARD").posted == Sum(300, 30000)


def test_a_mapping_that_changed_since_does_not_undo_the_proof(world: DayWorld) -> None:
    world.sell_some(1)
    world.run()
    world.map(f"kind,canonical,system,value\ntender,CASH,{TILL},Karte\n", replace_meanings=True)
    world.clock.advance(minutes=2)

    assert world.reconciled().ties_out


def test_a_large_delivery_that_was_not_looked_into_is_not_certified(world: DayWorld) -> None:
    now = world.clock.now()
    notice = DeliveryNotice(delivery_id="large", received_at=now)
    world.send(DeliveryReceived.create(notice, source=TILL, received_at=now, causation_id="large"))

    assert kinds(world.reconciled()) == {"not expanded": 1}


def test_a_document_over_less_than_was_paid_is_not_certified(world: DayWorld) -> None:
    world.sell_some(1)
    world.run()
    key = outcome_key(f"till:{TILL}:101/1", 1, "financial_posting")
    outcome = Outcome.from_item(world.ledger_table.items[key])
    (document,) = outcome.documents
    body = document["body"] | {
        "lines": [document["body"]["lines"][0] | {"gross": {"amount": "9.99", "currency": "USD"}}],
        "tenders": [{"tender": "CARD", "amount": {"amount": "9.99", "currency": "USD"}}],
    }
    changed = replace(outcome, documents=(dict(document) | {"body": body},))
    world.ledger_table.items[key] = changed.to_item()

    report = world.reconciled()

    assert kinds(report) == {"money differs": 1, "different in target": 1}
    assert tender_of(report, "CARD").difference == 1


# ---- against the books ----


def test_a_posted_document_that_is_gone_is_not_certified(world: DayWorld) -> None:
    world.sell_some(1, 2)
    world.run()
    del world.books.booked[0]

    assert kinds(world.reconciled()) == {"missing in target": 1}


def test_a_document_booked_on_another_day_is_not_certified(world: DayWorld) -> None:
    world.sell_some(1)
    world.run()
    _, store, one = world.books.booked[0]
    world.books.booked[0] = (AFTER, store, one)

    assert kinds(world.reconciled()) == {"missing in target": 1}
    assert kinds(world.reconciled(AFTER, store="101")) == {"unknown in target": 1}


def test_a_document_that_stands_there_twice_is_not_certified(world: DayWorld) -> None:
    world.sell_some(1)
    world.run()
    world.books.booked.append(world.books.booked[0])

    assert kinds(world.reconciled()) == {"different in target": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"total": Money.of("9.99", "USD")},
        {"tenders": {"1": Money.of("10.00", "USD")}},
        {"tenders": {}},
    ],
)
def test_a_document_that_says_something_else_is_not_certified(world: DayWorld, changes: dict[str, object]) -> None:
    world.sell_some(1)
    world.run()
    day, store, one = world.books.booked[0]
    world.books.booked[0] = (day, store, replace(one, **changes))

    assert kinds(world.reconciled()) == {"different in target": 1}


def test_what_is_held_and_stands_there_is_not_certified(world: DayWorld) -> None:
    world.books.refused.add(str(world.identity(1)))
    world.sell_some(1, 2)
    world.run()
    day, store, one = world.books.booked[0]
    world.books.booked.append((day, store, replace(one, key=f"{TILL}/TransactionClosed/{world.identity(1)}")))

    assert kinds(world.reconciled()) == {"held, and in target": 1}


def test_what_stands_there_before_its_result_is_noted_is_no_finding(world: DayWorld) -> None:
    world.sell_some(1)
    world.run()
    world.sell_some(2)
    day, store, one = world.books.booked[0]
    world.books.down = True
    world.run()
    world.books.booked.append((day, store, replace(one, key=f"{TILL}/TransactionClosed/{world.identity(2)}")))

    report = world.reconciled()

    assert report.ties_out
    assert any("not noted yet" in note for note in report.notes)


def test_books_that_do_not_answer_certify_nothing(world: DayWorld) -> None:
    world.sell_some(1)
    world.sell_some(1, till="102/1")
    world.run()
    world.books.silent = True

    report = world.reconciled()

    assert kinds(report) == {"target silent": 1}
    assert [one.asked for one in report.targets] == [False]
