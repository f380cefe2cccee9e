"""The Shopify connector's receiving side, as the core sees it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import ConfigDict

from lockstep.connectors.shopify.models.base import OptionalId, Vendor, read
from lockstep.connectors.shopify.partner_bus import unpack
from lockstep.connectors.shopify.reports.envelope import ACTION, RESOURCE, Reading, Report
from lockstep.connectors.shopify.resources import resources_in
from lockstep.connectors.shopify.topics import EVENTS, IGNORED, RESOURCES, WEBHOOKS, reading
from lockstep.connectors.shopify.verify import verify_signature
from lockstep.messaging.errors import MessageMalformed
from lockstep.messaging.inbound import FETCHED, Delivery, Request, Translation

_DELETED: Final = "delete"
_LONGEST_ID: Final = 40


class _Named(Vendor):
    """A message of the family without `X-`: which thing its query was about."""

    query_variables: dict[str, Any] | None = None
    data: dict[str, Any] | None = None


class _Thin(Vendor):
    """A message of which only the number is looked at, and which fields it has."""

    model_config = ConfigDict(extra="allow")

    id: OptionalId = None


class ShopifyConnector:
    """Implements `InboundConnector`, and `TakesFromBus`."""

    def __init__(self, *, currency: str | None = None, takes_tests: bool = False) -> None:
        """Args:
        currency: ISO 4217 code of the shop, for prices, which name none.
        takes_tests: Orders and transactions that are marked as tests count: a development shop has no others.
        """
        self._currency = currency
        self._takes_tests = takes_tests

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:  # noqa: ARG002  # no time is signed
        """See `InboundConnector.verify`."""
        return verify_signature(request.headers, request.body, secrets)

    def unpack(self, event: Mapping[str, Any]) -> tuple[str, Request]:
        """See `TakesFromBus.unpack`."""
        return unpack(event)

    def translate(self, delivery: Delivery) -> Translation:
        """See `InboundConnector.translate`."""
        report = Report(delivery, self._currency, takes_tests=self._takes_tests)
        topic = delivery.topic
        if topic.startswith(FETCHED):
            self._fetched(topic.removeprefix(FETCHED), report)
        elif report.is_test:
            report.ignore("a sample that staff had the shop send")
        elif topic in IGNORED:
            report.ignore(IGNORED[topic])
        elif topic in EVENTS:
            _reread_event(EVENTS[topic], report)
        elif topic in WEBHOOKS:
            _report(reading(WEBHOOKS[topic]), report)
        else:
            raise MessageMalformed("the topic is none of those declared")
        return report.done()

    def _fetched(self, resource: str, report: Report) -> None:
        if resource not in RESOURCES:
            raise MessageMalformed("nothing of this kind is read at the shop")
        read_as = reading(RESOURCES[resource])
        found = resources_in(resource, report.delivery.body)
        for one in found:
            read_as.report(read(read_as.model, one), report)
        if not found:
            report.ignore("the shop answered with none")


def _report(read_as: Reading, report: Report) -> None:
    """Report a message; or read what it names, where its subscription leaves out everything that would be reported."""
    try:
        message = read(read_as.model, report.delivery.body)
    except MessageMalformed:
        named = read(_Thin, report.delivery.body) if read_as.thin_without else None
        if named is None or named.id is None or {*(named.model_extra or {})} & {*read_as.thin_without}:
            raise
        report.reread(read_as.resource, named.id)
        return
    read_as.report(message, report)


def _reread_event(resource: str, report: Report) -> None:
    """Read what a message of the family without `X-` names: in a header, or in the variables of its query."""
    headers = report.delivery.headers
    message = read(_Named, report.delivery.body)
    named = [headers.get(RESOURCE), (message.query_variables or {}).get(f"{resource}Id")]
    number = next((text.rpartition("/")[2] for text in named if isinstance(text, str) and text), "")
    if not number or not number.isalnum() or len(number) > _LONGEST_ID:
        raise MessageMalformed(f"query_variables.{resource}Id is missing")
    if headers.get(ACTION, "").lower() == _DELETED:
        deleted = WEBHOOKS.get(f"{resource}s/{_DELETED}")
        if deleted is None:
            report.ignore(IGNORED[f"{resource}s/{_DELETED}"])
        else:
            gone = reading(deleted)
            gone.report(read(gone.model, {"id": number}), report)
        return
    report.reread(resource, number)
