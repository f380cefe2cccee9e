"""What a door does for a channel's own ways: topics in headers, addresses that are signed, handshakes, punished statuses."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from lockstep.canonical.notices import ResourceNotice
from lockstep.connectors.poslog.manifest import MANIFEST as POSLOG
from lockstep.messaging.accept import Acceptor, stored_delivery
from lockstep.messaging.errors import ConfigurationError, MessageMalformed, SignatureInvalid
from lockstep.messaging.inbound import UNDECLARED, Answer, Delivery, Request, Translation
from lockstep.messaging.specs import ConnectorManifest
from lockstep.runtime.doors import Door
from lockstep.runtime.memory import ManualClock, MemoryClaims, MemoryMetrics, MemoryTable, SeededRandom
from lockstep.runtime.secrets import Secrets
from lockstep.runtime.settings import AccountSettings, InboundSettings

assert POSLOG.inbound is not None
MANIFEST = replace(
    POSLOG,
    system="shop",
    inbound=replace(
        POSLOG.inbound,
        topics=("orders/create", "orders/paid"),
        topic_headers=("x-topic", "topic"),
        kept_headers=("x-shop",),
        answers={401: 200, 400: 202, 404: 200, 413: 202},
        reads=("order",),
    ),
)
SOURCE = "aws.partner/shop.example/1"


class Shop:
    """A channel that notifies of orders; remembers what it was asked with."""

    asked: list[Request]
    translated: list[Delivery]

    def __init__(self) -> None:
        self.asked, self.translated = [], []

    def greet(self, request: Request) -> Answer | None:
        token = request.query.get("validationToken")
        return Answer(200, token) if token is not None else None

    def verify(self, request: Request, secrets: tuple[str, ...], now: datetime) -> str:
        self.asked.append(request)
        if request.headers.get("x-proof") not in secrets:
            raise SignatureInvalid("no")
        return request.headers.get("x-id", "msg_1")

    def translate(self, delivery: Delivery) -> Translation:
        self.translated.append(delivery)
        if delivery.body == b"malformed":
            raise MessageMalformed("order/id is missing")
        if delivery.body == b"undeclared":
            return Translation((), ignored=(f"{UNDECLARED}orders/moved",))
        keys = json.loads(delivery.body)
        notices = (
            ResourceNotice(
                resource="order", key=str(key), notified_at=delivery.received_at, delivery_id=delivery.delivery_id
            )
            for key in keys
        )
        return Translation((), notices=tuple(notices))

    def unpack(self, event: Mapping[str, Any]) -> tuple[str, Request]:
        detail = event["detail"]
        return detail["id"], Request({"x-topic": detail["topic"]}, json.dumps(detail["payload"]).encode())


class Vault:
    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803
        return {"SecretString": json.dumps({"current": "right"})}


class Metrics(MemoryMetrics):
    def flush(self) -> None:
        """Kept."""


class Street:
    def __init__(self, manifest: ConnectorManifest = MANIFEST, **account: Any) -> None:
        self.shop, self.table, self.clock, self.metrics = Shop(), MemoryTable(), ManualClock(), Metrics()
        self.claims = MemoryClaims()
        settings = AccountSettings(secret="a", **account)
        self.door = Door(
            manifest,
            lambda _settings: self.shop,
            settings=InboundSettings(
                environment="test", ledger_table="l", claims_bucket="c", accounts={"shop.main": settings}
            ),
            acceptor=Acceptor(self.table, self.claims, self.clock, SeededRandom(), self.metrics),
            secrets=Secrets(Vault(), self.clock),
            clock=self.clock,
            metrics=self.metrics,  # type: ignore[arg-type]
        )

    def call(
        self, body: str = "[1]", *, query: str = "", account: str = "main", **headers: str
    ) -> tuple[int, dict[str, Any] | str]:
        given = {"X-Topic": "orders/create", "X-Proof": "right", "X-Shop": "1", "X-Other": "2"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.door.answer(
            {
                "headers": {name: value for name, value in given.items() if value},
                "body": body,
                "rawPath": "/webhooks/shop/main",
                "rawQueryString": query,
                "pathParameters": {"account": account},
                "requestContext": {"domainName": "door.example", "http": {"method": "POST"}},
            }
        )
        text = answer["body"]
        return answer["statusCode"], json.loads(text) if text.startswith("{") else text


def test_topic_and_kept_headers_come_to_the_translator_and_stay_with_the_delivery() -> None:
    street = Street()
    assert street.call()[0] == 200

    (delivery,) = street.shop.translated
    assert (delivery.topic, delivery.headers) == ("orders/create", {"x-shop": "1"})
    kept = stored_delivery(street.table, street.claims, "shop.main", "msg_1")
    assert (kept.topic, kept.headers, kept.body) == ("orders/create", {"x-shop": "1"}, b"[1]")


def test_a_delivery_that_is_kept_whole_keeps_its_topic() -> None:
    street = Street()
    status, answer = street.call(json.dumps(list(range(100))))

    assert status == 200
    assert isinstance(answer, dict)
    assert answer["deferred"] is True
    assert stored_delivery(street.table, street.claims, "shop.main", "msg_1").topic == "orders/create"


@pytest.mark.parametrize("name", ["ORDERS_CREATE", "orders-create", "Orders.Create"])
def test_a_topic_is_known_however_it_is_written(name: str) -> None:
    street = Street()
    street.call(X_Topic=name)
    assert [delivery.topic for delivery in street.shop.translated] == ["orders/create"]


def test_the_second_header_names_the_topic_where_the_first_is_missing() -> None:
    street = Street()
    street.call(X_Topic="", Topic="orders/paid")
    assert [delivery.topic for delivery in street.shop.translated] == ["orders/paid"]


def test_a_topic_that_nobody_asked_for_is_taken_and_counted_and_not_kept() -> None:
    street = Street()

    assert street.call(X_Topic="orders/moved")[0] == 200
    assert street.call("undeclared")[0] == 200, "named by the body"

    assert street.table.items == {}
    assert street.metrics.counts["TopicsIgnored", "shop.main"] == 2


def test_a_forged_call_is_refused_whatever_its_topic() -> None:
    street = Street()
    assert street.call(X_Topic="orders/moved", X_Proof="wrong")[0] == MANIFEST.inbound.answers[401]  # type: ignore[union-attr]
    assert street.metrics.counts["TopicsIgnored", "shop.main"] == 0
    assert street.metrics.counts["DeliveriesRefused", "shop.main"] == 1


@pytest.mark.parametrize(
    ("call", "status"),
    [
        ({"X_Proof": "wrong"}, 200),
        ({"body": "malformed"}, 202),
        ({"X_Topic": ""}, 202),
        ({"account": "nobody"}, 200),
        ({"body": "x" * 4_000_001}, 202),
    ],
)
def test_a_status_that_the_vendor_punishes_is_never_given(call: dict[str, str], status: int) -> None:
    street = Street()

    answered, body = street.call(**call)  # type: ignore[arg-type]

    assert answered == status
    assert isinstance(body, dict)
    assert body["error"]
    assert street.table.items == {}


def test_the_address_that_was_called_is_told_as_the_sender_knows_it() -> None:
    street = Street()
    street.call(query="a=1&b=%20x")
    (request,) = street.shop.asked
    assert request.url == "https://door.example/webhooks/shop/main?a=1&b=%20x"
    assert (request.query, request.method) == ({"a": "1", "b": " x"}, "POST")

    behind = Street(notification_url="https://shop.example/hooks")
    behind.call()
    assert behind.shop.asked[0].url == "https://shop.example/hooks"


def test_a_handshake_is_answered_before_anything_is_verified() -> None:
    street = Street()

    assert street.call(query="validationToken=abc", X_Proof="") == (200, "abc")
    assert street.shop.asked == []
    assert street.table.items == {}


def test_a_notice_is_accepted_for_the_intake() -> None:
    street = Street()
    _, answer = street.call()
    assert isinstance(answer, dict)
    assert answer["accepted"] == ["shop.main/ResourceChanged/order/1/msg_1"]


# ---- the partner bus ----


def bus_event(payload: Any = (1,), *, source: str = SOURCE, topic: str = "orders/create") -> dict[str, Any]:
    return {"source": source, "detail": {"id": "msg_9", "topic": topic, "payload": list(payload)}}


def test_a_message_by_bus_is_accepted_as_the_webhook_would_have_been() -> None:
    street = Street(event_source=SOURCE)

    street.door.take_from_bus(bus_event())

    (delivery,) = street.shop.translated
    assert (delivery.account, delivery.delivery_id, delivery.topic) == ("shop.main", "msg_9", "orders/create")
    assert street.shop.asked == [], "the bus vouches for the sender"
    before = dict(street.table.items)
    street.door.take_from_bus(bus_event())
    assert street.table.items == before


def test_an_event_source_of_nobody_is_our_own_set_up() -> None:
    with pytest.raises(ConfigurationError, match="event source"):
        Street(event_source=SOURCE).door.take_from_bus(bus_event(source="aws.partner/other"))
    with pytest.raises(ConfigurationError, match="event source"):
        Street().door.take_from_bus({"detail": {}})
