"""What refers to another waits until that is there, in its own lane or another, and hears of it by itself."""

from contextlib import suppress
from datetime import timedelta

from lockstep.canonical.events import Event, TransactionClosed
from lockstep.messaging.awaiting import LOOKS_AT_ONCE, missing
from lockstep.messaging.case_history import history_of
from lockstep.messaging.errors import CaseKey, DocumentRejected
from lockstep.messaging.ledger import awaited_key, case_key
from lockstep.messaging.outbound import Document
from lockstep.messaging.parking import resolve_case
from lockstep.messaging.ports import Item, Key
from lockstep.messaging.skipping import skip_case
from lockstep.messaging.workflow import Context, Decision
from simulation.business import Booking, transaction
from tests.unit.messaging.bench import ERP, LANE, TILLS, Bench, Crash

OTHER = "till:till.main:101/T2"
THIRD = "till:till.main:101/T3"
SPAN = timedelta(hours=4)


class Following(Booking):
    """Books nothing before what it refers to has arrived, and says what each document follows."""

    def decide(self, event: Event, context: Context) -> Decision:
        awaited = [id_ for id_ in event.follows() if id_ not in {*context.earlier, *context.unfollowed}]
        if awaited:
            raise missing(awaited, "what it refers to has not arrived")
        decision = super().decide(event, context)
        follows = tuple(id_ for id_ in event.follows() if id_ in context.earlier)
        return Decision(
            decision.summary,
            documents=tuple((target, _after(document, follows)) for target, document in decision.documents),
        )


def _after(document: Document, follows: tuple[str, ...]) -> Document:
    parts = {name: getattr(document, name) for name in ("key", "kind", "subject", "correlation_id", "body")}
    return Document(**parts, follows=follows)


class TwoTills(Bench):
    """Two tills, whose returns name sales of either."""

    def __init__(self, *, park_limit: int = 500, batch_size: int = 10) -> None:
        super().__init__(park_limit=park_limit, batch_size=batch_size)
        self.booking = Following(self.unsound, park_limit)

    def give_back(self, number: int, *originals: tuple[str, int], till: str = "T1", item: str = "SCARF") -> Event:
        """A return at one till of what another transaction sold, accepted."""
        first = transaction(till, number, (item,) * len(originals), self.clock.now(), returns=originals[0])
        lines = tuple(
            line.model_copy(update={"original": line.original.model_copy(update={"workstation": t, "sequence": n})})
            for line, (t, n) in zip(first.data.lines, originals, strict=True)
            if line.original is not None
        )
        data = first.data.model_copy(update={"lines": lines})
        event = TransactionClosed.create(data, source=TILLS, received_at=self.clock.now(), causation_id="d")
        self.accept(event)
        return event

    def work(self, *lanes: str) -> None:
        """Both consumers on some lanes."""
        for lane in lanes or (LANE, OTHER):
            self.decide(lane=lane)
            self.post(lane=lane)

    def case_of(self, event: Event) -> str:
        return f"predecessor_missing/{event.id}"


def test_a_return_waits_for_its_sale_and_goes_on_by_itself() -> None:
    bench = TwoTills()
    sale = bench.sale(1, till="T2")
    bench.give_back(7, ("T2", 1))
    bench.sell(2)
    bench.work()

    assert bench.ledger.booked == ["receipt 2"], "the lane goes on without it"
    case = bench.case(bench.case_of(sale))
    assert (case["state"], case["waiting"]) == ("expected", 1)
    assert "open_key" not in case, "nobody has to look at it yet"

    bench.accept(sale)
    bench.sweep().run()
    bench.work()
    bench.sweep().run()
    bench.work()

    assert bench.ledger.booked == ["receipt 2", "receipt 1", "receipt 7"]
    assert bench.case(bench.case_of(sale)) == {}, "it never was a case for anybody"
    assert awaited_key(bench.case_of(sale)) not in bench.table.items
    assert not bench.parked()


def test_nobody_is_told_before_the_clock_has_run_out_and_then_once() -> None:
    bench = TwoTills()
    sale = bench.sale(1, till="T2")
    bench.give_back(7, ("T2", 1))
    bench.work()

    bench.clock.time += SPAN - timedelta(minutes=1)
    assert bench.sweep().run().looked.opened == []
    bench.clock.advance(minutes=1)
    assert bench.sweep().run().looked.opened == [bench.case_of(sale)]
    assert bench.sweep().run().looked.opened == []
    case = bench.case(bench.case_of(sale))
    assert (case["state"], case["open_key"]) == ("open", "case")
    assert case["opened_at"].startswith("2026-11-27T13:00")


def test_an_open_case_too_ends_by_itself_once_its_event_comes() -> None:
    bench = TwoTills()
    sale = bench.sale(1, till="T2")
    bench.give_back(7, ("T2", 1))
    bench.work()
    bench.clock.time += SPAN
    bench.sweep().run()

    bench.accept(sale)
    bench.work()
    bench.sweep().run()
    bench.work()

    assert bench.ledger.booked == ["receipt 1", "receipt 7"]
    assert bench.case(bench.case_of(sale))["state"] == "resolved"


def test_what_is_tried_again_does_not_run_before_what_it_follows() -> None:
    bench = TwoTills()
    sale = bench.sale(1, till="T2")
    bench.give_back(7, ("T2", 1))
    bench.work()
    bench.clock.time += SPAN
    bench.sweep().run()

    bench.repair(bench.case_of(sale))
    bench.work()

    assert bench.ledger.booked == []
    assert bench.case(bench.case_of(sale))["state"] == "open", "it is still missing, and people see it"


def test_a_case_that_was_resolved_is_opened_again_by_whoever_comes_to_wait_for_it() -> None:
    bench = TwoTills()
    sale = bench.sale(1, till="T2")
    case = bench.case_of(sale)
    bench.give_back(7, ("T2", 1))
    bench.work()
    bench.clock.time += SPAN
    bench.sweep().run()
    bench.clock.advance(minutes=1)
    skip_case(bench.table, case, bench.clock.now(), by="ada", reason="never sold")
    bench.work()
    bench.sweep().run()
    assert bench.case(case)["state"] == "resolved"

    bench.clock.advance(minutes=1)
    bench.give_back(8, ("T2", 1))  # whose workflow waits
    bench.decide(lane=LANE)
    again = bench.case(case)
    assert (again["state"], again["waiting"], again["open_key"]) == ("open", 1, "case")
    assert [line.what.partition(" ")[0] for line in history_of(again)] == ["opened", "skipped", "resolved", "opened"]

    bench.accept(sale)  # and now its poster, for the sale is not posted yet
    bench.sweep().run()
    bench.decide(lane=LANE)
    bench.post(lane=LANE)
    assert (bench.case(case)["state"], bench.case(case)["waiting#erp.main"]) == ("open", 1)
    bench.work(OTHER)
    bench.sweep().run()
    bench.work(LANE)
    assert bench.case(case)["state"] == "resolved"
    assert bench.ledger.booked == ["receipt 1", "receipt 8"]


def test_a_case_that_is_resolved_just_as_another_comes_to_wait_is_opened_again() -> None:
    bench = TwoTills()
    sale = bench.sale(1, till="T2")
    case = bench.case_of(sale)
    bench.give_back(7, ("T2", 1))
    bench.work()
    bench.clock.time += SPAN
    bench.sweep().run()
    bench.give_back(8, ("T2", 1), till="T3")

    def skipped() -> None:
        skip_case(bench.table, case, bench.clock.now(), by="ada", reason="never sold")

    bench.table.once_before(lambda write: write.key == case_key(case), skipped)
    bench.decide(lane=THIRD)

    assert (bench.case(case)["state"], bench.case(case)["waiting"]) == ("open", 1)


def test_a_person_lets_it_go_on_without_what_never_comes() -> None:
    bench = TwoTills()
    sale = bench.sale(1, till="T2")
    bench.give_back(7, ("T2", 1))
    bench.work()

    resolve_case(bench.table, bench.case_of(sale), bench.clock.now(), by="ada", unfollowed=True)
    bench.work()

    assert bench.ledger.booked == ["receipt 7"]
    bench.sweep().run()
    assert awaited_key(bench.case_of(sale)) not in bench.table.items


def test_what_a_person_lets_go_without_an_event_goes_on_with_all_that_waits_behind_it() -> None:
    bench = TwoTills()
    case = bench.case_of(bench.sale(1, till="T2"))
    for number in (7, 8, 9):
        bench.give_back(number, ("T2", 1))
    bench.give_back(10, ("T2", 1), ("T2", 2))
    bench.work()
    assert bench.case(case)["waiting"] == 1, "they are of one subject"

    resolve_case(bench.table, case, bench.clock.now(), by="ada", unfollowed=True)
    bench.work()

    assert bench.ledger.booked == ["receipt 7", "receipt 8", "receipt 9"]
    assert bench.case(bench.case_of(bench.sale(2, till="T2")))["waiting"] == 1, "another that may come is waited for"


def test_what_a_person_lets_go_without_an_event_is_not_asked_about_again_after_another_failure() -> None:
    bench = TwoTills()
    case, unnamed = bench.case_of(bench.sale(1, till="T2")), bench.forget("HAT", TILLS)
    bench.give_back(7, ("T2", 1), item="HAT")
    bench.work()
    resolve_case(bench.table, case, bench.clock.now(), by="ada", unfollowed=True)
    bench.work()
    assert bench.case(unnamed)["waiting"] == 1

    bench.learn("HAT", TILLS)
    bench.work()
    assert bench.ledger.booked == ["receipt 7"]


def test_what_waits_is_skipped_as_any_other() -> None:
    bench = TwoTills()
    sale = bench.sale(1, till="T2")
    bench.give_back(7, ("T2", 1))
    bench.work()
    bench.clock.time += SPAN
    bench.sweep().run()

    skip_case(bench.table, bench.case_of(sale), bench.clock.now(), by="ada", reason="never sold")
    bench.work()
    bench.sweep().run()

    assert bench.outcomes("booking") == ["skipped"]
    assert bench.case(bench.case_of(sale))["state"] == "resolved"
    assert awaited_key(bench.case_of(sale)) not in bench.table.items


def test_a_return_is_not_posted_before_its_sale_whose_lane_is_behind() -> None:
    bench = TwoTills()
    sale = bench.sell(1, till="T2")
    bench.give_back(7, ("T2", 1))
    bench.sell(2)
    bench.work(LANE)

    assert bench.ledger.booked == ["receipt 2"]
    assert bench.case(bench.case_of(sale))["state"] == "expected"

    bench.sweep().run()
    bench.work(LANE)
    assert bench.ledger.booked == ["receipt 2"], "decided it may be, posted it is not"

    bench.work(OTHER)
    bench.sweep().run()
    bench.work(LANE)
    assert bench.ledger.calls[-1] == (["receipt 7"], True)
    assert not bench.parked()
    assert bench.case(bench.case_of(sale)) == {}


def test_a_return_is_not_posted_before_its_sale_that_is_held_at_the_target() -> None:
    bench = TwoTills()
    sale = bench.sell(5, till="T2")
    bench.ledger.refuse["receipt 5"] = DocumentRejected("no", CaseKey("document_rejected", "5"))
    bench.give_back(1, ("T2", 5))
    bench.work(OTHER, LANE)
    bench.sweep().run()
    bench.work(LANE)
    assert bench.ledger.booked == []

    bench.ledger.refuse.clear()
    bench.repair("document_rejected/5")
    bench.work(OTHER)
    bench.sweep().run()
    bench.work(LANE)
    assert bench.ledger.booked == ["receipt 5", "receipt 1"]
    assert bench.case(bench.case_of(sale)) == {}


def test_a_return_is_not_posted_before_its_sale_that_a_workflow_holds() -> None:
    bench = TwoTills()
    case = bench.forget("HAT", TILLS)
    bench.sell(5, "HAT", till="T2")
    bench.give_back(1, ("T2", 5))
    bench.work(OTHER, LANE)
    bench.sweep().run()
    bench.work(LANE)
    assert bench.ledger.booked == []

    bench.learn("HAT", TILLS)
    assert bench.case(case)["state"] == "resolved"
    bench.decide(lane=OTHER)  # decided now, and not yet posted
    bench.sweep().run()
    bench.work(LANE)
    assert bench.ledger.booked == []

    bench.post(lane=OTHER)
    bench.sweep().run()
    bench.work(LANE)
    assert bench.ledger.booked == ["receipt 5", "receipt 1"]


def test_a_skipped_sale_is_settled() -> None:
    bench = TwoTills()
    bench.sell(5, till="T2")
    bench.ledger.refuse["receipt 5"] = DocumentRejected("no", CaseKey("document_rejected", "5"))
    bench.give_back(1, ("T2", 5))
    bench.work(OTHER, LANE)

    skip_case(bench.table, "document_rejected/5", bench.clock.now(), by="ada", reason="test")
    bench.work(OTHER)
    bench.sweep().run()
    bench.work(LANE)

    assert bench.ledger.booked == ["receipt 1"]


def test_the_second_sale_of_a_return_holds_it_too_though_its_subject_is_the_first() -> None:
    for batch_size in (1, 10):
        bench = TwoTills(batch_size=batch_size)
        bench.sell(1)
        bench.sell(2)
        bench.ledger.refuse["receipt 2"] = DocumentRejected("no", CaseKey("document_rejected", "2"))
        bench.give_back(3, ("T1", 1), ("T1", 2))
        bench.work(LANE)
        assert bench.ledger.booked == ["receipt 1"]

        bench.ledger.refuse.clear()
        bench.repair("document_rejected/2")
        bench.work(LANE)
        bench.sweep().run()
        bench.work(LANE)
        assert bench.ledger.booked == ["receipt 1", "receipt 2", "receipt 3"]


def test_no_call_holds_a_document_beside_one_that_it_follows() -> None:
    bench = TwoTills()
    bench.sell(1)
    bench.sell(2)
    bench.give_back(3, ("T1", 1), ("T1", 2))
    bench.sell(4)
    bench.work(LANE)

    assert [keys for keys, _ in bench.ledger.calls] == [["receipt 1", "receipt 2"], ["receipt 3", "receipt 4"]]
    assert not bench.parked()


def test_what_follows_another_of_its_batch_goes_into_the_next_and_is_not_parked() -> None:
    bench = TwoTills()
    bench.sell(1)
    bench.work(LANE)
    bench.sell(2)
    bench.give_back(3, ("T1", 1), ("T1", 2))
    bench.work(LANE)

    assert [keys for keys, _ in bench.ledger.calls] == [["receipt 1"], ["receipt 2"], ["receipt 3"]]
    assert bench.outcomes(ERP) == ["posted"] * 3


def test_a_sale_that_comes_after_its_return_in_the_same_lane_goes_ahead_of_it() -> None:
    for both_at_once in (True, False):
        bench = TwoTills()
        bench.give_back(9, ("T1", 8))
        if not both_at_once:
            bench.work(LANE)
        bench.sell(8)
        bench.work(LANE)
        bench.give_back(10, ("T1", 8))
        for _ in range(3):
            bench.sweep().run()
            bench.work(LANE)

        assert bench.ledger.booked == ["receipt 8", "receipt 9", "receipt 10"]
        assert not bench.parked()


def test_a_sale_that_fails_after_its_return_in_the_same_lane_goes_ahead_of_it_once_repaired() -> None:
    bench = TwoTills()
    case = bench.forget("HAT", TILLS)
    bench.give_back(9, ("T1", 8), item="HAT")
    bench.work(LANE)
    bench.sell(8, "HAT")
    bench.work(LANE)
    bench.sweep().run()
    bench.work(LANE)
    assert bench.case(case)["waiting"] == 1, "its return does not run into the same before it"
    # Who tries the return alone again finds that it waits for what is held beside it.
    bench.repair(bench.case_of(bench.sale(8)))
    bench.work(LANE)
    assert bench.ledger.booked == []

    bench.learn("HAT", TILLS)
    for _ in range(3):
        bench.work(LANE)
        bench.sweep().run()
    assert bench.ledger.booked == ["receipt 8", "receipt 9"]
    assert not bench.parked()


def test_a_sale_that_is_refused_after_its_return_in_the_same_lane_goes_ahead_of_it_once_repaired() -> None:
    bench = TwoTills()
    bench.ledger.refuse["receipt 8"] = DocumentRejected("no", CaseKey("document_rejected", "8"))
    bench.give_back(9, ("T1", 8))
    bench.sell(8)
    bench.work(LANE)
    bench.sweep().run()
    bench.work(LANE)
    assert bench.ledger.booked == []

    bench.ledger.refuse.clear()
    bench.repair("document_rejected/8")
    for _ in range(2):
        bench.work(LANE)
        bench.sweep().run()
    bench.work(LANE)
    assert bench.ledger.booked == ["receipt 8", "receipt 9"]


def test_two_lanes_whose_returns_name_later_sales_of_each_other_do_not_wait_for_ever() -> None:
    bench = TwoTills()
    bench.give_back(7, ("T2", 12), till="T1")
    bench.give_back(17, ("T1", 2), till="T2")
    bench.sell(2, till="T1")
    bench.sell(12, till="T2")
    for _ in range(3):
        bench.work()
        bench.sweep().run()
    bench.work()

    place = bench.ledger.booked.index
    assert place("receipt 12") < place("receipt 7")
    assert place("receipt 2") < place("receipt 17")
    assert not bench.parked()


def test_what_a_return_waits_for_goes_ahead_of_it_in_the_order_in_which_it_follows() -> None:
    bench = TwoTills()
    bench.give_back(3, ("T1", 1), ("T1", 2))
    bench.give_back(2, ("T1", 1))
    bench.sell(1)
    bench.work(LANE)
    for _ in range(3):
        bench.sweep().run()
        bench.work(LANE)
    assert bench.ledger.booked == ["receipt 1", "receipt 2", "receipt 3"]
    assert not bench.parked()


def test_returns_that_wait_for_each_other_in_a_circle_do_not_wait_for_ever() -> None:
    bench = TwoTills()
    bench.sell(2)
    bench.work(LANE)
    bench.give_back(7, ("T1", 2), ("T2", 6))  # closed after 5, accepted before it
    bench.give_back(5, ("T1", 2))
    bench.give_back(6, ("T1", 2), ("T1", 5), till="T2")
    for _ in range(3):
        bench.work()
        bench.sweep().run()
    assert bench.ledger.booked == ["receipt 2"]

    bench.clock.time += SPAN
    for _ in range(4):
        bench.sweep().run()
        bench.work()
    assert bench.ledger.booked == ["receipt 2", "receipt 5", "receipt 6", "receipt 7"]
    bench.sweep().run()
    assert not bench.parked()


def test_what_stops_for_a_missing_event_starts_by_itself_though_that_comes_behind_it() -> None:
    bench = TwoTills(park_limit=1)
    for number in (2, 3, 4):
        bench.give_back(number, ("T1", 1))
    bench.give_back(5, ("T2", 1))
    bench.give_back(6, ("T2", 1), till="T3")
    bench.work(LANE, THIRD)
    assert bench.lane(THIRD).stopped("booking") is not None, "too much waits for one cause"
    bench.sell(1, till="T2")
    bench.work(OTHER)
    bench.sweep().run()
    bench.work(THIRD)
    assert bench.ledger.booked == ["receipt 1", "receipt 6"]


def test_what_joins_while_the_sweep_looks_is_looked_after() -> None:
    bench = TwoTills()
    sale = bench.sale(1, till="T2")
    bench.give_back(7, ("T2", 1))
    bench.work()
    resolve_case(bench.table, bench.case_of(sale), bench.clock.now(), by="ada", unfollowed=True)

    def another() -> None:
        bench.give_back(3, ("T2", 1))
        bench.decide()

    awaited = awaited_key(bench.case_of(sale))
    bench.table.once_before(lambda write: write.key == awaited, another)
    bench.sweep().run()

    assert awaited in bench.table.items
    bench.accept(sale)
    bench.work(OTHER)
    bench.sweep().run()
    bench.work(LANE)
    assert "receipt 3" in bench.ledger.booked


def test_a_sweep_that_dies_while_it_lets_go_leaves_nothing_behind() -> None:
    for step in range(1, 5):
        bench = TwoTills()
        sale = bench.sale(1, till="T2")
        bench.give_back(7, ("T2", 1))
        bench.work()
        bench.accept(sale)
        bench.table.crash_at(step)
        with suppress(Crash):
            bench.sweep().run()
        bench.table.heal()
        for _ in range(3):
            bench.clock.advance(minutes=1)
            bench.work()
            bench.sweep().run()
        assert bench.ledger.booked == ["receipt 1", "receipt 7"]
        assert [key for key in bench.table.items if key.pk == case_key(bench.case_of(sale)).pk] == []


def test_the_sweep_looks_at_each_in_turn() -> None:
    bench = TwoTills()
    sales = {number: bench.sale(number, till="T2") for number in range(1, LOOKS_AT_ONCE + 2)}
    for number in sales:
        bench.give_back(number + 1000, ("T2", number))
    bench.work(LANE)
    last = bench.table.index("open", "awaited", limit=1000)[-1].pk.rsplit("/", 1)[1]
    bench.accept(sales[int(last)])
    bench.work(OTHER)

    bench.clock.advance(minutes=1)
    assert bench.sweep().run().looked.settled == 0, "it is not among those looked at first"
    bench.clock.advance(minutes=1)
    bench.sweep().run()
    bench.work(LANE)
    assert bench.ledger.booked == [f"receipt {last}", f"receipt {1000 + int(last)}"]


def test_a_sale_that_its_workflow_hands_on_while_a_poster_looks_is_seen_with_one_of_the_two() -> None:
    bench = TwoTills()
    bench.forget("HAT", TILLS)
    bench.sell(5, "HAT", till="T2")
    bench.give_back(1, ("T2", 5))
    bench.decide(lane=OTHER)
    bench.decide(lane=LANE)
    bench.post(lane=OTHER)
    query = bench.table.query

    def meanwhile(pk: str, first: str, last: str, *, limit: int | None = None) -> list[tuple[Key, Item]]:
        if (pk, first) == (f"S#{OTHER}", "P#booking#"):
            bench.table.query = query  # type: ignore[method-assign]
            bench.learn("HAT", TILLS)
            bench.decide(lane=OTHER)
        return query(pk, first, last, limit=limit)

    bench.table.query = meanwhile  # type: ignore[method-assign]
    bench.post(lane=LANE)

    assert bench.ledger.booked == []
    bench.post(lane=OTHER)
    bench.sweep().run()
    bench.post(lane=LANE)
    assert bench.ledger.booked == ["receipt 5", "receipt 1"]


def test_a_document_that_follows_nothing_costs_no_further_call() -> None:
    bench, plain = TwoTills(), Bench()
    for one in (bench, plain):
        one.sell(1)
        one.decide()
        one.table.calls.clear()
        one.post()
    assert bench.table.calls == plain.table.calls
    assert bench.outcomes(ERP) == ["posted"]
