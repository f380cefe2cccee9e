"""Turns a sales receipt into a `sale.point.sale`, and says what its figures must be. Pure.

Facts of Tryton 8.2 (modules/sale_point/sale.py) this rests on:

- A line is worth round(quantity x unit price), with tax and without; its tax is the difference. Unit prices have four
  decimals. So a line is sent with the prices that give exactly the till's figures, in two parts where one price cannot.
- What comes back has a negative quantity, and what is given back is a payment below zero.
- The taxes themselves come from the product. They cannot be sent, only compared.
- A line's account is a revenue account. Stored value, tips and other money that is not the retailer's is therefore
  booked as a payment the other way, against the payment method that stands for that liability.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any, Final

from lockstep.canonical.money import Money
from lockstep.canonical.sales_receipt import ReceiptLine, ReceiptTax, SalesReceipt
from lockstep.connectors.tryton.models import SaleRecord
from lockstep.messaging.errors import BusinessError, CaseKey, DocumentRejected, ReferenceUnknown, TaxCodeInvalid
from lockstep.messaging.outbound import Document, ResolvedDocument
from lockstep.messaging.references import Reference, ReferenceKind

KIND: Final = "sales_receipt"
PRODUCT: Final = "product"
PAYMENT_METHOD: Final = "payment_method"

_PRICE: Final = Decimal("0.0001")
_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class ExpectedTax:
    """What one tax must come to."""

    reference: Reference
    amount: Decimal
    lines: int
    """How many lines it was rounded on."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A sale to be made, and what it must come to."""

    document: Document
    receipt: SalesReceipt
    point: int
    """The point of sale, which settles the store's stock and the numbering."""
    lines: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    total: Money
    """Without what is booked as a payment the other way."""
    taxes: dict[int, ExpectedTax]
    """By the ERP's number of the tax."""

    def to_create(self, company: int) -> dict[str, Any]:
        """Values that make the sale."""
        return {
            "company": company,
            "external_ref": self.document.key,
            "point": self.point,
            "date": self.receipt.business_day,
            "lines": _create(self.lines),
            "payments": _create(self.payments),
        }

    def to_rewrite(self, sale: SaleRecord) -> dict[str, Any]:
        """Values that make an open sale of the same point of sale say what this one says."""
        return {
            "date": self.receipt.business_day,
            "lines": _delete(sale.lines) + _create(self.lines),
            "payments": _delete(sale.payments) + _create(self.payments),
        }


def receipt_of(document: Document) -> SalesReceipt:
    """The canonical receipt in a document.

    Raises:
        ValueError: It is no sales receipt: a defect, for workflows and connectors are deployed together.
    """
    if document.kind != KIND:
        raise ValueError(f"Tryton is sent {KIND}, not {document.kind}")
    return SalesReceipt.model_validate(document.body)


def references(document: Document, account: str) -> list[Reference]:
    """Everything the receipt names that Tryton names otherwise, each once."""
    return list(dict.fromkeys(_references(receipt_of(document), account)))


def _references(receipt: SalesReceipt, account: str) -> Iterator[Reference]:
    yield _reference(ReferenceKind.STORE, receipt.store, account)
    for line in receipt.lines:
        yield _reference(ReferenceKind.ITEM, line.sku, account)
        for tax in line.taxes:
            yield _reference(ReferenceKind.TAX, tax.code, account)
    for charge in receipt.charges:
        yield _reference(ReferenceKind.CHARGE, charge.kind.value, account)
        for tax in charge.taxes:
            yield _reference(ReferenceKind.TAX, tax.code, account)
    for tender in receipt.tenders:
        yield _reference(ReferenceKind.TENDER, tender.tender, account)


def _reference(kind: ReferenceKind, value: str, account: str) -> Reference:
    return Reference(kind, account, value, outward=True)


def draft(resolved: ResolvedDocument, account: str) -> Draft:
    """The sale that a resolved receipt becomes.

    Raises:
        ReferenceUnknown: The crosswalk's counterpart has not the form of a Tryton number.
        DocumentRejected: There is nothing in it to be booked.
    """
    receipt = receipt_of(resolved.document)
    numbers = _Numbers(resolved.identifiers, account)
    lines = [part for line in receipt.lines for part in _lines(line, numbers)]
    payments, total = [], receipt.total
    for charge in receipt.charges:
        kind, number = numbers.of_charge(charge.kind.value)
        if kind == PRODUCT:
            net = charge.amount - _tax(charge.taxes, receipt.currency)
            lines += _parts(number, _ONE.copy_sign(charge.amount.amount), net, charge.amount)
        else:
            payments.append({"method": number, "amount": -charge.amount.amount})
            total -= charge.amount
    payments += [
        {"method": numbers.of(ReferenceKind.TENDER, tender.tender), "amount": tender.amount.amount}
        for tender in receipt.tenders
        if tender.amount
    ]
    if not lines and not payments:
        raise DocumentRejected(
            f"receipt {receipt.called} holds nothing to be booked", rejection(resolved.document, account)
        )
    return Draft(
        document=resolved.document,
        receipt=receipt,
        point=numbers.of(ReferenceKind.STORE, receipt.store),
        lines=lines,
        payments=payments,
        total=total,
        taxes=_expected(receipt, numbers, account),
    )


def disagreement(draft: Draft, sale: SaleRecord, account: str) -> BusinessError | None:
    """Why the sale, as the ERP adds it up, is not the receipt; None when it is, to the minor unit."""
    receipt = draft.receipt
    wrong = [
        f"{name} {theirs} {sale.currency.code} in the ERP, {ours} {receipt.currency} at the till"
        for name, theirs, ours in (
            ("total", sale.total, draft.total.amount),
            ("tax", sale.total_tax, receipt.tax.amount),
            ("paid", sale.amount_paid, draft.total.amount),
        )
        if theirs != ours or sale.currency.code != receipt.currency
    ]
    if not wrong:
        return None
    return DocumentRejected(f"receipt {receipt.called}: {'; '.join(wrong)}", rejection(draft.document, account))


def tax_disagreement(draft: Draft, by_rule: Mapping[int, Decimal], account: str) -> TaxCodeInvalid | None:
    """Why the taxes are not those that the ERP's own rules give; None when they are.

    Each tax may be off by what rounding explains: half a minor unit for each line it was rounded on, and half for the
    ERP, which rounds the sum.

    Args:
        draft: The sale, with what the till took.
        by_rule: What the products' own taxes come to, by the ERP's number of the tax.
        account: Names the ERP in the cases.
    """
    half = Money.of_minor(1, draft.receipt.currency).amount / 2
    wrong, cases = [], []
    for number in sorted({*by_rule, *draft.taxes}):
        expected = draft.taxes.get(number)
        ours = expected.amount if expected else Decimal(0)
        theirs = by_rule.get(number, Decimal(0))
        if abs(theirs - ours) <= half * (1 + (expected.lines if expected else 0)):
            continue
        reference = expected.reference if expected else Reference(ReferenceKind.TAX, account, str(number))
        wrong.append(f"tax {reference.value} {theirs} by the ERP's rules, {ours} at the till")
        cases.append(reference.case)
    if not wrong:
        return None
    return TaxCodeInvalid(f"receipt {draft.receipt.called}: {'; '.join(wrong)}", *cases)


def rejection(document: Document, account: str) -> CaseKey:
    """The case of a document that the ERP refuses."""
    return CaseKey("document_rejected", f"{account}/{document.key}")


def period_case(draft: Draft, account: str) -> CaseKey:
    """The case of a month that cannot be booked on."""
    return CaseKey("period_closed", f"{account}/{draft.receipt.business_day:%Y-%m}")


class _Numbers:
    """Reads Tryton's numbers out of the crosswalk's counterparts."""

    def __init__(self, identifiers: Mapping[Reference, str], account: str) -> None:
        self._identifiers = identifiers
        self._account = account

    def of(self, kind: ReferenceKind, value: str) -> int:
        reference = _reference(kind, value, self._account)
        return self._number(reference, self._identifiers[reference])

    def of_charge(self, value: str) -> tuple[str, int]:
        """What a charge is booked as: `product:<number>` or `payment_method:<number>`."""
        reference = _reference(ReferenceKind.CHARGE, value, self._account)
        kind, _, number = self._identifiers[reference].partition(":")
        if kind not in {PRODUCT, PAYMENT_METHOD}:
            raise self._unusable(reference)
        return kind, self._number(reference, number)

    def _number(self, reference: Reference, counterpart: str) -> int:
        if not (counterpart.isascii() and counterpart.isdecimal()):
            raise self._unusable(reference)
        return int(counterpart)

    def _unusable(self, reference: Reference) -> ReferenceUnknown:
        counterpart = self._identifiers[reference]
        return ReferenceUnknown(
            f"the counterpart of {reference.kind.value} {reference.value} in {reference.system}, {counterpart!r}, "
            "is no number of a Tryton record",
            reference.case,
        )


def _lines(line: ReceiptLine, numbers: _Numbers) -> list[dict[str, Any]]:
    net = line.gross - _tax(line.taxes, line.gross.currency)
    return _parts(numbers.of(ReferenceKind.ITEM, line.sku), line.quantity, net, line.gross)


def _tax(taxes: Iterable[ReceiptTax], currency: str) -> Money:
    return Money.total((tax.amount for tax in taxes), currency)


def _parts(product: int, quantity: Decimal, net: Money, gross: Money) -> list[dict[str, Any]]:
    """One line of the sale, or two whose sum is exact where no unit price of four decimals gives the amounts."""
    prices = [_unit_price(amount, quantity, ROUND_HALF_UP) for amount in (net, gross)]
    if all(_extended(price, quantity, amount) == amount for price, amount in zip(prices, (net, gross), strict=True)):
        return [_line(product, quantity, *prices)]
    last = _ONE.copy_sign(quantity)
    first = quantity - last
    prices = [_unit_price(amount, quantity, ROUND_DOWN) for amount in (net, gross)]
    rest = [
        _unit_price(amount - _extended(price, first, amount), last, ROUND_HALF_UP)
        for price, amount in zip(prices, (net, gross), strict=True)
    ]
    return [_line(product, first, *prices), _line(product, last, *rest)]


def _unit_price(amount: Money, quantity: Decimal, rounding: str) -> Decimal:
    return (amount.amount / quantity).quantize(_PRICE, rounding=rounding)


def _extended(price: Decimal, quantity: Decimal, like: Money) -> Money:
    """What Tryton makes of it: it rounds half to even (modules/currency/currency.py)."""
    minor_unit = Money.of_minor(1, like.currency).amount
    return Money.of((price * quantity).quantize(minor_unit, rounding=ROUND_HALF_EVEN), like.currency)


def _line(product: int, quantity: Decimal, net: Decimal, gross: Decimal) -> dict[str, Any]:
    # Tryton keeps quantities as floating-point numbers, rounded to the unit's digits.
    return {"product": product, "quantity": float(quantity), "unit_list_price": net, "unit_gross_price": gross}


def _expected(receipt: SalesReceipt, numbers: _Numbers, account: str) -> dict[int, ExpectedTax]:
    expected: dict[int, ExpectedTax] = {}
    on_lines = (tax for line in receipt.lines for tax in line.taxes)
    on_charges = (tax for charge in receipt.charges for tax in charge.taxes)
    for tax in (*on_lines, *on_charges):
        number = numbers.of(ReferenceKind.TAX, tax.code)
        known = expected.get(number)
        expected[number] = ExpectedTax(
            reference=known.reference if known else _reference(ReferenceKind.TAX, tax.code, account),
            amount=tax.amount.amount + (known.amount if known else 0),
            lines=1 + (known.lines if known else 0),
        )
    return expected


def _create(values: list[dict[str, Any]]) -> list[list[Any]]:
    return [["create", values]] if values else []


def _delete(ids: tuple[int, ...]) -> list[list[Any]]:
    return [["delete", list(ids)]] if ids else []
