"""From SQS messages to drains, and from what a drain raises to what becomes of its message.

The disposition table decides. A message that is answered as failed is seen again after a growing pause, and after its
last receive stands in the dead-letter queue, with its lane stopped until it is redriven.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from lockstep.messaging.errors import Action, ConfigurationError, RateLimited, disposition_of
from lockstep.messaging.lane import stop
from lockstep.messaging.ports import Bell, Clock, Doorbells, Table
from lockstep.runtime.observability import EmbeddedMetrics, logger

_FIRST_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_PATIENCE: Final = timedelta(seconds=5)
"""Pause where an endpoint asks for patience without saying how much."""
_CONTENTION_PAUSE: Final = timedelta(seconds=1)
_ANSWER_TIME: Final = timedelta(seconds=2)
"""Kept back from a function's time, to commit and to answer."""


@dataclass(frozen=True, slots=True)
class Message:
    """One SQS message with a bell in it."""

    id: str
    receipt: str
    receives: int
    bell: Bell

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Message":
        """From a record of an SQS event."""
        body = json.loads(record["body"])
        return cls(
            id=record["messageId"],
            receipt=record["receiptHandle"],
            receives=int(record["attributes"]["ApproximateReceiveCount"]),
            bell=Bell(stream=body["stream"], id=body.get("bell", ""), probe=body.get("probe", "")),
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one invocation has."""

    until: datetime
    """When to leave off and ring again."""
    dead_by: datetime
    """When the process is sure to be gone."""


class BellAnswers:
    """Runs drains for messages and answers SQS."""

    def __init__(
        self,
        consumer: str,
        *,
        table: Table,
        doorbells: Doorbells,
        clock: Clock,
        metrics: EmbeddedMetrics,
        max_receives: int,
        hide: Callable[[str, int], None],
    ) -> None:
        """Args:
        max_receives: As the queue's redrive policy has it.
        hide: Hides a message (receipt handle) for some seconds.
        """
        self._consumer = consumer
        self._table = table
        self._doorbells = doorbells
        self._clock = clock
        self._metrics = metrics
        self._max_receives = max_receives
        self._hide = hide
        self._log = logger(consumer)

    def one_by_one(
        self, event: Mapping[str, Any], context: Any, drain: Callable[[Bell, Timing], None]
    ) -> dict[str, Any]:
        """Drain each stream for itself; several bells of one stream in a batch are one."""
        messages = _by_stream(event)
        timing = self._timing(context, share=len(messages))
        failed: list[str] = []
        for same in messages.values():
            failed += self._attempt(same, lambda same=same: drain(_as_one(same), timing))  # type: ignore[misc]
        return self._answer(failed)

    def together(
        self, event: Mapping[str, Any], context: Any, drain: Callable[[Sequence[Bell], Timing], None]
    ) -> dict[str, Any]:
        """Drain all streams of a batch in one go."""
        messages = _by_stream(event)
        timing = self._timing(context, share=1)
        everything = [message for same in messages.values() for message in same]
        bells = [message.bell for message in everything]  # any of a lane's may be the one that starts it again
        return self._answer(self._attempt(everything, lambda: drain(bells, timing)) if bells else [])

    def _timing(self, context: Any, *, share: int) -> Timing:
        now = self._clock.now()
        left = timedelta(milliseconds=context.get_remaining_time_in_millis())
        return Timing(until=now + (left - _ANSWER_TIME) / 2 / max(1, share), dead_by=now + left + _ANSWER_TIME)

    def _answer(self, failed: Sequence[str]) -> dict[str, Any]:
        self._metrics.flush()
        return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}

    def _attempt(self, messages: Sequence[Message], drain: Callable[[], None]) -> list[str]:
        """Drain; the messages to be answered as failed."""
        try:
            drain()
        except Exception as error:  # noqa: BLE001  # the disposition table decides about every failure
            return self._dispose(messages, error)
        return []

    def _dispose(self, messages: Sequence[Message], error: Exception) -> list[str]:
        disposition = disposition_of(error)
        streams = [message.bell.stream for message in messages]
        extra = {"streams": streams, "action": disposition.action.value, "reason": str(error)}
        if isinstance(error, RateLimited):
            self._log.info("the target asks for patience", extra=extra)
            self._doorbells.ring(self._consumer, streams, delay=error.retry_after or _PATIENCE)
            return []
        if disposition.action is Action.RETRY_NOW:
            self._doorbells.ring(self._consumer, streams, delay=_CONTENTION_PAUSE)
            return []
        if isinstance(error, ConfigurationError):
            # Counted here, where every such failure passes: also that of a target that could not even be made.
            self._metrics.count("BreakerOpened", service=self._consumer)
            self._log.critical("target stopped: our set-up is wrong", extra=extra)
            return []
        self._log.error("drain failed", extra=extra, exc_info=disposition.pages)
        for message in messages:
            if message.receives >= self._max_receives:
                stop(self._table, self._consumer, message.bell, str(error), self._clock.now())
            else:
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (message.receives - 1))
                self._hide(message.receipt, int(pause.total_seconds()))
        return [message.id for message in messages]


def _by_stream(event: Mapping[str, Any]) -> dict[str, list[Message]]:
    messages: dict[str, list[Message]] = {}
    for record in event.get("Records", ()):
        message = Message.of(record)
        same = messages.setdefault(message.bell.stream, [])
        same.insert(0 if message.bell.probe else len(same), message)  # it says more than a plain one
    return messages


def _as_one(same: Sequence[Message]) -> Bell:
    """Several bells of a stream as one: any of them may be the redriven one that starts the lane again."""
    first, *others = (message.bell for message in same)
    return replace(first, along=frozenset(bell.id for bell in others))
