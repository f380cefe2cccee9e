"""What must be true when a world has come to rest; what must be true all along is in `simulation/watch.py`."""

from collections import Counter, defaultdict
from collections.abc import Callable

from lockstep.canonical.events import Event, OrderReported, TransactionClosed, TransactionUnbalanced
from lockstep.canonical.identifiers import TransactionId
from lockstep.canonical.streams import StreamId
from lockstep.messaging.awaiting import SEQUENCE_GAP
from lockstep.messaging.ledger import Cursor, Entry, drain_key, escape, identity_key
from lockstep.messaging.ports import Key
from simulation.people import NAMES
from simulation.retail import DAY, ERP, SAFETY_STOCK, SHOP, TILLS, Effect, minor
from simulation.watch import Watch
from simulation.workflows import BOOKING, RECEIPT, STOCKING
from simulation.world import World

Promise = Callable[[World, dict[str, Event]], None]
"""Raises AssertionError when it is broken; given every event that was sent."""


def no_defect(world: World, _: dict[str, Event]) -> None:
    """Nothing failed for a reason that nobody foresaw."""
    assert not world.defects, f"a defect: {world.defects[0]!r}"


def accepted_once(world: World, events: dict[str, Event]) -> None:
    """Each event sent is one entry, unless a person had put it in the place of one; there is no other."""
    seen: set[str] = set()
    for entry in world.watch.all_entries():
        event = entry.event
        if event.type == "DeliveryReceived":
            continue
        assert event.id not in seen, f"{event.id} was accepted twice"
        seen.add(event.id)
        assert identity_key(event.id) in world.table.items, f"{event.id} has no identity"
        seen.add(world.watch.stands_for(entry))
    assert seen >= events.keys(), f"lost: {events.keys() - seen}"


def at_rest(world: World, _: dict[str, Event]) -> None:
    """Every lane is level, or stopped for a case that is open; level streams have no open key."""
    watch = world.watch
    for state in watch.states():
        stopped = False
        for consumer in watch.readers(state.stream):
            reader = consumer.id
            if state.stopped(reader):
                stopped = True
                assert _stopped_for_a_case(watch, state.stream, reader), f"{state.stream} {reader} stopped for nobody"
                continue
            feeders = consumer.fed_by(StreamId.parse(state.stream))
            limit = min((state.cursor(feeder).seq for feeder in feeders), default=state.head)
            concern = [e for e in watch.entries[state.stream][:limit] if e.accepted_at >= consumer.active_from]
            last = concern[-1].seq if concern else 0
            assert state.cursor(reader).seq >= last, f"{state.stream}: {reader} at {state.cursor(reader)} of {limit}"
            stopped = stopped or limit < state.head
            applied = state.applied(reader)
            assert applied == state.controls or not concern, f"{state.stream}: {reader} at control {applied}"
            assert not state.unchecked(reader), f"{state.stream}: {reader} has to look up {state.unchecked(reader)}"
        assert stopped or "open_key" not in state.item, f"{state.stream} is level and still open"
        lease = state.lease(ERP)
        owed = lease is not None and lease.attempting and Cursor.parse(lease.attempting) > state.cursor(ERP)
        assert not owed or stopped, f"{state.stream}: {lease}"
    assert "attempting" not in world.table.items.get(drain_key(SHOP), {}), "a push to the shop is still owed"


def nothing_forgotten(world: World, __: dict[str, Event]) -> None:
    """What is parked is counted and waits for open cases; a case is open exactly as long as something waits for it."""
    watch = world.watch
    counts = Counter((parked.stream, parked.consumer) for parked in watch.parked.values())
    for state in watch.states():
        for reader in watch.readers(state.stream):
            kept = state.parked(reader.id)
            assert kept == counts[state.stream, reader.id], f"{state.stream} {reader.id} counts {kept} parked"
    for key, parked in watch.parked.items():
        first = min(p.seq for p in watch.parked.values() if p[:3] == parked[:3])
        assert parked.seq > first or world.table.items[key]["causes"], f"{parked} waits for nothing"
    for key in watch.cases:
        item = world.table.items[key]
        if key.pk.startswith("C#negative_inventory/"):
            name = key.pk.removeprefix("C#negative_inventory/")
            free = watch.on_hand[name] - watch.reserved[name]
            assert (item["state"] == "open") == (free < 0), f"{key.pk} is {item['state']} at {free}"
            continue
        if key.pk.startswith(f"C#{SEQUENCE_GAP}/"):
            continue  # it holds nothing up; see `gaps_are_told`
        # By now every name has been imported, each once: whatever waited for one must have been let go.
        assert item["state"] != "open" or item["kind"] not in NAMES, f"{key.pk} is open"
        waits = bool(item.get("waiting", 0) or watch.lanes_waiting(key))
        assert (item["state"] == "open") == waits, f"{key.pk} is {item['state']}"


def gaps_are_told(world: World, __: dict[str, Event]) -> None:
    """A number that a till left out after its first is in a case, or a person gave it up; no other is."""
    watch = world.watch
    numbers: dict[str, list[int]] = defaultdict(list)
    for entry in watch.all_entries():
        place = entry.event.register()
        if place is not None:
            numbers[_gap_case(place)].append(place.sequence)
    for lost in watch.lost:
        case = _gap_case(lost)
        known = numbers[case]
        if lost.business_day == DAY and known and known[0] < lost.sequence < max(known):
            told = lost.sequence in watch.told_missing(case) and watch.is_open(case)
            assert told or (case, True) in watch.may_skip or (case, False) in watch.may_skip, f"{lost} is lost"
    for key in watch.cases:
        if key.pk.startswith(f"C#{SEQUENCE_GAP}/"):
            case = key.pk.removeprefix("C#")
            wrong = watch.told_missing(case).intersection(numbers[case])
            assert not wrong, f"{case} names {wrong}, which are there"


def _gap_case(number: TransactionId) -> str:
    return f"{SEQUENCE_GAP}/{TILLS}/{number.store}/{number.workstation}/{number.business_day}"


def one_effect_or_a_case(world: World, _: dict[str, Event]) -> None:
    """Of each entry and each workflow: it stands in the ledger of record once, was skipped, or waits for a case."""
    watch = world.watch
    wanted: set[str] = set()
    copies = world.ledger.copies()
    for entry in watch.all_entries():
        for workflow in world.workflows:
            outcome = watch.made.get((entry.stream, entry.seq, workflow))
            if outcome is None:
                continue
            if outcome.state == "parked":
                held = watch.held[entry.stream, workflow, entry.seq]
                assert held, f"entry {entry.seq} of {entry.stream} is parked, and nothing is kept of it"
            for document in outcome.documents:
                key = document["key"]
                wanted.add(key)
                assert copies[key] <= 1, f"{key} stands {copies[key]} times"
                if not copies[key]:
                    assert _is_held(watch, entry) or _was_skipped(watch, entry), f"{key} is nowhere"
    assert copies.keys() <= wanted, f"booked and never decided: {copies.keys() - wanted}"


def money_ties_out(world: World, _: dict[str, Event]) -> None:
    """Per business day and means of payment: what tills took was booked, is held, or was given up by a person."""
    watch = world.watch
    took: Counter[tuple[str, str, str]] = Counter()
    elsewhere: Counter[tuple[str, str, str]] = Counter()
    for entry in watch.all_entries():
        if not isinstance(entry.event, TransactionClosed | TransactionUnbalanced):
            continue
        made = watch.made.get((entry.stream, entry.seq, BOOKING))
        effect = watch.effect_of(entry)
        money = {(effect.day.isoformat(), effect.currency, tender): sum_ for tender, sum_ in effect.money.items()}
        took.update(money)
        keys = [] if made is None else [d["key"] for d in made.documents if d["kind"] == RECEIPT]
        if not all(key in watch.booked for key in keys) or not keys:
            elsewhere.update(money)
            assert not money or _is_held(watch, entry) or _was_skipped(watch, entry), (
                f"{entry.event.id}: {money} is gone"
            )
    for key, (effect, held) in _paid_orders(world).items():
        money = {(effect.day.isoformat(), effect.currency, tender): sum_ for tender, sum_ in effect.money.items()}
        took.update(money)
        if key not in watch.booked:
            elsewhere.update(money)
            assert held, f"{key}: {money} is gone"
    posted: Counter[tuple[str, str, str]] = Counter()
    for document in world.ledger.booked:
        if document.kind == RECEIPT:
            for tender in document.body["tenders"]:
                place = document.body["business_day"], document.body["currency"], tender["tender"]
                posted[place] += minor(tender["amount"])
    for place in took.keys() | posted.keys() | elsewhere.keys():
        came, went = took[place], posted[place] + elsewhere[place]
        assert came == went, (
            f"{place}: tills took {came}, {posted[place]} booked and {elsewhere[place]} held or skipped"
        )
        assert posted[place] == watch.debits[place], f"{place}: {posted[place]} booked, {watch.debits[place]} debited"


def _paid_orders(world: World) -> dict[str, tuple[Effect, bool]]:
    """What orders that a snapshot tells are paid come to, by the key of their document; and whether one of those is
    held or was skipped.
    """
    watch = world.watch
    found: dict[str, tuple[Effect, bool]] = {}
    for entry in watch.all_entries():
        effect = watch.effect_of(entry)
        if isinstance(entry.event, OrderReported) and effect.money:
            key = f"{SHOP}/order/{entry.event.data.id}"
            held = _is_held(watch, entry) or _was_skipped(watch, entry)
            found[key] = effect, held or (key in found and found[key][1])
    return found


def the_journal_balances(world: World, _: dict[str, Event]) -> None:
    """Of each business day and currency: debits are credits."""
    sides: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for side, accounts in enumerate((world.watch.debits, world.watch.credits)):
        for (day, currency, _account), amount in accounts.items():
            sides[day, currency][side] += amount
    for (day, currency), (debits, credits_) in sides.items():
        assert debits == credits_, f"{day} {currency}: debits {debits}, credits {credits_}"


def shop_shows_what_there_is(world: World, _: dict[str, Event]) -> None:
    """Positions are the sum of what was accepted, and the shop shows them: everything it sold has reached us."""
    watch = world.watch
    stopped = any(state.stopped(reader) for state in watch.states() for reader in (SHOP, STOCKING))
    for key, on_hand in watch.on_hand.items():
        record = world.table.items.get(Key(f"R#position#{key}", "R"), {}).get("value", {}).get("on_hand", 0)
        assert int(record) == on_hand, f"{key}: position {record}, moved {on_hand}"
        # A refusal may come to wait for a case just after a person repaired it: the case is open and names it.
        if watch.is_open(f"document_rejected/shop/{key}") or stopped or key in watch.given_up:
            continue
        if not key.endswith("@101"):
            assert key not in world.shop.shown, f"{key} is shown, and is not for sale there"
            continue
        there = max(0, on_hand - watch.reserved[key] - SAFETY_STOCK.get(key, 0))
        assert world.shop.shown.get(key) == there, f"{key}: shows {world.shop.shown.get(key)} of {there}"


def _stopped_for_a_case(watch: Watch, stream: str, consumer: str) -> bool:
    rows = [key for keys in watch.waiting.values() for key in keys if key.sk == f"W#{escape(stream)}#{consumer}#"]
    return any(watch.is_open(key.pk.removeprefix("C#")) for key in rows)


def _is_held(watch: Watch, entry: Entry) -> bool:
    """Whether it is parked with the workflow or the poster, or stands behind a lane that stopped."""
    state = watch.state(entry.stream)
    return any(
        watch.held[entry.stream, reader, entry.seq] or state.cursor(reader).seq < entry.seq for reader in (BOOKING, ERP)
    )


def _was_skipped(watch: Watch, entry: Entry) -> bool:
    """Whether a person skipped it with the workflow, or from one of its documents on."""
    return any(outcome.state == "skipped" for name, outcome in watch.outcomes(entry) if name in {*watch.workflows, ERP})


PROMISES: tuple[Promise, ...] = (
    no_defect,
    accepted_once,
    at_rest,
    nothing_forgotten,
    gaps_are_told,
    one_effect_or_a_case,
    money_ties_out,
    the_journal_balances,
    shop_shows_what_there_is,
)
"""What is held when a world has come to rest."""
