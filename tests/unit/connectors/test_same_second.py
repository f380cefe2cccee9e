"""Two states of one resource within the second in which vendors write their times are two events; one state is one."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cli.fixtures import Fixture, account_settings, delivery_of, fixtures, kept_headers
from infra import registry
from lockstep.messaging.specs import Inbound

CHANGES = [
    ("woocommerce", "order.updated--prices_include_tax", ("payment_method",), "invoice"),
    ("woocommerce", "order.updated--unbalanced", ("line_items", 0, "total"), "0.07"),
    ("woocommerce", "fetched-order_refund--with_its_order", ("refund", "amount"), "0.07"),
    ("woocommerce", "product.updated--simple", ("price",), "1.23"),
    ("woocommerce", "coupon.updated--amount_each", ("usage_count",), 77),
    ("woocommerce", "customer.created--registered", ("last_name",), "Other"),
    ("woocommerce", "fetched-shipment_tracking--two", (0, "tracking_provider"), "Other"),
    ("bigcommerce", "fetched-order--plain", ("payment_status",), "authorized"),
    ("bigcommerce", "fetched-order--tax_added", ("products", 0, "quantity_shipped"), 3),
    ("bigcommerce", "fetched-order--list", (0, "payment_status"), "void"),
    ("bigcommerce", "fetched-order_refund--priced", ("refund", "payments", 0, "is_declined"), True),
    ("bigcommerce", "fetched-product--two_variants", ("data", "variants", 0, "price"), 1.23),
    ("bigcommerce", "fetched-customer--with_address", ("data", 0, "last_name"), "Other"),
    ("adobe_commerce", "fetched-order--tax_and_discount", ("state",), "holded"),
    ("adobe_commerce", "fetched-order--tax_and_discount", ("base_tax_amount",), 0.07),
    ("adobe_commerce", "fetched-product--simple", ("price",), 1.23),
    ("adobe_commerce", "fetched-customer--with_address", ("lastname",), "Other"),
    ("shopify", "orders-create--tax_included", ("financial_status",), "partially_paid"),
    ("shopify", "orders-create--two_taxes_on_top", ("total_tax",), "0.07"),
    ("shopify", "products-create--two_variants", ("variants", 0, "price"), "1.23"),
    ("stripe", "payout.paid--with_trace", ("data", "object", "trace_id", "value"), "other"),
    ("stripe", "charge.dispute.created--not_received", ("data", "object", "evidence_details", "due_by"), 1_800_000_000),
    ("stripe", "product.created--mug", ("data", "object", "name"), "Other"),
]
"""A connector, a message of it, and something in it that changes while its time of change stays."""
TOPICS = [
    ("woocommerce", "order.updated--refunds", "order.created"),
    ("woocommerce", "order.updated--refunds", "fetched/order"),
    ("woocommerce", "product.updated--simple", "fetched/product"),
    ("shopify", "orders-updated--refunded_on_two_days", "orders/paid"),
    ("shopify", "orders-updated--refunded_on_two_days", "orders/fulfilled"),
]
"""A connector, a message of it, and another topic under which the same comes."""


def found(system: str, name: str) -> tuple[Inbound, Fixture]:
    manifest = registry.manifest(system)
    assert manifest.inbound is not None
    return manifest.inbound, next(one for one in fixtures(manifest) if one.name == name)


def identities(inbound: Inbound, fixture: Fixture, *, body: bytes, topic: str = "") -> list[str]:
    conformance = registry.conformance(fixture.system)
    delivery = replace(delivery_of(fixture, kept_headers(conformance, fixture.name), inbound), body=body)
    connector = registry.inbound_connector(fixture.system)(account_settings(conformance, delivery.account))
    said = connector.translate(replace(delivery, topic=topic or delivery.topic))
    return [event.id for event in said.events] + [f"{one.resource}/{one.key}/{one.version}" for one in said.notices]


def changed(body: bytes, path: tuple[str | int, ...], value: object) -> bytes:
    whole = json.loads(body)
    part: Any = whole
    for step in path[:-1]:
        part = part[step]
    assert part[path[-1]] != value
    part[path[-1]] = value
    return json.dumps(whole).encode()


@pytest.mark.parametrize(("system", "name", "path", "value"), CHANGES, ids=str)
def test_another_state_within_the_second_is_another_event(
    system: str, name: str, path: tuple[str | int, ...], value: object
) -> None:
    inbound, fixture = found(system, name)
    before = identities(inbound, fixture, body=fixture.body)
    after = identities(inbound, fixture, body=changed(fixture.body, path, value))
    assert before
    assert set(after) - set(before)


@pytest.mark.parametrize(("system", "name", "topic"), TOPICS)
def test_the_same_state_under_another_topic_is_the_same_event(system: str, name: str, topic: str) -> None:
    inbound, fixture = found(system, name)
    assert identities(inbound, fixture, body=fixture.body, topic=topic) == identities(
        inbound, fixture, body=fixture.body
    )
