"""Till receipts in a real ERP: booked once, to the cent, whatever breaks on the way."""

import datetime as dt
import json
import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.sale_transaction import TransactionKind
from lockstep.canonical.sales_receipt import ReceiptLine, ReceiptTax
from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.manifest import OUTBOUND
from lockstep.connectors.tryton.target import TrytonTarget
from lockstep.messaging.errors import (
    ConfigurationError,
    DocumentRejected,
    EndpointError,
    EndpointUnavailable,
    OutcomeUnknown,
    PeriodClosed,
    ReferenceUnknown,
    TaxCodeInvalid,
)
from lockstep.messaging.outbound import Posted, Rejected, ResolvedDocument
from lockstep.messaging.references import Reference, ReferenceKind
from sandbox.erp.books import ErpBooks, ErpSale
from sandbox.erp.server import TrytonErp
from sandbox.retailer import DOWNTOWN, HARBOUR
from tests.e2e.tryton.erp_documents import ACCOUNT, connection, document, line, money, receipt


class LosingClient(TrytonClient):
    """Loses one change: before it was sent, after it was carried out, or by an answer of its own."""

    def __init__(self, erp: TrytonErp, step: str, *, sent: bool = True, error: Exception | None = None) -> None:
        super().__init__(connection(erp))
        self.step: str | None = step
        self.sent = sent
        self.error = error or (OutcomeUnknown("lost") if sent else EndpointUnavailable("refused"))

    def change(self, method: str, *arguments: object) -> Any:
        if self.step and method.endswith(f".{self.step}"):
            self.step = None
            if self.sent:
                super().change(method, *arguments)
            raise self.error
        return super().change(method, *arguments)


def post_one(target: TrytonTarget, one: ResolvedDocument, *, look_up_first: bool = False) -> Posted | Rejected:
    (result,) = target.post([one], look_up_first=look_up_first)
    return result


def posted(result: Posted | Rejected) -> Posted:
    assert isinstance(result, Posted), result
    return result


def booked(books: ErpBooks, one: ResolvedDocument) -> ErpSale:
    (sale,) = books.sales([one.document.key])
    assert sale.state == "posted"
    assert sum(entry.debit for entry in sale.ledger) == sum(entry.credit for entry in sale.ledger)
    return sale


def rejection_of(result: Posted | Rejected) -> Exception:
    assert isinstance(result, Rejected), result
    return result.error


def test_a_sale_is_booked_with_its_tender_its_tax_and_its_store(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget
) -> None:
    before = {store: books.stock("LAMP-STORM", store) for store in (DOWNTOWN, HARBOUR)}
    yesterday = dt.datetime.now(tz=dt.UTC).date() - dt.timedelta(days=1)
    one = document(erp, receipt(line("LAMP-STORM", 2), line("TEA-SMOKED-100"), store=HARBOUR, day=yesterday))

    result = posted(post_one(target, one))

    sale = booked(books, one)
    assert sale.number == result.number
    assert (sale.store, sale.date) == ("Harbour", yesterday)
    assert (sale.total, sale.tax) == (Decimal("128.17"), Decimal("9.57"))
    assert sale.payments == {"Card": Decimal("128.17")}
    assert sale.taxes == {"STATE": Decimal("6.83"), "CITY": Decimal("2.46"), "FOOD": Decimal("0.28")}
    assert books.stock("LAMP-STORM", HARBOUR) == before[HARBOUR] - 2
    assert books.stock("LAMP-STORM", DOWNTOWN) == before[DOWNTOWN]


def test_a_return_gives_money_back_to_the_card_and_lays_the_goods_apart(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget
) -> None:
    for_sale, returned = books.stock("SCARF-MERINO", DOWNTOWN), books.returned("SCARF-MERINO", DOWNTOWN)
    one = document(erp, receipt(line("SCARF-MERINO", -1), kind=TransactionKind.RETURN))

    posted(post_one(target, one))

    sale = booked(books, one)
    assert (sale.total, sale.tax) == (Decimal("-42.86"), Decimal("-3.36"))
    assert sale.payments == {"Card": Decimal("-42.86")}
    assert sale.taxes == {"STATE": Decimal("-2.47"), "CITY": Decimal("-0.89")}
    assert books.stock("SCARF-MERINO", DOWNTOWN) == for_sale
    assert books.returned("SCARF-MERINO", DOWNTOWN) == returned + 1


def test_an_even_exchange_is_booked_without_a_tender(erp: TrytonErp, books: ErpBooks, target: TrytonTarget) -> None:
    lines = (line("TEE-ORGANIC-S", -1), line("TEE-ORGANIC-M", 1))
    one = document(erp, receipt(*lines, tenders={}, kind=TransactionKind.EXCHANGE))

    posted(post_one(target, one))

    sale = booked(books, one)
    assert (sale.total, sale.payments) == (Decimal(0), {})
    assert [each.quantity for each in sale.lines] == [-1, 1]


def test_a_split_tender_with_change_is_kept_apart_by_tender(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget
) -> None:
    one = document(erp, receipt(line("BLANKET-LAMBS"), tenders={"CARD": "50.00", "GIFT": "25.00", "CASH": "21.56"}))
    paid_too_much = receipt(line("POSTCARD-SET"), tenders={"CARD": "10.00", "CASH": "-4.00"})
    other = document(erp, paid_too_much)

    for result in target.post([one, other], look_up_first=False):
        posted(result)

    assert booked(books, one).payments == {
        "Card": Decimal("50.00"),
        "Gift card": Decimal("25.00"),
        "Cash": Decimal("21.56"),
    }
    assert booked(books, other).payments == {"Card": Decimal("10.00"), "Cash": Decimal("-4.00")}


@pytest.mark.parametrize(
    "discounted",
    [
        line("CANDLE-BEESWAX", 3, "20.00"),
        line("CANDLE-BEESWAX", 7, "0.01"),
        line("POSTCARD-SET", 300, "100.00"),
        line("MUG-ENAMEL", 999, "1234.56"),
        line("POSTCARD-SET", -300, "-100.00"),
        line("MUG-ENAMEL", 1, "0.00"),
    ],
)
def test_a_discounted_line_comes_to_the_tills_amount_where_no_unit_price_does(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget, discounted: ReceiptLine
) -> None:
    tenders = {"CARD": str(discounted.gross.amount)}
    one = document(erp, receipt(discounted, tenders=tenders, kind=TransactionKind.VOID))

    posted(post_one(target, one))

    sale = booked(books, one)
    assert sale.total == discounted.gross.amount
    assert sale.tax == sum(tax.amount.amount for tax in discounted.taxes)
    assert sum(each.quantity for each in sale.lines) == discounted.quantity


def test_charges_are_booked_as_what_the_crosswalk_says_they_are(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget
) -> None:
    charges = {ChargeKind.FEE: "0.10", ChargeKind.TIP: "2.00", ChargeKind.ROUNDING: "-0.01"}
    one = document(erp, receipt(line("POSTCARD-SET"), charges=charges, tenders={"CASH": "8.09"}))
    card_sold = document(erp, receipt(charges={ChargeKind.GIFT_CARD: "25.00"}, tenders={"CASH": "25.00"}))

    for result in target.post([one, card_sold], look_up_first=False):
        posted(result)

    sale = booked(books, one)
    assert sale.total == Decimal("6.09")
    assert sale.payments == {"Cash": Decimal("8.09"), "Tips held for staff": Decimal("-2.00")}
    assert booked(books, card_sold).payments == {"Cash": Decimal("25.00"), "Gift card": Decimal("-25.00")}


@pytest.mark.parametrize("look_up_first", [True, False])
def test_the_same_document_again_is_answered_with_the_number_it_has(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget, look_up_first: bool
) -> None:
    one = document(erp, receipt(line("SOCKS-ALPACA")))
    stock = books.stock("SOCKS-ALPACA", DOWNTOWN)

    first = posted(post_one(target, one))
    again = posted(post_one(target, one, look_up_first=look_up_first))

    assert again == first
    assert len(books.sales([one.document.key])) == 1
    assert books.stock("SOCKS-ALPACA", DOWNTOWN) == stock - 1


@pytest.mark.parametrize("sent", [True, False], ids=["answer lost", "never sent"])
@pytest.mark.parametrize("step", ["create", "process", "post"])
def test_a_half_made_sale_is_taken_up_where_it_stands(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget, step: str, sent: bool
) -> None:
    both = [document(erp, receipt(line("MUG-ENAMEL"))), document(erp, receipt(line("HONEY-HEATHER", -1)))]
    with pytest.raises(EndpointError):
        list(TrytonTarget(ACCOUNT, LosingClient(erp, step, sent=sent)).post(both, look_up_first=False))
    left = {sale.external_ref: sale.number for sale in books.sales([one.document.key for one in both])}

    results = [posted(result) for result in target.post(both, look_up_first=True)]

    for one, result in zip(both, results, strict=True):
        assert booked(books, one).number == result.number
        assert left.get(one.document.key) in (None, result.number)


@pytest.mark.parametrize("look_up_first", [True, False])
@pytest.mark.parametrize("step", ["process", "post"])
def test_a_document_repaired_after_the_erp_refused_a_step_is_booked_as_repaired(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget, step: str, look_up_first: bool
) -> None:
    faulty = document(erp, receipt(line("MUG-ENAMEL")))
    refusing = TrytonTarget(ACCOUNT, LosingClient(erp, step, sent=False, error=DocumentRejected("no")))
    assert isinstance(rejection_of(post_one(refusing, faulty)), DocumentRejected)
    assert all(sale.state == "cancelled" for sale in books.sales([faulty.document.key]))

    repaired = document(erp, receipt(line("SOCKS-ALPACA", 2)), key=faulty.document.key)
    posted(post_one(target, repaired, look_up_first=look_up_first))

    assert [(each.sku, each.quantity) for each in booked(books, repaired).lines] == [("SOCKS-ALPACA", 2)]


@pytest.mark.parametrize("step", ["process", "post"])
def test_a_half_made_sale_at_a_store_that_was_mapped_wrongly_is_made_anew_at_the_right_one(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget, step: str
) -> None:
    made_from = receipt(line("MUG-ENAMEL"), store=DOWNTOWN)
    wrong = {Reference(ReferenceKind.STORE, ACCOUNT, DOWNTOWN, outward=True): str(erp.facts.stores[HARBOUR].point)}
    one = document(erp, made_from, other=wrong)
    with pytest.raises(EndpointError):
        post_one(TrytonTarget(ACCOUNT, LosingClient(erp, step, sent=False)), one)
    stock = books.stock("MUG-ENAMEL", HARBOUR)

    posted(post_one(target, document(erp, made_from, key=one.document.key), look_up_first=True))

    assert booked(books, one).store == "Downtown"
    assert books.stock("MUG-ENAMEL", HARBOUR) == stock


def test_a_batch_cut_off_by_a_crash_is_finished_after_it_and_nothing_is_there_twice(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget
) -> None:
    stock = books.stock("CANDLE-BEESWAX", HARBOUR)
    batch = [document(erp, receipt(line("CANDLE-BEESWAX"), store=HARBOUR)) for _ in range(30)]

    class KillingClient(TrytonClient):
        def change(self, method: str, *arguments: object) -> Any:
            if method.endswith(".post"):
                threading.Timer(0.2, erp.kill).start()  # posting them takes five times as long
            return super().change(method, *arguments)

    try:
        with pytest.raises(OutcomeUnknown):
            list(TrytonTarget(ACCOUNT, KillingClient(connection(erp))).post(batch, look_up_first=False))
        with pytest.raises(EndpointUnavailable):
            list(target.post(batch, look_up_first=True))
    finally:
        erp.start()

    results = [posted(result) for result in target.post(batch, look_up_first=True)]

    numbers = [booked(books, one).number for one in batch]
    assert numbers == [result.number for result in results]
    assert len(set(numbers)) == len(batch)
    assert books.stock("CANDLE-BEESWAX", HARBOUR) == stock - len(batch)


def test_one_bad_document_in_a_batch_is_refused_alone(erp: TrytonErp, books: ErpBooks, target: TrytonTarget) -> None:
    unknown = {Reference(ReferenceKind.ITEM, ACCOUNT, "MUG-ENAMEL", outward=True): "999999"}
    batch = [document(erp, receipt(line("TEA-SMOKED-100"))) for _ in range(9)]
    batch[5] = document(erp, receipt(line("MUG-ENAMEL")), other=unknown)

    results = list(target.post(batch, look_up_first=False))

    assert isinstance(rejection_of(results.pop(5)), DocumentRejected)
    assert not books.sales([batch.pop(5).document.key])
    assert [posted(result).number for result in results] == [booked(books, one).number for one in batch]


@pytest.mark.parametrize("step", ["process", "post"])
def test_a_refusal_in_a_later_step_hits_its_document_alone(
    erp: TrytonErp, books: ErpBooks, client: TrytonClient, step: str
) -> None:
    batch = [document(erp, receipt(line("TEA-SMOKED-100"))) for _ in range(5)]

    class RefusingClient(TrytonClient):
        """Refuses whatever holds the third document, as the ERP would refuse the whole call."""

        def change(self, method: str, *arguments: Any) -> Any:
            if method.endswith(f".{step}"):
                rows = self.read("model.sale.point.sale.read", arguments[0], ["external_ref"])
                if any(row["external_ref"] == batch[2].document.key for row in rows):
                    raise DocumentRejected("not this one")
            return super().change(method, *arguments)

    results = list(TrytonTarget(ACCOUNT, RefusingClient(connection(erp))).post(batch, look_up_first=False))

    assert isinstance(rejection_of(results.pop(2)), DocumentRejected)
    assert [sale.state for sale in books.sales([batch.pop(2).document.key])] in ([], ["cancelled"])
    assert [posted(result).number for result in results] == [booked(books, one).number for one in batch]


def test_more_than_a_batch_is_posted_in_batches(erp: TrytonErp, books: ErpBooks, target: TrytonTarget) -> None:
    many = [document(erp, receipt(line("POSTCARD-SET"))) for _ in range(OUTBOUND.batch_size + 2)]

    results = [posted(result) for result in target.post(many, look_up_first=False)]

    numbers = {sale.external_ref: sale.number for sale in books.sales([one.document.key for one in many])}
    assert [numbers[one.document.key] for one in many] == [result.number for result in results]


def test_a_tax_that_the_erps_rules_do_not_give_is_refused_and_leaves_nothing(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget
) -> None:
    taxed_as_food = ReceiptLine(
        sku="LAMP-STORM",
        quantity=Decimal(1),
        unit="EA",
        gross=money("56.24"),
        taxes=(ReceiptTax(code="FOOD", rate=Decimal(3), amount=money("1.64")),),
    )
    one = document(erp, receipt(taxed_as_food))
    with pytest.raises(EndpointUnavailable):
        post_one(TrytonTarget(ACCOUNT, LosingClient(erp, "delete", sent=False)), one)

    error = rejection_of(post_one(target, one, look_up_first=True))

    assert isinstance(error, TaxCodeInvalid)
    assert "tax FOOD 0 by the ERP's rules, 1.64 at the till" in str(error)
    assert "tax 1 3.41 by the ERP's rules, 0 at the till" in str(error)
    assert Reference(ReferenceKind.TAX, ACCOUNT, "FOOD", outward=True).case in error.cases
    assert not books.sales([one.document.key])


def test_another_currency_is_refused(erp: TrytonErp, books: ErpBooks, target: TrytonTarget) -> None:
    in_dollars = document(erp, receipt(line("POSTCARD-SET")))
    body = json.loads(json.dumps(in_dollars.document.body).replace('"USD"', '"EUR"'))
    in_euros = replace(in_dollars, document=replace(in_dollars.document, body=body))

    error = rejection_of(post_one(target, in_euros))

    assert "total 6.00 USD in the ERP, 6.00 EUR at the till" in str(error)
    assert not books.sales([in_euros.document.key])


def test_a_day_whose_books_are_closed_is_refused_under_one_case_a_month(
    erp: TrytonErp, books: ErpBooks, target: TrytonTarget
) -> None:
    day = erp.facts.closed_month + dt.timedelta(days=4)
    closed = document(erp, receipt(line("POSTCARD-SET"), day=day))
    beyond = document(erp, receipt(line("POSTCARD-SET"), day=erp.facts.last_day + dt.timedelta(days=1)))
    fine = document(erp, receipt(line("POSTCARD-SET")))

    results = list(target.post([closed, beyond, fine], look_up_first=False))

    errors = [rejection_of(result) for result in results[:2]]
    assert all(isinstance(error, PeriodClosed) for error in errors)
    assert [str(case) for case in errors[0].cases] == [f"period_closed/{ACCOUNT}/{day:%Y-%m}"]  # type: ignore[attr-defined]
    assert not books.sales([closed.document.key, beyond.document.key])
    posted(results[2])


def test_a_counterpart_that_is_no_number_is_the_crosswalks_fault(erp: TrytonErp, target: TrytonTarget) -> None:
    reference = Reference(ReferenceKind.TENDER, ACCOUNT, "CARD", outward=True)
    one = document(erp, receipt(line("POSTCARD-SET")), other={reference: "card"})

    error = rejection_of(post_one(target, one))

    assert isinstance(error, ReferenceUnknown)
    assert error.cases == (reference.case,)


def test_a_session_that_has_ended_is_renewed(erp: TrytonErp, client: TrytonClient, target: TrytonTarget) -> None:
    posted(post_one(target, document(erp, receipt(line("POSTCARD-SET")))))
    client._signed_in("common.db.logout", [], changes=True)

    posted(post_one(target, document(erp, receipt(line("POSTCARD-SET")))))


def test_a_user_whom_the_erp_does_not_know_is_a_fault_of_ours(erp: TrytonErp) -> None:
    stranger = connection(erp).model_copy(update={"user": "stranger"})
    one = document(erp, receipt(line("POSTCARD-SET")))

    with pytest.raises(ConfigurationError, match="stranger"):
        post_one(TrytonTarget(ACCOUNT, TrytonClient(stranger)), one)


def test_a_database_that_is_not_there_is_a_fault_of_ours(erp: TrytonErp) -> None:
    elsewhere = connection(erp).model_copy(update={"database": "elsewhere"})
    one = document(erp, receipt(line("POSTCARD-SET")))

    with pytest.raises(ConfigurationError):
        post_one(TrytonTarget(ACCOUNT, TrytonClient(elsewhere)), one)


def test_the_integrations_user_may_do_nothing_else(client: TrytonClient) -> None:
    with pytest.raises(ConfigurationError, match="access"):
        client.read("model.account.move.search", [], 0, None, None)
    with pytest.raises(DocumentRejected, match="access"):
        client.change("model.res.user.create", [{"login": "x", "name": "x"}])
