"""How a day is read back: page by page, and what it comes to. That the real ERP answers so is held end to end."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lockstep.canonical.money import Money
from lockstep.connectors.tryton.audit import TrytonAudit
from tests.unit.connectors.tryton.test_tryton_translate import ACCOUNT, load, resolved

DAY = date(2026, 11, 27)


class Pages:
    """Sales with two payments each, given out as Tryton does."""

    def __init__(self, count: int) -> None:
        self.sales = [
            {
                "id": number,
                "external_ref": f"key-{number}",
                "number": f"R{number}",
                "total": Decimal("5.00"),
                "currency.": {"id": 1, "code": "USD"},
            }
            for number in range(1, count + 1)
        ]
        self.payments = [
            {"id": sale * 10 + method, "sale": sale, "method": method, "method.": {"name": name}, "amount": amount}
            for sale in range(1, count + 1)
            for method, name, amount in ((1, "Cash", Decimal("2.00")), (2, "Card", Decimal("3.00")))
        ]
        self.domains: list[Any] = []

    def read(self, method: str, *arguments: Any) -> Any:
        domain, start, limit, *_ = arguments
        self.domains.append(domain)
        if method == "model.sale.point.sale.search_read":
            return self.sales[start : start + limit]
        (_, _, ids) = domain[0]
        return [row for row in self.payments if row["sale"] in ids][start : start + limit]


def test_a_long_day_is_read_page_by_page() -> None:
    erp = Pages(1201)

    day = TrytonAudit(ACCOUNT, erp).standing(DAY, ["11", "not a number"])  # type: ignore[arg-type]

    assert len(day.documents) == 1201
    assert {len(one.tenders) for one in day.documents} == {2}
    assert day.documents[-1].tenders == {"1": Money.of("2.00", "USD"), "2": Money.of("3.00", "USD")}
    assert day.tender_names == {"1": "Cash", "2": "Card"}
    assert ["point", "in", [11]] in erp.domains[0]


def test_what_must_stand_there_is_what_is_posted() -> None:
    pair = load("charges")

    expected = TrytonAudit(ACCOUNT, Pages(0)).expected(resolved(pair))  # type: ignore[arg-type]

    (_, payments), *_ = pair["sale"]["payments"]
    sums: dict[str, Decimal] = {}
    for payment in payments:
        method = str(payment["method"])
        sums[method] = sums.get(method, Decimal(0)) + Decimal(payment["amount"]["decimal"])
    assert {name: amount.amount for name, amount in expected.tenders.items()} == {
        name: amount for name, amount in sums.items() if amount
    }
    assert (expected.key, str(expected.total.amount)) == (pair["sale"]["external_ref"], pair["total"])
