"""What the contract kit, samples and the command line are told of POSLog. Not deployed."""

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from lockstep.messaging.conformance import Conformance, Message, Vector
from lockstep.messaging.inbound import Request

_PREFIX = "whsec_"
_EXTENSIBLE = re.compile(rb"<(?:\w+:)?(?:LineItem|TenderControlTransaction)(?: [^>]*[^/])?>")
_TOTAL = re.compile(rb'<Total TotalType="TransactionGrandAmount"(?: [^>]*)?>([-0-9.]+)</Total>')


def sign(message: Message, secret: str) -> Request:
    """The call with which a till sends a POSLog: Standard Webhooks, symmetric."""
    timestamp = str(int(message.sent_at.timestamp()))
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.digest(key, f"{message.delivery}.{timestamp}.".encode() + message.body, sha256)
    own = {
        "webhook-id": message.delivery,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    return Request({**message.headers, **own}, message.body, message.url)


def widened(body: bytes) -> bytes:
    """With an element of another namespace in each line, which is how vendors extend POSLog."""
    extension = b'<vendor:Till xmlns:vendor="urn:example:vendor"><vendor:Drawer>1</vendor:Drawer></vendor:Till>'
    return _EXTENSIBLE.sub(lambda match: match[0] + extension, body)


def totals(topic: str, body: bytes) -> list[Decimal] | None:  # noqa: ARG001  # there is one topic
    """What the grand totals of the document say."""
    return [Decimal(total.decode()) for total in _TOTAL.findall(body)] or None


def vector(entry: Mapping[str, Any]) -> Vector:
    """The standard's own vector."""
    headers = {
        "webhook-id": entry["id"],
        "webhook-timestamp": str(entry["timestamp"]),
        "webhook-signature": entry["expected"],
    }
    request = Request(headers, entry["body"].encode())
    return Vector(request=request, secret=entry["secret"], now=datetime.fromtimestamp(entry["timestamp"], UTC))


CONFORMANCE = Conformance(
    secrets=(
        _PREFIX + base64.b64encode(b"a till's example secret.").decode(),
        _PREFIX + base64.b64encode(b"another example secret..").decode(),
    ),
    sign=sign,
    content_type="application/xml; charset=utf-8",
    totals=totals,
    widened=widened,
    load=None,
    sent_to_sandbox=(
        "sale",
        "sale_last_units",
        "split_tender_change",
        "discounts",
        "return_linked",
        "exchange",
        "post_void",
        "refund_without_goods",
        "many",
        "unbalanced",
        "inventory",
        "ignored",
        "refused/no_sequence_number",
        "refused/doctype_billion_laughs",
    ),
    vectors_of=("standardwebhooks",),
    vector=vector,
    payload_topics=dict.fromkeys(
        (
            "digitalreceipt_v6_sek_vat_inclusive",
            "poslog_v6_no_currency_split_tender",
            "retoure",
            "retoure_with_link",
            "sale_with_posStorno",
        ),
        "POSLog",
    ),
    refused_payloads=("poslog_v6_no_currency_split_tender__1.xml",),  # no currency, and the account has none
)
