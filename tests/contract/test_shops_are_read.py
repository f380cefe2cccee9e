"""From a shop's webhook through the door and the intake to the ledger: what it only hints at is read, once."""

import json
from datetime import timedelta
from typing import Any

import pytest

from infra import registry
from lockstep.messaging.accept import Acceptor
from lockstep.messaging.conformance import Message
from lockstep.messaging.intake import IntakeConsumer
from lockstep.messaging.ledger import entry_from
from lockstep.messaging.ports import Bell
from lockstep.runtime import reading
from lockstep.runtime.memory import MemoryDoorbells, MemoryMetrics, SeededRandom
from tests.contract.kit.subject import Street, Subject
from tests.unit.connectors.fake_api import FakeApi


class Shop:
    """A street with a shop's door, and the intake behind it that reads at the shop."""

    def __init__(self, system: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.subject = Subject.of(system)
        self.street = Street(self.subject)
        self.api = FakeApi({})
        monkeypatch.setattr(reading, "open_pool", lambda: self.api)
        reader = registry.reader(system)(
            self.subject.account, dict(self.subject.conformance.connection), self.subject.settings
        )
        self.intake = IntakeConsumer(
            f"intake.{system}",
            self.subject.connector.translate,
            acceptor=Acceptor(
                self.street.table, self.street.claims, self.street.clock, SeededRandom(), MemoryMetrics()
            ),
            table=self.street.table,
            claims=self.street.claims,
            doorbells=MemoryDoorbells(),
            clock=self.street.clock,
            metrics=MemoryMetrics(),
            fetch=lambda _account, notice: reader.fetch(notice),
            reads_per_second=1000,
        )
        self.sent = 0

    def fixture(self, name: str) -> Any:
        return json.loads(next(one for one in self.subject.fixtures if one.name == name).body)

    def send(self, topic: str, body: Any) -> dict[str, Any]:
        """Deliver a message; what the door says of it."""
        self.sent += 1
        named = {self.subject.inbound.topic_headers[0]: topic} if self.subject.inbound.topic_headers else {}
        message = Message(
            topic=topic,
            body=json.dumps(body).encode(),
            url=self.subject.url,
            delivery=f"msg_{self.sent}",
            sent_at=self.street.clock.now(),
            headers={"content-type": "application/json", **named},
        )
        answer = self.street.call(self.subject.conformance.sign(message, self.subject.conformance.secrets[0]))
        assert answer["statusCode"] == 200, answer
        self.street.clock.advance(minutes=1)
        return json.loads(answer["body"])

    def drain(self) -> None:
        for lane in sorted({key.pk[2:] for key in self.street.items if key.pk.startswith("S#intake:")}):
            self.intake.drain(Bell(lane), until=self.street.clock.now() + timedelta(minutes=1))

    def events(self, kind: str) -> list[Any]:
        """The events of a kind, as they stand."""
        entries = [
            (key, item) for key, item in self.street.items.items() if key.sk.startswith("E#") and "event" in item
        ]
        found = [entry_from(key, item).event for key, item in entries]
        return [event for event in found if event.type == kind]

    def ledger(self, kind: str) -> list[str]:
        """Identities of the events of a kind."""
        return sorted(key.pk for key in self.street.items if key.pk.startswith("I#") and f"/{kind}/" in key.pk)


def test_an_order_that_is_told_of_several_times_is_one_order(monkeypatch):
    store = Shop("bigcommerce", monkeypatch)
    whole = store.fixture("fetched-order--tax_added")
    root = "/stores/ab12cd34/v2/orders/250"
    store.api.answers = {
        root: (200, json.dumps(whole["order"]).encode()),
        f"{root}/products": (200, json.dumps(whole["products"]).encode()),
        f"{root}/taxes": (200, json.dumps(whole["taxes"]).encode()),
        f"{root}/coupons": (200, json.dumps(whole["coupons"]).encode()),
    }
    for scope in ("created", "updated", "statusUpdated"):
        told = store.send(f"store/order/{scope}", store.fixture(f"store-order-{scope}"))
        assert len(told["accepted"]) == 1
    assert store.send("store/order/created", store.fixture("store-order-created"))["repeated"]
    store.drain()
    (order,) = store.ledger("OrderReported")
    assert "/250/2026-11-20T09:16:02Z" in order


def test_what_is_gone_when_it_is_read_is_nothing(monkeypatch):
    store = Shop("bigcommerce", monkeypatch)
    store.send("store/order/created", store.fixture("store-order-created"))
    store.drain()
    assert store.ledger("OrderReported") == []
    assert store.api.asked


def test_refunds_of_several_days_are_each_read_once_and_in_the_orders_currency(monkeypatch):
    shop = Shop("woocommerce", monkeypatch)
    order = {**shop.fixture("order.updated--refunds"), "currency": "USD"}
    refund = shop.fixture("fetched-order_refund--with_its_order")["refund"]
    root = "/wp-json/wc/v3/orders/4721"
    shop.api.answers = {
        root: (200, json.dumps({"id": 4721, "currency": "USD", "payment_method": "stripe"}).encode()),
        f"{root}/refunds/4801": (200, json.dumps(refund).encode()),
        f"{root}/refunds/4799": (200, json.dumps({**refund, "id": 4799}).encode()),
    }
    first = {**order, "refunds": order["refunds"][1:], "date_modified_gmt": "2026-11-21T09:00:00"}
    shop.send("order.updated", first)
    shop.drain()
    shop.send("order.updated", order)
    shop.send("order.updated", {**order, "status": "completed"})
    shop.drain()
    assert len(shop.ledger("OrderReported")) == 3
    assert len(shop.ledger("RefundReported")) == 2
    assert len([path for path, _ in shop.api.asked if path.endswith("/refunds/4799")]) == 1
    assert {event.data.total.currency for event in shop.events("RefundReported")} == {"USD"}


def test_an_order_of_which_an_event_leaves_out_something_is_read(monkeypatch):
    shop = Shop("adobe_commerce", monkeypatch)
    whole = {**shop.fixture("fetched-order--tax_and_discount"), "entity_id": 43}
    shop.api.answers = {"/rest/all/V1/orders/43": (200, json.dumps(whole).encode())}
    shop.send("observer.sales_order_save_after", shop.fixture("observer-sales_order_save_after--fewer_fields"))
    shop.drain()
    assert len(shop.ledger("OrderReported")) == 1
