"""What a commercial document adds up to."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from lockstep.canonical.amounts import Amounts, Charge, Discount, LineAmount, Tax
from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.money import Money
from lockstep.canonical.order import FulfilmentState, Order, OrderLine, OrderStatus, PaymentState, SalesChannel
from lockstep.canonical.refund import Refund, RefundLine

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)


def money(amount, currency="EUR"):
    return Money.of(amount, currency)


PARTS = {
    "lines": (LineAmount(line=1, amount=money("40.00")), LineAmount(line=2, amount=money("15.00"))),
    "charges": (Charge(number=3, kind=ChargeKind.SHIPPING, amount=money("4.80")),),
    "discounts": (Discount(amount=money("4.00"), line=1), Discount(amount=money("0.80"), line=3)),
    "taxes": (
        Tax(code="VAT", amount=money("8.00"), included=True, line=1),
        Tax(code="ECO", amount=money("0.10"), included=False, line=2),
    ),
}


def test_lines_charges_and_taxes_on_top_less_discounts_are_the_total():
    amounts = Amounts(currency="EUR", total=money("55.10"), **PARTS)
    assert amounts.due == amounts.total
    assert amounts.tax == money("8.10")


@pytest.mark.parametrize("total", ["55.09", "55.11", "63.10"])
def test_a_cent_more_or_less_is_refused(total):
    with pytest.raises(ValidationError, match="unbalanced"):
        Amounts(currency="EUR", total=money(total), **PARTS)


def test_nothing_is_in_another_currency():
    with pytest.raises(ValidationError, match="line 1 is in JPY"):
        Amounts(currency="EUR", total=money("0"), lines=(LineAmount(line=1, amount=money("40", "JPY")),))


def test_what_belongs_to_a_line_finds_it():
    with pytest.raises(ValidationError, match="discount belongs to line 9"):
        Amounts(currency="EUR", total=money("-1"), discounts=(Discount(amount=money("1"), line=9),))


def test_lines_and_charges_share_their_numbers():
    with pytest.raises(ValidationError, match="same number"):
        Amounts(
            currency="EUR",
            total=money("2"),
            lines=(LineAmount(line=1, amount=money("1")),),
            charges=(Charge(number=1, kind=ChargeKind.TIP, amount=money("1")),),
        )


def refund(*numbers):
    return Refund(
        id="R-1",
        version="1",
        refunded_at=AT,
        changed_at=AT,
        lines=tuple(RefundLine(number=number, quantity=Decimal(1)) for number in numbers),
        shop=Amounts(currency="EUR", total=money("1"), lines=(LineAmount(line=1, amount=money("1")),)),
    )


def order(*numbers):
    return Order(
        id="O-1",
        version="1",
        channel=SalesChannel.WEB,
        status=OrderStatus.OPEN,
        payment=PaymentState.PAID,
        fulfilment=FulfilmentState.UNFULFILLED,
        placed_at=AT,
        changed_at=AT,
        lines=tuple(OrderLine(number=number, key=str(number), quantity=Decimal(1)) for number in numbers),
        shop=Amounts(currency="EUR", total=money("1"), lines=(LineAmount(line=1, amount=money("1")),)),
    )


@pytest.mark.parametrize("document", [order, refund])
def test_amounts_stand_for_lines_of_the_document(document):
    assert document(1).total == money("1")
    with pytest.raises(ValidationError, match="shop: there is no line 1"):
        document(2)
    with pytest.raises(ValidationError, match="two lines have the same number"):
        document(1, 1)
