"""What the ERP's books say, read from outside over its API as its administrator: for checks, never for the product."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.connection import TrytonConnection
from sandbox.erp.server import TrytonErp


@dataclass(frozen=True)
class LedgerLine:
    """One line of a ledger move."""

    account: str
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True)
class SaleLine:
    """One line of a sale: signed units, and what it came to with tax."""

    sku: str
    quantity: Decimal
    unit_list_price: Decimal
    unit_gross_price: Decimal


@dataclass(frozen=True)
class ErpSale:
    """A point of sale transaction as the ERP holds it."""

    external_ref: str
    number: str | None
    state: str
    store: str
    """Name of the point of sale."""
    date: dt.date
    total: Decimal
    tax: Decimal
    lines: tuple[SaleLine, ...]
    payments: dict[str, Decimal]
    """By name of the payment method."""
    taxes: dict[str, Decimal]
    """As booked, by tax code; empty until it is posted."""
    ledger: tuple[LedgerLine, ...]
    """The ledger move; empty until it is posted."""


class ErpBooks:
    """Reads one running ERP."""

    def __init__(self, erp: TrytonErp) -> None:
        """No call is made yet."""
        self._erp = erp
        facts = erp.facts
        self._client = TrytonClient(
            TrytonConnection(
                base_url=erp.url,
                database=erp.database,
                user=facts.admin_user,
                password=SecretStr(facts.admin_password),
            )
        )

    def sales(self, external_refs: Iterable[str] | None = None) -> list[ErpSale]:
        """The sales with these references, or all that have one, oldest first.

        Raises:
            IntegrationError: The ERP does not answer.
        """
        domain: list[Any] = [["external_ref", "!=", None]]
        if external_refs is not None:
            domain = [["external_ref", "in", list(external_refs)]]
        fields = ["external_ref", "number", "state", "point.name", "date", "total", "total_tax"]
        fields += ["lines", "payments", "move"]
        rows = self._client.read("model.sale.point.sale.search_read", domain, 0, None, [["id", "ASC"]], fields)
        lines = self._by_id(
            "sale.point.sale.line",
            [line for row in rows for line in row["lines"]],
            ["product.code", "quantity", "unit_list_price", "unit_gross_price"],
        )
        payments = self._by_id(
            "sale.point.payment", [p for row in rows for p in row["payments"]], ["method.name", "amount"]
        )
        moves = self._by_id("account.move", [row["move"] for row in rows if row["move"]], ["lines"])
        ledger = self._by_id(
            "account.move.line",
            [line for move in moves.values() for line in move["lines"]],
            ["account.name", "debit", "credit", "tax_lines"],
        )
        taxes = self._by_id(
            "account.tax.line",
            [tax for line in ledger.values() for tax in line["tax_lines"]],
            ["tax.description", "amount", "type"],
        )
        return [
            ErpSale(
                external_ref=row["external_ref"],
                number=row["number"],
                state=row["state"],
                store=row["point."]["name"],
                date=row["date"],
                total=row["total"],
                tax=row["total_tax"],
                lines=tuple(
                    SaleLine(
                        line["product."]["code"],
                        Decimal(str(line["quantity"])),
                        line["unit_list_price"],
                        line["unit_gross_price"],
                    )
                    for line in (lines[number] for number in row["lines"])
                ),
                payments=_sums((p["method."]["name"], p["amount"]) for p in (payments[n] for n in row["payments"])),
                taxes=_sums(
                    (tax["tax."]["description"], tax["amount"])
                    for line in self._lines_of(row, moves, ledger)
                    for tax in (taxes[number] for number in line["tax_lines"])
                    if tax["type"] == "tax"
                ),
                ledger=tuple(
                    LedgerLine(line["account."]["name"], line["debit"], line["credit"])
                    for line in self._lines_of(row, moves, ledger)
                ),
            )
            for row in rows
        ]

    def sale(self, external_ref: str) -> ErpSale | None:
        """The sale with this reference, or None; raises as `sales`."""
        return next(iter(self.sales([external_ref])), None)

    def count(self, state: str | None = None) -> int:
        """How many sales with a reference there are, in a state or in all; raises as `sales`."""
        domain: list[Any] = [["external_ref", "!=", None]]
        if state:
            domain.append(["state", "=", state])
        return int(self._client.read("model.sale.point.sale.search_count", domain))

    def count_without_reference(self) -> int:
        """How many sales there are of which nobody can tell where they came from; raises as `sales`."""
        return int(self._client.read("model.sale.point.sale.search_count", [["external_ref", "=", None]]))

    def stock(self, sku: str, store: str) -> int:
        """Units for sale in a store's stock room; what came back and lies apart is not among them.

        Raises:
            KeyError: There is no such product or store.
            IntegrationError: The ERP does not answer.
        """
        return self._quantity(sku, self._erp.facts.stores[store].storage)

    def returned(self, sku: str, store: str) -> int:
        """Units that customers brought back to a store; raises as `stock`."""
        return self._quantity(sku, self._erp.facts.stores[store].returns)

    def _quantity(self, sku: str, location: int) -> int:
        today = dt.datetime.now(tz=dt.UTC).date()
        found = self._client.read(
            "model.product.product.search_read",
            [["id", "=", self._erp.facts.products[sku]]],
            0,
            None,
            None,
            ["quantity"],
            locations=[location],
            with_childs=False,
            stock_date_end=today,
        )
        return int(found[0]["quantity"])

    def _by_id(self, model: str, ids: Sequence[int], fields: list[str]) -> dict[int, dict[str, Any]]:
        if not ids:
            return {}
        return {row["id"]: row for row in self._client.read(f"model.{model}.read", sorted(set(ids)), fields)}

    @staticmethod
    def _lines_of(
        row: dict[str, Any], moves: dict[int, dict[str, Any]], ledger: dict[int, dict[str, Any]]
    ) -> list[dict[str, Any]]:
        return [ledger[number] for number in moves[row["move"]]["lines"]] if row["move"] else []


def _sums(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for name, amount in pairs:
        sums[name] = sums.get(name, Decimal(0)) + amount
    return sums
