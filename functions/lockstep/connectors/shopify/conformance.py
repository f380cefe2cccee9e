"""What the contract kit, samples and the command line are told of Shopify. Not deployed."""

import base64
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from lockstep.messaging.conformance import Conformance, Message, Vector, VendorAnswer
from lockstep.messaging.errors import ConfigurationError, EndpointTimeout, EndpointUnavailable, RateLimited
from lockstep.messaging.inbound import Request

_SECRETS: Final = ("shpss_lantern_example_one", "shpss_lantern_example_two")
_BODY: Final = '{"id":5500000001,"note":"Grüße"}'.encode()
_SIGNED: Final = "YXy091t6rKsONaruw/2Kq8vU2d/JYXVUQPyAHt43SFQ="
"""Of this body by the first secret, by OpenSSL: openssl dgst -sha256 -hmac SECRET -binary BODY | openssl base64"""


_SAMPLES: Final = frozenset({7700019})
"""Numbers of those of which a header alone says that they are samples."""


def sign(message: Message, secret: str) -> Request:
    """The call with which the shop sends a webhook."""
    digest = hmac.digest(secret.encode(), message.body, sha256)
    own = {
        "x-shopify-hmac-sha256": base64.b64encode(digest).decode(),
        "x-shopify-shop-domain": "lantern.myshopify.com",
        "x-shopify-api-version": "2026-10",
        "x-shopify-event-id": f"event-{message.delivery}",
        "x-shopify-webhook-id": f"webhook-{message.delivery}",
    }
    return Request({**message.headers, **own}, message.body, message.url)


def totals(topic: str, body: bytes) -> Sequence[Decimal] | None:
    """What the shop states of orders, refunds, movements of money, payouts, disputes and gift cards."""
    message = json.loads(body)
    if message.get("id") in _SAMPLES:
        return ()
    kind = topic.partition("/")[2] if topic.startswith("fetched/") else topic.partition("/")[0].removesuffix("s")
    found = message.get(kind) or message.get(f"{kind}s") if topic.startswith("fetched/") else message
    listed = found if isinstance(found, list) else [found or {}]
    return [amount for one in listed for amount in _stated(kind, one)]


def _stated(kind: str, one: Mapping[str, Any]) -> Iterator[Decimal]:
    if kind == "order" and "total_price" in one and not one.get("test"):
        yield from _bag(one, "total_price")
        for refund in one.get("refunds", ()):
            yield from _refund(refund, included=one["taxes_included"], embedded=True)
        for transaction in one.get("transactions", ()):
            yield from _transaction(transaction)
    elif kind == "refund" and "id" in one:
        yield from _refund(one, included=one.get("taxes_included"), embedded=False)
    elif kind == "order_transaction":
        yield from _transaction(one)
    elif kind == "draft_order" and one.get("status") == "open":
        yield Decimal(one["total_price"])
    elif kind in {"payout", "dispute"}:
        yield Decimal(one["amount"])
    elif kind == "gift_card":
        yield Decimal(one["initial_value"])
        yield -Decimal(one["balance"]) if one["disabled_at"] else Decimal(0)


def _bag(one: Mapping[str, Any], name: str) -> Iterator[Decimal]:
    """In the shop's currency, and in the customer's where that is another."""
    yield round(Decimal(one[name]), 6)  # old versions write the noise of binary fractions
    bag = one.get(f"{name}_set")
    if bag and bag["presentment_money"]["currency_code"] != bag["shop_money"]["currency_code"]:
        yield Decimal(bag["presentment_money"]["amount"])


def _refund(one: Mapping[str, Any], *, included: bool | None, embedded: bool) -> Iterator[Decimal]:
    """The money that went back; of a refund without money, and of an exchange, what its lines are worth."""
    moved = [row for row in one["transactions"] if row["kind"] == "refund"]
    if moved and all(row["test"] for row in moved):
        return
    lines = one["refund_line_items"]
    worth = sum((Decimal(row["subtotal_set"]["shop_money"]["amount"]) for row in lines), Decimal(0))
    tax = sum((Decimal(row["total_tax_set"]["shop_money"]["amount"]) for row in lines), Decimal(0))
    if not moved:
        if included is not None or not tax:
            yield worth if included else worth + tax
        return
    back = sum((Decimal(row["amount"]) for row in moved), Decimal(0))
    arrived = sum((Decimal(row["amount"]) for row in moved if row["status"] == "success"), Decimal(0))
    kept = sum((Decimal(row["amount"]) for row in one["order_adjustments"]), Decimal(0))
    parts = {worth - kept, worth + tax - kept}
    if one["return"] and back < worth:
        yield worth  # the rest pays for what was taken in exchange
        return
    if embedded and back not in parts:
        return  # it is read by itself
    foreign = lines and lines[0]["subtotal_set"]["shop_money"]["currency_code"] != moved[0]["currency"]
    yield arrived if arrived in parts else back
    if foreign:
        yield worth + tax


def _transaction(one: Mapping[str, Any]) -> Iterator[Decimal]:
    if one["test"]:
        return
    rounding = one["amount_rounding"] or {"shop_money": {"amount": "0"}}
    moved = Decimal(one["amount"]) + Decimal(rounding["shop_money"]["amount"])
    yield moved
    if one["gateway"] == "gift_card":
        yield moved if one["kind"] == "refund" else -moved


CONFORMANCE = Conformance(
    secrets=_SECRETS,
    sign=sign,
    currency="EUR",
    headers={
        "refunds-create--sample": {"x-shopify-test": "true"},
        "returns-request--one_line": {"x-shopify-triggered-at": "2026-11-20T09:00:00.123456Z"},
        "returns-approve--one_line": {"x-shopify-triggered-at": "2026-11-20T10:00:00.123456Z"},
        "returns-close--status": {"x-shopify-triggered-at": "2026-11-22T10:00:00.123456Z"},
        "products-delete--gone": {"x-shopify-triggered-at": "2026-11-22T11:00:00Z"},
        "Product--deleted": {
            "shopify-action": "delete",
            "shopify-resource-id": "gid://shopify/Product/7000131",
            "shopify-triggered-at": "2026-11-22T11:00:00Z",
        },
        "Order--deleted": {"shopify-action": "delete"},
    },
    required={
        "orders-create--old_version": ("currency",),
        "orders-create--tax_included": (
            "id",
            "total_price",
            "line_items",
            "line_items.0.id",
            "line_items.0.quantity",
        ),
        "refunds-create--line": ("id", "order_id", "refund_line_items.0.quantity"),
        "order_transactions-create--sale": ("id", "amount", "kind"),
        "draft_orders-create--tax_of_the_whole": ("id", "currency", "total_price"),
        "products-create--two_variants": ("id", "variants.0.id"),
        "customers-create--consenting": ("id",),
        "disputes-create--chargeback": ("id", "amount", "currency"),
        "inventory_levels-update--counted": ("inventory_item_id", "location_id"),
        "fulfillments-create--two_parcels": ("id", "line_items.0.quantity"),
    },
    totals=totals,
    personal=("Mira", "mira.example@example.com", "Beispielweg 5", "+49 30 0000000", "came back in a torn box"),
    own_vectors=(
        Vector(
            request=Request(
                {
                    "x-shopify-topic": "orders/updated",
                    "x-shopify-hmac-sha256": _SIGNED,
                    "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
                },
                _BODY,
            ),
            secret=_SECRETS[0],
            now=datetime(2026, 11, 23, 20, 0, tzinfo=UTC),
        ),
        Vector(
            request=Request(
                {
                    "shopify-topic": "Order",
                    "shopify-hmac-sha256": _SIGNED,
                    "shopify-webhook-id": "b1",
                },
                _BODY,
            ),
            secret=_SECRETS[0],
            now=datetime(2026, 11, 23, 20, 0, tzinfo=UTC),
        ),
    ),
    connection={"base_url": "https://lantern.myshopify.com", "token": "shpat_lantern_example"},
    optional_lists=("payout",),
    statuses=(
        VendorAnswer(status=200, means=None, body=b'{"order": {"id": 1001}, "transactions": []}'),
        VendorAnswer(status=404, means=None),
        VendorAnswer(status=200, means=EndpointUnavailable, body=b"<html>"),
        VendorAnswer(status=301, means=ConfigurationError),
        VendorAnswer(status=400, means=ConfigurationError),
        VendorAnswer(status=401, means=ConfigurationError),
        VendorAnswer(status=402, means=ConfigurationError),
        VendorAnswer(status=403, means=ConfigurationError),
        VendorAnswer(status=408, means=EndpointTimeout),
        VendorAnswer(status=423, means=ConfigurationError),
        VendorAnswer(status=429, means=RateLimited, headers={"retry-after": "2.0"}, retry_after=timedelta(seconds=2)),
        VendorAnswer(status=429, means=RateLimited),
        VendorAnswer(status=430, means=EndpointUnavailable),
        VendorAnswer(status=500, means=EndpointUnavailable),
        VendorAnswer(status=502, means=EndpointUnavailable),
        VendorAnswer(status=503, means=EndpointUnavailable),
        VendorAnswer(status=504, means=EndpointUnavailable),
    ),
)
