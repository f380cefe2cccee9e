import base64
import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.connectors.shopify.connector import ShopifyConnector
from lockstep.messaging.errors import ConfigurationError, MessageMalformed, SignatureInvalid
from lockstep.messaging.inbound import Delivery, Request
from tests.unit.connectors.shopify.messages import fixture

SECRET, NEXT = "shpss_of_the_test", "shpss_that_is_next"
NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
BODY = '{"id":1,"note":"Grüße"}'.encode()


def signature(body=BODY, secret=SECRET):
    return base64.b64encode(hmac.digest(secret.encode(), body, sha256)).decode()


def verify(headers, body=BODY, secrets=(SECRET,)):
    return ShopifyConnector().verify(Request(headers, body), secrets, NOW)


@pytest.mark.parametrize("family", ["x-shopify-", "shopify-", "X-Shopify-"])
def test_both_families_of_headers_are_read_in_any_case(family):
    headers = {f"{family}hmac-sha256": signature(), f"{family}event-id": "e1"}
    assert verify(headers).startswith("e1.")


@given(st.binary(max_size=300))
def test_the_raw_bytes_are_signed_whatever_they_are(body):
    assert verify({"x-shopify-hmac-sha256": signature(body)}, body)


@pytest.mark.parametrize("place", range(len(BODY)))
def test_one_flipped_bit_is_refused(place):
    forged = bytearray(BODY)
    forged[place] ^= 1
    with pytest.raises(SignatureInvalid):
        verify({"x-shopify-hmac-sha256": signature()}, bytes(forged))


@pytest.mark.parametrize("given", ["", " ", "=", "x" * 5000, "\u00e4", signature(secret=NEXT), signature()[:-1]])
def test_another_signature_is_refused(given):
    with pytest.raises(SignatureInvalid):
        verify({"x-shopify-hmac-sha256": given})


def test_while_one_secret_replaces_the_other_both_are_good():
    for secret in (SECRET, NEXT):
        verify({"x-shopify-hmac-sha256": signature(secret=secret)}, secrets=(NEXT, SECRET))
    with pytest.raises(SignatureInvalid):
        verify({"x-shopify-hmac-sha256": signature()}, secrets=(NEXT,))


def test_without_a_secret_nobody_is_proven():
    with pytest.raises(ConfigurationError):
        verify({"x-shopify-hmac-sha256": signature()}, secrets=())


def named(body=BODY, **headers):
    ids = {name.replace("_", "-"): value for name, value in headers.items()}
    return verify({"x-shopify-hmac-sha256": signature(body), **ids}, body)


def test_the_event_names_the_delivery_before_the_webhook_does():
    both = named(x_shopify_event_id="e1", x_shopify_webhook_id="w1")
    assert both == named(x_shopify_event_id="e1", x_shopify_webhook_id="w2")
    assert both != named(x_shopify_webhook_id="w1")
    assert named(x_shopify_webhook_id="w1") == named(shopify_webhook_id="w1")


def test_two_messages_of_one_event_are_two_deliveries():
    """One sale of two articles moves two stock levels: two messages of one topic and one event."""
    assert named(b'{"inventory_item_id":1}', x_shopify_event_id="e1") != named(
        b'{"inventory_item_id":2}', x_shopify_event_id="e1"
    )


@pytest.mark.parametrize("given", [None, "", "x" * 500, "a\nb"])
def test_where_nothing_names_it_the_bytes_do(given):
    headers = {} if given is None else {"x_shopify_event_id": given}
    assert named(**headers) == sha256(BODY).hexdigest()


# ---- the cloud's partner bus ----


def on_the_bus(payload, **metadata):
    return {
        "source": "aws.partner/shopify.com/1/lantern",
        "detail-type": "shopifyWebhook",
        "detail": {
            "payload": payload,
            "metadata": {
                "Content-Type": "application/json",
                "X-Shopify-Topic": "orders/create",
                "X-Shopify-Shop-Domain": "lantern.myshopify.com",
                "X-Shopify-Hmac-SHA256": "not looked at",
                "X-Shopify-Webhook-Id": "w1",
                "X-Shopify-Event-Id": "e1",
                **metadata,
            },
        },
    }


def test_what_the_bus_brings_becomes_what_the_webhook_would_have_brought():
    message = fixture("orders-create--tax_included")
    connector = ShopifyConnector()
    delivery_id, request = connector.unpack(json.loads(json.dumps(on_the_bus(message))))
    assert request.headers["x-shopify-topic"] == "orders/create"
    assert delivery_id.startswith("e1.")

    def events(body):
        return [
            one.data for one in connector.translate(Delivery("shopify.main", "d", body, NOW, "orders/create")).events
        ]

    assert events(request.body) == events(json.dumps(message).encode())


def test_the_same_event_of_the_bus_is_the_same_delivery():
    event = on_the_bus({"id": 1, "note": "Grüße", "subtotal": 195.66})
    first, again = (ShopifyConnector().unpack(json.loads(json.dumps(event))) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("event", [{}, {"detail": None}, {"detail": {"payload": []}}, {"detail": {"payload": {}}}])
def test_what_is_no_event_of_the_shop_is_malformed(event):
    with pytest.raises(MessageMalformed):
        ShopifyConnector().unpack(event)
