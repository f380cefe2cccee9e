"""What must be so when everything has come to rest: the simulation's promises, held against the real parts.

Pure: each promise reads the evidence and names what breaks it. The names are those of `simulation/invariants.py` where
the promise is the same.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from lockstep.canonical.events import DeliveryReceived
from lockstep.canonical.streams import StreamId
from lockstep.messaging.breaker import Breaker
from lockstep.messaging.ledger import (
    Cursor,
    Entry,
    Outcome,
    StreamState,
    breaker_key,
    delivery_key,
    drain_key,
    identity_key,
    outcome_key,
    record_key,
    unescape,
)
from lockstep.messaging.topology import Consumer
from sandbox.erp.books import ErpSale
from sandbox.retailer import RETAILER
from sandbox.till import Ticket
from sandbox.torture.evidence import Evidence
from sandbox.torture.floor import ACCOUNT, Document, Place, events_of, moved, on_hand

ERP: Final = "tryton.main"
SHOP: Final = "shopify.main"
POSTING: Final = "financial_posting"

Promise = Callable[[Evidence], Iterator[str]]
"""Names each thing that breaks it, for a person; nothing when it is kept."""


def accepted_once(seen: Evidence) -> Iterator[str]:
    """Each event that the tills sent is one entry, with an identity that says where, and there is no other."""
    places: dict[str, str] = {}
    for state in seen.states():
        entries = seen.entries(state.stream)
        if len(entries) != state.head:
            yield f"{state.stream}: {len(entries)} entries, head {state.head}"
        for _, entry in entries:
            if entry.event.source != ACCOUNT or isinstance(entry.event, DeliveryReceived):
                continue
            where = f"entry {entry.seq} of {state.stream}"
            if entry.event.id in places:
                yield f"{entry.event.id} is {places[entry.event.id]} and {where}"
            places[entry.event.id] = where
            kept = seen.ledger.items.get(identity_key(entry.event.id), {})
            if (kept.get("stream"), kept.get("seq")) != (state.stream, entry.seq):
                yield f"{entry.event.id} is {where}, and its identity says {kept or 'nothing'}"
    documents: list[Document] = [*seen.done.tickets, *seen.done.stock]
    sent = {event for document in documents for event in events_of(document)}
    yield from (f"{event} is lost" for event in sorted(sent - places.keys()))
    yield from (f"{event} was accepted and never sent" for event in sorted(places.keys() - sent))


def answered_is_kept(seen: Evidence) -> Iterator[str]:
    """Every delivery that was answered with 2xx is in the ledger, and so is everything that was in it."""
    for delivery in seen.done.deliveries:
        if delivery_key(ACCOUNT, delivery.id) not in seen.ledger.items:
            yield f"delivery {delivery.id} was answered, and is not in the ledger"
        for event in delivery.events:
            if identity_key(event) not in seen.ledger.items:
                yield f"delivery {delivery.id} was answered, and its {event} is not in the ledger"


def at_rest(seen: Evidence) -> Iterator[str]:
    """Every lane is level, or stopped for a case that is open; nothing is owed, and no target is being spared."""
    for state in seen.states():
        readers = seen.readers(state.stream)
        for reader in readers:
            yield from _lane_at_rest(seen, state, reader)
        waits = any(state.stopped(one.id) is not None or _limit(state, one) < state.head for one in readers)
        if "open_key" in state.item and not waits:
            yield f"{state.stream} is level, and still open"
    if "attempting" in seen.ledger.items.get(drain_key(SHOP), {}):
        yield "a push to the shop is still owed"
    for poster in (one.id for one in seen.consumers if one.is_poster):
        breaker = Breaker.of(poster, seen.ledger.items.get(breaker_key(poster)))
        if breaker.is_open:
            yield f"the breaker of {poster} is open: {breaker.reason}"


def _lane_at_rest(seen: Evidence, state: StreamState, reader: Consumer) -> Iterator[str]:
    lane = f"{reader.id} on {state.stream}"
    if (why := state.stopped(reader.id)) is not None:
        if not _waits(seen, state.stream, reader.id, ""):
            yield f"{lane} is stopped for nobody: {dict(why)}"
        return
    cursor, lease = state.cursor(reader.id), state.lease(reader.id)
    if cursor.seq != _limit(state, reader):
        yield f"{lane} is at {cursor} of {_limit(state, reader)}, and waits for nothing"
    if state.applied(reader.id) != state.controls:
        yield f"{lane} has applied {state.applied(reader.id)} of {state.controls} controls"
    if state.unchecked(reader.id):
        yield f"{lane} has to look up {state.unchecked(reader.id)}"
    if lease is not None and lease.attempting and Cursor.parse(lease.attempting) > cursor:
        yield f"{lane} may have sent something without an answer: {lease.attempting}"


def _limit(state: StreamState, reader: Consumer) -> int:
    """How far a reader may go: not past those that feed it."""
    feeders = reader.fed_by(StreamId.parse(state.stream))
    return min((state.cursor(feeder).seq for feeder in feeders), default=state.head)


def nothing_forgotten(seen: Evidence) -> Iterator[str]:
    """What is parked is counted, waits for open cases, or stands behind one that does; and the other way round."""
    parked: dict[tuple[str, str, str], list[list[str]]] = defaultdict(list)
    counts: Counter[tuple[str, str]] = Counter()
    for key, item in sorted(seen.items("P#")):
        _, consumer, subject, _ = key.sk.split("#")
        stream = key.pk.removeprefix("S#")
        parked[stream, consumer, unescape(subject)].append(item["causes"])
        counts[stream, consumer] += 1
    for state in seen.states():
        for reader in seen.readers(state.stream):
            if state.parked(reader.id) != counts[state.stream, reader.id]:
                told = f"{state.parked(reader.id)} parked, there are {counts[state.stream, reader.id]}"
                yield f"{reader.id} on {state.stream} counts {told}"
    waiting: Counter[str] = Counter()
    for (stream, consumer, subject), causes in parked.items():
        if not causes[0]:
            yield f"{subject} of {stream} is parked by {consumer}, and waits for nothing"
        for cause in causes[0]:
            waiting[cause] += 1
            if not seen.is_case_open(cause):
                yield f"{subject} of {stream} waits for {cause}, which is not open"
            elif not _waits(seen, stream, consumer, subject, cause):
                yield f"{cause} does not know of {subject}, which waits for it"
    yield from _cases_kept(seen, waiting)


def _cases_kept(seen: Evidence, waiting: Mapping[str, int]) -> Iterator[str]:
    lanes = {key.pk for key, _ in seen.items("W#") if key.sk.endswith("#")}
    for key, item in seen.items("CASE"):
        case = key.pk.removeprefix("C#")
        there = waiting.get(case, 0)
        if item.get("waiting", 0) != there:
            yield f"{case} counts {item.get('waiting', 0)} who wait, there are {there}"
        # A stock below zero holds nobody up: its case is for a person, and closes when stock is above zero again.
        holds = item["kind"] != "negative_inventory"
        if holds and (item["state"] == "open") != bool(there or key.pk in lanes):
            yield f"{case} is {item['state']}, and {there} wait for it"


def booked_once_or_in_a_case(seen: Evidence) -> Iterator[str]:
    """Each transaction with goods or money in it stands in the ERP once and posted, or waits for an open case."""
    copies = Counter(sale.external_ref for sale in seen.sales)
    by_key = {sale.external_ref: sale for sale in seen.sales}
    wanted = {event_of(ticket): ticket for ticket in seen.done.tickets}
    for key, ticket in wanted.items():
        if copies[key] > 1:
            yield f"{ticket.name} stands in the ERP {copies[key]} times"
        elif copies[key] == 0:
            if not _is_held(seen, key):
                yield f"{ticket.name} is not in the ERP, and no open case names it"
        elif by_key[key].state != "posted":
            yield f"{ticket.name} is {by_key[key].state} in the ERP, not posted"
        elif _is_held(seen, key):
            yield f"{ticket.name} is in the ERP as {by_key[key].number}, and waits for a case all the same"
        elif (noted := _noted(seen, key)) != by_key[key].number:
            yield f"{ticket.name} is {by_key[key].number} in the ERP, and {noted or 'nothing'} in the ledger"
    yield from (f"{key} is in the ERP, and no till closed it" for key in sorted(copies.keys() - wanted.keys()))
    if seen.without_key:
        yield f"{seen.without_key} sales in the ERP have no key"
    numbers = Counter(sale.number for sale in seen.sales if sale.number)
    yield from (f"receipt number {number} was given {times} times" for number, times in numbers.items() if times > 1)


def nothing_overtook(seen: Evidence) -> Iterator[str]:
    """By the ERP's receipt numbers: each till's transactions of a store in the order of its stream, but for subjects
    that waited for a person; and nothing before what it takes back, whichever till sold that.
    """
    by_key = {sale.external_ref: sale for sale in seen.sales}
    made = {sale.external_ref: place for place, sale in enumerate(seen.sales)}
    for state in seen.states():
        in_lane, last = 0, ""
        by_subject: dict[str, int] = {}
        for _, entry in seen.entries(state.stream):
            sale = by_key.get(entry.event.id)
            if sale is None:
                continue
            number, subject = _number(sale), entry.event.subject
            if number < by_subject.get(subject, 0):
                yield f"{entry.event.id} is receipt {sale.number}, before what came before it of {subject}"
            by_subject[subject] = number
            for other in entry.event.follows():
                if other in made and made[other] > made[entry.event.id]:
                    yield f"{entry.event.id} was made in the ERP before {other}, which it takes back"
            if _may_wait(seen, entry) or _ever_waited(seen, state.stream, subject):
                continue
            if number < in_lane:
                yield f"{entry.event.id} is receipt {sale.number}, and {last} before it in its lane is {in_lane}"
            in_lane, last = number, entry.event.id


def money_ties(seen: Evidence) -> Iterator[str]:
    """By store and means of payment the ERP holds what the tills took, and so in each transaction, taxes as well."""
    by_key = {sale.external_ref: sale for sale in seen.sales}
    took: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for ticket in seen.done.tickets:
        sale = by_key.get(event_of(ticket))
        if sale is None:
            continue  # held, or named by another promise
        tenders = {RETAILER.tender(code).name: amount for code, amount in ticket.tenders.items() if amount}
        store = RETAILER.store(ticket.transaction.store).name
        for name, amount in tenders.items():
            took[store, name] += amount
        booked = {name: amount for name, amount in sale.payments.items() if amount}
        if (sale.total, booked) != (ticket.total, tenders):
            yield f"{ticket.name}: {ticket.total} {tenders} at the till, {sale.total} {booked} in the ERP"
        # How it spreads a cent of rounding over two taxes is the ERP's own affair.
        if sum(sale.taxes.values()) != sum(ticket.taxes.values()):
            yield f"{ticket.name}: taxes {dict(ticket.taxes)} at the till, {sale.taxes} in the ERP"
    there: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for sale in seen.sales:
        for name, amount in sale.payments.items():
            there[sale.store, name] += amount
    for key in sorted(took.keys() | there.keys()):
        if took[key] != there[key]:
            yield f"{key[1]} at {key[0]}: {took[key]} at the tills, {there[key]} in the ERP"


def journal_balances(seen: Evidence) -> Iterator[str]:
    """Every posted sale has a ledger move, whose debits are its credits."""
    for sale in seen.sales:
        balance = sum((line.debit - line.credit for line in sale.ledger), Decimal(0))
        if balance:
            yield f"{sale.external_ref}: debits and credits differ by {balance}"
        if sale.state == "posted" and not sale.ledger and (sale.total or sale.lines):
            yield f"{sale.external_ref} is posted, and not in the ERP's ledger"


def stock_is_what_moved(seen: Evidence) -> Iterator[str]:
    """Each position is its opening stock, or its newest count, and everything that moved after it."""
    for place, units in _on_hand(seen).items():
        kept = seen.ledger.items.get(record_key("position", "@".join(place)), {}).get("value", {})
        if Decimal(str(kept.get("on_hand", 0))) != units:
            yield f"{'@'.join(place)}: position {kept.get('on_hand', 'none')}, opening and movements make {units}"


def shop_shows_what_there_is(seen: Evidence) -> Iterator[str]:
    """The shop shows what lies there, less what its customers took since, and never less than none."""
    for place, units in _on_hand(seen).items():
        expected = max(0, units) - seen.done.web[place]
        if seen.shown.get(place) != expected:
            told = f"{max(0, units)} there, {seen.done.web[place]} bought on the web"
            yield f"{'@'.join(place)}: the shop shows {seen.shown.get(place)}, not {expected} ({told})"


def erp_stock_is_what_was_booked(seen: Evidence) -> Iterator[str]:
    """The ERP's own stock fell by what went out in what it booked, and what came back lies apart."""
    out: Counter[Place] = Counter()
    back: Counter[Place] = Counter()
    booked = {sale.external_ref for sale in seen.sales}
    for ticket in seen.done.tickets:
        if event_of(ticket) in booked:
            for item in ticket.items:
                (out if item.quantity > 0 else back)[item.sku, ticket.transaction.store] += abs(item.quantity)
    for place, now in seen.erp_stock.items():
        before = seen.opening[place]
        if now.for_sale != before.for_sale - out[place]:
            yield f"{'@'.join(place)}: {now.for_sale} for sale in the ERP, {before.for_sale} less {out[place]} sold"
        if now.returned != before.returned + back[place]:
            yield f"{'@'.join(place)}: {now.returned} came back in the ERP, {back[place]} at the tills"


PROMISES: Final[tuple[Promise, ...]] = (
    answered_is_kept,
    accepted_once,
    at_rest,
    nothing_forgotten,
    booked_once_or_in_a_case,
    nothing_overtook,
    money_ties,
    journal_balances,
    stock_is_what_moved,
    shop_shows_what_there_is,
    erp_stock_is_what_was_booked,
)
"""What is held when a stack has come to rest."""


def event_of(ticket: Ticket) -> str:
    """Id of the event that a ticket becomes, which is its key in the ERP."""
    return events_of(ticket)[0]


def _on_hand(seen: Evidence) -> dict[Place, int]:
    opening = {(sku, store.code): units for store in RETAILER.stores for sku, units in store.opening_stock.items()}
    return on_hand(opening, moved((*seen.done.tickets, *seen.done.stock), seen.done.held))


def _number(sale: ErpSale) -> int:
    """`R101-17` is the seventeenth receipt of its store; one without a number comes last."""
    return int(sale.number.rpartition("-")[2]) if sale.number else 10**9


def _noted(seen: Evidence, event: str) -> str:
    """The ERP's number of an event's document, as the ledger has it."""
    place = seen.ledger.items.get(identity_key(event), {})
    item = seen.ledger.items.get(outcome_key(place.get("stream", ""), int(place.get("seq", 0)), ERP))
    return Outcome.from_item(item).reference if item else ""


def _is_held(seen: Evidence, event: str) -> bool:
    """Whether an event is parked on its way to the ERP, under or behind a case that is open and names its subject."""
    place = seen.ledger.items.get(identity_key(event))
    if place is None:
        return False
    for key, _ in seen.items("P#"):
        _, consumer, subject, seq = key.sk.split("#")
        if (key.pk, int(seq)) != (f"S#{place['stream']}", int(place["seq"])) or consumer not in {POSTING, ERP}:
            continue
        return any(
            item["consumer"] == consumer
            and item["stream"] == place["stream"]
            and item["subject"] == unescape(subject)
            and seen.is_case_open(case.pk.removeprefix("C#"))
            for case, item in seen.items("W#")
        )
    return False


def _may_wait(seen: Evidence, entry: Entry) -> bool:
    """Whether an entry names what was mapped late, or takes back what another till sold: others then go ahead of it.

    It need not have been noted: a poster that was killed between posting those and noting the wait leaves nothing, and
    by the next attempt there may be nothing to wait for any more.
    """
    tickets = {event_of(ticket): ticket for ticket in seen.done.tickets}
    ticket = tickets.get(entry.event.id)
    labelled = ticket is not None and any(item.code for item in ticket.items)
    places = (seen.ledger.items.get(identity_key(other), {}) for other in entry.event.follows())
    return labelled or any(place.get("stream") != entry.stream for place in places)


def _ever_waited(seen: Evidence, stream: str, subject: str) -> bool:
    """Whether a subject waits, or a release tells that it did."""
    controls = any(key.pk == f"S#{stream}" and item.get("subject") == subject for key, item in seen.items("X#"))
    return controls or any(
        key.pk == f"S#{stream}" and unescape(key.sk.split("#")[2]) == subject for key, _ in seen.items("P#")
    )


def _waits(seen: Evidence, stream: str, consumer: str, subject: str, case: str = "") -> bool:
    return any(
        (item["stream"], item["consumer"], item["subject"]) == (stream, consumer, subject)
        and (not case or key.pk == f"C#{case}")
        for key, item in seen.items("W#")
    )
