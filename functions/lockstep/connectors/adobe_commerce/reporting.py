"""Puts the envelope around what was translated."""

from typing import Any, TypeVar

from lockstep.canonical.events import Event
from lockstep.messaging.inbound import Delivery

_Kind = TypeVar("_Kind", bound=Event)


def report(kind: type[_Kind], data: Any, delivery: Delivery) -> _Kind:
    """An event of a kind that a delivery brought."""
    return kind.create(
        data, source=delivery.account, received_at=delivery.received_at, causation_id=delivery.delivery_id
    )
