import base64
import hmac
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from lockstep.connectors.woocommerce.connector import WoocommerceConnector
from lockstep.messaging.errors import ConfigurationError, SignatureInvalid
from lockstep.messaging.inbound import Request

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BODY = b'{"id":12}'


def signed(secret: str = "lantern", body: bytes = BODY, **headers: str) -> Request:
    digest = base64.b64encode(hmac.digest(secret.encode(), BODY, sha256)).decode()
    own = {"x-wc-webhook-delivery-id": "900", "x-wc-webhook-signature": digest}
    return Request({**own, **headers}, body)


def test_the_delivery_id_is_the_vendors():
    assert WoocommerceConnector().verify(signed(), ("other", "lantern"), NOW) == "900"


@pytest.mark.parametrize(
    "request_",
    [
        signed("another"),
        signed(body=b'{"id":13}'),
        signed(**{"x-wc-webhook-signature": ""}),
        signed(**{"x-wc-webhook-signature": "no base64!"}),
        signed(**{"x-wc-webhook-delivery-id": ""}),
        signed(**{"x-wc-webhook-delivery-id": "a b"}),
    ],
)
def test_what_does_not_prove_itself_is_refused(request_):
    with pytest.raises(SignatureInvalid):
        WoocommerceConnector().verify(request_, ("lantern",), NOW)


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_an_account_without_a_secret_is_our_mistake(secrets):
    with pytest.raises(ConfigurationError):
        WoocommerceConnector().verify(signed(), secrets, NOW)


def test_a_ping_is_answered_and_nothing_else_is():
    connector = WoocommerceConnector()
    answer = connector.greet(Request({"content-type": "application/x-www-form-urlencoded"}, b"webhook_id=7"))
    assert answer is not None
    assert answer.status == 200
    assert connector.greet(Request({}, b"webhook_id=7&x=1")) is None
    assert connector.greet(signed()) is None
    assert connector.greet(signed(body=b"webhook_id=7")) is None
