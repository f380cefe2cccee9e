import pytest

from lockstep.masterdata import importing, release
from lockstep.masterdata.crosswalk import Crosswalk
from lockstep.masterdata.exporting import export_mappings
from lockstep.masterdata.mapping_file import FileInvalid
from lockstep.messaging import state_delivery
from lockstep.messaging.errors import ConcurrentUpdate
from lockstep.messaging.references import Reference, ReferenceKind
from tests.unit.operations.retail_world import CAP, HEADER, KNOWN, LEDGER, SCARF, SHOP, TILL, World, shown

CAP_MAPPED = HEADER + f"item,CAP,{TILL},{CAP}\nitem,CAP,{LEDGER},8\nitem,CAP,{SHOP},gid://shopify/InventoryItem/2\n"


@pytest.fixture
def world():
    return World()


def outward(world, canonical, system=SHOP):
    reference = Reference(ReferenceKind.ITEM, system, canonical, outward=True)
    return Crosswalk(world.masterdata, world.clock).resolve([reference]).get(reference)


def inward(world, value, system=TILL):
    reference = Reference(ReferenceKind.ITEM, system, value)
    return Crosswalk(world.masterdata, world.clock).resolve([reference]).get(reference)


def test_what_is_imported_is_known_at_once(world):
    report = world.map(KNOWN)

    assert (report.lines, report.added, report.changed, report.unchanged) == (4, 4, 0, 0)
    assert inward(world, SCARF) == "SCARF"
    assert outward(world, "SCARF") == "gid://shopify/InventoryItem/1"


def test_again_it_changes_nothing_and_writes_nothing(world):
    world.map(KNOWN)
    world.masterdata.calls.clear()
    before = shown(world.masterdata)

    report = world.map(KNOWN)

    assert (report.added, report.changed, report.unchanged) == (0, 0, 4)
    assert shown(world.masterdata) == before
    assert "write" not in world.masterdata.calls


def test_nothing_is_written_when_a_line_is_wrong(world):
    with pytest.raises(FileInvalid):
        world.map(KNOWN + "item,B,poslog,1\n")

    assert not world.masterdata.items


def test_several_barcodes_are_one_article_and_the_last_is_the_one_we_say(world):
    report = world.map(HEADER + f"item,A,{SHOP},first\nitem,A,{SHOP},second\n")

    assert report.added == 2
    assert [inward(world, value, SHOP) for value in ("first", "second")] == ["A", "A"]
    assert outward(world, "A") == "second"


def test_a_later_file_gives_another_name_and_says_so(world):
    world.map(HEADER + f"item,A,{SHOP},first\n")
    report = world.map(HEADER + f"item,A,{SHOP},second\n")

    assert (report.added, report.changed) == (0, 1)
    assert [str(remark) for remark in report.remarks] == [
        "line 2, value: shopify.main now knows A as second, not as first"
    ]
    assert outward(world, "A") == "second"
    assert inward(world, "first", SHOP) == "A"


def test_what_a_name_means_is_replaced_only_when_asked(world):
    world.map(HEADER + f"item,A,{TILL},{SCARF}\n")
    before = shown(world.masterdata)
    correction = HEADER + f"item,B,{TILL},0{SCARF}\n"

    with pytest.raises(FileInvalid, match=f"line 2, value: 0{SCARF} of {TILL} is A already"):
        world.map(correction)
    assert shown(world.masterdata) == before

    report = world.map(correction, replace_meanings=True)

    assert inward(world, SCARF) == "B"
    assert outward(world, "A", TILL) is None
    assert "A has no name in poslog.main any more" in str(report.remarks[0])


def test_two_names_can_be_exchanged(world):
    world.map(HEADER + f"item,A,{TILL},1\nitem,B,{TILL},2\n")
    world.map(HEADER + f"item,A,{TILL},2\nitem,B,{TILL},1\n", replace_meanings=True)

    assert [inward(world, value) for value in "12"] == ["B", "A"]
    assert [outward(world, name, TILL) for name in "AB"] == ["2", "1"]


def test_what_is_not_shown_has_a_name_outward_only(world):
    world.map(HEADER + f"item,A,{SHOP},-\n")

    assert outward(world, "A") == state_delivery.NOT_SHOWN
    assert inward(world, "-", SHOP) is None


def test_nothing_is_looked_up_inward_where_nothing_comes_in(world):
    text = HEADER + f"item,A,{LEDGER},7\nitem,B,{LEDGER},7\n"
    world.importer(write_only=lambda system: system == LEDGER).run(text.encode(), by="the test")

    assert [outward(world, name, LEDGER) for name in "AB"] == ["7", "7"]
    assert inward(world, "7", LEDGER) is None


def test_two_imports_at_a_time_do_not_mix(world):
    class Meddler:
        def __init__(self, table):
            self.table, self.meddled = table, False

        def __getattr__(self, name):
            return getattr(self.table, name)

        def write(self, writes):
            if not self.meddled:
                self.meddled = True
                World.map(world, HEADER + f"item,B,{TILL},1\n")
            self.table.write(writes)

    real, world.masterdata = world.masterdata, None
    meddler = Meddler(real)
    importer = importing.MappingImport(
        masterdata=meddler, ledger=world.ledger_table, doorbells=world.doorbells, clock=world.clock
    )
    world.masterdata = real

    with pytest.raises(ConcurrentUpdate, match="run it again"):
        importer.run((HEADER + f"item,A,{TILL},1\n").encode(), by="the test")
    assert inward(world, "1") == "B"


def test_large_files_are_written_in_steps_that_can_be_watched(world):
    steps = []
    text = HEADER + "".join(f"item,S{number},{TILL},c{number}\n" for number in range(100))
    world.map(text, progress=lambda done, of: steps.append((done, of)))

    assert steps == [(0, 201), (90, 201), (180, 201), (201, 201)]


def test_what_waited_is_released_and_posted(world):
    world.map(KNOWN)
    for sequence in (1, 2, 3):
        world.sell(sequence, CAP)
    world.sell(4, SCARF)
    world.run()
    assert [document.subject[-1] for document in world.ledger.documents] == ["4"]

    report = world.map(CAP_MAPPED)

    assert str(report.release.released) == "3 sales"
    assert not report.release.waiting
    assert [case.case for case in report.release.cases] == [f"unmapped_reference/item/{TILL}/0{CAP}"]
    assert {consumer for consumer, _ in world.doorbells.take()} == {"financial_posting", "inventory_availability"}
    world.run()
    assert [document.subject[-1] for document in world.ledger.documents] == ["4", "1", "2", "3"]
    assert world.shop.shown == {"SCARF@101": 0, "CAP@101": 0}


def test_what_waits_for_something_else_too_is_counted_as_waiting(world):
    world.map(KNOWN)
    world.sell(1, CAP)
    world.sell(2, CAP, "unheard-of")
    world.run()

    report = world.map(CAP_MAPPED)

    assert str(report.release.released) == "1 sale"
    assert str(report.release.waiting) == "1 sale"
    world.run()
    assert [document.subject[-1] for document in world.ledger.documents] == ["1"]
    again = world.map(HEADER + f"item,SCARF,{TILL},unheard-of\n")
    assert (str(again.release.released), str(again.release.waiting)) == ("1 sale", "nothing")


def test_an_interrupted_import_can_be_repeated(world, monkeypatch):
    world.map(KNOWN)
    world.sell(1, CAP)
    world.run()
    with monkeypatch.context() as patch:
        patch.setattr(importing, "release_cases", lambda *_args, **_options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.map(CAP_MAPPED)

    report = world.map(CAP_MAPPED)

    assert report.unchanged == 3
    assert str(report.release.released) == "1 sale"


def test_a_quantity_that_the_shop_had_no_name_for_is_released(world):
    world.map(HEADER + f"item,CAP,{TILL},{CAP}\nitem,CAP,{LEDGER},8\n")
    world.sell(1, CAP)
    world.run()
    assert not world.shop.shown

    report = world.map(CAP_MAPPED)

    assert str(report.release.released) == "1 shop quantity"
    world.run()
    assert world.shop.shown == {"CAP@101": 0}


def test_a_lane_that_stopped_at_its_limit_goes_on(world):
    world = World(park_limit=2)
    world.map(KNOWN)
    for sequences in (range(1, 4), range(4, 6)):  # what one batch parks is counted when it is committed
        for sequence in sequences:
            world.sell(sequence, CAP)
        world.run()

    report = world.map(CAP_MAPPED)

    assert report.release.released.lanes == 1
    world.run()
    assert len(world.ledger.documents) == 5


def test_a_refused_id_is_mended_by_another_one(world):
    """A shop's refusal of an article is filed under the same reference."""
    line = f"item/SCARF/{SHOP}"
    world.map(KNOWN)
    assert f"document_rejected/{line}" in _cases_asked(world, HEADER + f"item,SCARF,{SHOP},gid2\n")
    world.map(HEADER + f"item,SCARF,{SHOP},gid2\n")
    assert f"document_rejected/{line}" not in _cases_asked(world, HEADER + f"item,SCARF,{SHOP},gid2\n")


def _cases_asked(world, text):
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "release_cases", lambda cases, **_: asked.extend(cases) or release.Release())
        before = dict(world.masterdata.items)
        world.map(text)
        world.masterdata.items = before
    return asked


def test_the_export_is_the_import(world):
    text = (
        HEADER
        + f"item,CAP,{TILL},{CAP}\n"
        + f"item,SCARF,{TILL},zebra\n"
        + f"item,SCARF,{TILL},{SCARF}\n"
        + "item,CAP,shopify.main,-\n"
        + 'tender,"CARD, credit",poslog.main,K\n'
        + "charge,tip,tryton.main,product:5\n"
        + "charge,fee,tryton.main,product:5\n"
        + "safety_stock,CAP@101,lockstep,2\n"
    )
    world.map(text)
    content, count = export_mappings(world.masterdata)
    assert count == 8
    assert sorted(content.decode().splitlines()) == sorted(text.splitlines())

    other = World()
    other.map(content.decode())
    assert export_mappings(other.masterdata)[0] == content
    without_times = [
        {key: {**item, "at": ""} for key, item in table.items.items()} for table in (world.masterdata, other.masterdata)
    ]
    assert without_times[0] == without_times[1]
    assert world.map(content.decode()).unchanged == 8


def test_the_export_can_be_narrowed(world):
    world.map(KNOWN)

    content, count = export_mappings(world.masterdata, kinds=[ReferenceKind.ITEM], systems=[SHOP, TILL])

    assert count == 2
    assert content.decode() == HEADER + (
        f"item,SCARF,{TILL},{SCARF}\nitem,SCARF,{SHOP},gid://shopify/InventoryItem/1\n"
    )


def test_no_range_begins_with_an_empty_key_which_the_real_table_refuses(world, monkeypatch):
    world.map(KNOWN)
    asked = []
    query = world.masterdata.query
    monkeypatch.setattr(world.masterdata, "query", lambda *key, **more: asked.append(key) or query(*key, **more))
    export_mappings(world.masterdata)

    assert asked
    assert all(all(part) for part in asked)


def test_held_things_are_named_for_what_they_are():
    pairs = [
        ("till:poslog.main:101/1", "101/1/2026-11-27/1"),
        ("till:poslog.main:101/1", "101/1/2026-11-27/2"),
        ("till:poslog.main:101/1", "state:A@101"),
        ("till:poslog.main:101/2", "state:A@101"),
        ("stock:poslog.main:101", "101/count-1"),
        ("stock:poslog.main:101", ""),
    ]

    assert str(release.Held.of(pairs)) == "2 sales, 1 stock document, 1 shop quantity, 1 lane"
    assert release.STATE_SUBJECT == state_delivery._HELD
