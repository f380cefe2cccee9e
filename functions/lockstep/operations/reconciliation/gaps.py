"""Which numbers of a till are missing on a business day. Pure."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from lockstep.messaging.sequence_gaps import Gap, missing_between

FIRST_NUMBER: Final = 1
"""With which tills begin when they restart their numbering; one that begins with 0 is taken at its word."""


def gaps(numbers: Sequence[int], passed_over: Collection[int], before: int | None) -> list[Gap]:
    """The numbers between those of a day, and between it and the day before, that nothing is known of.

    A till's numbering goes on from day to day, or restarts with 1 every day, or after its highest number. Which of them
    is told by the numbers themselves: it restarted when the first that came is not above the highest of the day before.

    Args:
        numbers: Of the day's transactions, in the order in which they were accepted.
        passed_over: Numbers of that day and the day before that the till used for something else.
        before: Highest number of the latest day before on which the till sold anything; None where none is known, and
            then nothing is said of what was before the lowest.
    """
    if not numbers:
        return []
    known = {*numbers, *passed_over}
    return [gap for first, last in _ranges(numbers, before) for gap in missing_between(known, first, last)]


def _ranges(numbers: Sequence[int], before: int | None) -> Iterator[tuple[int, int]]:
    """Between which numbers all must be there."""
    lowest, highest = min(numbers), max(numbers)
    if before is None:
        yield lowest, highest
    elif lowest > before:
        yield before + 1, highest
    elif _restarted_during(numbers, before):
        yield before + 1, highest
        low = [number for number in numbers if number <= before]
        yield min(FIRST_NUMBER, *low), max(low)
    else:
        yield min(FIRST_NUMBER, lowest), highest


def _restarted_during(numbers: Sequence[int], before: int) -> bool:
    """Whether the day went on where the day before ended, and came to the till's highest number."""
    above = [number > before for number in numbers]
    return any(above) and above == sorted(above, reverse=True)
