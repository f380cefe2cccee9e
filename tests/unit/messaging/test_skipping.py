"""Skipping: what a person decides shall have no effect has none, and what waits behind it goes on in order."""

import pytest

from lockstep.messaging.case_history import MOST_LINES, history_of
from lockstep.messaging.errors import CaseKey, DocumentRejected
from lockstep.messaging.ledger import Outcome, outcome_key
from lockstep.messaging.ports import Key
from lockstep.messaging.skipping import Skipped, note_in_case, skip_case
from tests.unit.messaging.bench import ERP, LANE, SHOP, TILLS, Bench, Crash


def skip(bench: Bench, case: str, subject: str = "", *, behind: bool = False) -> Skipped:
    return skip_case(bench.table, case, bench.clock.now(), by="ada", reason="till test", subject=subject, behind=behind)


def held_up() -> tuple[Bench, str]:
    """A sale of an unknown hat with its return behind it, and a sale that waits for the same."""
    bench = Bench()
    case = bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.sell(2, returns=1)
    bench.sell(3, "HAT")
    bench.decide()
    assert bench.outcomes("booking") == ["parked", "parked", "parked"]
    return bench, case


def summary(bench: Bench, consumer: str, seq: int) -> str:
    return Outcome.from_item(bench.table.items[outcome_key(LANE, seq, consumer)]).summary


def waiting(bench: Bench) -> list[Key]:
    return [key for key in bench.table.items if key.sk.startswith("W#")]


def test_a_skipped_entry_has_no_effect_and_what_is_behind_it_goes_on() -> None:
    bench, case = held_up()
    subject = next(item["subject"] for key, item in bench.table.items.items() if key.sk.startswith("W#"))

    done = skip(bench, case, subject)
    bench.decide()
    bench.post()

    assert (len(done.subjects), done.entries) == (1, 1)
    assert done.bells == {"booking": {LANE}}
    assert bench.outcomes("booking") == ["skipped", "decided", "parked"]
    assert summary(bench, "booking", 1) == "skipped by ada: till test"
    assert bench.ledger.booked == ["receipt 2"]
    assert (bench.case(case)["state"], bench.case(case)["waiting"]) == ("open", 1)
    assert bench.lane().parked("booking") == 1


def test_everything_that_waits_for_a_case_is_skipped_and_the_case_is_resolved() -> None:
    bench, case = held_up()

    done = skip(bench, case)
    bench.decide()
    bench.post()

    assert (len(done.subjects), done.entries) == (2, 2)
    assert bench.outcomes("booking") == ["skipped", "decided", "skipped"]
    assert bench.ledger.booked == ["receipt 2"]
    assert not bench.parked()
    assert not waiting(bench)
    assert (bench.case(case)["state"], bench.case(case)["waiting"]) == ("resolved", 0)
    assert skip(bench, case) == Skipped()


def test_what_waits_behind_it_may_be_skipped_with_it() -> None:
    bench, case = held_up()

    done = skip(bench, case, behind=True)
    bench.decide()
    bench.post()

    assert done.entries == 3
    assert bench.outcomes("booking") == ["skipped", "skipped", "skipped"]
    assert bench.ledger.booked == []


def test_what_waits_for_two_cases_waits_for_neither() -> None:
    bench = Bench()
    cases = [bench.forget("HAT", TILLS), bench.forget("GLOVE", TILLS)]
    bench.sell(1, "HAT", "GLOVE")
    bench.decide()

    skip(bench, cases[0])
    bench.decide()

    assert bench.outcomes("booking") == ["skipped"]
    assert [bench.case(case)["state"] for case in cases] == ["resolved", "resolved"]
    assert not waiting(bench)


@pytest.mark.parametrize("crash", range(1, 6))
def test_a_crash_anywhere_skips_once(crash: int) -> None:
    bench, case = held_up()
    bench.table.crash_at(crash)
    try:
        skip(bench, case)
        bench.decide()
    except Crash:
        pass
    bench.table.heal()

    skip(bench, case)
    bench.decide()
    bench.post()

    assert bench.outcomes("booking") == ["skipped", "decided", "skipped"]
    assert bench.lane().parked("booking") == 0
    assert bench.case(case)["state"] == "resolved"


def test_a_lane_that_had_stopped_for_the_case_goes_on() -> None:
    bench = Bench(park_limit=1)
    case = bench.forget("HAT", TILLS)
    for number in (1, 2):
        bench.sell(number, "HAT")
        bench.decide()
    assert bench.lane().stopped("booking") is not None

    done = skip(bench, case)
    bench.decide()

    assert done.bells == {"booking": {LANE}}
    assert bench.outcomes("booking") == ["skipped", "parked"]
    assert bench.lane().stopped("booking") is None


def test_a_document_that_a_target_refuses_is_not_sent_again() -> None:
    bench = Bench()
    bench.sell(1)
    bench.sell(2, returns=1)
    bench.decide()
    bench.ledger.refuse["receipt 1"] = DocumentRejected("no such tax", CaseKey("document_rejected", "1"))
    bench.post()
    assert bench.outcomes(ERP) == ["parked", "parked"]
    sent = len(bench.ledger.calls)

    done = skip(bench, "document_rejected/1")
    bench.post()

    assert done.bells == {ERP: {LANE}}
    assert bench.outcomes(ERP) == ["skipped", "posted"]
    assert [keys for keys, _ in bench.ledger.calls[sent:]] == [["receipt 2"]]
    assert bench.lane().parked(ERP) == 0
    assert not bench.parked()


def test_a_quantity_that_is_skipped_is_shown_when_it_changes_next() -> None:
    bench = Bench()
    case = bench.forget("SCARF", SHOP, outward=True)
    bench.sell(1, "SCARF")
    bench.stock()
    assert bench.lane().parked(SHOP) == 1

    skip(bench, case)
    bench.show()

    assert bench.outcomes(SHOP) == ["skipped"]
    assert summary(bench, SHOP, 1) == "SCARF@101 skipped by ada: till test"
    assert bench.shop.calls == []
    assert bench.lane().parked(SHOP) == 0
    assert bench.case(case)["state"] == "resolved"
    bench.learn("SCARF", SHOP, outward=True)
    bench.sell(2, "SCARF")
    bench.stock()
    assert "SCARF@101" in bench.shop.shown


def test_a_case_remembers_who_did_what_to_it() -> None:
    bench, case = held_up()
    opened = bench.clock.now()
    bench.clock.advance(minutes=5)
    skip(bench, case)
    bench.decide()
    bench.clock.advance(minutes=5)
    bench.sell(4, "HAT")
    bench.decide()

    lines = history_of(bench.case(case))

    assert [(line.by, line.what.split(" ")[0]) for line in lines] == [
        ("booking", "opened"),
        ("ada", "skipped"),
        ("ada", "resolved"),
        ("booking", "opened"),
    ]
    assert lines[0].at == opened
    assert "till test" in lines[1].what


def test_a_case_forgets_the_oldest_lines() -> None:
    bench, case = held_up()
    for number in range(2 * MOST_LINES):
        assert note_in_case(bench.table, case, bench.clock.now(), by="ada", what=f"line {number}")
        bench.clock.advance(seconds=1)

    assert len(bench.case(case)["history"]) == MOST_LINES
    assert history_of(bench.case(case))[-1].what == f"line {2 * MOST_LINES - 1}"
    assert not note_in_case(bench.table, "no/case", bench.clock.now(), by="ada", what="")
