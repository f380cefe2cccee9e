"""Each promise is kept by a stack where all went well, and names what breaks it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from infra import registry
from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.inbound import Delivery
from lockstep.messaging.ledger import (
    Cursor,
    Lease,
    Outcome,
    StreamState,
    breaker_key,
    case_key,
    delivery_key,
    drain_key,
    entry_key,
    identity_key,
    outcome_key,
    parked_key,
    record_key,
    stamp,
    stream_key,
    waiting_key,
)
from lockstep.messaging.specs import Role
from lockstep.messaging.topology import consumers
from lockstep.runtime.memory import ManualClock, MemoryClaims, MemoryMetrics, MemoryTable, SeededRandom
from sandbox.erp.books import ErpSale, LedgerLine
from sandbox.retailer import DOWNTOWN, RETAILER
from sandbox.till import Item, Ticket, Till
from sandbox.torture import floor
from sandbox.torture.evidence import ErpStock, Evidence
from sandbox.torture.floor import ACCOUNT, Done, events_of
from sandbox.torture.promises import (
    ERP,
    POSTING,
    PROMISES,
    SHOP,
    accepted_once,
    answered_is_kept,
    at_rest,
    booked_once_or_in_a_case,
    erp_stock_is_what_was_booked,
    journal_balances,
    money_ties,
    nothing_forgotten,
    nothing_overtook,
    shop_shows_what_there_is,
    stock_is_what_moved,
)

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
STREAM = f"till:{ACCOUNT}:{DOWNTOWN}/11"
LABEL = "IN-STORE-NEVER"
CASE = f"unmapped_reference/{LABEL}"


def _ticket_event(ticket: Ticket) -> str:
    return events_of(ticket)[0]


def _well() -> Evidence:
    """A sale, its return, another sale and a held one; an adjustment; level lanes, a right shop, a right ERP."""
    clock, table = ManualClock(AT), MemoryTable()

    def now() -> datetime:
        clock.advance(seconds=1)
        return clock.now()

    till = Till(DOWNTOWN, "11", first=1, now=now)
    sold = till.sale([Item("MUG-ENAMEL", 2)], tender="CASH")
    back = till.give_back(sold, [Item("MUG-ENAMEL")], tender="CASH")
    other = till.sale([Item("HONEY-HEATHER"), Item("SCARF-MERINO")], tender="CARD")
    held = till.sale([Item("SCARF-MERINO", 1, LABEL)])
    adjusted = till.adjust({"MUG-ENAMEL": 5})
    done = Done(tickets=[sold, back, other, held], stock=[adjusted], never_mapped={LABEL})
    done.web["MUG-ENAMEL", DOWNTOWN] = 2
    acceptor = Acceptor(table, MemoryClaims(), clock, SeededRandom(), MemoryMetrics())
    for number, document in enumerate((*done.tickets, *done.stock)):
        delivery = Delivery(ACCOUNT, f"d{number}", document.body, clock.now())
        translation = PoslogConnector().translate(delivery)
        acceptor.accept(delivery, translation.events, within=timedelta(seconds=1))
        done.deliveries.append(floor.Delivery(delivery.delivery_id, events_of(document)))
    specs = [spec for spec in registry.workflows().values() if spec.consumer in {POSTING, "inventory_availability"}]
    readers = consumers(specs, {Role.ERP: (ERP,), Role.SHOP: (SHOP,)})
    _settle(table, readers)
    table.items[parked_key(STREAM, POSTING, held.name, 4)] = {"causes": [CASE]}
    table.items[case_key(CASE)] = {"state": "open", "kind": "unmapped_reference", "waiting": 1}
    waits = {"stream": STREAM, "consumer": POSTING, "subject": held.name}
    table.items[waiting_key(CASE, STREAM, POSTING, held.name)] = dict(waits)
    table.items[stream_key(STREAM)] = table.items[stream_key(STREAM)] | {f"parked#{POSTING}": 1}
    booked = {1: sold, 2: back, 3: other}
    for seq, ticket in booked.items():
        outcome = Outcome("posted", AT, "receipt", f"R101-{seq}", subject=str(sold.transaction))
        table.items[outcome_key(STREAM, seq, ERP)] = outcome.to_item()
        assert identity_key(_ticket_event(ticket)) in table.items
    places = {(sku, store.code): units for store in RETAILER.stores for sku, units in store.opening_stock.items()}
    moved = {("MUG-ENAMEL", DOWNTOWN): 5 - 1, ("HONEY-HEATHER", DOWNTOWN): -1, ("SCARF-MERINO", DOWNTOWN): -1}
    levels = {place: units + moved.get(place, 0) for place, units in places.items()}
    for place, units in levels.items():
        table.items[record_key("position", "@".join(place))] = {"value": {"on_hand": str(units)}}
    opening = {place: ErpStock(units, 0) for place, units in places.items()}
    stock = dict(opening)
    for place, out, returned in (
        (("MUG-ENAMEL", DOWNTOWN), 2, 1),
        (("HONEY-HEATHER", DOWNTOWN), 1, 0),
        (("SCARF-MERINO", DOWNTOWN), 1, 0),
    ):
        stock[place] = ErpStock(opening[place].for_sale - out, returned)
    return Evidence(
        ledger=table,
        consumers=readers,
        shown={place: units - done.web[place] for place, units in levels.items()},
        sales=tuple(_booked(ticket, f"R101-{seq}") for seq, ticket in booked.items()),
        without_key=0,
        erp_stock=stock,
        opening=opening,
        done=done,
    )


def _settle(table: MemoryTable, readers: tuple[object, ...]) -> None:
    """Every reader has read everything, and the sweep has put it to rest."""
    for key, item in list(table.items.items()):
        if key.sk == "STREAM":
            head = StreamState("", item).head
            level = {f"cursor#{reader.id}": str(Cursor(head)) for reader in readers}  # type: ignore[attr-defined]
            kept = {name: value for name, value in item.items() if not name.startswith("open_")}
            table.items[key] = {**kept, **level}


def _booked(ticket: Ticket, number: str) -> ErpSale:
    return ErpSale(
        external_ref=_ticket_event(ticket),
        number=number,
        state="posted",
        store=RETAILER.store(DOWNTOWN).name,
        date=ticket.transaction.business_day,
        total=ticket.total,
        tax=sum(ticket.taxes.values(), Decimal(0)),
        lines=(),
        payments={RETAILER.tender(code).name: amount for code, amount in ticket.tenders.items()},
        taxes=dict(ticket.taxes),
        ledger=(LedgerLine("Clearing", ticket.total, Decimal(0)), LedgerLine("Revenue", Decimal(0), ticket.total)),
    )


@pytest.fixture
def well() -> Evidence:
    return _well()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_it_is_kept_where_all_went_well(well: Evidence, promise: Callable[[Evidence], Iterator[str]]) -> None:
    assert list(promise(well)) == []


def _told(violations: Iterator[str]) -> str:
    return "\n".join(violations)


def _stream(seen: Evidence, **attributes: object) -> None:
    key = stream_key(STREAM)
    seen.ledger.items[key] = seen.ledger.items[key] | {
        name.replace("__", "#", 1).replace("_main", ".main"): value for name, value in attributes.items()
    }


def test_a_lost_event_is_told(well: Evidence) -> None:
    del well.ledger.items[identity_key(_ticket_event(well.done.tickets[2]))]
    del well.ledger.items[entry_key(STREAM, 3)]

    assert "/3 is lost" in _told(accepted_once(well))
    assert "3 entries, head 4" in _told(accepted_once(well))
    assert "/3 is not in the ledger" in _told(answered_is_kept(well))


def test_an_event_that_nobody_sent_and_one_that_is_there_twice_are_told(well: Evidence) -> None:
    well.ledger.items[entry_key(STREAM, 5)] = well.ledger.items[entry_key(STREAM, 1)]
    _stream(well, head=5)
    invented = well.done.tickets.pop(2)

    told = _told(accepted_once(well))

    assert f"{_ticket_event(well.done.tickets[0])} is entry 1 of {STREAM} and entry 5 of {STREAM}" in told
    assert f"{_ticket_event(invented)} was accepted and never sent" in told


def test_a_delivery_that_was_answered_and_forgotten_is_told(well: Evidence) -> None:
    del well.ledger.items[delivery_key(ACCOUNT, "d1")]

    assert _told(answered_is_kept(well)) == "delivery d1 was answered, and is not in the ledger"


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"cursor__financial_posting": "2.0"}, "financial_posting on .* is at 2.0 of 4"),
        ({"cursor__tryton_main": "3.0"}, "tryton.main on .* is at 3.0 of 4, and waits for nothing"),
        ({"stopped__tryton_main": {"bell": "b", "reason": "boom"}}, "is stopped for nobody: .*boom"),
        ({"controls": 2}, "has applied 0 of 2 controls"),
        ({"unchecked__financial_posting": [["s", 1, ["c"]]]}, "has to look up"),
        ({"open_key": "open#1"}, "is level, and still open"),
        ({"lease__tryton_main": Lease("t", AT, "5.0").to_item()}, "may have sent something without an answer: 5.0"),
    ],
)
def test_a_lane_that_is_not_at_rest_is_told(well: Evidence, attributes: dict[str, object], told: str) -> None:
    _stream(well, **attributes)

    assert re.search(told, _told(at_rest(well)))


def test_a_push_that_is_owed_and_a_target_that_is_spared_are_told(well: Evidence) -> None:
    well.ledger.items[drain_key(SHOP)] = {"attempting": {}}
    well.ledger.items[breaker_key(ERP)] = {"open_until": stamp(AT), "reason": "it was away"}

    assert _told(at_rest(well)).splitlines() == [
        "a push to the shop is still owed",
        f"the breaker of {ERP} is open: it was away",
    ]


def test_what_waits_for_nothing_is_told(well: Evidence) -> None:
    held = well.done.tickets[3]
    closed = dict(well.ledger.items[case_key(CASE)], state="resolved")
    well.ledger.items[case_key(CASE)] = closed

    assert "which is not open" in _told(nothing_forgotten(well))
    assert f"{held.name} is not in the ERP, and no open case names it" in _told(booked_once_or_in_a_case(well))

    del well.ledger.items[parked_key(STREAM, POSTING, str(held.transaction), 4)]
    told = _told(nothing_forgotten(well))
    assert f"{POSTING} on {STREAM} counts 1 parked, there are 0" in told
    assert f"{CASE} counts 1 who wait, there are 0" in told


def test_a_case_that_holds_nobody_is_told_but_for_a_stock_below_zero(well: Evidence) -> None:
    well.ledger.items[case_key("document_rejected/x")] = {"state": "open", "kind": "document_rejected"}
    well.ledger.items[case_key("negative_inventory/x")] = {"state": "open", "kind": "negative_inventory"}

    assert _told(nothing_forgotten(well)) == "document_rejected/x is open, and 0 wait for it"


def _with_sales(seen: Evidence, *sales: ErpSale) -> Evidence:
    return replace(seen, sales=sales)


def test_a_sale_that_is_missing_twice_open_or_unknown_in_the_erp_is_told(well: Evidence) -> None:
    first, second, third = well.sales

    assert "/2 is not in the ERP" in _told(booked_once_or_in_a_case(_with_sales(well, first, third)))
    twice = replace(second, number="R101-9")
    assert "/2 stands in the ERP 2 times" in _told(
        booked_once_or_in_a_case(_with_sales(well, first, second, third, twice))
    )
    undone = replace(third, state="open")
    assert "/3 is open in the ERP, not posted" in _told(
        booked_once_or_in_a_case(_with_sales(well, first, second, undone))
    )
    stranger = replace(third, external_ref="somebody/else", number="R101-10")
    assert "no till closed it" in _told(booked_once_or_in_a_case(_with_sales(well, *well.sales, stranger)))
    renumbered = replace(third, number="R101-7")
    assert "is R101-7 in the ERP, and R101-3 in the ledger" in _told(
        booked_once_or_in_a_case(_with_sales(well, first, second, renumbered))
    )
    assert "2 sales in the ERP have no key" in _told(booked_once_or_in_a_case(replace(well, without_key=2)))
    same = replace(third, number=second.number)
    assert "receipt number R101-2 was given 2 times" in _told(
        booked_once_or_in_a_case(_with_sales(well, first, second, same))
    )
    held = _booked(well.done.tickets[3], "R101-4")
    assert "waits for a case all the same" in _told(booked_once_or_in_a_case(_with_sales(well, *well.sales, held)))


def test_what_overtook_is_told(well: Evidence) -> None:
    sold, back, other = well.sales

    swapped = _told(
        nothing_overtook(_with_sales(well, replace(back, number="R101-1"), replace(sold, number="R101-2"), other))
    )
    assert "before what came before it of" in swapped
    assert "which it takes back" in swapped
    late = _told(
        nothing_overtook(_with_sales(well, replace(sold, number="R101-8"), replace(back, number="R101-9"), other))
    )
    assert late.count("before it in its lane") == 1
    well.ledger.items[parked_key(STREAM, ERP, str(well.done.tickets[0].transaction), 1)] = {"causes": []}
    assert "in its lane" not in _told(
        nothing_overtook(_with_sales(well, replace(sold, number="R101-8"), replace(back, number="R101-9"), other))
    ), "what waited for a person may come later"


def test_money_that_differs_is_told(well: Evidence) -> None:
    sold, back, other = well.sales
    more = {"Cash": sold.payments["Cash"] + 1}

    told = _told(money_ties(_with_sales(well, replace(sold, payments=more), back, other)))
    assert f"{well.done.tickets[0].name}: " in told
    assert "Cash at Downtown: " in told
    assert "taxes" in _told(money_ties(_with_sales(well, replace(sold, taxes={}), back, other)))
    unbalanced = replace(sold, ledger=sold.ledger[:1])
    assert "debits and credits differ" in _told(journal_balances(_with_sales(well, unbalanced, back, other)))
    bare = replace(sold, ledger=())
    assert "not in the ERP's ledger" in _told(journal_balances(_with_sales(well, bare, back, other)))


def test_stock_that_differs_is_told(well: Evidence) -> None:
    place = ("MUG-ENAMEL", DOWNTOWN)
    units = RETAILER.store(DOWNTOWN).opening_stock["MUG-ENAMEL"]

    well.ledger.items[record_key("position", "@".join(place))] = {"value": {"on_hand": "3"}}
    assert _told(stock_is_what_moved(well)) == (
        f"MUG-ENAMEL@{DOWNTOWN}: position 3, opening and movements make {units + 4}"
    )
    shown = dict(well.shown) | {place: units + 4}
    assert f"not {units + 2} ({units + 4} there, 2 bought on the web)" in _told(
        shop_shows_what_there_is(replace(well, shown=shown))
    )
    stock = dict(well.erp_stock) | {place: ErpStock(units, 0)}
    assert len(list(erp_stock_is_what_was_booked(replace(well, erp_stock=stock)))) == 2


def test_what_may_have_waited_may_come_later(well: Evidence) -> None:
    """A poster that was killed has noted nothing of what it let others go ahead of."""
    sold, back, other = well.sales
    late = _with_sales(well, sold, replace(back, number="R101-8"), other)
    assert f"{_ticket_event(well.done.tickets[2])} is receipt R101-3" in _told(nothing_overtook(late))

    place = identity_key(_ticket_event(well.done.tickets[0]))
    well.ledger.items[place] = {"stream": f"till:{ACCOUNT}:{DOWNTOWN}/12", "seq": 1}
    assert "in its lane" not in _told(nothing_overtook(late)), "it takes back what another till sold"

    well.ledger.items[place] = {"stream": STREAM, "seq": 1}
    labelled = tuple(replace(item, code="IN-STORE-LATE") for item in well.done.tickets[1].items)
    well.done.tickets[1] = replace(well.done.tickets[1], items=labelled)
    assert "in its lane" not in _told(nothing_overtook(late)), "it names what was mapped late"
