"""Who buys."""

from typing import Literal

from lockstep.canonical.customer import Customer
from lockstep.canonical.events.envelope import Snapshot
from lockstep.canonical.streams import StreamKind


class CustomerReported(Snapshot):
    """A system said who a customer is."""

    STREAM_KIND = StreamKind.CUSTOMER

    type: Literal["CustomerReported"] = "CustomerReported"
    data: Customer
