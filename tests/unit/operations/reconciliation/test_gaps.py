"""Which numbers are missing, however a till numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.operations.reconciliation.gaps import gaps


@pytest.mark.parametrize(
    ("numbers", "before", "missing"),
    [
        ([], 7, []),
        ([4, 5, 6], None, []),
        ([4, 6], None, ["5"]),
        ([6, 4], None, ["5"]),
        ([8, 9], 7, []),
        ([9], 7, ["8"]),
        ([10], 7, ["8-9"]),
        ([1, 2, 3], 7, []),
        ([0, 1], 7, []),
        ([2, 3], 7, ["1"]),
        ([1, 2, 3, 4], 2, []),
        ([1, 2, 5], 3, ["3-4"]),
        ([9998, 9999, 1, 2], 9997, []),
        ([9999, 0, 2], 9997, ["9998", "1"]),
        ([1, 2, 9, 10], 8, ["3-8"]),
        ([7, 8], 7, ["1-6"]),
    ],
)
def test_what_is_missing(numbers: list[int], before: int | None, missing: list[str]) -> None:
    assert [str(gap) for gap in gaps(numbers, (), before)] == missing


def test_numbers_used_for_other_things_are_not_missing() -> None:
    assert [str(gap) for gap in gaps([10, 14], {8, 9, 11, 13, 99}, 7)] == ["12"]


@given(st.sets(st.integers(1, 200), min_size=1), st.integers(0, 20), st.randoms(use_true_random=False))
def test_what_is_taken_out_of_a_dense_day_is_missing(lost: set[int], before: int, chance: object) -> None:
    """Whatever order they came in, unless they look like a till that restarted in the middle of the day."""
    numbers = [before + number for number in range(1, 202) if number not in lost]
    chance.shuffle(numbers)

    found = gaps(numbers, (), before)

    assert {number for gap in found for number in range(gap.first, gap.last + 1)} == {before + one for one in lost}
