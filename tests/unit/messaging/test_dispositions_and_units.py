"""The disposition table is total; one transaction's parts merge as if done one after the other; the fakes are strict."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.messaging import errors
from lockstep.messaging.errors import Action, BusinessError, IntegrationError, SenderError, disposition_of
from lockstep.messaging.ledger import StreamState, stream_key
from lockstep.messaging.ports import NEW, Check, Delete, Key, Patch, Put, WriteRefused
from lockstep.messaging.unit_of_work import _merged
from lockstep.runtime.memory import MemoryDoorbells, MemoryTable

KEY = Key("S#x", "STREAM")
EVERY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, IntegrationError)]


@pytest.mark.parametrize("kind", EVERY)
def test_every_failure_has_a_disposition(kind: type[IntegrationError]) -> None:
    disposition = disposition_of(kind.__new__(kind))

    if issubclass(kind, BusinessError):
        assert disposition.action is Action.PARK
    if issubclass(kind, SenderError):
        assert disposition.action is Action.REFUSE
    assert not (disposition.trips_breaker and disposition.action not in {Action.WAIT, Action.LOOK_UP})


def test_a_defect_goes_to_the_dead_letters_and_pages() -> None:
    assert disposition_of(KeyError("x")).action is Action.DEAD_LETTER
    assert disposition_of(KeyError("x")).pages


NAMES = st.sampled_from("abc")
PATCHES = st.builds(
    lambda parts: Patch(
        KEY,
        set={name: value for name, (what, value) in parts.items() if what == "set"},
        default={name: value for name, (what, value) in parts.items() if what == "default"},
        add={name: value for name, (what, value) in parts.items() if what == "add"},
        remove=tuple(name for name, (what, _) in parts.items() if what == "remove"),
    ),
    st.dictionaries(NAMES, st.tuples(st.sampled_from(["set", "default", "remove"]), st.integers(1, 9))),
)


@given(st.dictionaries(NAMES, st.integers(1, 9)), PATCHES, PATCHES)
def test_two_patches_merged_do_what_they_do_one_after_the_other(
    before: dict[str, int], first: Patch, second: Patch
) -> None:
    merged, apart = MemoryTable(), MemoryTable()
    for table in (merged, apart):
        table.write([Put(KEY, dict(before))])
    apart.write([first])
    apart.write([second])

    merged.write([_merged(first, second)])

    assert merged.items == apart.items


def test_additions_add_up() -> None:
    assert _merged(Patch(KEY, add={"n": 1}), Patch(KEY, add={"n": 2})).add == {"n": 3}


def test_a_transaction_happens_whole_or_not() -> None:
    table = MemoryTable()
    table.write([Put(KEY, {"n": 1})])
    other = Key("S#y", "STREAM")

    with pytest.raises(WriteRefused) as refused:
        table.write([Put(other, {}), Patch(KEY, set={"n": 2}, expect={"n": 7})])

    assert refused.value.failed == {KEY}
    assert table.items == {KEY: {"n": 1}}


@pytest.mark.parametrize(
    "writes",
    [
        [Put(KEY, {}), Delete(KEY)],
        [Patch(KEY, set={"a": 1}, remove=("a",))],
        [Patch(KEY, default={"a": 1}, add={"a": 1})],
        [Check(KEY, {})],
        [Put(Key("S#x", str(number)), {}) for number in range(101)],
    ],
)
def test_the_fake_table_refuses_what_the_real_one_does(writes: list[Put | Patch | Delete | Check]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        MemoryTable().write(writes)


def test_a_new_item_is_new_once() -> None:
    table = MemoryTable()
    table.write([Put(KEY, {}, expect=NEW)])

    with pytest.raises(WriteRefused):
        table.write([Put(KEY, {}, expect=NEW)])


def test_every_bell_has_an_id_of_its_own() -> None:
    bells = MemoryDoorbells()
    bells.ring("a", ["x", "y"])
    first = bells.take()
    bells.ring("a", ["x"])

    assert len({bell.id for _, bell in (*first, *bells.take())}) == 3


def test_what_must_still_stand_names_the_lane_and_those_that_feed_it() -> None:
    state = StreamState("x", {"cursor#me": "1.0"})

    standing = state.standing("me", ["feeder"])

    assert set(standing) == {"cursor#me", "parked#me", "unchecked#me", "released#feeder"}
    assert stream_key("x") == KEY
