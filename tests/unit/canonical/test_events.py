import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from lockstep.canonical import events
from lockstep.canonical.events import (
    EVENTS,
    DeliveryReceived,
    InventoryAdjusted,
    TransactionClosed,
    TransactionUnbalanced,
    event_type_of,
    parse_event,
    stream_kinds_of,
)
from lockstep.canonical.identifiers import ItemReference, TransactionId
from lockstep.canonical.inventory import InventoryAdjustment, InventoryMovement
from lockstep.canonical.money import Money
from lockstep.canonical.notices import DeliveryNotice
from lockstep.canonical.sale_transaction import (
    SaleLine,
    SaleTransaction,
    TenderLine,
    TransactionKind,
    UnbalancedTransaction,
)
from lockstep.canonical.streams import StreamId, StreamKind

FUNCTIONS = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "functions")}
SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))
CLOSED = datetime(2026, 11, 23, 15, tzinfo=UTC)
ENVELOPE = {"source": "poslog.main", "received_at": CLOSED + timedelta(seconds=2), "causation_id": "poslog.main/msg_1"}


def identity(sequence):
    return TransactionId(store="101", workstation="1", business_day=date(2026, 11, 23), sequence=sequence)


def sale(sequence, *originals, kind=TransactionKind.SALE, voids=None):
    lines = tuple(
        SaleLine(
            number=number,
            item=ItemReference(value="SKU-1"),
            quantity=Decimal(-1),
            unit_price=Money.of("5", "EUR"),
            amount=Money.of("-5", "EUR"),
            original=original,
        )
        for number, original in enumerate(originals, start=1)
    )
    total = Money.total((line.amount for line in lines), "EUR")
    return SaleTransaction(
        id=identity(sequence),
        kind=TransactionKind.RETURN if originals else kind,
        currency="EUR",
        closed_at=CLOSED,
        lines=lines,
        tenders=(TenderLine(tender="CASH", amount=total),) if lines else (),
        voids=voids,
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_events_written_by_earlier_versions_are_read_for_ever(sample):
    written = json.loads(sample.read_text(encoding="utf-8"))
    event = parse_event(json.dumps(written))
    assert event.type == written["type"]
    again = json.loads(event.model_dump_json(exclude_none=True))
    assert {name: again[name] for name in written if written[name] is not None} == without_nulls(written)


def without_nulls(value):
    """What stands in the ledger holds no nulls; older samples do."""
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


def test_there_is_a_sample_of_every_type():
    assert {path.stem for path in SAMPLES} >= {f"{event.type_name()}.v1" for event in EVENTS}


def test_the_same_business_fact_has_the_same_identity_in_every_delivery():
    first = TransactionClosed.create(sale(7), **ENVELOPE)
    later = TransactionClosed.create(
        sale(7), source="poslog.main", received_at=CLOSED + timedelta(days=3), causation_id="poslog.main/msg_2"
    )
    assert first.id == later.id == "poslog.main/TransactionClosed/101/1/2026-11-23/7"
    assert first.correlation_id == "poslog.main/101/1/2026-11-23/7"
    assert first.causation_id != later.causation_id


def test_two_accounts_never_share_an_identity():
    here = TransactionClosed.create(sale(7), **ENVELOPE)
    there = TransactionClosed.create(sale(7), **{**ENVELOPE, "source": "poslog.outlet"})
    assert here.id != there.id
    assert here.stream() != there.stream()


def test_a_sale_its_returns_and_its_void_are_one_subject():
    sold = TransactionClosed.create(sale(7), **ENVELOPE)
    returned = TransactionClosed.create(sale(8, identity(7)), **ENVELOPE)
    voided = TransactionClosed.create(sale(9, kind=TransactionKind.VOID, voids=identity(7)), **ENVELOPE)
    assert sold.subject == returned.subject == voided.subject
    assert sold.follows() == ()
    assert returned.follows() == voided.follows() == (sold.id,)


def test_a_return_of_two_sales_follows_both():
    returned = TransactionClosed.create(sale(9, identity(7), identity(8), identity(7)), **ENVELOPE)
    assert returned.subject == str(identity(7))
    assert [followed[-1] for followed in returned.follows()] == ["7", "8"]


def test_a_till_is_one_stream_whether_its_transactions_add_up_or_not():
    closed = TransactionClosed.create(sale(7), **ENVELOPE)
    unbalanced = TransactionUnbalanced.create(
        UnbalancedTransaction(
            id=identity(8),
            closed_at=CLOSED,
            due=Money.of("5", "EUR"),
            paid=Money.of("4", "EUR"),
            problem="1.00 is missing",
        ),
        **ENVELOPE,
    )
    assert closed.stream() == unbalanced.stream() == StreamId(StreamKind.TILL, "poslog.main", "101/1")


def test_stock_documents_sit_in_the_stream_of_their_location():
    adjusted = InventoryAdjusted.create(
        InventoryAdjustment(
            document="A-1",
            location="101",
            reason="loss",
            adjusted_at=CLOSED,
            movements=(InventoryMovement(item=ItemReference(value="SKU-1"), delta=Decimal(-1)),),
        ),
        **ENVELOPE,
    )
    assert str(adjusted.stream()) == "stock:poslog.main:101"
    assert adjusted.id.endswith("/InventoryAdjusted/101/A-1")


def test_a_delivery_kept_whole_is_known_by_its_delivery_id():
    notice = DeliveryReceived.create(DeliveryNotice(delivery_id="msg_1", received_at=CLOSED), **ENVELOPE)
    assert notice.stream().kind is StreamKind.INTAKE
    assert notice.occurred_at == CLOSED


def test_a_stream_is_named_there_and_back():
    stream = StreamId(StreamKind.TILL, "poslog.main", "A:1/2")
    assert StreamId.parse(str(stream)) == stream


def test_the_kinds_of_stream_follow_from_the_types():
    assert stream_kinds_of(["TransactionClosed", "InventoryAdjusted"]) == {StreamKind.TILL, StreamKind.STOCK}
    with pytest.raises(KeyError):
        stream_kinds_of(["TransactionOpened"])


@pytest.mark.parametrize(
    "change",
    [{"type": "TransactionOpened"}, {"extra": 1}, {"occurred_at": "2026-11-23T15:00:00"}, {"sequence": 0}, {"id": ""}],
)
def test_an_envelope_that_is_not_ours_is_refused(change):
    event = json.loads(TransactionClosed.create(sale(7), **ENVELOPE).model_dump_json())
    with pytest.raises(ValueError, match=r"TransactionOpened|validation error"):
        parse_event(json.dumps({**event, **change}))


def test_an_event_that_was_tampered_with_is_refused():
    event = json.loads(TransactionClosed.create(sale(8, identity(7)), **ENVELOPE).model_dump_json())
    event["data"]["tenders"][0]["amount"]["amount"] = "-4.99"
    with pytest.raises(ValidationError, match="unbalanced"):
        parse_event(json.dumps(event))


def test_each_kind_of_data_has_one_type_of_event():
    for sample in SAMPLES:
        event = parse_event(sample.read_text(encoding="utf-8"))
        assert event_type_of(event.data) is type(event)


def test_the_catalogue_loads_only_the_families_that_are_asked_for():
    program = (
        "import sys; from lockstep.canonical.events import event_type; event_type('ShipmentReported');"
        "print(*sorted(name.rpartition('.')[2] for name in sys.modules if name.startswith('lockstep.canonical.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=FUNCTIONS, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "shipments" in loaded
    assert not {"payments", "payment", "articles", "product", "tills", "intake"} & loaded


def test_there_is_nothing_else_in_the_catalogue():
    with pytest.raises(AttributeError, match="OrderForgotten"):
        events.OrderForgotten  # noqa: B018
