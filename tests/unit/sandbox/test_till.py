"""What a till sends is a POSLog that balances to the cent, signed so that the door lets it in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import urllib3

from lockstep.canonical.events import Event, InventoryAdjusted, InventoryLevelReported, TransactionClosed
from lockstep.canonical.sale_transaction import SaleTransaction, TransactionKind
from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.connectors.poslog.verify import verify_signature
from lockstep.messaging.errors import SignatureInvalid
from lockstep.messaging.inbound import Delivery
from sandbox.retailer import DOWNTOWN
from sandbox.till import Answer, Item, Line, Ticket, Till, batch_of, sums

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime(2026, 11, 23, 15, 4, 9, 250_000, tzinfo=UTC)


@pytest.fixture
def till() -> Till:
    return Till(DOWNTOWN, "2", first=500)


def _read(ticket: Ticket) -> SaleTransaction:
    translation = PoslogConnector(zone=ZoneInfo("UTC")).translate(Delivery("poslog.main", "d", ticket.body, AT))
    (event,) = translation.events
    assert isinstance(event, TransactionClosed)  # one that does not balance is a TransactionUnbalanced
    return event.data


def _events(body: bytes) -> tuple[Event, ...]:
    return PoslogConnector().translate(Delivery("poslog.main", "d", body, AT)).events


@pytest.mark.parametrize("tender", ["CARD", "CASH", "GIFT", "WALLET"])
@pytest.mark.parametrize("card_part", ["0", "5.00"])
@pytest.mark.parametrize(
    "items",
    [
        [Item("TEE-ORGANIC-M")],
        [Item("SOCKS-ALPACA", 3), Item("TEA-SMOKED-100", 2), Item("POSTCARD-SET")],
        [Item("CANDLE-BEESWAX", 7), Item("BLANKET-LAMBS"), Item("BAG-CHARGE")],
    ],
    ids=["one", "several taxes", "odd cents"],
)
def test_a_sale_is_read_as_the_till_meant_it(till: Till, items: list[Item], tender: str, card_part: str) -> None:
    ticket = till.sale(items, tender=tender, card_part=Decimal(card_part), at=AT)

    sale = _read(ticket)

    assert str(sale.id) == ticket.name == "101/2/2026-11-23/500"
    assert sale.kind is TransactionKind.SALE
    assert sale.closed_at == AT
    assert sale.total.amount == ticket.total
    assert [line.quantity for line in sale.lines] == [item.quantity for item in items]
    assert sum((tax.amount.amount for tax in sale.taxes), Decimal(0)) == sum(ticket.taxes.values(), Decimal(0))
    paid: dict[str, Decimal] = {}
    for line in sale.tenders:
        paid[line.tender] = paid.get(line.tender, Decimal(0)) + line.amount.amount
    assert paid == ticket.tenders


def test_cash_is_handed_over_in_full_tens(till: Till) -> None:
    sale = _read(till.sale([Item("TEE-ORGANIC-M")], tender="CASH", at=AT))
    handed_over = max(line.amount.amount for line in sale.tenders)
    assert handed_over == Decimal("30.00")
    assert sum(line.amount.amount for line in sale.tenders) == Decimal("27.02")


def test_what_comes_back_names_where_it_was_sold(till: Till) -> None:
    sold = till.sale([Item("TEE-ORGANIC-M", 2)], at=AT)

    back = till.give_back(sold, [Item("TEE-ORGANIC-M")])

    returned = _read(back)
    assert returned.kind is TransactionKind.RETURN
    assert returned.id.sequence == 501
    assert [line.original for line in returned.lines] == [sold.transaction]
    assert returned.total.amount == back.total == Decimal("-27.02")
    assert sums([sold, back]) == {"CARD": sold.total + back.total}


def test_an_item_goes_by_another_code_when_the_till_knows_it_so(till: Till) -> None:
    sale = _read(till.sale([Item("CAP-WOOL-NVY", 1, "IN-STORE-7")], at=AT))
    assert [line.item.value for line in sale.lines] == ["IN-STORE-7"]


class Door(urllib3.PoolManager):
    """Answers without a network, and keeps what came."""

    def __init__(self, *statuses: int | Exception) -> None:
        super().__init__()
        self.statuses = list(statuses)
        self.calls: list[tuple[bytes, dict[str, str]]] = []

    def request(self, method, url, body=None, fields=None, headers=None, json=None, **more):  # noqa: PLR0917
        self.calls.append((body, headers))
        status = self.statuses.pop(0)
        if isinstance(status, Exception):
            raise status
        return urllib3.HTTPResponse(body=b"{}", status=status)


def _line(door: Door, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setattr("sandbox.till.time.sleep", lambda _seconds: None)
    return Line("http://127.0.0.1:1", SECRET, http=door)


def _verified(call: tuple[bytes, dict[str, str]]) -> str:
    body, headers = call
    return verify_signature(headers, body, (SECRET,), now=datetime.now(UTC), tolerance=timedelta(minutes=5))


def test_what_is_sent_is_signed_as_the_door_verifies_it(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(200, 401)
    line = _line(door, monkeypatch)
    body = till.sale([Item("MUG-ENAMEL")]).body

    line.send(body, "delivery-1")
    line.send(body, "delivery-2", forged=True)

    assert _verified(door.calls[0]) == "delivery-1"
    with pytest.raises(SignatureInvalid):
        _verified(door.calls[1])


def test_a_delivery_is_repeated_under_its_id_until_it_is_taken(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off = urllib3.exceptions.ProtocolError("cut off")
    door = Door(502, cut_off, 503, 200)

    answer = _line(door, monkeypatch).deliver(till.sale([Item("MUG-ENAMEL")]).body, "delivery-1")

    assert isinstance(answer, Answer)
    assert (answer.status, answer.attempts) == (200, 4)
    assert {_verified(call) for call in door.calls} == {"delivery-1"}


def test_what_is_refused_is_not_repeated(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(400)
    answer = _line(door, monkeypatch).deliver(b"<broken", "delivery-1")
    assert (answer.status, answer.attempts) == (400, 1)


def test_a_till_gives_up_when_nobody_answers(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(*[urllib3.exceptions.ProtocolError("cut off")] * 10)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        _line(door, monkeypatch).deliver(b"<x/>", "delivery-1")
    assert len(door.calls) == 6


def test_an_exchange_takes_back_and_gives_out(till: Till) -> None:
    sold = till.sale([Item("SCARF-MERINO", 2)], at=AT)
    other = Till(DOWNTOWN, "3", first=1)

    ticket = other.exchange(sold, [Item("SCARF-MERINO")], [Item("SOCKS-ALPACA", 2)], tender="CASH")

    sale = _read(ticket)
    assert sale.kind is TransactionKind.EXCHANGE
    assert [(line.quantity, line.original) for line in sale.lines] == [(-1, sold.transaction), (2, None)]
    assert sale.total.amount == ticket.total < 0
    assert ticket.tenders == {"CASH": ticket.total}


def test_an_even_exchange_needs_no_tender(till: Till) -> None:
    sold = till.sale([Item("TEE-ORGANIC-S")], at=AT)

    ticket = till.exchange(sold, [Item("TEE-ORGANIC-S")], [Item("TEE-ORGANIC-M")])

    assert _read(ticket).tenders == ()
    assert (ticket.total, sum(ticket.tenders.values())) == (0, 0)


def test_a_void_names_what_it_undoes(till: Till) -> None:
    sold = till.sale([Item("MUG-ENAMEL", 2)], tender="CASH", at=AT)

    ticket = till.void(sold)

    sale = _read(ticket)
    assert (sale.kind, sale.voids, sale.lines) == (TransactionKind.VOID, sold.transaction, ())
    assert ticket.tenders == {"CASH": -sold.total}
    assert [item.quantity for item in ticket.items] == [-2]


def test_stock_documents_move_and_count(till: Till) -> None:
    moved, counted = till.adjust({"MUG-ENAMEL": -3, "TEA-SMOKED-100": 2}), till.count({"MUG-ENAMEL": 77})

    (adjusted,), (level,) = (_events(document.body) for document in (moved, counted))

    assert isinstance(adjusted, InventoryAdjusted)
    assert [(one.item.value, one.delta) for one in adjusted.data.movements] == [
        ("9521000000100", -3),
        ("9521000000117", 2),
    ]
    assert isinstance(level, InventoryLevelReported)
    assert [one.on_hand for one in level.data.counts] == [77]
    assert level.data.counted_at == counted.closed_at.replace(microsecond=counted.closed_at.microsecond // 1000 * 1000)
    assert (moved.is_count, counted.is_count) == (False, True)


def test_practice_uses_a_number_and_is_nothing(till: Till) -> None:
    document = till.train()

    translation = PoslogConnector().translate(Delivery("poslog.main", "d", document.body, AT))

    assert translation.events == ()
    assert translation.passed_over == (document.transaction,)


def test_a_batch_holds_all_of_them_in_order(till: Till) -> None:
    tickets = [till.sale([Item("MUG-ENAMEL")], at=AT) for _ in range(3)]

    events = _events(batch_of([*(ticket.body for ticket in tickets), till.void(tickets[1]).body]))

    assert [event.subject for event in events] == [*(ticket.name for ticket in tickets), tickets[1].name]
