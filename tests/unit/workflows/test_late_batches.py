"""What a till sends days later is booked on the day it was sold; a period that is closed by then is a case."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from lockstep.canonical.sales_receipt import SalesReceipt
from lockstep.masterdata.release import release_cases
from lockstep.messaging.errors import CaseKey, PeriodClosed
from lockstep.messaging.outbound import Posted, Rejected, ResolvedDocument
from tests.unit.operations.reconciliation.day_world import Books, DayWorld
from tests.unit.operations.retail_world import DAY, LEDGER

BEFORE = DAY - timedelta(days=2)
CASE = f"period_closed/{LEDGER}/{BEFORE:%Y-%m}"


class ClosingBooks(Books):
    """Books of which some days are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed: set[date] = set()

    def post(self, documents: Sequence[ResolvedDocument], *, look_up_first: bool) -> Iterator[Posted | Rejected]:
        for document in documents:
            day = SalesReceipt.model_validate(document.document.body).business_day
            if day in self.closed:
                yield Rejected(PeriodClosed(f"{day} is closed", CaseKey("period_closed", f"{LEDGER}/{day:%Y-%m}")))
            else:
                yield from super().post([document], look_up_first=look_up_first)


def world_with_closing_books() -> tuple[DayWorld, ClosingBooks]:
    world, books = DayWorld(), ClosingBooks()
    world.ledger = world.books = books
    return world, books


def booked(books: Books) -> list[tuple[date, str]]:
    return [(day, one.key.rsplit("/", 1)[1]) for day, _, one in books.booked]


def test_a_late_batch_is_booked_on_its_own_business_day() -> None:
    world, books = world_with_closing_books()
    world.sell_some(11, 12)
    world.sell_some(9, 10, day=BEFORE)
    world.run()

    assert booked(books) == [(DAY, "11"), (DAY, "12"), (BEFORE, "9"), (BEFORE, "10")]


def test_a_late_batch_of_a_closed_period_is_one_case_and_what_is_sold_now_goes_on() -> None:
    world, books = world_with_closing_books()
    books.closed.add(BEFORE)
    world.sell_some(9, 10, day=BEFORE)
    world.sell_some(11)
    world.run()

    assert booked(books) == [(DAY, "11")]
    case = next(item for key, item in world.ledger_table.items.items() if key.pk == f"C#{CASE}" and key.sk == "CASE")
    assert (case["state"], case["waiting"]) == ("open", 2)

    books.closed.clear()
    release_cases([CASE], ledger=world.ledger_table, doorbells=world.doorbells, clock=world.clock, by="ada")
    world.run()
    assert sorted(booked(books)[1:]) == [(BEFORE, "10"), (BEFORE, "9")]
