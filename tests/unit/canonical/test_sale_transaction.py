from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import ItemReference, TransactionId
from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import (
    ChargeLine,
    DiscountLine,
    SaleLine,
    SaleTransaction,
    TaxLine,
    TenderLine,
    TransactionKind,
)

ID = TransactionId(store="101", workstation="1", business_day=date(2026, 11, 23), sequence=7)
EARLIER = ID.model_copy(update={"sequence": 6})


def eur(amount):
    return Money.of(amount, "EUR")


def line(number=1, quantity="1", amount="10.00", **changes):
    return SaleLine(
        number=number,
        item=ItemReference(value="SKU-1"),
        quantity=Decimal(quantity),
        unit_price=changes.pop("unit_price", eur("10.00")),
        amount=eur(amount),
        **changes,
    )


def transaction(**changes):
    fields = {
        "id": ID,
        "kind": TransactionKind.SALE,
        "currency": "EUR",
        "closed_at": datetime(2026, 11, 23, 15, tzinfo=UTC),
        "lines": (line(),),
        "tenders": (TenderLine(tender="CASH", amount=eur("10.00")),),
    }
    return SaleTransaction(**{**fields, **changes})


def paid(amount):
    return (TenderLine(tender="CASH", amount=eur(amount)),)


def test_a_plain_sale_balances():
    sale = transaction()
    assert sale.total == sale.paid == eur("10.00")
    assert sale.occurred_at == sale.closed_at


def test_lines_taxes_charges_and_discounts_make_what_is_paid():
    sale = transaction(
        lines=(line(1, "2", "20.00"), line(2, "1", "10.00")),
        discounts=(DiscountLine(amount=eur("1.50"), line=1), DiscountLine(amount=eur("0.50"))),
        taxes=(
            TaxLine(code="STATE", amount=eur("1.75"), included=False, line=1),
            TaxLine(code="VAT", amount=eur("4.00"), included=True),
        ),
        charges=(
            ChargeLine(kind=ChargeKind.TIP, amount=eur("2.00")),
            ChargeLine(kind=ChargeKind.ROUNDING, amount=eur("-0.05")),
        ),
        tenders=(*paid("40.00"), TenderLine(tender="CASH", amount=eur("-8.30"))),
    )
    assert sale.total == eur("31.70")
    assert sale.tax == eur("5.75")


@given(st.integers(min_value=-10_000, max_value=10_000).filter(bool))
def test_a_minor_unit_that_is_missing_is_noticed(off):
    with pytest.raises(ValidationError, match="unbalanced"):
        transaction(tenders=(TenderLine(tender="CASH", amount=eur("10.00") + Money.of_minor(off, "EUR")),))


@pytest.mark.parametrize(
    ("kind", "quantities", "fits"),
    [
        (TransactionKind.SALE, ["1"], True),
        (TransactionKind.SALE, ["-1"], False),
        (TransactionKind.SALE, ["1", "-1"], False),
        (TransactionKind.RETURN, ["-1"], True),
        (TransactionKind.RETURN, ["1"], False),
        (TransactionKind.RETURN, ["1", "-1"], False),
        (TransactionKind.EXCHANGE, ["1", "-1"], True),
        (TransactionKind.EXCHANGE, ["1"], False),
        (TransactionKind.REFUND, [], True),
        (TransactionKind.REFUND, ["-1"], False),
        (TransactionKind.VOID, [], False),
    ],
)
def test_what_is_in_it_makes_the_kind(kind, quantities, fits):
    lines = tuple(
        line(number, quantity, "10.00" if quantity == "1" else "-10.00")
        for number, quantity in enumerate(quantities, start=1)
    )
    total = Money.total((entry.amount for entry in lines), "EUR")
    fields = {"kind": kind, "lines": lines, "tenders": (TenderLine(tender="CASH", amount=total),)}
    if fits:
        assert transaction(**fields).kind is kind
    else:
        with pytest.raises(ValidationError, match="does not make it"):
            transaction(**fields)


def test_a_refund_gives_money_and_takes_none():
    charge = ChargeLine(kind=ChargeKind.DEPOSIT, amount=eur("5.00"))
    with pytest.raises(ValidationError, match="does not make it"):
        transaction(kind=TransactionKind.REFUND, lines=(), charges=(charge,), tenders=paid("5.00"))


def test_a_void_names_what_it_voids_and_nothing_else_does():
    assert transaction(kind=TransactionKind.VOID, lines=(), tenders=(), voids=EARLIER).voids == EARLIER
    with pytest.raises(ValidationError, match="only a void"):
        transaction(voids=EARLIER)
    with pytest.raises(ValidationError, match="itself"):
        transaction(kind=TransactionKind.VOID, lines=(), tenders=(), voids=ID)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": "0", "amount": "0.00"},
        {"quantity": "-1", "amount": "10.00"},
        {"quantity": "1", "amount": "-10.00"},
        {"unit_price": Money.of("-10.00", "EUR")},
        {"number": -1},
    ],
)
def test_a_line_says_one_direction(changes):
    with pytest.raises(ValidationError):
        line(**changes)


def test_goods_may_be_free():
    free = line(amount="0.00", unit_price=eur("0.00"))
    assert transaction(lines=(free,), tenders=()).total == eur("0.00")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lines": (line(1), line(1)), "tenders": paid("20.00")}, "same number"),
        ({"discounts": (DiscountLine(amount=eur("0.00"), line=9),)}, "belongs to line 9"),
        ({"taxes": (TaxLine(code="VAT", amount=eur("0.00"), included=True, line=9),)}, "belongs to line 9"),
        ({"tenders": (TenderLine(tender="CASH", amount=Money.of("10.00", "USD")),)}, "is in USD"),
        ({"taxes": (TaxLine(code="V", amount=eur("0.00"), taxable=Money.of("1", "USD"), included=True),)}, "is in USD"),
        ({"closed_at": datetime(2026, 11, 23, 15)}, "timezone"),  # noqa: DTZ001
        ({"cashier": "somebody"}, "Extra inputs"),
    ],
)
def test_what_does_not_hold_together_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        transaction(**changes)


def test_what_was_handed_over_may_be_in_another_currency():
    tender = TenderLine(tender="CASH", amount=eur("10.00"), tendered=Money.of("11.00", "USD"))
    assert transaction(tenders=(tender,)).paid == eur("10.00")


@given(
    st.lists(st.tuples(st.integers(min_value=1, max_value=99), st.integers(min_value=0, max_value=10**6)), max_size=8),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_totals_survive_being_written_and_read(parts, currency):
    lines = tuple(
        SaleLine(
            number=number,
            item=ItemReference(value="SKU-1"),
            quantity=Decimal(quantity),
            unit_price=Money.of_minor(price, currency),
            amount=Money.of_minor(price * quantity, currency),
        )
        for number, (quantity, price) in enumerate(parts)
    )
    total = Money.total((entry.amount for entry in lines), currency)
    sale = transaction(currency=currency, lines=lines, tenders=(TenderLine(tender="CARD", amount=total),))
    again = SaleTransaction.model_validate_json(sale.model_dump_json())
    assert again == sale
    assert again.model_dump_json() == sale.model_dump_json()
