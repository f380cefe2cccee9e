"""Messages of a shop, built of parts in the vendor's shape, and what becomes of them."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

from lockstep.connectors.shopify.connector import ShopifyConnector
from lockstep.messaging.inbound import Delivery

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
FIXTURES = Path(__file__).resolve().parents[4] / "functions/lockstep/connectors/shopify/fixtures"


def fixture(name):
    """A fixture's message, to be changed at will."""
    return deepcopy(json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8")))


def translated(topic, message, *, headers=None, currency=None, takes_tests=False, at=NOW, delivery="d1"):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return ShopifyConnector(currency=currency, takes_tests=takes_tests).translate(
        Delivery("shopify.main", delivery, body, at, topic, headers or {})
    )


def event(topic, message, kind=None, **more):
    """The one event of a kind that comes of a message."""
    events = [one for one in translated(topic, message, **more).events if kind in {None, one.type}]
    assert len(events) == 1, [one.type for one in events]
    return events[0]


def bag(shop, currency="EUR", seen=None, other=None):
    return {
        "shop_money": {"amount": shop, "currency_code": currency},
        "presentment_money": {"amount": shop if seen is None else seen, "currency_code": other or currency},
    }


def a_line(number=1, price="10.00", quantity=1, **more):
    return {
        "id": number,
        "sku": f"SKU-{number}",
        "variant_id": 100 + number,
        "product_id": 200 + number,
        "title": "Thing",
        "quantity": quantity,
        "current_quantity": quantity,
        "fulfillable_quantity": quantity,
        "price": price,
        "price_set": bag(price),
        "gift_card": False,
        "tax_lines": [],
        "discount_allocations": [],
        **more,
    }


def an_order(lines, total, **more):
    return {
        "id": 5001,
        "name": "#1001",
        "created_at": "2026-11-16T23:30:00-05:00",
        "processed_at": "2026-11-16T23:30:00-05:00",
        "updated_at": "2026-11-16T23:30:01-05:00",
        "currency": "EUR",
        "financial_status": "pending",
        "fulfillment_status": None,
        "source_name": "web",
        "total_price": total,
        "line_items": lines,
        **more,
    }


def a_refund(**more):
    return {
        "id": 71,
        "order_id": 5001,
        "created_at": "2026-11-18T09:00:00-05:00",
        "processed_at": "2026-11-18T09:00:00-05:00",
        "refund_line_items": [],
        "order_adjustments": [],
        "transactions": [],
        **more,
    }


def money_back(amount, **more):
    return {
        "id": 91,
        "kind": "refund",
        "status": "success",
        "amount": amount,
        "currency": "EUR",
        "gateway": "card",
        **more,
    }


def a_refunded_line(line, quantity, subtotal, tax="0.00", restock="return", **more):
    return {
        "id": 81,
        "line_item_id": line["id"],
        "line_item": line,
        "quantity": quantity,
        "restock_type": restock,
        "subtotal": float(subtotal),
        "subtotal_set": bag(subtotal),
        "total_tax": float(tax),
        "total_tax_set": bag(tax),
        **more,
    }
