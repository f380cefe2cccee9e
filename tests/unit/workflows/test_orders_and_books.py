"""What is booked of orders and refunds: each once, when money has moved."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lockstep.canonical.amounts import Amounts, Charge, Discount, LineAmount, Tax
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.events import DocumentUnbalanced, Event
from lockstep.canonical.money import Money
from lockstep.canonical.order import (
    DocumentKind,
    OrderLine,
    OrderStatus,
    OrderTender,
    PaymentState,
    UnbalancedDocument,
)
from lockstep.canonical.refund import RefundLine, RefundStatus
from lockstep.canonical.sales_receipt import SalesReceipt
from lockstep.messaging.errors import ReferenceUnknown, TotalsUnbalanced
from lockstep.messaging.workflow import Context, Decision
from lockstep.workflows.financial_posting.decide import FinancialPosting
from tests.unit.workflows.builders import NOON, SOURCE, names, order, order_line, refund, reported, usd

WORKFLOW = FinancialPosting()
KNOWN = names(
    item={"A": "SKU-A", "B": "SKU-B", "custom": "SKU-CUSTOM"},
    store={"default": "WEB"},
    tender={"card": "CARD", "gift": "GIFT", "unspecified": "ONLINE"},
    tax={"VAT": "VAT19"},
)


class Books:
    """What the workflow has noted, as the core keeps it between decisions."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}

    def takes(self, event: Event, *, targets: tuple[str, ...] = ("erp.main",)) -> Decision:
        """Decide and keep what follows."""
        empty = Context(KNOWN, {}, {}, targets)
        read = {key: self.records[key] for key in WORKFLOW.records(event, empty) if key in self.records}
        decision = WORKFLOW.decide(event, replace(empty, records=read))
        self.records |= {change.record: change.value for change in decision.changes}
        return decision


def receipt(decision: Decision) -> SalesReceipt:
    ((_, document),) = decision.documents
    return SalesReceipt.model_validate(document.body)


def test_a_paid_order_is_booked_once_however_often_it_is_reported():
    books = Books()
    first = books.takes(reported(order(order_line(1, "A", "2"))))
    assert [(target, document.key) for target, document in first.documents] == [("erp.main", f"{SOURCE}/order/4711")]
    again = books.takes(reported(order(order_line(1, "A", "2", fulfilled="2"), version=2)))
    assert (again.documents, again.changes, again.summary) == ((), (), "booked before")


@pytest.mark.parametrize("payment", [PaymentState.UNPAID, PaymentState.AUTHORIZED, PaymentState.PARTIALLY_PAID])
def test_an_order_is_not_booked_before_it_is_paid(payment):
    books = Books()
    assert not books.takes(reported(order(order_line(1, "A", "2"), payment=payment))).documents
    assert books.takes(reported(order(order_line(1, "A", "2"), version=2))).documents


def test_a_draft_and_an_order_from_before_are_not_booked():
    assert not Books().takes(reported(order(order_line(1, "A", "2"), status=OrderStatus.DRAFT))).documents
    old = order(order_line(1, "A", "2")).model_copy(update={"placed_at": NOON - timedelta(days=700)})
    assert not Books().takes(reported(old)).documents


def test_the_ledgers_own_orders_do_not_come_back_to_it():
    assert not Books().takes(reported(order(order_line(1, "A", "2"))), targets=(SOURCE,)).documents


def test_shipping_its_tax_and_discounts_come_down_to_lines_and_charges():
    booked = receipt(
        Books().takes(
            reported(
                order(
                    order_line(1, "A", "1"),
                    order_line(2, "B", "1"),
                    charges=(Charge(number=3, kind=ChargeKind.SHIPPING, amount=usd("5.00")),),
                    discounts=(Discount(amount=usd("1.00"), line=3), Discount(amount=usd("2.00"))),
                    taxes=(
                        Tax(code="VAT", rate=Decimal(19), amount=usd("0.76"), included=False, line=3),
                        Tax(code="VAT", rate=Decimal(19), amount=usd("1.60"), included=True, line=1),
                    ),
                    tenders=(OrderTender(tender="card", amount=usd("22.76")),),
                )
            )
        )
    )
    assert [str(line.gross) for line in booked.lines] == ["9.00 USD", "9.00 USD"]
    assert [(str(charge.amount), str(charge.taxes[0].amount)) for charge in booked.charges] == [
        ("4.76 USD", "0.76 USD")
    ]
    assert (str(booked.total), str(booked.tax)) == ("22.76 USD", "2.36 USD")
    assert (booked.store, booked.called) == ("WEB", "4711")


def test_what_the_channel_does_not_say_of_the_money_stands_under_a_name_of_its_own():
    tenders = (OrderTender(tender="gift", amount=usd("4.00"), is_gift_card=True),)
    booked = receipt(Books().takes(reported(order(order_line(1, "A", "1"), tenders=tenders))))
    assert {tender.tender: str(tender.amount) for tender in booked.tenders} == {
        "GIFT": "4.00 USD",
        "ONLINE": "6.00 USD",
    }


def test_a_tender_in_the_customers_currency_is_not_taken_for_one_in_the_shops():
    tenders = (OrderTender(tender="card", amount=Money.of("1500", "JPY")),)
    shown = Amounts(currency="JPY", total=tenders[0].amount, lines=(LineAmount(line=1, amount=tenders[0].amount),))
    data = order(order_line(1, "A", "1")).model_copy(update={"tenders": tenders, "presentment": shown})
    assert {t.tender: str(t.amount) for t in receipt(Books().takes(reported(data))).tenders} == {"ONLINE": "10.00 USD"}


def test_a_custom_line_is_sold_under_the_sku_for_such():
    line = OrderLine(number=1, key="c", quantity=Decimal(1), description="Engraving")
    assert [each.sku for each in receipt(Books().takes(reported(order(line)))).lines] == ["SKU-CUSTOM"]


def test_an_order_is_booked_on_the_day_of_whoever_placed_it():
    late = datetime(2026, 11, 27, 22, tzinfo=ZoneInfo("America/New_York"))
    data = order(order_line(1, "A", "1")).model_copy(update={"placed_at": late})
    assert receipt(Books().takes(reported(data))).business_day.isoformat() == "2026-11-27"


def test_what_is_missing_in_the_crosswalk_holds_the_order_up():
    with pytest.raises(ReferenceUnknown, match="NEW"):
        Books().takes(reported(order(order_line(1, "NEW", "1"))))


def test_a_refund_is_booked_once_with_every_sign_turned():
    books = Books()
    books.takes(reported(order(order_line(1, "A", "2"), prices={1: "20.00"})))
    line = RefundLine(number=1, quantity=Decimal(1), item=order_line(1, "A", "1").item)
    first = books.takes(reported(refund(line)))
    booked = receipt(first)
    assert [(each.quantity, str(each.gross)) for each in booked.lines] == [(-1, "-10.00 USD")]
    assert [str(tender.amount) for tender in booked.tenders] == ["-10.00 USD"]
    assert first.documents[0][1].key == f"{SOURCE}/refund/r1"
    assert not books.takes(reported(refund(line, version="2"))).documents


def test_refunds_of_several_days_are_booked_each():
    books = Books()
    line = RefundLine(number=1, quantity=Decimal(1), item=order_line(1, "A", "1").item)
    books.takes(reported(order(order_line(1, "A", "2"), prices={1: "20.00"})))
    keys = [books.takes(reported(refund(line, number=number))).documents[0][1].key for number in ("r1", "r2")]
    assert len(set(keys)) == 2
    assert books.records[f"order/{SOURCE}/4711"]["refunded"] == "20.00"


@pytest.mark.parametrize("status", [RefundStatus.PENDING, RefundStatus.FAILED])
def test_a_refund_whose_money_has_not_moved_is_not_booked(status):
    line = RefundLine(number=1, quantity=Decimal(1), item=order_line(1, "A", "1").item)
    assert not Books().takes(reported(refund(line, status=status))).documents


def test_an_order_edited_after_it_was_booked_makes_a_case_and_one_refunded_does_not():
    books = Books()
    books.takes(reported(order(order_line(1, "A", "2"), prices={1: "20.00"})))
    line = RefundLine(number=1, quantity=Decimal(1), item=order_line(1, "A", "1").item)
    books.takes(reported(refund(line)))
    left = order(order_line(1, "A", "1"), version=2, payment=PaymentState.PARTIALLY_REFUNDED)
    assert not books.takes(reported(left)).changes
    edited = books.takes(reported(order(order_line(1, "A", "3"), version=3, prices={1: "30.00"})))
    (change,) = edited.changes
    assert str(change.case) == f"changed_after_booking/{SOURCE}/4711"
    assert "worth 30.00 USD now; 20.00 USD is booked, of which 10.00 USD was refunded" in change.problem
    again = books.takes(reported(order(order_line(1, "A", "3"), version=4, prices={1: "30.00"})))
    assert not again.changes
    back = books.takes(reported(order(order_line(1, "A", "1"), version=5)))
    assert [each.repaired for each in back.changes] == [change.case]


def test_what_does_not_add_up_is_held_until_it_is_corrected():
    data = UnbalancedDocument(
        document=DocumentKind.ORDER,
        id="4711",
        version="1",
        order="4711",
        changed_at=NOON,
        due=usd("9.00"),
        stated=usd("10.00"),
        problem="a dollar is missing",
    )
    event = DocumentUnbalanced.create(data, source=SOURCE, received_at=NOON, causation_id="d")
    with pytest.raises(TotalsUnbalanced, match="a dollar is missing"):
        WORKFLOW.decide(event, Context(KNOWN, {}, {}, ("erp.main",)))
    right = reported(order(order_line(1, "A", "1")))
    corrected = Context(KNOWN, {}, {event.follows()[0]: right}, ("erp.main",))
    assert WORKFLOW.decide(event, corrected).summary == "corrected in another delivery"
    assert event.follows() == (right.id,)
    assert WORKFLOW.amount_at_stake(event) == "10.00 USD"
