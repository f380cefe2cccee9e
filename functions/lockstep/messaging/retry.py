"""Trying again after a concurrent writer won."""

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from lockstep.messaging.errors import ConcurrentUpdate

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
