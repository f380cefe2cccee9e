"""DynamoDB's own rules for sizes and units."""

from typing import Any

import pytest

from bench.capacity import Index, item_bytes, query_units, read_units, write_units


def item(size: int, **more: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """An item of so many bytes, `more` left out."""
    return {"b": {"B": b"x" * (size - 1)}, **more}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "äöü"}, 6),
        ({"B": b"1234"}, 4),
        ({"B": "MTIzNA=="}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"N": "7"}, 2),
        ({"N": "1234"}, 3),
        ({"N": "-1234"}, 4),
        ({"N": "0"}, 1),
        ({"L": [{"S": "ab"}, {"S": "c"}]}, 3 + 2 + 3),
        ({"M": {"key": {"S": "value"}}}, 3 + 1 + 3 + 5),
    ],
)
def test_a_value_has_its_size(value: dict[str, Any], size: int) -> None:
    assert item_bytes({"name": value}) == len("name") + size


def test_sets_are_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="SS"):
        item_bytes({"name": {"SS": ["a"]}})


@pytest.mark.parametrize(("size", "units"), [(10, 1), (1024, 1), (1025, 2), (4096, 4)])
def test_a_write_takes_a_unit_a_kilobyte_and_twice_that_in_a_transaction(size: int, units: int) -> None:
    assert write_units(None, item(size), transactional=False) == units
    assert write_units(None, item(size), transactional=True) == 2 * units


def test_a_write_takes_the_larger_of_what_was_and_what_is() -> None:
    assert write_units(item(3000), item(10), transactional=False) == 3
    assert write_units(item(3000), None, transactional=True) == 6
    assert write_units(None, None, transactional=False) == 1, "a deletion of nothing is a write"


@pytest.mark.parametrize(("size", "units"), [(10, 1), (4096, 1), (4097, 2)])
def test_a_read_takes_a_unit_for_four_kilobytes(size: int, units: int) -> None:
    assert read_units(item(size)) == units
    assert read_units(item(size), consistent=False) == units / 2


def test_reading_what_is_not_there_is_not_free() -> None:
    assert read_units(None) == 1


def test_a_query_is_charged_by_the_sum() -> None:
    assert query_units([item(1000)] * 4, consistent=True) == 1
    assert query_units([item(1000)] * 5, consistent=True) == 2
    assert query_units([], consistent=False) == 0.5


def test_an_index_is_written_when_an_item_enters_leaves_or_moves() -> None:
    index = Index("open", ("shard", "since"))
    outside, inside = item(10), item(10, shard={"S": "1"}, since={"S": "a"})
    half, elsewhere = item(10, shard={"S": "1"}), item(10, shard={"S": "2"}, since={"S": "a"})
    assert index.write_units(None, inside) == 1
    assert index.write_units(inside, None) == 1
    assert index.write_units(inside, outside) == 1
    assert index.write_units(inside, elsewhere) == 2
    assert index.write_units(inside, inside) == 0
    assert index.write_units(outside, half) == 0, "an item without one of the keys is not in it"
