from datetime import timedelta

import pytest

from lockstep.masterdata.crosswalk import MOST_KEPT, Crosswalk, inward_key, outward_key
from lockstep.messaging.ports import Put
from lockstep.messaging.references import Reference, ReferenceKind
from lockstep.runtime.memory import ManualClock, MemoryTable

ITEM = ReferenceKind.ITEM


@pytest.fixture
def table():
    return MemoryTable()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def crosswalk(table, clock):
    return Crosswalk(table, clock)


def mapping(table, canonical, value, kind=ITEM, system="poslog.main"):
    table.write([Put(inward_key(kind, system, value), {"counterpart": canonical})])
    table.write([Put(outward_key(kind, system, canonical), {"counterpart": value})])


def test_both_directions_are_found_and_the_unknown_left_out(table, crosswalk):
    mapping(table, "SCARF", "4006381333931")
    inward = Reference(ITEM, "poslog.main", "4006381333931")
    outward = Reference(ITEM, "poslog.main", "SCARF", outward=True)
    unknown = Reference(ITEM, "poslog.main", "nobody knows")

    assert crosswalk.resolve([inward, outward, unknown]) == {inward: "SCARF", outward: "4006381333931"}


def test_a_gtin_is_one_name_in_all_its_lengths(table, crosswalk):
    mapping(table, "SCARF", "036000291452")
    forms = [Reference(ITEM, "poslog.main", form) for form in ("036000291452", "0036000291452", "00036000291452")]

    assert crosswalk.resolve(forms) == dict.fromkeys(forms, "SCARF")


def test_digits_are_not_padded_where_they_are_no_gtin(table, crosswalk):
    mapping(table, "101", "036000291452", kind=ReferenceKind.STORE)
    padded = Reference(ReferenceKind.STORE, "poslog.main", "00036000291452")

    assert crosswalk.resolve([padded]) == {}


def test_systems_kinds_and_directions_do_not_mix(table, crosswalk):
    mapping(table, "A", "A1")
    others = [
        Reference(ITEM, "files.main", "A1"),
        Reference(ReferenceKind.TENDER, "poslog.main", "A1"),
        Reference(ITEM, "poslog.main", "A1", outward=True),
        Reference(ITEM, "poslog.main", "A"),
    ]

    assert crosswalk.resolve(others) == {}


def test_what_is_found_is_not_looked_up_again_for_a_minute(table, clock, crosswalk):
    mapping(table, "A", "A1")
    reference = Reference(ITEM, "poslog.main", "A1")
    crosswalk.resolve([reference])
    mapping(table, "B", "A1")
    table.calls.clear()

    clock.advance(seconds=59)
    assert crosswalk.resolve([reference]) == {reference: "A"}
    assert not table.calls
    clock.advance(seconds=1)
    assert crosswalk.resolve([reference]) == {reference: "B"}


def test_what_is_missing_is_looked_up_every_time(table, crosswalk):
    reference = Reference(ITEM, "poslog.main", "A1")
    assert crosswalk.resolve([reference]) == {}
    mapping(table, "A", "A1")

    assert crosswalk.resolve([reference]) == {reference: "A"}


def test_many_are_read_together(table, crosswalk):
    crosswalk.resolve(Reference(ITEM, "poslog.main", f"A{number}") for number in range(100))

    assert table.calls == {"get": 1}


def test_a_long_life_does_not_fill_the_memory(table, clock, crosswalk):
    table.items |= {inward_key(ITEM, "s", str(number)): {"counterpart": "A"} for number in range(MOST_KEPT + 10)}
    for start in range(0, MOST_KEPT + 10, 1000):
        clock.sleep(timedelta(milliseconds=1))
        crosswalk.resolve(Reference(ITEM, "s", str(n)) for n in range(start, min(start + 1000, MOST_KEPT + 10)))

    assert len(crosswalk._kept) <= MOST_KEPT
