"""What an event of Stripe's says beside the object that it carries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple


class Happening(NamedTuple):
    """An event of Stripe's, as far as the object in it needs it."""

    topic: str
    id: str
    account: str | None
    at: datetime
    before: Mapping[str, Any]
    """What the object's fields were before, where they changed."""


def key_of(identity: str, account: str | None) -> str:
    """How a resource is named to be read: with its account, where it is a connected one's."""
    return f"{account}/{identity}" if account else identity
