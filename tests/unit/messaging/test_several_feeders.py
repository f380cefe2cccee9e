"""Two workflows that feed one target: what one decides late of an entry neither loses nor doubles what the other did."""

from dataclasses import replace
from typing import Any

import pytest

from lockstep.messaging.errors import CaseKey, DocumentRejected, EndpointUnavailable
from lockstep.messaging.skipping import skip_case
from lockstep.messaging.specs import Role
from lockstep.messaging.topology import consumers
from lockstep.messaging.workflow import Decision
from simulation.business import Booking
from tests.unit.messaging.bench import ERP, LANE, SHOP, Bench

PARTS = ("first", "second")


class Counting(Booking):
    """Decides two documents of each transaction, whatever is wrong with it."""

    def __init__(self) -> None:
        super().__init__(set(), 500)
        self.spec = replace(self.spec, consumer="counting")

    def decide(self, event: Any, context: Any) -> Decision:
        (target, document), *_ = super().decide(event, context).documents
        documents = tuple((target, replace(document, key=f"{part}/{event.id}", kind=part)) for part in PARTS)
        return Decision("counted", documents=documents)


class TwoFeeders(Bench):
    def __init__(self) -> None:
        super().__init__()
        self.counting = Counting()
        specs = (self.booking.spec, self.counting.spec, self.stocking.spec)
        self.consumers = {c.id: c for c in consumers(specs, {Role.ERP: (ERP,), Role.SHOP: (SHOP,)})}


@pytest.fixture
def bench() -> TwoFeeders:
    return TwoFeeders()


def sell_unsound(bench: TwoFeeders) -> str:
    """A sale that one workflow parks and the other decides; the case it waits for."""
    event = bench.sale(1)
    bench.unsound.add(event.id)
    bench.accept(event)
    decide(bench)
    return f"unbalanced_totals/{event.id}"


def decide(bench: TwoFeeders) -> None:
    bench.decide()
    bench.decide(bench.counting)


def mend(bench: TwoFeeders, case: str) -> None:
    bench.unsound.clear()
    bench.repair(case)
    bench.decide()


def test_what_is_released_later_is_posted_beside_what_stands(bench: TwoFeeders) -> None:
    case = sell_unsound(bench)
    bench.post()
    assert bench.ledger.booked == ["first 1", "second 1"]

    mend(bench, case)
    bench.post()

    assert bench.ledger.booked == ["first 1", "second 1", "receipt 1"]
    assert bench.parked() == []
    assert bench.lane().parked(ERP) == 0


def test_what_is_released_while_the_target_is_in_the_middle_of_the_entry_is_not_lost(bench: TwoFeeders) -> None:
    case = sell_unsound(bench)
    bench.ledger.before["second 1"] = EndpointUnavailable("away")
    with pytest.raises(EndpointUnavailable):
        bench.post()
    assert bench.ledger.booked == ["first 1"]

    mend(bench, case)
    bench.ledger.before.clear()
    bench.post()

    assert sorted(bench.ledger.booked) == ["first 1", "receipt 1", "second 1"]
    assert bench.lane().cursor(ERP).seq == 1


def test_what_is_released_beside_a_refused_one_does_not_forget_what_that_waits_for(bench: TwoFeeders) -> None:
    case = sell_unsound(bench)
    refused = CaseKey("document_rejected", "second 1")
    bench.ledger.refuse["second 1"] = DocumentRejected("refused", refused)
    bench.post()

    mend(bench, case)
    bench.post()
    assert bench.lane().parked(ERP) == 1
    assert bench.case(str(refused))["state"] == "open"

    bench.ledger.refuse.clear()
    bench.repair(str(refused))
    bench.post()

    assert sorted(bench.ledger.booked) == ["first 1", "receipt 1", "second 1"]
    assert bench.parked() == []


def test_what_a_person_skipped_is_not_posted_with_what_is_released_later(bench: TwoFeeders) -> None:
    case = sell_unsound(bench)
    refused = CaseKey("document_rejected", "first 1")
    bench.ledger.refuse["first 1"] = DocumentRejected("refused", refused)
    bench.post()
    skip_case(bench.table, str(refused), bench.clock.now(), by="ada", reason="counted by hand")
    bench.post()
    bench.ledger.refuse.clear()

    mend(bench, case)
    bench.post()

    assert bench.ledger.booked == ["receipt 1"]
    assert bench.outcomes(f"{ERP}#1000", LANE) == ["skipped"]
