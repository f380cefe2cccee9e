from datetime import timedelta

import pytest

from lockstep.masterdata.mapping_file import FileInvalid
from lockstep.messaging.accept import stored_delivery
from lockstep.messaging.ledger import entry_from
from lockstep.operations.inventory_import import ACCOUNT, COUNTS_A_DOCUMENT, import_inventory
from tests.unit.operations.retail_world import SCARF

FILE = f'item,location,on_hand\n{SCARF},101,5\n"A,1",101,2.5\n{SCARF},102,0\n'


@pytest.fixture
def take(world):
    def run(text, **options):
        return import_inventory(text.encode(), acceptor=world.acceptor, clock=world.clock, **options)

    return run


def entries(world):
    return [
        entry_from(key, item) for key, item in sorted(world.ledger_table.items.items()) if item.get("record") == "entry"
    ]


def test_each_location_gets_a_count_in_the_files_own_names(world, take):
    report = take(FILE)

    assert (report.counts, report.locations) == (3, ("101", "102"))
    assert [(entry.stream, entry.event.data.document) for entry in entries(world)] == [
        ("stock:files.main:101", report.document),
        ("stock:files.main:102", report.document),
    ]
    first = entries(world)[0].event
    assert [(count.item.value, str(count.on_hand)) for count in first.data.counts] == [(SCARF, "5"), ("A,1", "2.5")]
    assert first.data.counted_at == world.clock.now()
    assert report.accepted == tuple(entry.event.id for entry in entries(world))


def test_what_was_in_the_file_is_kept_as_the_delivery(world, take):
    report = take(FILE)

    kept = stored_delivery(world.ledger_table, world.claims, ACCOUNT, f"101/{report.document}")

    assert kept.body.decode() == f'item,location,on_hand\n{SCARF},101,5\n"A,1",101,2.5\n'


def test_the_same_file_is_the_same_count(world, take):
    first = take(FILE)
    world.clock.advance(hours=1)
    again = take(FILE)

    assert again.accepted == ()
    assert again.duplicates == first.accepted
    assert len(entries(world)) == 2


def test_counted_at_another_time_it_is_another_count(world, take):
    at = world.clock.now() - timedelta(hours=2)
    first, second = take(FILE), take(FILE, counted_at=at)
    again = take(FILE, counted_at=at)

    assert second.document != first.document
    assert len(second.accepted) == 2
    assert again.accepted == ()
    assert entries(world)[1].event.data.counted_at == at


def test_large_files_become_several_documents(world, take):
    rows = "".join(f"S{number},101,1\n" for number in range(2 * COUNTS_A_DOCUMENT + 1))
    report = take("item,location,on_hand\n" + rows)

    assert [len(entry.event.data.counts) for entry in entries(world)] == [COUNTS_A_DOCUMENT, COUNTS_A_DOCUMENT, 1]
    assert [entry.event.data.document[-2:] for entry in entries(world)] == ["-1", "-2", "-3"]
    assert report.counts == 2 * COUNTS_A_DOCUMENT + 1


def test_every_problem_is_named_and_nothing_accepted(world, take):
    text = (
        "item,location,on_hand\n"
        f"{SCARF},101,many\n"
        ",101,1\n"
        "A,10/1,1\n"
        "A,101,1.23456\n"
        "B,101,1\n"
        f"0{SCARF},101,1\n"
        f"{SCARF},101,2\n"
        "A,101,NaN\n"
    )
    with pytest.raises(FileInvalid) as caught:
        take(text)

    assert [(problem.line, problem.column) for problem in caught.value.problems] == [
        (2, "on_hand"),
        (3, "item"),
        (4, "location"),
        (5, "on_hand"),
        (8, "item"),
        (9, "on_hand"),
    ]
    assert not world.ledger_table.items


def test_an_empty_file_and_a_count_from_the_future_are_refused(world, take):
    with pytest.raises(FileInvalid, match="no count"):
        take("item,location,on_hand\n")
    with pytest.raises(FileInvalid, match="future"):
        take(FILE, counted_at=world.clock.now() + timedelta(minutes=1))


def test_less_than_nothing_is_taken_and_pointed_out(take):
    report = take("item,location,on_hand\nA,101,-1\n")

    assert [str(warning) for warning in report.warnings] == ["line 2, on_hand: is below zero"]


def test_it_moves_the_shop(world, take):
    world.map(f"kind,canonical,system,value\nitem,SCARF,files.main,{SCARF}\n")
    take(f"item,location,on_hand\n{SCARF},101,5\n")
    world.run()

    assert world.shop.shown == {"SCARF@101": 5}
