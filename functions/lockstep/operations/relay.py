"""Relay: publishes accepted entries, and cases opened and resolved, from the ledger's change stream to the event bus.

What it publishes is news, not the truth: an event published twice rings a bell twice, and one that is never published
is found by the sweep.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from lockstep.messaging.errors import EndpointUnavailable
from lockstep.messaging.ledger import unpack
from lockstep.messaging.ports import Item
from lockstep.operations.case_events import SOURCE, case_change
from lockstep.runtime.aws import from_value
from lockstep.runtime.clients import client
from lockstep.runtime.observability import EmbeddedMetrics
from lockstep.runtime.settings import RelaySettings

SERVICE: Final = "relay"
_A_CALL: Final = 10
_LARGEST_CALL: Final = 900_000
"""Bytes of one call (EventBridge takes 1 MiB)."""
_LARGEST_EVENT: Final = 250_000
"""Bytes of an event that is published with its data; of a larger one the bus hears the envelope."""


class Relay:
    """Publishes records of a change stream."""

    def __init__(self, events: Any, bus: str, metrics: EmbeddedMetrics) -> None:
        """Args:
        events: A boto3 EventBridge client.
        bus: Its name.
        """
        self._events = events
        self._bus = bus
        self._metrics = metrics

    def publish(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Publish every new entry and every case that changed its state among the records, in order.

        Raises:
            EndpointUnavailable: The bus did not take some: the whole batch is to be tried again.
        """
        entries = [entry for record in records if (entry := self._published(record)) is not None]
        for call in _calls(entries):
            answer = self._events.put_events(Entries=call)
            if answer["FailedEntryCount"]:
                codes = sorted({entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry})
                raise EndpointUnavailable(f"the bus refused {answer['FailedEntryCount']} events: {', '.join(codes)}")
        self._metrics.count("EventsRelayed", len(entries), service=SERVICE)

    def _published(self, record: Mapping[str, Any]) -> dict[str, str] | None:
        """What a record is on the bus; None for one that is no news."""
        if _is_entry(record):
            return self._entry(_item(record, "NewImage"))
        changed = case_change(_item(record, "OldImage"), _item(record, "NewImage"))
        if changed is None:
            return None
        detail = json.dumps({"exception": changed.detail}, separators=(",", ":"))
        return {"EventBusName": self._bus, "Source": SOURCE, "DetailType": changed.type, "Detail": detail}

    def _entry(self, item: Item) -> dict[str, str]:
        event = json.loads(unpack(item["event"]))
        detail = {"stream": item["stream"], "sequence": event["sequence"], "event": event}
        text = json.dumps(detail, separators=(",", ":"))
        if len(text.encode()) > _LARGEST_EVENT:
            del event["data"]
            text = json.dumps(detail, separators=(",", ":"))
        return {
            "EventBusName": self._bus,
            "Source": item["source"],
            "DetailType": item["type"],
            "Detail": text,
        }


def _item(record: Mapping[str, Any], image: str) -> Item:
    return {name: from_value(value) for name, value in record["dynamodb"].get(image, {}).items()}


def _is_entry(record: Mapping[str, Any]) -> bool:
    image = record["dynamodb"].get("NewImage", {})
    return bool(record["eventName"] == "INSERT" and image.get("record") == {"S": "entry"})


def _calls(entries: Sequence[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    call: list[dict[str, str]] = []
    size = 0
    for entry in entries:
        bytes_of = sum(len(value.encode()) for value in entry.values())
        if call and (len(call) == _A_CALL or size + bytes_of > _LARGEST_CALL):
            yield call
            call, size = [], 0
        call.append(entry)
        size += bytes_of
    if call:
        yield call


@cache
def _made() -> tuple[Relay, EmbeddedMetrics]:
    settings = RelaySettings.load()
    metrics = EmbeddedMetrics(settings.environment)
    return Relay(client("events"), settings.bus_name, metrics), metrics


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """The Lambda behind the ledger's change stream. A batch that fails is tried again, in halves."""
    del context
    relay, metrics = _made()
    relay.publish(event["Records"])
    metrics.flush()
    return {"batchItemFailures": []}
