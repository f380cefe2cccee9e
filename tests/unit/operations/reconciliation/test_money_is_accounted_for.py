"""Whatever happens to a day, its money is posted, held, waiting or ignored, and nothing of it is anywhere twice."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.unit.operations.reconciliation.day_world import CAP, SCARF, TILL, DayWorld
from tests.unit.operations.retail_world import DAY

DAYS = (DAY - timedelta(days=1), DAY, DAY + timedelta(days=1))
TILLS = ("101/1", "101/2", "102/1")


class Retailer(RuleBasedStateMachine):
    """Tills of two stores send, again and late; things are unknown, refused, down, repaired."""

    def __init__(self) -> None:
        super().__init__()
        self.world = DayWorld()
        self.sent: list[object] = []
        self.taken: dict[tuple[object, str, str], int] = {}
        self.numbers: dict[tuple[str, object], int] = {}

    def _number(self, till: str, day: object) -> int:
        self.numbers[till, day] = self.numbers.get((till, day), 0) + 1
        return self.numbers[till, day]

    @rule(
        till=st.sampled_from(TILLS),
        day=st.sampled_from(DAYS),
        amounts=st.lists(
            st.tuples(st.sampled_from(["Bar", "Karte", "Gutschein"]), st.integers(-500, 2000)), max_size=3
        ),
        currency=st.sampled_from(["USD", "JPY"]),
        item=st.sampled_from([SCARF, SCARF, CAP]),
        again=st.booleans(),
    )
    def sell(
        self, *, till: str, day: object, amounts: list[tuple[str, int]], currency: str, item: str, again: bool
    ) -> None:
        number = self._number(till, day)
        tenders = [(name, str(minor) if currency == "JPY" else f"{minor / 100:.2f}") for name, minor in amounts]
        event = self.world.ticket(number, *tenders, till=till, day=day, currency=currency, item=item)
        self.world.send(event, *(self.sent[-2:] if again else ()))
        self.sent.append(event)
        for _, minor in amounts:
            key = (day, till.split("/", maxsplit=1)[0], currency)
            self.taken[key] = self.taken.get(key, 0) + minor

    @rule(till=st.sampled_from(TILLS), paid=st.integers(0, 500))
    def send_what_does_not_add_up(self, till: str, paid: int) -> None:
        self.world.send(self.world.unbalanced(self._number(till, DAY), f"{paid / 100:.2f}", till))
        key = (DAY, till.split("/", maxsplit=1)[0], "USD")
        self.taken[key] = self.taken.get(key, 0) + paid

    @rule()
    def run(self) -> None:
        self.world.run()

    @rule(down=st.booleans())
    def switch_the_books(self, down: bool) -> None:
        self.world.books.down = down
        self.world.clock.advance(minutes=10)

    @precondition(lambda self: self.sent)
    @rule(place=st.integers(0, 100))
    def refuse(self, place: int) -> None:
        self.world.books.refused.add(str(self.sent[place % len(self.sent)].data.id))

    @rule(
        mapping=st.sampled_from(
            [f"item,CAP,{TILL},{CAP}", f"tender,VOUCHER,{TILL},Gutschein\ntender,VOUCHER,tryton.main,3"]
        )
    )
    def repair(self, mapping: str) -> None:
        self.world.map(f"kind,canonical,system,value\n{mapping}\n")

    @invariant()
    def all_money_is_accounted_for(self) -> None:
        for day in DAYS:
            report = self.world.reconciled(day)
            assert report.ties_out, report.findings
            seen: dict[tuple[object, str, str], int] = {}
            for store in report.stores:
                assert sum(store.fates.values()) == store.transactions
                for line in store.tenders:
                    assert line.difference == 0
                    key = (day, store.store, line.currency)
                    seen[key] = seen.get(key, 0) + line.seen.minor
            expected = {key: minor for key, minor in self.taken.items() if key[0] == day and minor}
            assert {key: minor for key, minor in seen.items() if minor} == expected


TestRetailer = Retailer.TestCase
TestRetailer.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
