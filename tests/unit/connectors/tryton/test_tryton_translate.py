"""Receipts to sales: golden pairs, exact amounts for any quantity, and what counts as a disagreement."""

import json
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import lockstep.connectors.tryton
from lockstep.canonical.money import EXPONENTS, Money
from lockstep.connectors.tryton import translate, wire
from lockstep.connectors.tryton.models import SaleRecord
from lockstep.messaging.errors import DocumentRejected, ReferenceUnknown, TaxCodeInvalid
from lockstep.messaging.outbound import Document, ResolvedDocument
from lockstep.messaging.references import Reference, ReferenceKind

ACCOUNT = "tryton.main"
FIXTURES = Path(lockstep.connectors.tryton.__file__).parent / "fixtures"
PAIRS = ["sale", "return", "exchange", "split_line", "charges"]


def load(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def resolved(pair: dict[str, Any], **identifiers: str) -> ResolvedDocument:
    """The pair's receipt; `identifiers` replace counterparts, named as `kind_value`."""
    document = Document(
        key=pair["sale"]["external_ref"],
        kind="sales_receipt",
        subject="subject",
        correlation_id="correlation",
        body=pair["receipt"],
    )
    known = {
        **pair["identifiers"],
        **{name.replace("_", "/", 1): value for name, value in identifiers.items()},
    }
    return ResolvedDocument(
        document,
        {
            Reference(ReferenceKind(kind), ACCOUNT, value, outward=True): counterpart
            for kind, value, counterpart in ((*name.split("/", 1), text) for name, text in known.items())
        },
    )


def standing(draft: translate.Draft, **changes: Any) -> SaleRecord:
    """The sale as the ERP would answer with it."""
    values = {
        "id": 7,
        "point": draft.point,
        "external_ref": draft.document.key,
        "number": None,
        "state": "open",
        "total": draft.total.amount,
        "total_tax": draft.receipt.tax.amount,
        "amount_paid": draft.total.amount,
        "currency.": {"code": draft.receipt.currency, "id": 1},
        "lines": [1, 2],
        "payments": [3],
    }
    return SaleRecord.model_validate({**values, **changes})


@pytest.mark.parametrize("name", PAIRS)
def test_a_receipt_becomes_the_sale_of_its_golden_pair(name: str) -> None:
    pair = load(name)

    draft = translate.draft(resolved(pair), ACCOUNT)

    assert json.loads(wire.dumps(draft.to_create(company=1))) == pair["sale"]
    assert str(draft.total.amount) == pair["total"]
    assert {str(number): str(tax.amount) for number, tax in draft.taxes.items()} == pair["taxes"]


@pytest.mark.parametrize("name", PAIRS)
def test_the_references_are_all_that_is_to_be_resolved_each_once(name: str) -> None:
    pair = load(name)

    references = translate.references(resolved(pair).document, ACCOUNT)

    assert sorted(f"{ref.kind.value}/{ref.value}" for ref in references) == sorted(pair["identifiers"])
    assert all(ref.system == ACCOUNT and ref.outward for ref in references)


def test_a_sale_is_rewritten_without_what_stood_in_it() -> None:
    pair = load("sale")
    draft = translate.draft(resolved(pair), ACCOUNT)

    values = draft.to_rewrite(standing(draft, lines=[4, 5], payments=[]))

    assert values["lines"] == [["delete", [4, 5]], ["create", draft.lines]]
    assert values["payments"] == [["create", draft.payments]]
    assert not {"external_ref", "point", "company"} & values.keys()


@example(quantity=Decimal(150), minor=5, tax=0, back=False, currency="USD")  # 150 x 0.0003 is 0.045: 0.04 to the ERP
@given(
    quantity=st.decimals("0.001", 99_999, places=3),
    minor=st.integers(0, 10_000_000),
    tax=st.integers(0, 1_000_000),
    back=st.booleans(),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_any_line_comes_to_its_amounts_as_the_erp_rounds(
    quantity: Decimal, minor: int, tax: int, back: bool, currency: str
) -> None:
    sign = -1 if back else 1
    net, gross = Money.of_minor(sign * minor, currency), Money.of_minor(sign * (minor + tax), currency)

    parts = translate._parts(1, sign * quantity, net, gross)

    unit = Decimal(1).scaleb(-EXPONENTS[currency])
    for name, amount in (("unit_list_price", net), ("unit_gross_price", gross)):
        extended = [
            (part[name] * Decimal(str(part["quantity"]))).quantize(unit, rounding=ROUND_HALF_EVEN) for part in parts
        ]
        assert sum(extended) == amount.amount
        assert all(part[name] >= 0 and part[name] == round(part[name], 4) for part in parts)
    assert sum(Decimal(str(part["quantity"])) for part in parts) == sign * quantity
    assert len(parts) <= 2


@pytest.mark.parametrize(
    ("identifier", "counterpart"),
    [
        ("tender_CARD", "the card one"),
        ("store_101", "-1"),
        ("charge_tip", "206"),
        ("charge_tip", "account:206"),
        ("charge_fee", "product:"),
        ("item_POSTCARD-SET", "²"),
    ],
)
def test_a_counterpart_that_names_no_record_is_refused_under_its_references_case(
    identifier: str, counterpart: str
) -> None:
    kind, value = identifier.split("_", 1)

    with pytest.raises(ReferenceUnknown, match="no number of a Tryton record") as caught:
        translate.draft(resolved(load("charges"), **{identifier: counterpart}), ACCOUNT)

    assert caught.value.cases == (Reference(ReferenceKind(kind), ACCOUNT, value, outward=True).case,)


def test_a_receipt_with_nothing_in_it_is_refused() -> None:
    pair = load("sale")
    pair["receipt"] |= {"lines": [], "tenders": []}

    with pytest.raises(DocumentRejected, match="nothing to be booked") as caught:
        translate.draft(resolved(pair), ACCOUNT)

    assert [str(case) for case in caught.value.cases] == [f"document_rejected/{ACCOUNT}/{pair['sale']['external_ref']}"]


def test_another_kind_of_document_is_a_defect() -> None:
    document = Document(key="k", kind="credit_memo", subject="s", correlation_id="c", body={})

    with pytest.raises(ValueError, match="credit_memo"):
        translate.references(document, ACCOUNT)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"total": Decimal("128.18")}, "total 128.18 USD in the ERP, 128.17 USD at the till"),
        ({"total_tax": Decimal("9.56")}, "tax 9.56 USD in the ERP, 9.57 USD at the till"),
        ({"amount_paid": 0}, "paid 0 USD in the ERP, 128.17 USD at the till"),
        ({"currency.": {"code": "EUR"}}, "total 128.17 EUR in the ERP, 128.17 USD at the till"),
    ],
)
def test_figures_that_differ_by_anything_are_a_disagreement(changes: dict[str, Any], words: str | None) -> None:
    draft = translate.draft(resolved(load("sale")), ACCOUNT)

    error = translate.disagreement(draft, standing(draft, **changes), ACCOUNT)

    assert (error is None) is (words is None)
    assert words is None or words in str(error)


@pytest.mark.parametrize(
    ("by_rule", "wrong"),
    [
        ({301: "6.83", 302: "2.46", 303: "0.28"}, []),
        ({301: "6.84", 302: "2.45", 303: "0.27"}, []),
        ({301: "6.85", 302: "2.46", 303: "0.28"}, ["tax/STATE/tryton.main"]),
        ({301: "6.83", 302: "2.46"}, ["tax/FOOD/tryton.main"]),
        ({301: "6.83", 302: "2.46", 303: "0.28", 304: "0.01"}, ["tax/tryton.main/304"]),
        ({}, ["tax/STATE/tryton.main", "tax/CITY/tryton.main", "tax/FOOD/tryton.main"]),
    ],
)
def test_each_tax_may_be_off_by_rounding_and_no_more(by_rule: dict[int, str], wrong: list[str]) -> None:
    draft = translate.draft(resolved(load("sale")), ACCOUNT)

    error = translate.tax_disagreement(draft, {number: Decimal(text) for number, text in by_rule.items()}, ACCOUNT)

    assert [case.reference for case in (error.cases if error else ())] == wrong
    assert error is None or isinstance(error, TaxCodeInvalid)
