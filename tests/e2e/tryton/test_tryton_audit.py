"""What the real ERP says it holds, read back: the other half of the proof that no sale is lost."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest

from lockstep.canonical.charges import ChargeKind
from lockstep.canonical.sale_transaction import TransactionKind
from lockstep.connectors.tryton.audit import TrytonAudit
from lockstep.connectors.tryton.client import TrytonClient
from lockstep.connectors.tryton.target import TrytonTarget
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable
from lockstep.messaging.outbound import Posted, ResolvedDocument
from sandbox.erp.server import TrytonErp
from sandbox.retailer import DOWNTOWN, HARBOUR
from tests.e2e.tryton.erp_documents import ACCOUNT, connection, document, line, money, receipt


@pytest.fixture
def audit(client: TrytonClient) -> TrytonAudit:
    return TrytonAudit(ACCOUNT, client)


@pytest.fixture(scope="module")
def days() -> Iterator[dt.date]:
    """Business days that no other test of the session books on."""
    today = dt.datetime.now(tz=dt.UTC).date()
    return iter([today - dt.timedelta(days=back) for back in range(3, 15)])


def points(erp: TrytonErp, *stores: str) -> list[str]:
    return [erp.facts.counterparts()["store"][store] for store in stores]


def test_what_was_posted_stands_there_as_it_must(
    erp: TrytonErp, target: TrytonTarget, audit: TrytonAudit, days: Iterator[dt.date]
) -> None:
    day = next(days)
    documents: list[ResolvedDocument] = [
        document(erp, receipt(line("LAMP-STORM", 2), tenders={"CASH": "100.00", "CARD": "18.49"}, day=day)),
        document(erp, receipt(line("TEA-SMOKED-100", -1), kind=TransactionKind.RETURN, day=day)),
        document(erp, receipt(line("MUG-ENAMEL"), charges={ChargeKind.GIFT_CARD: "25.00"}, day=day)),
        document(erp, receipt(charges={ChargeKind.GIFT_CARD: "10.00"}, day=day)),
        document(erp, receipt(line("MUG-ENAMEL"), store=HARBOUR, day=day)),
    ]
    assert all(isinstance(result, Posted) for result in target.post(documents, look_up_first=False))

    here = audit.standing(day, points(erp, DOWNTOWN))
    both = audit.standing(day, points(erp, DOWNTOWN, HARBOUR))

    expected = {one.document.key: audit.expected(one) for one in documents}
    assert {one.key: (one.total, one.tenders) for one in both.documents} == {
        key: (one.total, one.tenders) for key, one in expected.items()
    }
    assert {one.key for one in here.documents} == {one.document.key for one in documents[:-1]}
    assert all(one.number for one in both.documents)
    methods = erp.facts.counterparts()["tender"]
    assert {here.tender_names[methods[code]] for code in ("CASH", "CARD", "GIFT")} == {"Cash", "Card", "Gift card"}
    cash = sum((one.tenders.get(methods["CASH"], money("0")).amount for one in here.documents), Decimal(0))
    assert cash == Decimal("100.00")


def test_what_is_not_posted_does_not_count(
    erp: TrytonErp, target: TrytonTarget, audit: TrytonAudit, client: TrytonClient, days: Iterator[dt.date]
) -> None:
    day = next(days)
    kept, cancelled = (document(erp, receipt(line("MUG-ENAMEL"), day=day)) for _ in range(2))
    list(target.post([kept], look_up_first=False))
    values = {"point": int(points(erp, DOWNTOWN)[0]), "date": day, "external_ref": cancelled.document.key}
    client.change("model.sale.point.sale.create", [values])

    assert [one.key for one in audit.standing(day, points(erp, DOWNTOWN)).documents] == [kept.document.key]
    assert audit.standing(day, points(erp, HARBOUR)).documents == ()
    assert audit.standing(day - dt.timedelta(days=30), points(erp, DOWNTOWN)).documents == ()


def test_books_that_cannot_be_read_are_an_error(erp: TrytonErp, days: Iterator[dt.date]) -> None:
    there = connection(erp)
    away = there.model_copy(update={"base_url": "http://127.0.0.1:9"})
    wrong = there.model_copy(update={"user": "nobody"})

    for broken, error in ((away, EndpointUnavailable), (wrong, ConfigurationError)):
        with pytest.raises(error):
            TrytonAudit(ACCOUNT, TrytonClient(broken)).standing(next(days), ["1"])
