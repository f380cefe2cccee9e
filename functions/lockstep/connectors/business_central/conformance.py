"""What the contract kit, samples and the command line are told of Business Central. Not deployed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from lockstep.messaging.conformance import Conformance, Message, Vector, VendorAnswer
from lockstep.messaging.errors import ConfigurationError, EndpointTimeout, EndpointUnavailable, RateLimited
from lockstep.messaging.inbound import Request

EXAMPLE_STATE = "business-central-example-client-state"


def sign(message: Message, secret: str) -> Request:
    """The call with which Business Central sends a message: its notifications repeat the client state."""
    try:
        tree = json.loads(message.body)
        for notification in tree["value"]:
            notification["clientState"] = secret
        body = json.dumps(tree, ensure_ascii=False).encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        body = message.body  # what is no notification carries no client state
    return Request(dict(message.headers), body, message.url)


def tampered(request: Request) -> Request:
    """With another client state in the last notification."""
    tree = json.loads(request.body)
    tree["value"][-1]["clientState"] += "x"
    return replace(request, body=json.dumps(tree).encode())


def totals(topic: str, body: bytes) -> Sequence[Decimal]:
    """`totalAmountIncludingTax` of orders that are not our own."""
    if "salesOrder" not in topic:
        return []
    said: Any = json.loads(body, parse_float=Decimal)
    orders = said.get("value", [said])
    return [
        Decimal(str(order["totalAmountIncludingTax"]))
        for order in orders
        if not str(order.get("externalDocumentNumber") or "").startswith("shopify.main/")
    ]


CONFORMANCE = Conformance(
    secrets=(EXAMPLE_STATE, "another-business-central-client-state"),
    sign=sign,
    tampered=tampered,
    currency="EUR",
    totals=totals,
    required={
        "notification": ("value.0.resource",),
        "fetched-item": ("id", "number", "lastModifiedDateTime"),
        "fetched-salesOrder": (
            "id",
            "lastModifiedDateTime",
            "totalAmountIncludingTax",
            "salesOrderLines.0.quantity",
            "salesOrderLines.0.amountExcludingTax",
        ),
    },
    own_vectors=(
        Vector(  # the form that the vendor documents
            request=Request({}, b'{"value":[{"subscriptionId":"items","clientState":"someClientState"}]}'),
            secret="someClientState",  # noqa: S106  # an example
            now=datetime(2026, 11, 23, tzinfo=UTC),
        ),
    ),
    personal=("D. Contact", "contact@example.com", "Example Lane 7"),
    payload_topics={
        "notification": "notification",
        "api.dynamics_salesOrder_create": "fetched/salesOrder",
        "api.dynamics_customer": "",
        "api.dynamics_salesorder": "",
        "api.dynamics_salesOrderLine_create": "",
        "api.dynamics_salesCreditMemo_create": "",
        "api.dynamics_journal": "",
        "api.dynamics_journalline": "",
        "api.dynamics_journalLine_create": "",
    },
    connection={
        "base_url": "https://api.businesscentral.dynamics.com/v2.0/sandbox/api/v2.0",
        "tenant": "example-tenant",
        "client_id": "example-client-id",
        "client_secret": "example-client-secret",
        "company": "f64eba74-dacd-4854-a584-000000000000",
    },
    opening={"/oauth2/v2.0/token": b'{"access_token":"example-access-token","expires_in":3599}'},
    statuses=(
        VendorAnswer(status=200, means=None, body=b'{"value":[]}'),
        VendorAnswer(status=404, means=None),
        VendorAnswer(status=400, means=ConfigurationError),
        VendorAnswer(status=401, means=ConfigurationError),
        VendorAnswer(status=403, means=ConfigurationError),
        VendorAnswer(status=408, means=EndpointTimeout),
        VendorAnswer(status=429, means=RateLimited),
        VendorAnswer(status=429, means=RateLimited, headers={"retry-after": "5"}, retry_after=timedelta(seconds=5)),
        VendorAnswer(status=500, means=EndpointUnavailable),
        VendorAnswer(status=503, means=EndpointUnavailable),
        VendorAnswer(status=504, means=EndpointUnavailable),
    ),
)
