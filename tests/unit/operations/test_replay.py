"""Going through the ledger again: what would be decided today, and what a target has lost."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from lockstep.masterdata.crosswalk import Crosswalk
from lockstep.messaging.ledger import Key, control_key
from lockstep.operations.replay.overlay import Overlay
from lockstep.operations.replay.rehearsal import Verdict
from lockstep.operations.replay.replay import Replay
from lockstep.operations.replay.window import Window
from lockstep.workflows.financial_posting.decide import FinancialPosting
from tests.unit.operations.reconciliation.day_world import CAP, DayWorld
from tests.unit.operations.retail_world import DAY, LEDGER, SCARF, SHOP, TILL, Stocking

if TYPE_CHECKING:
    from lockstep.messaging.workflow import Workflow
    from lockstep.operations.replay.redelivery import Redelivered
    from lockstep.operations.replay.rehearsal import Compared

BOOKING, STOCKING = "financial_posting", "inventory_availability"
LANE = f"till:{TILL}:101/1"
ID = "replay.financial_posting.test"
SHOWN = f"kind,canonical,system,value\nitem,SCARF,{SHOP},1\n"


@pytest.fixture
def world() -> DayWorld:
    world = DayWorld()
    world.map(SHOWN)
    return world


def replay(
    world: DayWorld, workflow: Workflow | None = None, first: date = DAY, last: date = DAY, store: str = ""
) -> Replay:
    return Replay(
        workflow or FinancialPosting(),
        ID,
        Window(first, last, store),
        consumers=world.consumers,
        accounts=world.accounts,
        table=world.ledger_table,
        resolver=Crosswalk(world.masterdata, world.clock),
        clock=world.clock,
    )


def compared(world: DayWorld, workflow: Workflow | None = None, **window: date) -> list[Compared]:
    before = dict(world.ledger_table.items)
    found = list(replay(world, workflow, **window).compare(world.random, lambda _done, _of: None))
    assert dict(world.ledger_table.items) == before
    return found


def deliver(world: DayWorld, workflow: Workflow | None = None, store: str = "") -> Redelivered:
    done = replay(world, workflow, store=store).deliver_again(world.doorbells, lambda _done, _of: None, by="ada")
    world.run()
    return done


def verdicts(found: list[Compared]) -> Counter[str]:
    return Counter(one.verdict.name for one in found)


# ---- compared ----


def test_what_would_be_decided_as_it_was_is_the_same(world: DayWorld) -> None:
    world.sell_some(1, 2)
    world.send(world.ticket(3, ("Karte", "-10.00"), original=world.identity(1)))
    world.send(world.ticket(4, voids=world.identity(2)))
    world.send(world.ticket(5, ("Scheck", "1.00")))
    world.run()

    assert verdicts(compared(world)) == {"SAME": 5}


def test_a_name_that_means_something_else_today_is_told(world: DayWorld) -> None:
    world.sell_some(1)
    world.run()
    world.map(f"kind,canonical,system,value\ntender,CASH,{TILL},Karte\n", replace_meanings=True)

    (found,) = compared(world)

    assert found.verdict is Verdict.DIFFERENT
    assert [str(one) for one in found.differences] == ["documents.0.body.tenders.0.tender: CARD -> CASH"]


def test_what_was_held_and_would_go_through_today_is_told_and_the_other_way_round(world: DayWorld) -> None:
    world.send(world.ticket(1, ("Scheck", "1.00")))
    world.sell_some(2)
    world.run()
    world.masterdata.items.pop(Key(f"M#tender#{TILL}", "in#Karte"))
    world.masterdata.items[Key(f"M#tender#{TILL}", "in#Scheck")] = {"counterpart": "CARD", "by": "", "at": ""}

    held, free = compared(world)

    assert held.recorded.startswith("parked")
    assert held.today.startswith("decided")
    assert free.recorded.startswith("decided")
    assert free.today.startswith("parked")


def test_what_a_person_skipped_or_corrected_is_no_difference(world: DayWorld) -> None:
    from lockstep.messaging.skipping import skip_case  # noqa: PLC0415
    from tests.unit.operations.test_correcting import UNBALANCED, correct, fill_in  # noqa: PLC0415

    world.send(world.unbalanced(1, "7.50"))
    world.send(world.ticket(2, ("Scheck", "1.00")))
    world.run()
    correct(world, UNBALANCED, fill_in)
    case = f"unmatched_tender/tender/{TILL}/Scheck"
    skip_case(world.ledger_table, case, world.clock.now(), by="ada", reason="r")
    world.run()

    assert verdicts(compared(world)) == {"SAME": 1, "SKIPPED": 1}


def test_what_follows_on_something_corrected_before_the_window_is_no_difference(world: DayWorld) -> None:
    from tests.unit.operations.test_correcting import UNBALANCED, correct, fill_in  # noqa: PLC0415

    later = DAY + timedelta(days=1)
    world.send(world.unbalanced(1, "7.50"))
    world.run()
    correct(world, UNBALANCED, fill_in)
    world.send(world.ticket(2, voids=world.identity(1), day=later))
    world.run()

    assert verdicts(compared(world, first=later, last=later)) == {"SAME": 1}


def test_what_came_before_a_workflow_was_there_was_never_decided(world: DayWorld) -> None:
    world.sell_some(1)
    state = world.ledger_table.items[Key(f"S#{LANE}", "STREAM")]
    state[f"cursor#{BOOKING}"] = "1.0"

    (found,) = compared(world)

    assert (found.verdict, found.recorded) == (Verdict.NEVER, "nothing")
    assert found.today.startswith("decided")


def test_other_days_and_stores_are_left_out_and_late_batches_are_not(world: DayWorld) -> None:
    before = DAY - timedelta(days=1)
    world.sell_some(1, day=before)
    world.sell_some(2)
    world.send(world.ticket(9, ("Karte", "1.00"), day=before))
    world.sell_some(1, till="102/1")
    world.run()

    assert [one.seq for one in compared(world, first=before, last=before)] == [1, 3]
    assert len(compared(world, first=before, last=DAY)) == 4
    found = list(replay(world, store="102").compare(world.random, lambda _done, _of: None))
    assert [one.stream for one in found] == [f"till:{TILL}:102/1"]


def test_what_has_no_business_day_is_found_by_the_day_on_which_it_came(world: DayWorld) -> None:
    world.send(world.count("count-1", **{SCARF: 5}))
    world.clock.advance(hours=24)
    world.send(world.count("count-2", **{SCARF: 4}))
    world.run()

    (found,) = compared(world, Stocking(), first=DAY, last=DAY)

    assert (found.kind, found.seq, found.verdict) == ("InventoryLevelReported", 1, Verdict.SAME)
    assert len(compared(world, Stocking(), first=DAY, last=DAY + timedelta(days=1))) == 2


# ---- delivered again ----


def test_an_erp_restored_from_a_backup_gets_what_it_lost_and_nothing_twice(world: DayWorld) -> None:
    world.sell_some(1, 2, 3)
    world.send(world.ticket(4, ("Karte", "-10.00"), original=world.identity(2)))
    world.sell_some(1, till="101/2")
    world.run()
    kept = world.books.booked[:2]
    lost = {one.key for _, _, one in world.books.booked} - {one.key for _, _, one in kept}
    world.books.booked = list(kept)
    assert not world.reconciled().ties_out

    done = deliver(world)

    assert (done.entries, done.documents, dict(done.left)) == (5, 5, {})
    keys = [one.key for _, _, one in world.books.booked]
    assert sorted(keys) == sorted({*lost, *(one.key for _, _, one in kept)})
    assert keys.index(f"{TILL}/TransactionClosed/101/1/{DAY}/2") < keys.index(f"{TILL}/TransactionClosed/101/1/{DAY}/4")
    assert world.reconciled().ties_out, world.reconciled().findings
    assert not [key for key in world.ledger_table.items if key.sk.startswith("P#")]
    control = world.ledger_table.items[control_key(LANE, 1)]
    assert (control["consumer"], control["by"]) == (LEDGER, f"{ID} by ada")


def test_to_repeat_it_asks_for_nothing_more_and_one_broken_off_goes_on(world: DayWorld) -> None:
    world.sell_some(*range(1, 101))
    world.run()
    plain, left = world.ledger_table.write, [2]

    def broken_off(writes: list[object]) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        plain(writes)

    world.ledger_table.write = broken_off
    with pytest.raises(KeyboardInterrupt):
        deliver(world)
    world.ledger_table.write = plain

    rest = deliver(world)
    again = deliver(world)

    assert (rest.documents, rest.left["waiting with its poster already"]) == (20, 80)
    assert (again.documents, dict(again.left)) == (0, {"looked up already": 100})
    assert len(world.books.booked) == 100


def test_what_is_held_skipped_or_still_to_be_posted_is_left_alone(world: DayWorld) -> None:
    world.books.refused = {f"101/1/{DAY}/1"}
    world.sell_some(1)
    world.run()
    world.books.down = True
    world.sell_some(2)
    world.send(world.ticket(3, ("Scheck", "1.00")))
    world.run()
    before = {key for key in world.ledger_table.items if key.sk.startswith(("P#", "X#"))}

    done = deliver(world)

    assert done.documents == 0
    assert dict(done.left) == {"not posted yet, held or skipped": 2, "nothing was decided to be there": 1}
    assert {key for key in world.ledger_table.items if key.sk.startswith(("P#", "X#"))} == before


def test_what_was_corrected_is_posted_again_as_it_was_corrected(world: DayWorld) -> None:
    from tests.unit.operations.test_correcting import FIRST, REJECTED, correct, retender  # noqa: PLC0415

    world.books.refused = {FIRST}
    world.sell_some(1)
    world.run()
    world.books.refused = set()
    correct(world, REJECTED, retender)
    world.books.booked = []

    deliver(world)

    assert [set(one.tenders) for _, _, one in world.books.booked] == [{"1"}]
    assert world.reconciled().ties_out


def test_new_sales_of_a_subject_wait_behind_what_is_looked_up(world: DayWorld) -> None:
    world.sell_some(1)
    world.run()
    world.books.booked = []
    replay(world).deliver_again(world.doorbells, lambda _done, _of: None, by="ada")
    world.send(world.ticket(2, ("Karte", "-10.00"), original=world.identity(1)))
    world.run()

    assert [str(one.total) for _, _, one in world.books.booked] == ["10.00 USD", "-10.00 USD"]


def test_a_shop_is_set_to_what_it_should_show_whatever_it_shows(world: DayWorld) -> None:
    world.send(world.count("count-1", **{SCARF: 5}))
    world.sell_some(1, 2)
    world.run()
    assert world.shop.shown == {"SCARF@101": 3}
    world.shop.shown["SCARF@101"] = 9

    done = deliver(world, Stocking())

    assert (done.quantities, done.entries) == (1, 3)
    assert world.shop.shown == {"SCARF@101": 3}
    assert not [key for key in world.ledger_table.items if key.sk.startswith("P#")]
    assert deliver(world, Stocking()).quantities == 1  # of the entries that were not asked for: harmless


def test_a_quantity_that_is_held_is_left_to_its_case(world: DayWorld) -> None:
    world.map(f"kind,canonical,system,value\nitem,CAP,{TILL},{CAP}\n")
    world.send(world.ticket(1, ("Karte", "10.00"), item=CAP))
    world.run()

    done = deliver(world, Stocking())

    assert done.quantities == 0
    assert done.left["waiting with its poster already"] == 1


# ---- the table that is not written to ----


def test_an_overlay_reads_through_and_keeps_its_writes(world: DayWorld) -> None:
    from lockstep.messaging.ports import Delete, Patch, Put  # noqa: PLC0415

    key, other, new = Key("A", "1"), Key("A", "2"), Key("A", "3")
    world.ledger_table.items |= {key: {"n": 1}, other: {"n": 2}}
    overlay = Overlay(world.ledger_table)

    overlay.write([Patch(key, add={"n": 10}, expect={"n": 1}), Delete(other), Put(new, {"n": 3})])

    assert overlay.get([key, other, new]) == {key: {"n": 11}, new: {"n": 3}}
    assert [row for row, _ in overlay.query("A", "0", "9")] == [key, new]
    assert world.ledger_table.get([key, other, new]) == {key: {"n": 1}, other: {"n": 2}}
