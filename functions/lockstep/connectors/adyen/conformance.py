"""What the contract kit, samples and the command line are told of Adyen. Not deployed."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from lockstep.connectors.adyen.verify import SIGNATURE_FIELD, SIGNATURE_HEADER, signed_fields
from lockstep.messaging.conformance import Conformance, Contract, Message, Vector, flipped
from lockstep.messaging.inbound import Request

_NOW: Final = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
_PLACES: Final = {"CVE": 0, "IDR": 0, "JPY": 0, "KWD": 3}
_MONEY_AND_DISPUTE: Final = frozenset({"CHARGEBACK", "SECOND_CHARGEBACK", "CHARGEBACK_REVERSED"})
_SCHEMAS: Final = "/components/schemas"
_SPEC: Final = "adyen/Webhooks-v1.json"


def sign(message: Message, secret: str) -> Request:
    """The call with which Adyen sends a message: each item signed, or the body where there is none."""
    tree = _tree(message.body)
    items = [holder["NotificationRequestItem"] for holder in tree.get("notificationItems", ())]
    if not items:
        headers = {**message.headers, SIGNATURE_HEADER: _digest(message.body, secret)}
        return Request(headers, message.body, message.url)
    for item in items:
        signature = _digest(signed_fields(item), secret)
        item["additionalData"] = {**item.get("additionalData", {}), SIGNATURE_FIELD: signature}
    return Request(message.headers, json.dumps(tree, ensure_ascii=False).encode(), message.url)


def tampered(request: Request) -> Request:
    """With another amount, which is signed; a changed byte elsewhere need not be noticed."""
    tree = _tree(request.body)
    items = tree.get("notificationItems")
    if not items:
        return flipped(request)
    items[-1]["NotificationRequestItem"]["amount"]["value"] = 1
    return replace(request, body=json.dumps(tree, ensure_ascii=False).encode())


def totals(topic: str, body: bytes) -> list[Decimal]:  # noqa: ARG001  # the items say what they are
    """What Adyen states of each item, once for each time that it tells of it; disputes that move money count twice."""
    found: dict[tuple[str, str], list[Decimal]] = {}
    for holder in json.loads(body)["notificationItems"]:
        item = holder["NotificationRequestItem"]
        if item["eventCode"] == "REPORT_AVAILABLE":
            continue
        places = _PLACES.get(item["amount"]["currency"], 2)
        amount = Decimal(item["amount"]["value"]).scaleb(-places)
        times = 2 if item["eventCode"] in _MONEY_AND_DISPUTE else 1
        found[item["eventCode"], item["pspReference"]] = [amount] * times
    return [amount for amounts in found.values() for amount in amounts]


def vector(entry: Mapping[str, Any]) -> Vector:
    """A vector of Adyen's SDKs: of an item, or of a whole body."""
    if "item" not in entry:
        request = Request({SIGNATURE_HEADER: entry["expected"]}, entry["body"].encode())
        return Vector(request=request, secret=entry["secret_hex"], now=_NOW)
    item = entry["item"]
    additional = {**item.get("additionalData", {}), SIGNATURE_FIELD: entry["expected"]}
    message = {"notificationItems": [{"NotificationRequestItem": {**item, "additionalData": additional}}]}
    return Vector(request=Request({}, json.dumps(message).encode()), secret=entry["secret_hex"], now=_NOW)


def _digest(signed: bytes, secret: str) -> str:
    return base64.b64encode(hmac.digest(bytes.fromhex(secret), signed, sha256)).decode()


def _tree(body: bytes) -> dict[str, Any]:
    try:
        tree = json.loads(body)
    except ValueError:
        return {}
    return tree if isinstance(tree, dict) else {}


def _contract(schema: str, fixtures: str) -> Contract:
    return Contract(file=_SPEC, schema=f"{_SCHEMAS}/{schema}NotificationRequest", fixtures=fixtures)


_SIGNED: Final = {
    "pspReference": "LANTVECTOR000002",
    "originalReference": "LANTVECTOR000001",
    "merchantAccountCode": "LanternBooksECOM",
    "merchantReference": "a:b\\c/d",
    "amount": {"value": 4787, "currency": "EUR"},
    "eventCode": "CAPTURE",
    "success": "true",
    "additionalData": {SIGNATURE_FIELD: "yu4GZccrR1602uFxLi2Lc2hqkeFL+dbFzLCirVf5BBg="},
}
"""By OpenSSL: printf '%s' '<fields>' | openssl dgst -sha256 -mac HMAC -macopt hexkey:<key> -binary | base64."""
_ITEM: Final = "notificationItems.0.NotificationRequestItem"

CONFORMANCE = Conformance(
    secrets=(
        "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
        "FEDCBA9876543210FEDCBA9876543210FEDCBA9876543210FEDCBA9876543210",
    ),
    sign=sign,
    required={
        "AUTHORISATION--card": (
            f"{_ITEM}.pspReference",
            f"{_ITEM}.eventCode",
            f"{_ITEM}.success",
            f"{_ITEM}.amount.value",
            f"{_ITEM}.amount.currency",
            f"{_ITEM}.eventDate",
        ),
        "CHARGEBACK--not_received": (f"{_ITEM}.pspReference", f"{_ITEM}.amount.value", f"{_ITEM}.success"),
    },
    totals=totals,
    personal=("Imani Okafor", "imani.okafor@example.com"),
    tampered=tampered,
    vectors_of=("adyen",),
    own_vectors=(
        Vector(
            request=Request({}, json.dumps({"notificationItems": [{"NotificationRequestItem": _SIGNED}]}).encode()),
            secret="00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",  # noqa: S106  # an example
            now=_NOW,
        ),
    ),
    vector=vector,
    payload_topics={
        "sdk.cancellation-true": "CANCELLATION",
        "sdk.capture-true": "CAPTURE",
        "sdk.chargeback": "CHARGEBACK",
        "sdk.refund-true": "REFUND",
        # Ignored whatever they are called: their own words stand in the body.
        "ACH_NOTIFICATION_OF_CHANGE": "AUTHORISATION",
        "AUTORESCUE": "AUTHORISATION",
        "DIRECT_DEBIT_NOTICE_OF_CHANGE_NOTIFICATION": "AUTHORISATION",
        "MANUAL_REVIEW_REJECT": "AUTHORISATION",
        "ORDER_CLOSED": "AUTHORISATION",
        "sdk.display-notification": "AUTHORISATION",
        "sdk.event-notification": "AUTHORISATION",
        "sdk.management-webhook-payment-method-created-unknown-enum": "AUTHORISATION",
        "sdk.tokenization-webhook-recurring-token-alreadyExisting": "AUTHORISATION",
        "sdk.tokenization-webhook-recurring-token-created": "AUTHORISATION",
        "sdk.tokenization-webhook-recurring-token-disabled": "AUTHORISATION",
    },
    contracts=(
        _contract("Authorisation", "AUTHORISATION--[!sw]*"),
        _contract("AuthorisationAdjustment", "AUTHORISATION_ADJUSTMENT--*"),
        _contract("Capture", "CAPTURE--*"),
        _contract("Cancellation", "CANCELLATION--by_*"),
        _contract("CancelOrRefund", "CANCEL_OR_REFUND--*"),
        _contract("Expire", "EXPIRE--*"),
        _contract("Refund", "REFUND--*"),
        _contract("RefundWithData", "REFUND_WITH_DATA--*"),
        _contract("Payout", "PAYOUT_*"),
        _contract("PaidoutReversed", "PAIDOUT_REVERSED--*"),
        _contract("Chargeback", "CHARGEBACK--*"),
        _contract("ChargebackReversed", "CHARGEBACK_REVERSED--*"),
        _contract("SecondChargeback", "SECOND_CHARGEBACK--*"),
        _contract("NotificationOfChargeback", "NOTIFICATION_OF_CHARGEBACK--*"),
        _contract("NotificationOfFraud", "NOTIFICATION_OF_FRAUD--*"),
        _contract("RequestForInformation", "REQUEST_FOR_INFORMATION--*"),
    ),
)
