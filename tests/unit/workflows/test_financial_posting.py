"""Decisions about what the ledger of record must hold."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.canonical.events import TransactionClosed, TransactionUnbalanced
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import DiscountLine, TaxLine, TransactionKind, UnbalancedTransaction
from lockstep.canonical.sales_receipt import SalesReceipt
from lockstep.messaging.errors import PredecessorMissing, ReferenceUnknown, TaxCodeInvalid, TotalsUnbalanced
from lockstep.messaging.references import Reference, ReferenceKind
from lockstep.messaging.workflow import Decision
from lockstep.workflows.financial_posting.bill import bill_of_sale
from lockstep.workflows.financial_posting.decide import FinancialPosting
from lockstep.workflows.financial_posting.receipt import Names, receipt_of
from tests.unit.workflows.builders import (
    NOON,
    SOURCE,
    STORE,
    asked,
    closed,
    context,
    line,
    names,
    sale,
    transaction_id,
    usd,
)

WORKFLOW = FinancialPosting()
KNOWN = names(
    store={STORE: "S1"},
    item={"A": "SKU-A", "B": "SKU-B"},
    tender={"CASH": "CASH", "CARD": "CARD"},
    tax={"STATE": "STATE"},
)


def receipt(decision: Decision) -> SalesReceipt:
    ((_, document),) = decision.documents
    return SalesReceipt.model_validate(document.body)


def tax(amount: str, *, number: int | None = None, included: bool = False) -> TaxLine:
    return TaxLine(code="STATE", rate=Decimal("6.25"), amount=usd(amount), included=included, line=number)


def test_a_sale_is_one_receipt_under_its_own_identity() -> None:
    event = closed(sale(line(1, "A", "2", "10.00"), taxes=(tax("1.25", number=1),)))

    decision = WORKFLOW.decide(event, context(KNOWN, targets=("ledger.main",)))

    ((target, document),) = decision.documents
    assert target == "ledger.main"
    assert document.key == event.id
    assert document.subject == event.subject
    booked = receipt(decision)
    assert (booked.store, booked.business_day) == ("S1", transaction_id(1).business_day)
    assert booked.total == usd("21.25")
    assert booked.tax == usd("1.25")
    assert [(each.sku, each.gross) for each in booked.lines] == [("SKU-A", usd("21.25"))]
    assert [(each.tender, each.amount) for each in booked.tenders] == [("CASH", usd("21.25"))]


def test_a_discount_of_the_whole_transaction_falls_on_its_lines_to_the_cent() -> None:
    event = closed(
        sale(
            line(1, "A", "1", "10.00"),
            line(2, "B", "1", "5.00"),
            line(3, "A", "1", "5.01"),
            discounts=(DiscountLine(amount=usd("1.00")),),
        )
    )

    booked = receipt(WORKFLOW.decide(event, context(KNOWN)))

    assert [each.gross for each in booked.lines] == [usd("9.50"), usd("4.75"), usd("4.76")]


def test_included_tax_does_not_raise_the_price() -> None:
    event = closed(sale(line(1, "A", "1", "12.00"), taxes=(tax("2.00", number=1, included=True),)))

    booked = receipt(WORKFLOW.decide(event, context(KNOWN)))

    assert booked.lines[0].gross == usd("12.00")
    assert booked.tax == usd("2.00")


def test_a_tax_on_what_comes_back_stays_with_what_comes_back() -> None:
    event = closed(sale(line(1, "A", "1", "10.00"), line(2, "B", "-1", "4.00"), taxes=(tax("0.63"), tax("-0.25"))))

    booked = receipt(WORKFLOW.decide(event, context(KNOWN)))

    assert [each.gross for each in booked.lines] == [usd("10.63"), usd("-4.25")]


@given(
    prices=st.lists(st.integers(min_value=0, max_value=99_999), min_size=1, max_size=8),
    discount=st.integers(min_value=0, max_value=5_000),
    tax_minor=st.integers(min_value=0, max_value=5_000),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_the_receipt_totals_what_the_till_totalled(
    prices: list[int], discount: int, tax_minor: int, currency: str
) -> None:
    def money(minor: int) -> Money:
        return Money.of_minor(minor, currency)

    base = sale(line(1, "A", "1", "1.00"))
    lines = tuple(
        base.lines[0].model_copy(update={"number": number, "unit_price": money(price), "amount": money(price)})
        for number, price in enumerate(prices)
    )
    due = money(sum(prices) - discount + tax_minor)
    transaction = base.model_copy(
        update={
            "currency": currency,
            "lines": lines,
            "discounts": (DiscountLine(amount=money(discount)),),
            "taxes": (TaxLine(code="STATE", amount=money(tax_minor), included=False),),
            "tenders": (base.tenders[0].model_copy(update={"amount": due}),),
        }
    )

    booked = receipt_of(bill_of_sale(transaction), Names("S1", {"A": "SKU-A"}, {"CASH": "CASH"}, {"STATE": "STATE"}))

    assert booked.total == due
    assert booked.tax == money(tax_minor)


def test_an_unmatched_tender_and_an_unmapped_item_are_two_cases() -> None:
    event = closed(sale(line(1, "X", "1", "10.00"), tender="VOUCHER"))

    with pytest.raises(ReferenceUnknown) as caught:
        WORKFLOW.decide(event, context(KNOWN))

    assert [str(case) for case in caught.value.cases] == [
        "unmapped_reference/item/poslog.main/X",
        "unmatched_tender/tender/poslog.main/VOUCHER",
    ]


def test_an_unknown_tax_code_is_its_own_kind_of_case() -> None:
    unknown = TaxLine(code="MOON", amount=usd("1.00"), included=False, line=1)
    event = closed(sale(line(1, "A", "1", "10.00"), taxes=(unknown,)))

    with pytest.raises(TaxCodeInvalid) as caught:
        WORKFLOW.decide(event, context(KNOWN))

    assert [str(case) for case in caught.value.cases] == ["invalid_tax_code/tax/poslog.main/MOON"]


def test_a_void_that_repeats_nothing_is_booked_as_the_opposite_of_what_it_voids() -> None:
    original = closed(sale(line(1, "A", "2", "10.00"), taxes=(tax("1.25", number=1),)))
    void = closed(sale(sequence=2, kind=TransactionKind.VOID, voids=transaction_id(1)))

    booked = receipt(WORKFLOW.decide(void, context(KNOWN, earlier={original.id: original})))

    assert booked.total == usd("-21.25")
    assert booked.kind is TransactionKind.VOID
    assert booked.transaction == transaction_id(2)
    with pytest.raises(PredecessorMissing):
        WORKFLOW.decide(void, context(KNOWN))


def test_what_does_not_add_up_is_not_booked() -> None:
    data = UnbalancedTransaction(
        id=transaction_id(9), closed_at=NOON, due=usd("10.00"), paid=usd("9.00"), problem="a dollar is missing"
    )
    event = TransactionUnbalanced.create(data, source=SOURCE, received_at=NOON, causation_id="d")

    with pytest.raises(TotalsUnbalanced) as caught:
        WORKFLOW.decide(event, context(KNOWN))

    assert caught.value.cases[0].kind == "unbalanced_totals"
    assert WORKFLOW.amount_at_stake(event) == "10.00 USD"
    other = data.model_copy(update={"paid": usd("-26.00")})
    event = TransactionUnbalanced.create(other, source=SOURCE, received_at=NOON, causation_id="d")
    assert WORKFLOW.amount_at_stake(event) == "26.00 USD"


def test_of_several_ledgers_the_one_that_knows_the_store_books() -> None:
    event = closed(sale(line(1, "A", "1", "10.00")))
    east = Reference(ReferenceKind.STORE, "ledger.east", "S1", outward=True)
    targets = ("ledger.west", "ledger.east")

    decision = WORKFLOW.decide(event, context(KNOWN | {east: "7"}, targets=targets))

    assert [target for target, _ in decision.documents] == ["ledger.east"]
    assert east in asked(WORKFLOW, event, KNOWN, targets=targets)
    with pytest.raises(ReferenceUnknown):
        WORKFLOW.decide(event, context(KNOWN, targets=targets))


def test_a_decision_is_the_same_every_time() -> None:
    event = closed(sale(line(1, "A", "2", "10.00"), taxes=(tax("1.25"),)))

    assert WORKFLOW.decide(event, context(KNOWN)) == WORKFLOW.decide(event, context(KNOWN))


def test_once_corrected_what_did_not_add_up_books_nothing() -> None:
    data = UnbalancedTransaction(
        id=transaction_id(9), closed_at=NOON, due=usd("10.00"), paid=usd("9.00"), problem="a dollar is missing"
    )
    event = TransactionUnbalanced.create(data, source=SOURCE, received_at=NOON, causation_id="d")
    corrected = closed(sale(line(1, "A", "1", "10.00"), sequence=9))

    decision = WORKFLOW.decide(event, context(KNOWN, earlier={corrected.id: corrected}))

    assert decision == Decision(summary="corrected in another delivery")
    assert corrected.subject == event.subject, "so the correction waits behind it, and not the other way round"


def takes_back(original: TransactionId, *, sequence: int = 2) -> TransactionClosed:
    returned = line(1, "A", "-1", "10.00").model_copy(update={"original": original})
    return closed(sale(returned, sequence=sequence))


def test_a_return_waits_for_its_sale_and_its_document_follows_it() -> None:
    sold = closed(sale(line(1, "A", "1", "10.00")))
    event = takes_back(transaction_id(1))

    with pytest.raises(PredecessorMissing) as caught:
        WORKFLOW.decide(event, context(KNOWN))
    assert [str(case) for case in caught.value.cases] == [f"predecessor_missing/{sold.id}"]

    known = replace(context(KNOWN), earlier={sold.id: sold})
    ((_, document),) = WORKFLOW.decide(event, known).documents
    assert document.follows == (sold.id,)


def test_a_void_that_repeats_what_it_voids_waits_for_that_too() -> None:
    event = closed(sale(line(1, "A", "-1", "10.00"), sequence=2, kind=TransactionKind.VOID, voids=transaction_id(1)))

    with pytest.raises(PredecessorMissing):
        WORKFLOW.decide(event, context(KNOWN))


def test_a_return_of_what_was_sold_before_this_process_began_does_not_wait() -> None:
    before = transaction_id(1).model_copy(update={"business_day": date(2025, 12, 31)})
    first = transaction_id(1).model_copy(update={"business_day": date(2026, 1, 1)})

    ((_, document),) = WORKFLOW.decide(takes_back(before), context(KNOWN)).documents
    assert document.follows == ()
    with pytest.raises(PredecessorMissing):
        WORKFLOW.decide(takes_back(first), context(KNOWN))


def test_a_person_may_let_a_return_go_on_without_its_sale_but_not_a_void_that_says_nothing() -> None:
    back = takes_back(transaction_id(1))
    let_go = replace(context(KNOWN), unfollowed=frozenset(back.follows()))

    ((_, document),) = WORKFLOW.decide(back, let_go).documents
    assert document.follows == ()
    with pytest.raises(PredecessorMissing):
        WORKFLOW.decide(takes_back(transaction_id(9)), let_go)
    void = closed(sale(sequence=2, kind=TransactionKind.VOID, voids=transaction_id(1)))
    with pytest.raises(PredecessorMissing):
        WORKFLOW.decide(void, let_go)
