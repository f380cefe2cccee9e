"""The poster of documents: in order, once in effect, never past those who feed it."""

from contextlib import suppress
from datetime import timedelta

import pytest

from lockstep.messaging.errors import (
    CaseKey,
    ConfigurationError,
    DocumentRejected,
    EndpointUnavailable,
    OutcomeUnknown,
)
from lockstep.messaging.ledger import Outcome, outcome_key
from lockstep.messaging.ports import Patch, Write, WriteRefused
from tests.unit.messaging.bench import ERP, LANE, TILLS, Bench, Crash

REJECTION = DocumentRejected("the account is closed", CaseKey("document_rejected", "account/4000"))
REJECTED = "document_rejected/account/4000"


def decided(*numbers: int, **options: object) -> Bench:
    bench = Bench(**options)  # type: ignore[arg-type]
    for number in numbers:
        bench.sell(number)
    bench.decide()
    return bench


def gives_back(write: Write) -> bool:
    return isinstance(write, Patch) and f"lease#{ERP}" in write.remove


def test_documents_are_posted_in_order_and_their_numbers_kept() -> None:
    bench = decided(1, 2, 3)

    bench.post()

    assert bench.ledger.booked == ["receipt 1", "receipt 2", "receipt 3"]
    assert Outcome.from_item(bench.table.items[outcome_key(LANE, 2, ERP)]).reference == "R-receipt 2"
    assert bench.lane().cursor(ERP).seq == 3
    assert bench.lane().lease(ERP) is None


def test_it_never_passes_the_workflow_that_feeds_it() -> None:
    bench = decided(1)
    bench.sell(2)

    bench.post()

    assert bench.ledger.booked == ["receipt 1"]
    assert bench.lane().cursor(ERP).seq == 1


def test_an_entry_with_several_documents_is_posted_part_by_part() -> None:
    bench = Bench()
    bench.sell(1, "SCARF", "HAT")
    bench.decide()
    bench.ledger.before["journal 1"] = EndpointUnavailable("down")

    with pytest.raises(EndpointUnavailable):
        bench.post()
    assert str(bench.lane().cursor(ERP)) == "0.1"
    bench.ledger.before.clear()
    bench.post()

    assert bench.ledger.booked == ["receipt 1", "journal 1"]
    numbers = [bench.table.items[outcome_key(LANE, 1, who)]["reference"] for who in (ERP, f"{ERP}#1")]
    assert numbers == ["R-receipt 1", "R-journal 1"]


def test_while_one_delivers_nobody_else_does() -> None:
    bench = decided(1)
    bench.ledger.meanwhile = bench.post

    bench.post()

    assert bench.ledger.calls == [(["receipt 1"], False)]


def test_who_read_the_lane_before_another_delivered_cannot_take_the_lease() -> None:
    bench = decided(1)
    bench.table.once_before(lambda w: isinstance(w, Patch) and f"lease#{ERP}" in w.set, bench.post)

    bench.post()

    assert bench.ledger.booked == ["receipt 1"]


def test_who_comes_after_a_crash_waits_for_the_lease_to_run_out_and_looks_up_first() -> None:
    bench = decided(1)
    bench.table.crash_at(2)
    with pytest.raises(Crash):
        bench.post()
    bench.table.heal()

    bench.post()
    assert len(bench.ledger.calls) == 1
    bench.clock.advance(seconds=31)
    bench.post()

    assert bench.ledger.calls[1] == (["receipt 1"], True)
    assert bench.ledger.booked == ["receipt 1"]


def test_who_lost_the_lease_commits_nothing() -> None:
    bench = decided(1)

    def overslept() -> None:
        bench.clock.advance(seconds=31)
        bench.ledger.before["receipt 1"] = EndpointUnavailable("down")
        with pytest.raises(EndpointUnavailable):
            bench.post()
        bench.ledger.before.clear()

    bench.ledger.meanwhile = overslept
    bench.post()
    assert bench.ledger.booked == ["receipt 1"]
    assert bench.lane().cursor(ERP).seq == 0

    bench.post()

    assert bench.ledger.booked == ["receipt 1"]
    assert [looked for _, looked in bench.ledger.calls] == [False, True, True]
    assert bench.lane().cursor(ERP).seq == 1


def test_passing_contention_does_not_lose_what_was_posted() -> None:
    bench = decided(1)

    def meet() -> None:
        raise WriteRefused

    bench.table.once_before(gives_back, meet)

    bench.post()

    assert bench.ledger.calls == [(["receipt 1"], False)]
    assert bench.lane().cursor(ERP).seq == 1


def test_an_unanswered_call_is_looked_up_once_it_has_settled() -> None:
    bench = decided(1, 2, settle_after=timedelta(seconds=10))
    bench.ledger.after["receipt 2"] = OutcomeUnknown("no answer")
    with pytest.raises(OutcomeUnknown):
        bench.post()
    assert bench.lane().cursor(ERP).seq == 1

    bench.post()
    assert len(bench.ledger.calls) == 1
    assert (ERP, LANE) in bench.rung()
    bench.clock.advance(seconds=10)
    bench.post()

    assert bench.ledger.calls[1] == (["receipt 2"], True)
    assert bench.ledger.booked == ["receipt 1", "receipt 2"]


def test_a_look_up_is_owed_until_the_cursor_is_where_the_call_had_reached() -> None:
    # The call with 1 and 3 was not answered, and both stand. Then 2 is let go: its two documents take two calls, so
    # the next batch ends before 3.
    bench = Bench(batch_size=3)
    bench.forget("HAT", TILLS)
    bench.sell(1)
    bench.sell(2, "HAT", "SCARF")
    bench.sell(3)
    bench.decide()
    bench.ledger.after["receipt 1"] = OutcomeUnknown("no answer")
    with pytest.raises(OutcomeUnknown):
        bench.post()
    assert bench.ledger.calls == [(["receipt 1", "receipt 3"], False)]
    bench.ledger.booked.append("receipt 3")
    bench.clock.advance(seconds=1)
    bench.learn("HAT", TILLS)
    bench.decide()

    bench.post()

    assert bench.ledger.calls[1:] == [(["receipt 1", "receipt 2"], True), (["journal 2", "receipt 3"], True)]
    assert bench.ledger.booked == ["receipt 1", "receipt 3", "receipt 2", "journal 2"]
    assert bench.lane().lease(ERP) is None


def test_a_technical_failure_keeps_what_was_posted_and_stops_there() -> None:
    bench = decided(1, 2, 3)
    bench.ledger.before["receipt 2"] = EndpointUnavailable("down")

    with pytest.raises(EndpointUnavailable):
        bench.post()

    assert bench.ledger.booked == ["receipt 1"]
    assert bench.lane().cursor(ERP).seq == 1
    assert not bench.parked()


def test_a_target_that_fails_at_the_call_itself_gives_the_lease_back() -> None:
    bench = decided(1)

    def refuse(*_: object, **__: object) -> None:
        raise EndpointUnavailable("no route")

    post, bench.ledger.post = bench.ledger.post, refuse  # type: ignore[method-assign,assignment]
    with pytest.raises(EndpointUnavailable):
        bench.post()
    bench.ledger.post = post  # type: ignore[method-assign]

    bench.post()

    assert bench.ledger.booked == ["receipt 1"]


def test_a_rejection_parks_only_its_subject() -> None:
    bench = Bench()
    bench.sell(1)
    bench.sell(2)
    bench.sell(3, returns=1)
    bench.decide()
    bench.ledger.refuse["receipt 1"] = REJECTION

    bench.post()

    assert bench.ledger.booked == ["receipt 2"]
    assert bench.outcomes(ERP) == ["parked", "posted", "parked"]
    assert bench.case(REJECTED)["waiting"] == 1
    assert bench.lane().parked(ERP) == 2


def test_the_next_of_a_subject_is_not_in_the_same_call() -> None:
    bench = Bench()
    bench.sell(1)
    bench.sell(2, returns=1)
    bench.decide()

    bench.post()

    assert [keys for keys, _ in bench.ledger.calls] == [["receipt 1"], ["receipt 2"]]


def test_repair_lets_a_parked_subject_go_in_order() -> None:
    bench = Bench()
    bench.sell(1, "SCARF", "HAT")
    bench.sell(2, returns=1)
    bench.decide()
    bench.ledger.refuse["receipt 1"] = REJECTION
    bench.post()
    assert len(bench.parked()) == 2
    bench.ledger.refuse.clear()

    bench.repair(REJECTED)
    bench.post()

    assert bench.ledger.booked == ["receipt 1", "journal 1", "receipt 2"]
    assert not bench.parked()
    assert bench.lane().parked(ERP) == 0


def test_the_second_document_of_an_entry_refused_parks_from_there_on() -> None:
    bench = Bench()
    bench.sell(1, "SCARF", "HAT")
    bench.decide()
    bench.ledger.refuse["journal 1"] = REJECTION
    bench.post()
    bench.ledger.refuse.clear()

    bench.repair(REJECTED)
    bench.post()

    assert bench.ledger.booked == ["receipt 1", "journal 1"]
    assert bench.lane().cursor(ERP).seq == 1
    assert not bench.parked()


def test_what_is_parked_is_looked_up_before_it_is_posted() -> None:
    # It may stand already: the process that posted it died, and then its name was taken out of the crosswalk.
    bench = decided(1)
    bench.table.crash_at(2)
    with pytest.raises(Crash):
        bench.post()
    bench.table.heal()
    bench.clock.advance(minutes=2)
    bench.forget("SCARF", ERP, outward=True)
    bench.post()
    assert bench.outcomes(ERP) == ["parked"]

    bench.learn("SCARF", ERP, outward=True)
    bench.post()

    assert bench.ledger.booked == ["receipt 1"]


def test_a_document_let_go_by_the_workflow_comes_back_to_a_poster_that_has_passed() -> None:
    bench = Bench()
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.sell(2)
    bench.decide()
    bench.post()
    assert bench.ledger.booked == ["receipt 2"]

    bench.learn("HAT", TILLS)
    bench.decide()
    bench.post()

    assert bench.ledger.booked == ["receipt 2", "receipt 1"]
    assert not bench.parked()


def test_and_is_not_lost_when_the_poster_passes_at_that_moment() -> None:
    bench = Bench()
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.sell(2)
    bench.decide()
    bench.learn("HAT", TILLS)
    bench.table.once_before(lambda w: isinstance(w, Patch) and "released#booking" in w.add, bench.post)

    bench.decide()
    bench.post()

    assert sorted(bench.ledger.booked) == ["receipt 1", "receipt 2"]


def test_nor_when_it_is_let_go_while_the_poster_delivers() -> None:
    bench = Bench()
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.sell(2)
    bench.decide()
    bench.learn("HAT", TILLS)
    bench.ledger.meanwhile = bench.decide

    bench.post()
    bench.post()

    assert sorted(bench.ledger.booked) == ["receipt 1", "receipt 2"]
    assert bench.lane().cursor(ERP).seq == 2


def test_what_waited_under_the_subject_of_another_is_handed_on_under_its_own() -> None:
    # 2 returns goods of 1, and 3 and 4 goods of 2: their subject is 2, and in the workflow 3 waited under 1.
    bench = Bench()
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.sell(2, returns=1)
    bench.sell(3, returns=2)
    bench.decide()
    bench.post()
    bench.sell(4, returns=2)
    bench.decide()
    bench.ledger.refuse["receipt 3"] = REJECTION
    bench.learn("HAT", TILLS)
    bench.decide()

    bench.post()
    assert bench.ledger.booked == ["receipt 1", "receipt 2"]
    bench.ledger.refuse.clear()
    bench.repair(REJECTED)
    bench.post()

    assert bench.ledger.booked == ["receipt 1", "receipt 2", "receipt 3", "receipt 4"]


def test_a_released_entry_with_nothing_for_this_target_is_not_parked_for_ever() -> None:
    bench = Bench()
    bench.forget("HAT", TILLS)
    bench.sell(1, "HAT")
    bench.decide()
    bench.post()
    bench.learn("HAT", TILLS)
    bench.decide()
    key = outcome_key(LANE, 1, "booking")
    bench.table.items[key].pop("documents")

    bench.post()

    assert not bench.parked()
    assert bench.lane().parked(ERP) == 0


def test_our_set_up_being_wrong_stops_the_target_until_a_person_closes_the_breaker() -> None:
    bench = decided(1)
    bench.ledger.before["receipt 1"] = ConfigurationError("no such journal")
    with pytest.raises(ConfigurationError):
        bench.post()
    bench.ledger.before.clear()
    bench.clock.advance(hours=1)

    bench.post()

    assert not bench.ledger.booked
    assert bench.breaker(ERP).configuration
    assert not bench.breaker(ERP).may_be_probed(bench.clock.now())


@pytest.mark.parametrize("crash", range(1, 6))
def test_a_crash_anywhere_leaves_each_document_once(crash: int) -> None:
    bench = Bench(batch_size=2)
    bench.sell(1, "SCARF", "HAT")
    bench.sell(2)
    bench.decide()
    bench.table.crash_at(crash)
    with suppress(Crash):
        bench.post()
    bench.table.heal()
    bench.clock.advance(minutes=1)

    bench.post()

    assert bench.ledger.booked == ["receipt 1", "journal 1", "receipt 2"]
