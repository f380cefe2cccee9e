"""The relay publishes what the ledger's change stream tells it."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lockstep.canonical.events import DeliveryReceived
from lockstep.canonical.notices import DeliveryNotice
from lockstep.messaging.errors import EndpointUnavailable
from lockstep.messaging.ledger import delivery_key, entry_item, pack
from lockstep.operations.relay import Relay
from lockstep.runtime.aws import _to_value, from_value
from lockstep.runtime.observability import EmbeddedMetrics

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


class Bus:
    """An event bus that remembers, and may refuse."""

    def __init__(self, refuses: int = 0) -> None:
        self.calls: list[list[dict[str, str]]] = []
        self.refuses = refuses

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append(Entries)
        failed = [{"ErrorCode": "ThrottlingException"}] * self.refuses
        return {"FailedEntryCount": self.refuses, "Entries": failed}


def streamed(item: dict[str, Any], name: str = "INSERT") -> dict[str, Any]:
    """A record as Lambda gets it: binary in base64."""
    image = {key: _to_value(value) for key, value in item.items()}
    for value in image.values():
        if "B" in value:
            value["B"] = base64.b64encode(value["B"]).decode()
    return {"eventName": name, "dynamodb": {"NewImage": image, "SequenceNumber": "1"}}


def entry(number: int, note: str = "d") -> dict[str, Any]:
    event = DeliveryReceived.create(
        DeliveryNotice(delivery_id=f"{note}{number}", received_at=NOW),
        source="poslog.main",
        received_at=NOW,
        causation_id="c",
    ).model_copy(update={"sequence": number})
    return entry_item(event, str(event.stream()), NOW, delivery_key("poslog.main", "c"))


def test_new_entries_are_published_in_order_ten_a_call() -> None:
    bus = Bus()

    Relay(bus, "the-bus", EmbeddedMetrics("test")).publish([streamed(entry(number)) for number in range(1, 24)])

    assert [len(call) for call in bus.calls] == [10, 10, 3]
    published = [entry for call in bus.calls for entry in call]
    details = [json.loads(entry["Detail"]) for entry in published]
    assert [detail["sequence"] for detail in details] == list(range(1, 24))
    assert published[0]["Source"] == "poslog.main"
    assert published[0]["DetailType"] == "DeliveryReceived"
    assert published[0]["EventBusName"] == "the-bus"
    assert details[0]["stream"] == "intake:poslog.main:deliveries"
    assert details[0]["event"]["data"]["delivery_id"] == "d1"


def test_only_new_entries_are_news() -> None:
    bus = Bus()

    Relay(bus, "b", EmbeddedMetrics("test")).publish(
        [streamed(entry(1), "MODIFY"), streamed({"state": "decided"}), {"eventName": "REMOVE", "dynamodb": {}}]
    )

    assert bus.calls == []


def case_item(**attributes: str) -> dict[str, Any]:
    kept = {"pk": "C#period_closed/erp.main/2026-10", "sk": "CASE", "record": "case", "kind": "period_closed"}
    return {**kept, "reference": "erp.main/2026-10", "owner": "Accounting", "problem": "closed", **attributes}


def changed(before: dict[str, Any] | None, after: dict[str, Any]) -> dict[str, Any]:
    record = streamed(after, "INSERT" if before is None else "MODIFY")
    if before is not None:
        record["dynamodb"]["OldImage"] = streamed(before)["dynamodb"]["NewImage"]
    return record


def test_a_case_is_news_when_it_is_opened_and_when_it_is_resolved() -> None:
    bus = Bus()
    first = case_item(state="open", opened_at="10:00", due_at="later")
    resolved = case_item(state="resolved", resolved_at="11:00", resolved_by="ada")
    again = case_item(state="open", opened_at="12:00", resolved_at="11:00", resolved_by="ada")

    Relay(bus, "b", EmbeddedMetrics("test")).publish(
        [
            changed(None, first),
            changed(first, {**first, "waiting": 2}),
            changed(first, resolved),
            changed(resolved, {**resolved, "owner": "Buying"}),
            changed(resolved, again),
            changed(None, resolved),
        ]
    )

    (call,) = bus.calls
    published = [(entry["DetailType"], json.loads(entry["Detail"])["exception"]) for entry in call]
    assert [(name, detail["id"].rpartition("@")[2]) for name, detail in published] == [
        ("ExceptionOpened", "10:00/open"),
        ("ExceptionResolved", "10:00/resolved"),
        ("ExceptionOpened", "12:00/open"),
    ]
    assert {entry["Source"] for entry in call} == {"lockstep"}
    assert published[0][1]["case"] == "period_closed/erp.main/2026-10"
    assert published[0][1]["due_at"] == "later"
    assert published[1][1]["resolved_by"] == "ada"
    assert "lockstep exceptions resolve" in published[0][1]["repair"]


def test_an_event_too_large_for_the_bus_goes_without_its_data() -> None:
    bus = Bus()

    large = entry(1)
    text = {"id": "e", "sequence": 1, "data": {"note": "x" * 260_000}}
    large["event"] = pack(json.dumps(text))
    Relay(bus, "b", EmbeddedMetrics("test")).publish([streamed(large)])

    assert json.loads(bus.calls[0][0]["Detail"])["event"] == {"id": "e", "sequence": 1}


def test_what_the_bus_refuses_is_tried_again() -> None:
    with pytest.raises(EndpointUnavailable, match="refused 1 events: ThrottlingException"):
        Relay(Bus(refuses=1), "b", EmbeddedMetrics("test")).publish([streamed(entry(1))])


def test_a_type_the_ledger_never_holds_is_a_defect() -> None:
    with pytest.raises(TypeError, match="no SS"):
        from_value({"SS": ["a"]})
