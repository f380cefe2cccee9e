from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.money import Money
from lockstep.canonical.sale_transaction import TransactionKind
from lockstep.canonical.sales_receipt import ReceiptCharge, ReceiptLine, ReceiptTax, ReceiptTender, SalesReceipt


def usd(amount):
    return Money.of(amount, "USD")


def receipt(**changes):
    fields = {
        "transaction": TransactionId(store="101", workstation="1", business_day=date(2026, 11, 23), sequence=7),
        "store": "101",
        "business_day": date(2026, 11, 23),
        "closed_at": datetime(2026, 11, 23, 15, tzinfo=UTC),
        "kind": TransactionKind.SALE,
        "currency": "USD",
        "lines": (
            ReceiptLine(
                sku="SCARF",
                quantity=Decimal(1),
                unit="EA",
                gross=usd("42.86"),
                taxes=(
                    ReceiptTax(code="STATE", rate=Decimal("6.25"), amount=usd("2.47")),
                    ReceiptTax(code="CITY", rate=Decimal("2.25"), amount=usd("0.89")),
                ),
            ),
        ),
        "charges": (ReceiptCharge(kind=ChargeKind.TIP, amount=usd("2.00")),),
        "tenders": (ReceiptTender(tender="CARD", amount=usd("44.86")),),
    }
    return SalesReceipt(**{**fields, **changes})


def test_gross_lines_and_charges_are_what_is_paid():
    assert receipt().total == usd("44.86")
    assert receipt().tax == usd("3.36")


def test_a_receipt_that_does_not_add_up_is_refused():
    with pytest.raises(ValidationError, match="unbalanced"):
        receipt(tenders=(ReceiptTender(tender="CARD", amount=usd("44.87")),))


def test_currencies_do_not_mix_in_a_receipt():
    with pytest.raises(ValidationError, match="do not mix"):
        receipt(tenders=(ReceiptTender(tender="CARD", amount=Money.of("44.86", "EUR")),))
