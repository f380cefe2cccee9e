"""What the contract kit, samples and the command line are told of Square. Not deployed."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from lockstep.canonical.money import EXPONENTS
from lockstep.connectors.square.verify import SIGNATURE_HEADER
from lockstep.messaging.conformance import Conformance, Contract, Message, Vector, VendorAnswer
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable, RateLimited
from lockstep.messaging.inbound import Request

_NOW: Final = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
_SCHEMAS: Final = "/components/schemas"


def sign(message: Message, secret: str) -> Request:
    """The call with which Square sends a webhook."""
    digest = hmac.digest(secret.encode(), message.url.encode() + message.body, sha256)
    headers = {**message.headers, SIGNATURE_HEADER: base64.b64encode(digest).decode()}
    return Request(headers, message.body, message.url)


def totals(topic: str, body: bytes) -> list[Decimal]:  # noqa: ARG001  # what is in a message says what it is
    """What Square states of orders, payments, refunds, payouts, disputes and gift cards."""
    message = json.loads(body)
    carried = (message.get("data") or {}).get("object") or {}
    return [
        *_stated(message, carried, "order", "net_amounts.total_money", "total_money"),
        *_stated(message, carried, "payment", "total_money", "amount_money"),
        *_stated(message, carried, "refund", "amount_money"),
        *_stated(message, carried, "payout", "amount_money"),
        *_stated(message, carried, "dispute", "amount_money"),
        *_value_moved(carried),
    ]


def _stated(message: dict[str, Any], carried: dict[str, Any], name: str, *fields: str) -> list[Decimal]:
    """The first of these amounts that each resource of a kind has."""
    resources = [part[name] for part in (message, carried) if part.get(name)] + list(message.get(f"{name}s", ()))
    amounts = ([_amount(each, field) for field in fields] for each in resources)
    return [next(amount for amount in found if amount is not None) for found in amounts]


def _amount(resource: dict[str, Any], path: str) -> Decimal | None:
    money: Any = resource
    for name in path.split("."):
        money = (money or {}).get(name)
    if not money:
        return None
    exponent = EXPONENTS[money.get("currency") or money["currency_code"]]
    return Decimal(money["amount"]).scaleb(-exponent)


def _value_moved(carried: dict[str, Any]) -> list[Decimal]:
    """What an activity adds to a gift card or takes off it; of a card by itself, or a cleared one, nothing is said."""
    if "gift_card" in carried:
        return [Decimal(0)]
    activity = carried.get("gift_card_activity") or {}
    kind = activity.get("type", "")
    if not kind or kind in {"BLOCK", "UNBLOCK"}:
        return []
    details = activity[f"{kind.lower()}_activity_details"]
    amount = _amount(details, "amount_money") or Decimal(0)
    lowers = kind in {"REDEEM", "ADJUST_DECREMENT", "IMPORT_REVERSAL", "TRANSFER_BALANCE_FROM"}
    return [-amount if lowers and details.get("status") != "CANCELED" else amount]


def vector(entry: Mapping[str, Any]) -> Vector:
    """The vector of Square's SDK."""
    request = Request({entry["header"]: entry["expected"]}, entry["body"].encode(), entry["notification_url"])
    return Vector(request=request, secret=entry["secret"], now=_NOW)


def _error(status: int, code: str, category: str = "API_ERROR") -> bytes:
    return json.dumps({"errors": [{"category": category, "code": code, "detail": f"example {status}"}]}).encode()


CONFORMANCE = Conformance(
    secrets=("asdf1234asdf1234asdfAA", "qwer5678qwer5678qwerBB"),
    sign=sign,
    headers={},
    time_zone="America/New_York",
    required={
        "fetched-order--counter_sale": ("order.id", "order.line_items.0.quantity"),
        "payment.updated--completed": ("data.object.payment.id", "data.object.payment.status"),
        "refund.updated--completed": ("data.object.refund.id", "data.object.refund.amount_money.amount"),
        "inventory.count.updated--two_states": ("data.object.inventory_counts.0.catalog_object_id",),
        "payout.paid--deposit": ("data.object.payout.amount_money.amount",),
        "dispute.created--not_received": ("data.object.dispute.disputed_payment.payment_id",),
        "order.updated--new_version": ("type",),
    },
    totals=totals,
    personal=("Imani", "Okafor", "imani.okafor@example.com", "+12025550143", "12 Harbour Row"),
    vectors_of=("square",),
    own_vectors=(
        # Made with OpenSSL: printf '%s' '<url><body>' | openssl dgst -sha256 -hmac <key> -binary | base64.
        Vector(
            request=Request(
                {SIGNATURE_HEADER: "BlqC6X9Iz1NlikFbMjqEnBbmAcY70su3G4JjSgbOMLI="},
                b'{"merchant_id":"MLANTERN0001","type":"order.created",'
                b'"event_id":"e0000000-0000-4000-8000-00000000beef"}',
                "https://lantern.example.com/hooks/square",
            ),
            secret="lantern-vector-key",  # noqa: S106  # an example
            now=_NOW,
        ),
    ),
    vector=vector,
    payload_topics={
        "resource.CalculateOrderResponse": "fetched/order",
        "resource.CloneOrderResponse": "fetched/order",
        "resource.CreateOrderRequest": "fetched/order",
        "resource.SearchOrdersResponse": "fetched/order",
        "resource.UpdateOrderResponse": "fetched/order",
        "resource.CreatePaymentResponse": "fetched/payment",
        "resource.GetPaymentResponse": "fetched/payment",
        "resource.GetPaymentRefundResponse": "fetched/refund",
        "resource.ListPaymentRefundsResponse": "fetched/refund",
        "resource.RefundPaymentResponse": "fetched/refund",
    },
    contracts=(
        Contract(file="square/api.json", schema=f"{_SCHEMAS}/RetrieveOrderResponse", fixtures="fetched-order--*"),
        Contract(file="square/api.json", schema=f"{_SCHEMAS}/SearchOrdersResponse", fixtures="fetched-order--page"),
        Contract(file="square/api.json", schema=f"{_SCHEMAS}/ListPaymentsResponse", fixtures="fetched-payment--*"),
        Contract(file="square/api.json", schema=f"{_SCHEMAS}/ListPaymentRefundsResponse", fixtures="fetched-refund--*"),
        Contract(file="square/api.json", schema=f"{_SCHEMAS}/ListPayoutsResponse", fixtures="fetched-payout--*"),
        Contract(
            file="square/api.json",
            schema=f"{_SCHEMAS}/BatchRetrieveInventoryCountsResponse",
            fixtures="fetched-inventory--*",
        ),
        Contract(
            file="square/api.json",
            schema=f"{_SCHEMAS}/InventoryCountUpdatedEvent",
            fixtures="inventory.count.updated--*",
        ),
        Contract(file="square/api.json", schema=f"{_SCHEMAS}/OrderUpdatedEvent", fixtures="order.updated--*"),
        Contract(file="square/api.json", schema=f"{_SCHEMAS}/Payment", fixtures="payment.*", at="/data/object/payment"),
        Contract(
            file="square/api.json", schema=f"{_SCHEMAS}/PaymentRefund", fixtures="refund.*", at="/data/object/refund"
        ),
        Contract(file="square/api.json", schema=f"{_SCHEMAS}/Payout", fixtures="payout.*", at="/data/object/payout"),
        Contract(file="square/api.json", schema=f"{_SCHEMAS}/Dispute", fixtures="dispute.*", at="/data/object/dispute"),
        Contract(
            file="square/api.json", schema=f"{_SCHEMAS}/Customer", fixtures="customer.*", at="/data/object/customer"
        ),
        Contract(
            file="square/api.json",
            schema=f"{_SCHEMAS}/GiftCardActivity",
            fixtures="gift_card.activity.*",
            at="/data/object/gift_card_activity",
        ),
        Contract(
            file="square/api.json", schema=f"{_SCHEMAS}/SearchCatalogObjectsResponse", fixtures="fetched-catalog--*"
        ),
    ),
    connection={
        "base_url": "https://connect.squareup.com",
        "token": "EAAAexampleexampleexample",
        "location_ids": "LEXAMPLE1",
    },
    statuses=(
        VendorAnswer(status=200, means=None),
        VendorAnswer(status=404, means=None, body=_error(404, "NOT_FOUND", "INVALID_REQUEST_ERROR")),
        VendorAnswer(status=410, means=None, body=_error(410, "GONE")),
        VendorAnswer(status=400, means=ConfigurationError, body=_error(400, "BAD_REQUEST", "INVALID_REQUEST_ERROR")),
        VendorAnswer(
            status=401, means=ConfigurationError, body=_error(401, "ACCESS_TOKEN_EXPIRED", "AUTHENTICATION_ERROR")
        ),
        VendorAnswer(
            status=403, means=ConfigurationError, body=_error(403, "INSUFFICIENT_SCOPES", "AUTHENTICATION_ERROR")
        ),
        VendorAnswer(status=429, means=RateLimited, body=_error(429, "RATE_LIMITED", "RATE_LIMIT_ERROR")),
        VendorAnswer(
            status=429,
            means=RateLimited,
            headers={"retry-after": "3"},
            body=_error(429, "RATE_LIMITED", "RATE_LIMIT_ERROR"),
            retry_after=timedelta(seconds=3),
        ),
        VendorAnswer(status=500, means=EndpointUnavailable, body=_error(500, "INTERNAL_SERVER_ERROR")),
        VendorAnswer(status=502, means=EndpointUnavailable, body=_error(502, "BAD_GATEWAY")),
        VendorAnswer(status=503, means=EndpointUnavailable, body=_error(503, "SERVICE_UNAVAILABLE")),
        VendorAnswer(status=504, means=EndpointUnavailable, body=_error(504, "GATEWAY_TIMEOUT")),
    ),
)
