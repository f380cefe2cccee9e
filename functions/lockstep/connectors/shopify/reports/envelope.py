"""What every report has in common: the delivery it came in, and the envelope around what it says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from lockstep.canonical.events import Event
from lockstep.canonical.model import Canonical
from lockstep.canonical.money import Money
from lockstep.canonical.notices import ResourceNotice
from lockstep.canonical.order import DocumentKind, UnbalancedDocument
from lockstep.connectors.shopify.models.base import Vendor
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, Delivery, Translation, event_of
from lockstep.messaging.lenient import moment

TRIGGERED: Final = ("x-shopify-triggered-at", "shopify-triggered-at")
TEST: Final = "x-shopify-test"
ACTION: Final = "shopify-action"
RESOURCE: Final = "shopify-resource-id"


@dataclass(slots=True)
class Report:
    """A translation while it is made."""

    delivery: Delivery
    currency: str | None = None
    """Of the account, for messages that name none."""
    takes_tests: bool = False
    """Whether what is marked as a test counts."""
    events: list[Event] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    notices: list[ResourceNotice] = field(default_factory=list)

    def add(self, data: Canonical) -> None:
        """An event."""
        self.events.append(event_of(data, self.delivery))

    def ignore(self, reason: str) -> None:
        """Why something is no event; without personal data."""
        self.ignored.append(reason)

    def reread(self, resource: str, key: str, version: str | None = None) -> None:
        """Something is to be read at the shop, because the message does not say it."""
        self.notices.append(
            ResourceNotice(
                resource=resource,
                key=key,
                version=version,
                notified_at=self.told_at,
                delivery_id=self.delivery.delivery_id,
            )
        )

    def unbalanced(
        self,
        document: DocumentKind,
        *,
        id: str,  # noqa: A002  # as in the event
        version: str,
        changed_at: datetime,
        due: Money,
        stated: Money,
        problem: str,
        order: str | None = None,
    ) -> None:
        """A document whose parts are not what it states."""
        data = UnbalancedDocument(
            document=document,
            id=id,
            version=version,
            order=order,
            changed_at=changed_at,
            due=due,
            stated=stated,
            problem=problem,
        )
        self.add(data)

    @property
    def triggered_at(self) -> datetime | None:
        """When it happened at the shop, as the call says; the same however often it is sent."""
        for name in TRIGGERED:
            if name in self.delivery.headers:
                try:
                    return moment(self.delivery.headers[name], name)
                except MessageMalformed:
                    return None
        return None

    @property
    def told_at(self) -> datetime:
        """The same; when it came in where the call does not say."""
        return self.triggered_at or self.delivery.received_at

    @property
    def was_read(self) -> bool:
        """Whether we read it at the shop ourselves."""
        return self.delivery.topic.startswith(FETCHED)

    @property
    def is_test(self) -> bool:
        """Whether staff asked the shop for a sample of this topic."""
        return self.delivery.headers.get(TEST, "").lower() == "true"

    def done(self) -> Translation:
        """What has come of it."""
        return Translation(events=tuple(self.events), ignored=tuple(self.ignored), notices=tuple(self.notices))


@dataclass(frozen=True, slots=True)
class Reading:
    """How a message, or a resource, is read, and who reports it. Each module of reports lists its own as `READINGS`."""

    model: type[Vendor]
    report: Callable[[Any, Report], None]
    resource: str = ""
    """What it is read as, where a message names it and says nothing of it."""
    thin_without: tuple[str, ...] = ()
    """Fields of which a message that says anything has one: a subscription may leave out any (`include_fields`)."""
