"""What a target refuses for a name that is known waits for a person: to find the name again repairs nothing."""

from collections.abc import Iterator

from lockstep.messaging.errors import TaxCodeInvalid
from lockstep.messaging.outbound import Posted, Rejected, ResolvedDocument, StateOutcome
from lockstep.messaging.references import Reference, ReferenceKind
from tests.unit.messaging.bench import ERP, SHOP, Bench

ITEM = Reference(ReferenceKind.ITEM, ERP, "SCARF", outward=True)


def test_a_document_refused_for_a_name_that_is_known_is_sent_once() -> None:
    bench = Bench()
    bench.ledger.refuse["receipt 1"] = TaxCodeInvalid("another rate", ITEM.case)
    plain = bench.ledger.post

    def post(documents: list[ResolvedDocument], *, look_up_first: bool) -> Iterator[Posted | Rejected]:
        assert not bench.ledger.calls, "it is sent again and again"
        return plain(documents, look_up_first=look_up_first)

    bench.ledger.post = post
    bench.sell(1, "SCARF")
    bench.decide()

    for _ in range(3):
        bench.post()

    assert [keys for keys, _ in bench.ledger.calls] == [["receipt 1"]]
    assert bench.case(str(ITEM.case))["state"] == "open"


def test_a_quantity_refused_for_a_name_that_is_known_is_sent_once() -> None:
    bench = Bench()
    case = Reference(ReferenceKind.ITEM, SHOP, "SCARF", outward=True).case
    pushed: list[object] = []

    def push(changes: list[object], *, idempotency_key: str) -> list[StateOutcome]:
        assert not pushed, "it is pushed again and again"
        pushed.extend(changes)
        return [StateOutcome(error=TaxCodeInvalid("not sold here", case)) for _ in changes]

    bench.shop.push = push
    bench.sell(1, "SCARF")
    bench.stock()

    for _ in range(3):
        bench.show()

    assert len(pushed) == 1
    assert bench.case(str(case))["state"] == "open"
