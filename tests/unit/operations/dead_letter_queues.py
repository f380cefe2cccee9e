"""Dead-letter queues in memory, which hide what was taken as SQS does."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING

from lockstep.operations.dead_letters import Letter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class MemoryDeadLetters:
    """See `DeadLetterQueues`. What is sent back stands in `sent`."""

    def __init__(self, at_once: int = 2) -> None:
        self.visible: dict[str, list[Letter]] = defaultdict(list)
        self.hidden: dict[str, list[Letter]] = defaultdict(list)
        self.sent: list[tuple[str, str]] = []
        self.refuses: Exception | None = None
        self._at_once = at_once
        self._numbers = count(1)

    def bury(self, consumer: str, stream: str, bell: str, at: datetime) -> None:
        """A bell failed to its last receive."""
        body = json.dumps({"stream": stream, "bell": bell})
        self.visible[consumer].append(Letter(f"receipt {next(self._numbers)}", body, at))

    def put(self, name: str, body: str, at: datetime, why: str = "") -> None:
        """Something else was given up."""
        self.visible[name].append(Letter(f"receipt {next(self._numbers)}", body, at, why))

    def count(self, consumer: str) -> int:
        return len(self.visible[consumer]) + len(self.hidden[consumer])

    def take(self, consumer: str) -> Sequence[Letter]:
        taken = self.visible[consumer][: self._at_once]
        del self.visible[consumer][: self._at_once]
        self.hidden[consumer] += taken
        return taken

    def put_back(self, consumer: str, letters: Sequence[Letter]) -> None:
        for letter in letters:
            self.hidden[consumer].remove(letter)
            self.visible[consumer].append(letter)

    def send(self, consumer: str, letters: Sequence[Letter]) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.sent += [(consumer, letter.body) for letter in letters]

    def delete(self, consumer: str, letters: Sequence[Letter]) -> None:
        for letter in letters:
            self.hidden[consumer].remove(letter)
