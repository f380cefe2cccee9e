"""Trouble to order: what the next calls to the Admin API meet."""

import threading
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong."""

    THROTTLE = "throttle"
    """The call budget is used up; nothing is done."""
    TOO_MANY_REQUESTS = "too_many_requests"
    """The same, said with HTTP 429."""
    UNAVAILABLE = "unavailable"
    """HTTP 503; nothing is done."""
    DROPPED = "dropped"
    """The connection breaks before the call is read; nothing is done."""
    LOST_ANSWER = "lost_answer"
    """The call is carried out and the connection breaks before the answer."""
    SLOW = "slow"
    """The call waits, holding its idempotency key, before it is carried out and answered."""


@dataclass
class Fault:
    """One kind of trouble.

    Attributes:
        kind: What goes wrong.
        times: For how many calls; None until it is cleared.
        seconds: How long a slow call waits.
    """

    kind: FaultKind
    times: int | None = 1
    seconds: float = 0.0

    def __post_init__(self) -> None:
        """Hold that it makes sense; raises ValueError."""
        self.kind = FaultKind(self.kind)
        if (self.times is not None and self.times < 1) or self.seconds < 0:
            raise ValueError("a fault lasts for at least one call, and does not wait backwards")


class Faults:
    """Those ordered and not yet met, in the order of ordering."""

    def __init__(self) -> None:
        """None yet."""
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, fault: Fault) -> None:
        """Let it happen after those ordered before."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Everything works again."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """Those still to come."""
        with self._lock:
            return list(self._waiting)

    def next(self) -> Fault | None:
        """What this call meets."""
        with self._lock:
            if not self._waiting:
                return None
            fault = self._waiting[0]
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self._waiting.pop(0)
            return fault
