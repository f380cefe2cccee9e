"""A day in the life of two stores, on the handlers that are deployed and AWS as moto plays it: what arrives once, twice,
at the same time and too large; what waits for a person; what fails and comes back; and the proof at its end.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lockstep.messaging.ledger import delivery_key, stream_key
from lockstep.messaging.ports import NEW, Check, Key, Patch, Put, WriteRefused
from lockstep.operations.cases import read_cases
from lockstep.operations.dead_letters import redrive, stopped_lanes
from lockstep.runtime.aws import DynamoTable
from sandbox.retailer import DOWNTOWN, HARBOUR, NEW_ARRIVAL_SKU, RETAILER
from sandbox.till import Item, Ticket, Till, batch_of
from tests.component.cloud import OPENED, POSTING, STOCK, Cloud, mappings
from tests.unit.operations.retail_world import LEDGER, SHOP, TILL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lockstep.messaging.ports import Write

LARGE = 45
"""Transactions that a till sends at once after a day off-line: more than one transaction of the ledger takes."""


class Day:
    """The tills, and what they have sold."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.tills = {
            name: Till(*name.split("/"), first=1, now=cloud.clock.now)
            for name in (f"{DOWNTOWN}/1", f"{DOWNTOWN}/2", f"{HARBOUR}/1")
        }
        self.tickets: list[Ticket] = []
        self.moved: dict[str, int] = {}

    def sale(self, till: str, *items: Item, **options: Any) -> Ticket:
        return self.closed(self.tills[till].sale(items, **options))

    def closed(self, ticket: Ticket) -> Ticket:
        """Note what a till closed; a second passes."""
        self.tickets.append(ticket)
        for item in ticket.items:
            key = f"{item.sku}@{ticket.transaction.store}"
            self.moved[key] = self.moved.get(key, 0) - item.quantity
        self.cloud.clock.advance(seconds=1)
        return ticket

    def send(self, *tickets: Ticket) -> dict[str, Any]:
        """Each in a delivery of its own; the last answer."""
        answer: dict[str, Any] = {}
        for ticket in tickets:
            answer = self.cloud.deliver(ticket.body, f"msg_{ticket.name}")
            assert answer["status"] == 200, answer
        return answer

    def booked(self, *tickets: Ticket) -> list[str]:
        """Those of them that stand in the ERP, in the order in which they were booked."""
        keys = {event_of(ticket): ticket.name for ticket in tickets}
        return [keys[one.key] for _, _, one in self.cloud.erp.booked if one.key in keys]

    def shop_is_right(self) -> None:
        """What the shop shows is what was counted in the morning, and moved since."""
        for key, units in self.moved.items():
            sku, _, store = key.partition("@")
            assert self.cloud.shop.shown[key] == RETAILER.store(store).opening_stock[sku] + units, key


def event_of(ticket: Ticket) -> str:
    return f"{TILL}/TransactionClosed/{ticket.name}"


def names(tickets: Sequence[Ticket]) -> list[str]:
    return [ticket.name for ticket in tickets]


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch, ledger_name: str) -> Day:
    """The stores have opened: mappings are there but for one SKU, and the stock was counted."""
    cloud = Cloud(monkeypatch, ledger_name)
    cloud.map(mappings(without=NEW_ARRIVAL_SKU))
    for store in RETAILER.stores:
        cloud.count(store.code, **{sku.replace("-", "_"): units for sku, units in store.opening_stock.items()})
    cloud.run()
    cloud.clock.advance(seconds=1)
    return Day(cloud)


def test_a_day_in_the_life_of_two_stores(day: Day) -> None:
    the_morning(day)
    at_the_same_time(day)
    a_new_arrival(day)
    the_erp_is_away(day)
    a_bell_is_lost(day)
    a_bell_is_a_dead_letter(day)
    goods_come_back(day)
    off_line_all_day(day)
    closing_time(day)


def the_morning(day: Day) -> None:
    """Sales of three tills; a delivery comes twice, a transaction in two, a forged one not at all."""
    first = day.sale(f"{DOWNTOWN}/1", Item("MUG-ENAMEL", 2), Item("TEA-SMOKED-100"))
    others = [
        day.sale(f"{DOWNTOWN}/2", Item("SCARF-MERINO"), tender="CASH"),
        day.sale(f"{HARBOUR}/1", Item("POSTCARD-SET", 3), tender="WALLET", card_part=Decimal(5)),
    ]
    day.send(first, *others)
    day.cloud.run()
    assert sorted(day.booked(first, *others)) == sorted(names([first, *others]))
    day.shop_is_right()

    again = day.cloud.deliver(first.body, f"msg_{first.name}")
    other = day.cloud.deliver(first.body, "msg_another")
    assert (again["repeated"], other["duplicates"], other["accepted"]) == (True, [event_of(first)], [])
    forged = day.cloud.deliver(first.body, "msg_forged", secret="whsec_" + "A" * 32)
    assert forged["status"] == 401
    assert delivery_key(TILL, "msg_forged") not in day.cloud.table.get([delivery_key(TILL, "msg_forged")])
    day.cloud.run()
    assert len(day.booked(first)) == 1
    day.shop_is_right()


def at_the_same_time(day: Day) -> None:
    """Between what one door read and what it writes, another one commits: to the same till, or the very same sale."""
    till = f"{DOWNTOWN}/1"
    mine, theirs, both = (day.sale(till, Item(sku)) for sku in ("MUG-ENAMEL", "HONEY-HEATHER", "TEA-SMOKED-100"))
    before = day.cloud.state(f"till:{TILL}:{till}").head

    with meanwhile(lambda: day.cloud.deliver(theirs.body, "msg_theirs")) as first:
        answer = day.cloud.deliver(mine.body, "msg_mine")
    assert answer["accepted"] == [event_of(mine)]
    with meanwhile(lambda: day.cloud.deliver(both.body, "msg_they-were-first")) as second:
        answer = day.cloud.deliver(both.body, "msg_then-we")
    assert (answer["accepted"], answer["duplicates"]) == ([], [event_of(both)])

    for refused in (first, second):
        (error,) = refused
        assert stream_key(f"till:{TILL}:{till}") in error.failed, "what was worked out from an older head is refused"
    assert day.cloud.state(f"till:{TILL}:{till}").head == before + 3
    day.cloud.run()
    assert day.booked(mine, theirs, both) == names([theirs, mine, both]), "in the order of acceptance"
    day.shop_is_right()


@contextmanager
def meanwhile(happens: Callable[[], object]) -> Iterator[list[WriteRefused]]:
    """Let something happen just before the next write, and note what is refused."""
    real, waiting, refused = DynamoTable.write, [happens], list[WriteRefused]()

    def write(table: DynamoTable, writes: Sequence[Write]) -> None:
        if waiting:
            waiting.pop()()
        try:
            real(table, writes)
        except WriteRefused as error:
            refused.append(error)
            raise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DynamoTable, "write", write)
        yield refused


def a_new_arrival(day: Day) -> None:
    """Caps that nobody has entered: what names them waits under one case, the rest goes on; then they are entered."""
    till = f"{DOWNTOWN}/2"
    caps = [day.sale(till, Item(NEW_ARRIVAL_SKU)), day.sale(f"{HARBOUR}/1", Item(NEW_ARRIVAL_SKU), Item("MUG-ENAMEL"))]
    behind = day.sale(till, Item("TEE-ORGANIC-S"))
    day.send(*caps, behind)
    day.cloud.run()

    cases = [key.pk.removeprefix("C#") for key in day.cloud.table.index("open", "case", limit=10)]
    (found,) = [one for one in read_cases(day.cloud.table, cases, day.cloud.clock.now()) if "unmapped" in one.case]
    assert found.subjects == 2
    assert day.booked(*caps, behind) == [behind.name]

    product = RETAILER.product(NEW_ARRIVAL_SKU)
    report = day.cloud.map(f"kind,canonical,system,value\nitem,{product.sku},{TILL},{product.gtin}\n")
    assert report.release.released.sales == 2
    day.cloud.run()
    assert sorted(day.booked(*caps)) == sorted(names(caps))
    assert not read_cases(day.cloud.table, [found.case], day.cloud.clock.now())
    day.shop_is_right()


def the_erp_is_away(day: Day) -> None:
    """Its breaker opens, sales are accepted, the shop stays right; then a probe, and everything drains in order."""
    till = f"{DOWNTOWN}/1"
    day.cloud.erp.down = True
    tickets = [day.sale(till, Item("TEE-ORGANIC-M")) for _ in range(4)]
    day.send(*tickets)
    day.cloud.run()
    day.cloud.minutes_pass(1)
    assert day.cloud.breaker(LEDGER).is_open
    asked = day.cloud.invoked[LEDGER]
    tickets.append(day.sale(f"{HARBOUR}/1", Item("LAMP-STORM")))
    day.send(tickets[-1])
    day.cloud.run()
    day.shop_is_right()
    assert day.cloud.invoked[LEDGER] <= asked + 1, "what is being spared is rung once, and left alone"
    assert day.booked(*tickets) == []

    day.cloud.erp.down = False
    day.cloud.minutes_pass(6)

    assert not day.cloud.breaker(LEDGER).is_open
    assert day.booked(*tickets[:-1]) == names(tickets[:-1])
    assert day.booked(tickets[-1]) == [tickets[-1].name]


def a_bell_is_lost(day: Day) -> None:
    """Somebody purges a queue: the sweep finds what nobody was rung for. So it does when the bus says nothing."""
    ticket = day.sale(f"{DOWNTOWN}/1", Item("SCARF-MERINO"))
    day.send(ticket)
    assert day.cloud.relay() == 1
    assert day.cloud.purge(POSTING) == 1
    silent = day.sale(f"{HARBOUR}/1", Item("SCARF-MERINO"))
    day.cloud.bus_is_down = True
    day.send(silent)
    day.cloud.run()
    day.cloud.bus_is_down = False
    assert day.booked(ticket, silent) == []

    day.cloud.minutes_pass(2)

    assert sorted(day.booked(ticket, silent)) == sorted(names([ticket, silent]))
    day.shop_is_right()


def a_bell_is_a_dead_letter(day: Day) -> None:
    """A defect: the bell is tried to its last receive, its lane stands, and goes on in order when it is redriven."""
    till = f"{DOWNTOWN}/2"
    day.cloud.erp.broken = True
    tickets = [day.sale(till, Item("CANDLE-BEESWAX")) for _ in range(2)]
    day.send(tickets[0])
    day.cloud.run()
    day.cloud.minutes_pass(4)
    (lane,) = stopped_lanes(day.cloud.table, day.cloud.consumers)
    assert (lane.consumer, lane.stream) == (LEDGER, f"till:{TILL}:{till}")
    assert "nobody foresaw" in lane.reason
    day.send(tickets[1])
    day.cloud.erp.broken = False
    day.cloud.minutes_pass(3)
    assert day.booked(*tickets) == [], "the sweep leaves a stopped lane alone"
    assert day.cloud.dead_letters.count(LEDGER) >= 1

    redriven = redrive(day.cloud.table, day.cloud.dead_letters, LEDGER)
    day.cloud.run()

    assert redriven.started == (lane.stream,)
    assert day.booked(*tickets) == names(tickets)
    assert day.cloud.dead_letters.count(LEDGER) == 0


def goods_come_back(day: Day) -> None:
    """A return at another till that arrives before its sale, a void, an exchange."""
    sold = day.sale(f"{DOWNTOWN}/1", Item("BLANKET-LAMBS", 2), tender="CASH")
    wrong = day.sale(f"{DOWNTOWN}/1", Item("LAMP-STORM"))
    elsewhere = day.tills[f"{DOWNTOWN}/2"]
    back = day.closed(elsewhere.give_back(sold, [Item("BLANKET-LAMBS")], tender="CASH"))
    void = day.closed(day.tills[f"{DOWNTOWN}/1"].void(wrong))
    swapped = day.closed(elsewhere.exchange(day.tickets[0], [Item("MUG-ENAMEL")], [Item("SOCKS-ALPACA")]))

    day.send(back, swapped)
    day.cloud.run()
    assert day.booked(back) == [], "nothing is taken back that was not sold"
    day.send(sold, wrong, void)
    day.cloud.run()
    day.cloud.minutes_pass(2)

    assert day.booked(sold, back) == names([sold, back])
    assert day.booked(wrong, void) == names([wrong, void])
    assert day.booked(swapped) == [swapped.name]
    day.shop_is_right()


def off_line_all_day(day: Day) -> None:
    """A till sends its whole day at once, with more in it than an item holds: a claim check, and the intake."""
    till = f"{HARBOUR}/1"
    tickets = [day.sale(till, Item("CANDLE-BEESWAX"), tender="CASH") for _ in range(LARGE)]
    noise = random.Random(5).randbytes(260_000).hex().encode()  # what compression cannot help
    body = batch_of(ticket.body for ticket in tickets) + b"<!-- " + noise + b" -->"
    # A comment of the vendor's after the document is no part of it.

    answer = day.cloud.deliver(body, "msg_all-day")

    assert (answer["status"], answer["deferred"]) == (200, True)
    item = day.cloud.table.get([delivery_key(TILL, "msg_all-day")])[delivery_key(TILL, "msg_all-day")]
    assert "body" not in item
    assert day.cloud.s3.head_object(Bucket="claims", Key=item["claim"])["ContentLength"] > 200_000
    day.cloud.run()
    assert day.booked(*tickets) == names(tickets)
    day.shop_is_right()


def closing_time(day: Day) -> None:
    """Somebody counts, somebody practises, everything is level, and the day is certified."""
    practice = day.tills[f"{HARBOUR}/1"].train()
    counted = day.tills[f"{HARBOUR}/1"].count({"MUG-ENAMEL": 41})
    last = day.sale(f"{HARBOUR}/1", Item("POSTCARD-SET"))
    day.cloud.clock.advance(seconds=1)
    for number, document in enumerate((practice, counted)):
        assert day.cloud.deliver(document.body, f"msg_closing-{number}")["status"] == 200
    day.send(last)
    day.cloud.minutes_pass(2)
    assert day.cloud.shop.shown[f"MUG-ENAMEL@{HARBOUR}"] == 41
    day.moved.pop(f"MUG-ENAMEL@{HARBOUR}")
    day.shop_is_right()

    assert sorted(day.booked(*day.tickets)) == sorted(names(day.tickets))
    for till in day.tills:
        state = day.cloud.state(f"till:{TILL}:{till}")
        assert {state.cursor(who).seq for who in (POSTING, STOCK, LEDGER, SHOP)} == {state.head}
        assert "open_key" not in state.item, "the sweep put it to rest"
    report = day.cloud.reconciled(OPENED.date())
    assert report.findings == ()
    assert report.ties_out
    assert sum(store.transactions for store in report.stores) == len(day.tickets)
    assert {store.fates["posted"] for store in report.stores} == {
        sum(ticket.transaction.store == store for ticket in day.tickets) for store in (DOWNTOWN, HARBOUR)
    }


def test_an_open_day_that_lost_a_sale_is_not_certified(day: Day) -> None:
    kept, _lost, last = (day.sale(f"{DOWNTOWN}/1", Item("MUG-ENAMEL")) for _ in range(3))
    day.send(kept, last)
    day.cloud.run()

    report = day.cloud.reconciled(OPENED.date())

    assert [(finding.kind.value, finding.subject) for finding in report.findings] == [("sequence gap", f"{DOWNTOWN}/1")]


def test_transactions_refuse_as_the_core_expects(ledger_name: str) -> None:
    """One broken expectation among several writes: none is done, and the refusal names the item."""
    table = DynamoTable(boto3.client("dynamodb"), ledger_name)
    stream, entry, other = stream_key("till:a"), Key("S#till:a", "E#000000000001"), stream_key("till:b")
    table.write([Put(stream, {"head": 1}, expect=NEW)])

    for broken, writes in (
        (stream, [Put(entry, {"n": 1}, expect=NEW), Patch(stream, set={"head": 3}, expect={"head": 2})]),
        (stream, [Put(entry, {"n": 1}, expect=NEW), Put(stream, {"head": 9}, expect=NEW)]),
        (other, [Put(entry, {"n": 1}, expect=NEW), Check(other, {"head": 1})]),
    ):
        with pytest.raises(WriteRefused) as refused:
            table.write(writes)
        assert refused.value.failed == {broken}
        assert table.get([stream, entry]) == {stream: {"head": 1}}

    table.write([Put(entry, {"n": 1}, expect=NEW), Patch(stream, set={"head": 2}, expect={"head": 1})])
    assert table.get([stream, entry]) == {stream: {"head": 2}, entry: {"n": 1}}
