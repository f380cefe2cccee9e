"""The ordered consumer that expands deliveries which were accepted whole.

Its effect, accepting what is in a delivery, is idempotent by the events' identities, so it needs no transaction around
effect and cursor: whatever was done before a crash is known the next time.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from lockstep.canonical.events import DeliveryReceived
from lockstep.canonical.streams import StreamId
from lockstep.messaging.accept import Acceptor, stored_delivery
from lockstep.messaging.inbound import Delivery, Translation
from lockstep.messaging.lane import may_go_on, read_lane
from lockstep.messaging.ledger import Cursor, Outcome, entry_from, entry_key, outcome_key
from lockstep.messaging.ports import Bell, Claims, Clock, Doorbells, Put, Table
from lockstep.messaging.unit_of_work import UnitOfWork

_WITHIN: Final = timedelta(seconds=20)
"""How long one chunk goes on against concurrent writers."""


class IntakeConsumer:
    """Drains intake streams for one connector."""

    def __init__(
        self,
        consumer: str,
        translate: Callable[[Delivery], Translation],
        *,
        acceptor: Acceptor,
        table: Table,
        claims: Claims,
        doorbells: Doorbells,
        clock: Clock,
    ) -> None:
        self._me = consumer
        self._translate = translate
        self._acceptor = acceptor
        self._table = table
        self._claims = claims
        self._doorbells = doorbells
        self._clock = clock

    @property
    def consumer(self) -> str:
        """Its id."""
        return self._me

    def drain(self, bell: Bell, *, until: datetime) -> None:
        """Expand every delivery after the cursor, in order.

        Args:
            bell: Names the stream.
            until: When to leave off and ring again, UTC.

        Raises:
            ConcurrentUpdate: Others kept writing to the same streams.
        """
        while True:
            state, _ = read_lane(self._table, bell.stream)
            seq = state.cursor(self._me).seq + 1
            if seq > state.head or not may_go_on(self._table, state, self._me, bell):
                return
            key = entry_key(bell.stream, seq)
            entry = entry_from(key, self._table.get([key])[key])
            summary = self._expand(StreamId.parse(bell.stream).source, entry.event)
            work = UnitOfWork(self._table, self._me, state)
            outcome = Outcome("decided", self._clock.now(), summary, accepted_at=entry.accepted_at)
            work.add([Put(outcome_key(bell.stream, seq, self._me), outcome.to_item())])
            work.commit(Cursor(seq))
            if self._clock.now() >= until:
                self._doorbells.ring(self._me, [bell.stream])
                return

    def _expand(self, account: str, event: object) -> str:
        if not isinstance(event, DeliveryReceived):
            return "nothing to expand"
        delivery = stored_delivery(self._table, self._claims, account, event.data.delivery_id)
        said = self._translate(delivery)
        receipt = self._acceptor.expand(delivery, said.events, within=_WITHIN, passed_over=said.passed_over)
        return f"{len(receipt.accepted)} events accepted, {len(receipt.duplicates)} known before"
