"""Trying again after a concurrent writer won."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

from lockstep.messaging.errors import ConcurrentUpdate
from lockstep.messaging.ports import Clock, WriteRefused

T = TypeVar("T")
ATTEMPTS: Final = 12
"""Enough to get through any passing contention; more would hide a defect."""


def until_accepted(attempt: Callable[[], T], *, pause: Callable[[float], None] | None = None) -> T:
    """Run an attempt that reads and writes, again after each concurrent update, with growing jittered pauses.

    Args:
        attempt: What is tried.
        pause: Lets some seconds pass; sleeps unless given.

    Raises:
        ConcurrentUpdate: The last attempt was refused too.
    """
    for number in range(ATTEMPTS):
        try:
            return attempt()
        except ConcurrentUpdate:
            if number == ATTEMPTS - 1:
                raise
            (pause or time.sleep)(random.uniform(0, min(1.0, 0.01 * 2**number)))  # noqa: S311
    raise AssertionError("unreachable")


def past_contention(write: Callable[[], None], clock: Clock) -> None:
    """Write what has happened outside: passing contention must not lose it, an expectation not met must not be retried.

    Raises:
        WriteRefused: An expectation was not met, or the contention did not pass.
    """

    def attempt() -> WriteRefused | None:
        try:
            write()
        except WriteRefused as refused:
            if not refused.failed:
                raise
            return refused
        return None

    refused = until_accepted(attempt, pause=lambda seconds: clock.sleep(timedelta(seconds=seconds)))
    if refused is not None:
        raise refused
