"""Notices: something changed at a vendor, and the message does not say how."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from lockstep.canonical.identifiers import Code
from lockstep.canonical.model import Canonical


class DeliveryNotice(Canonical):
    """A delivery that was accepted whole, to be expanded into its events."""

    delivery_id: Annotated[str, Field(min_length=1, max_length=1024)]
    received_at: AwareDatetime

    @property
    def occurred_at(self) -> datetime:
        """When it came in."""
        return self.received_at


class ResourceNotice(Canonical):
    """A resource that is to be read at the vendor."""

    resource: Code
    """What it is there, as in `order`."""
    key: Code
    """Its identifier there."""
    version: Code | None = None
    """What the vendor says of its state: the same notice again is a duplicate. None: the delivery stands for it."""
    notified_at: AwareDatetime
    delivery_id: Annotated[str, Field(min_length=1, max_length=1024)]
    """The delivery that brought it."""

    @property
    def occurred_at(self) -> datetime:
        """When the vendor said so."""
        return self.notified_at
