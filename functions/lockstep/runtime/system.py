"""The real clock and real chance."""

import random
import time
import uuid
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, duration: timedelta) -> None:
        time.sleep(max(0.0, duration.total_seconds()))


class SystemRandom:
    """The machine's chance."""

    def random(self) -> float:
        return random.random()  # noqa: S311  # jitter, not secrets

    def token(self) -> str:
        return str(uuid.uuid4())
