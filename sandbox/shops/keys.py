"""The memory of idempotency keys."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

RETENTION: Final = timedelta(hours=24)

CONCURRENT: Final = "IDEMPOTENCY_CONCURRENT_REQUEST"
MISMATCH: Final = "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
FAILED: Final = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"


@dataclass
class _Attempt:
    parameters: str
    at: datetime
    answer: dict[str, Any] | None = None
    failed: bool = False


class KeyMemory:
    """What was done under which key, for as long as the vendor remembers it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Args:
        clock: UTC now.
        """
        self._clock = clock
        self._attempts: dict[str, _Attempt] = {}
        self._lock = threading.Lock()

    def begin(self, key: str, parameters: str) -> dict[str, Any] | str | None:
        """Claim a key.

        Returns:
            None: it is yours. A dict: the answer of the attempt that had it. A str: the code it is refused with.
        """
        with self._lock:
            now = self._clock()
            known = self._attempts.get(key)
            if known is None or now - known.at > RETENTION:
                self._attempts[key] = _Attempt(parameters, now)
                return None
            if known.parameters != parameters:
                return MISMATCH
            if known.failed:
                return FAILED
            return CONCURRENT if known.answer is None else known.answer

    def succeed(self, key: str, answer: dict[str, Any]) -> None:
        """Keep the answer for whoever repeats the call."""
        with self._lock:
            self._attempts[key].answer = answer

    def fail(self, key: str) -> None:
        """The key is spent."""
        with self._lock:
            self._attempts[key].failed = True

    def saved(self) -> dict[str, Any]:
        """What was answered, to be kept over a restart. An attempt under way ends with the process that makes it."""
        with self._lock:
            return {
                key: {**asdict(one), "at": one.at.isoformat()}
                for key, one in self._attempts.items()
                if one.failed or one.answer is not None
            }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Remember what was saved."""
        with self._lock:
            self._attempts = {
                key: _Attempt(one["parameters"], datetime.fromisoformat(one["at"]), one["answer"], one["failed"])
                for key, one in saved.items()
            }

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._attempts.clear()
