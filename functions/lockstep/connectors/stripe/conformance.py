"""What the contract kit, samples and the command line are told of Stripe. Not deployed."""

import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from lockstep.connectors.stripe.verify import SIGNATURE_HEADER
from lockstep.messaging.conformance import Conformance, Contract, Message, Vector, VendorAnswer
from lockstep.messaging.errors import ConfigurationError, EndpointUnavailable, RateLimited
from lockstep.messaging.inbound import Request

_ZERO: Final = {"jpy", "mga"}
_THREE: Final = {"kwd"}
_SPEC: Final = "stripe/spec3_2020.json"
_SCHEMAS: Final = "/components/schemas"
_AT: Final = "/data/object"


def sign(message: Message, secret: str) -> Request:
    """The call with which Stripe sends an event."""
    timestamp = str(int(message.sent_at.timestamp()))
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + message.body, sha256).hexdigest()
    return Request({**message.headers, SIGNATURE_HEADER: f"t={timestamp},v1={digest}"}, message.body, message.url)


def totals(topic: str, body: bytes) -> list[Decimal]:
    """What Stripe states of each movement, dispute and payout. Events that tell of the same money count once."""
    message = json.loads(body)
    if topic.startswith("fetched/"):
        return list(_read(message).values())
    return list(_event(message).values())


def _read(message: dict[str, Any]) -> dict[str, Decimal]:
    if "payout" in message:
        return _object(message["payout"])
    if message["object"] == "list":
        found: dict[str, Decimal] = {}
        for each in message["data"]:
            found |= _read(each)
        return found
    if message["object"] == "event":
        return _event(message)
    return _object(message)


def _event(message: dict[str, Any]) -> dict[str, Decimal]:
    if message.get("account") and not message["livemode"]:
        return {}
    carried, topic = message["data"]["object"], message["type"]
    if topic == "charge.refunded":
        return {each["id"]: _whole(each, "amount") for each in (carried.get("refunds") or {}).get("data", ())}
    if topic == "payout.reconciliation_completed":
        return {}
    if topic == "invoice.payment_failed":
        return {"charge": _whole(carried, "amount_due")}
    found = _object(carried)
    if topic.endswith(("funds_withdrawn", "funds_reinstated")):
        found["moved"] = _whole(carried, "amount")
    if (message["data"].get("previous_attributes") or {}).get("status") == "succeeded":
        found["came back"] = _whole(carried, "amount")
    return found


def _object(each: dict[str, Any]) -> dict[str, Decimal]:
    match each["object"]:
        case "charge":
            refunds = (each.get("refunds") or {}).get("data", ())
            charged = _whole(each, "amount_captured" if each["amount_captured"] else "amount")
            return {each["id"]: charged, **{refund["id"]: _whole(refund, "amount") for refund in refunds}}
        case "payment_intent":
            field = {"succeeded": "amount_received", "requires_capture": "amount_capturable"}.get(
                each["status"], "amount"
            )
            waits = each["status"] == "requires_action" or (
                each["status"] == "requires_payment_method" and not each.get("last_payment_error")
            )
            charges = [charge["id"] for charge in (each.get("charges") or {}).get("data", ())]
            charge = each.get("latest_charge") or next(iter(charges), each["id"])
            return {} if waits else {str(charge): _whole(each, field)}
        case "refund" | "dispute" | "payout":
            return {each["id"]: _whole(each, "amount")}
        case "checkout.session":
            promised = each["payment_status"] != "no_payment_required" and each["status"] == "complete"
            return {each["id"]: _whole(each, "amount_total")} if promised else {}
        case "invoice":
            return {each["charge"]: _whole(each, "amount_paid")} if each.get("charge") else {}
        case _:
            return {}


def _whole(each: dict[str, Any], field: str) -> Decimal:
    places = 0 if each["currency"] in _ZERO else 3 if each["currency"] in _THREE else 2
    return Decimal(each[field]).scaleb(-places)


_SIGNED_AT: Final = 1795464000
_SIGNED: Final = "efb327de7cec585751b3c80529ca8d4e039721c969688a44f0c22541e83b3211"

CONFORMANCE = Conformance(
    secrets=("whsec_lanternexamplesecretone", "whsec_lanternexamplesecrettwo"),
    sign=sign,
    required={
        "charge.succeeded--sale": ("data.object", "data.object.id", "data.object.currency"),
        "refund.created--pending": ("data.object.id", "data.object.amount"),
        "payment_intent.succeeded--sale": ("data.object.status", "data.object.currency"),
        "charge.dispute.created--not_received": ("data.object.amount",),
        "payout.paid--with_trace": ("data.object.status", "data.object.amount"),
        "price.created--mug": ("id", "data.object.product"),
    },
    totals=totals,
    personal=("Imani Okafor", "imani.okafor@example.com", "+12025550143", "12 Harbour Row"),
    own_vectors=(
        # Made with OpenSSL: printf '%s' '<time>.<body>' | openssl dgst -sha256 -hmac <secret>.
        Vector(
            request=Request(
                {SIGNATURE_HEADER: f"t={_SIGNED_AT},v0=6ffb,v1=0000,v1={_SIGNED}"},
                b'{"id":"evt_lantern_vector","object":"event","type":"charge.succeeded"}',
            ),
            secret="whsec_lanternvectorsecret",  # noqa: S106  # an example
            now=datetime.fromtimestamp(_SIGNED_AT, UTC),
        ),
    ),
    payload_topics={
        "checkout.session.completed.payment_mode": "checkout.session.completed",
        "checkout.session.completed.setup_mode": "checkout.session.completed",
        "resource.charge_ch_fakefakefakefakefake0001": "fetched/charge",
        "resource.dispute_ch_fakefakefakefake01": "fetched/charge",
        "resource.dispute_dp_fakefakefakefake02": "fetched/dispute",
        "resource.dispute_dp_funds_reinstated_full": "fetched/dispute",
        "resource.dispute_pm_fakefakefakefake01": "fetched/dispute",
        "resource.dispute_txn_fakefakefakefake01": "fetched/dispute",
        "resource.fixtures3_balance_transaction": "fetched/payout",
        "resource.fixtures3_invoice": "fetched/invoice",
        "resource.fixtures3_payment_intent": "fetched/payment_intent",
        "resource.invoice_in_fakefakefakefakefake0001": "fetched/invoice",
        "resource.invoice_in_fakefakefakefakefake0004": "fetched/invoice",
        "resource.order_order_fakefakefakefake0001": "fetched/charge",
        "resource.payment_intent_pi_fakefakefakefakefake0001": "fetched/payment_intent",
        "resource.tax_rate_txr_fakefakefakefakefake0001": "fetched/product",
        "resource.tax_rate_txr_fakefakefakefakefake0002": "fetched/product",
    },
    contracts=(
        Contract(file=_SPEC, schema=f"{_SCHEMAS}/event", fixtures="*.*--*"),
        Contract(file=_SPEC, schema=f"{_SCHEMAS}/charge", fixtures="charge.[cefps]*--*", at=_AT),
        Contract(file=_SPEC, schema=f"{_SCHEMAS}/refund", fixtures="refund.*", at=_AT),
        Contract(file=_SPEC, schema=f"{_SCHEMAS}/payment_intent", fixtures="payment_intent.*", at=_AT),
        Contract(file=_SPEC, schema=f"{_SCHEMAS}/payout", fixtures="payout.[cfpu]*", at=_AT),
        Contract(file=_SPEC, schema=f"{_SCHEMAS}/invoice", fixtures="invoice.*", at=_AT),
        Contract(file=_SPEC, schema=f"{_SCHEMAS}/product", fixtures="product.*", at=_AT),
        Contract(file=_SPEC, schema=f"{_SCHEMAS}/price", fixtures="price.*", at=_AT),
    ),
    connection={"base_url": "https://api.stripe.com", "token": "rk_live_lanternexample"},
    statuses=(
        VendorAnswer(status=200, means=None, body=b'{"object":"list","data":[],"has_more":false}'),
        VendorAnswer(
            status=404, means=None, body=b'{"error":{"type":"invalid_request_error","code":"resource_missing"}}'
        ),
        VendorAnswer(status=400, means=ConfigurationError, body=b'{"error":{"type":"invalid_request_error"}}'),
        VendorAnswer(status=401, means=ConfigurationError, body=b'{"error":{"type":"invalid_request_error"}}'),
        VendorAnswer(status=402, means=ConfigurationError, body=b'{"error":{"type":"card_error"}}'),
        VendorAnswer(status=403, means=ConfigurationError, body=b'{"error":{"type":"invalid_request_error"}}'),
        VendorAnswer(status=409, means=EndpointUnavailable, body=b'{"error":{"type":"idempotency_error"}}'),
        VendorAnswer(status=424, means=EndpointUnavailable, body=b'{"error":{"type":"api_error"}}'),
        VendorAnswer(
            status=429, means=RateLimited, body=b'{"error":{"type":"invalid_request_error","code":"rate_limit"}}'
        ),
        VendorAnswer(
            status=429,
            means=RateLimited,
            headers={"retry-after": "2"},
            body=b'{"error":{"code":"lock_timeout"}}',
            retry_after=timedelta(seconds=2),
        ),
        VendorAnswer(status=500, means=EndpointUnavailable, body=b'{"error":{"type":"api_error"}}'),
        VendorAnswer(status=502, means=EndpointUnavailable),
        VendorAnswer(status=503, means=EndpointUnavailable),
        VendorAnswer(status=504, means=EndpointUnavailable),
    ),
)
