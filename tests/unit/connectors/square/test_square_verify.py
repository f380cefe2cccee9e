import base64
import hmac
from hashlib import sha256

import pytest

from lockstep.connectors.square.verify import SIGNATURE_HEADER, verify_signature
from lockstep.messaging.errors import ConfigurationError, SignatureInvalid

URL = "https://api.example.com/webhooks/square/main"
BODY = b'{"event_id":"e1","type":"order.created"}'


def headers(url=URL, body=BODY, key="key"):
    digest = hmac.new(key.encode(), url.encode() + body, sha256).digest()
    return {SIGNATURE_HEADER: base64.b64encode(digest).decode()}


def test_the_event_id_is_the_delivery_id():
    assert verify_signature(headers(), URL, BODY, ("key",)) == "e1"


@pytest.mark.parametrize("body", [b"{}", b"no json", b'{"event_id": 7}', b'{"event_id": ""}', b'{"event_id": "a\\nb"}'])
def test_without_one_it_is_a_digest_of_the_body(body):
    assert verify_signature(headers(body=body), URL, body, ("key",)) == sha256(body).hexdigest()


@pytest.mark.parametrize("url", [URL + "/", URL + "?a=1", URL.replace("https", "http"), ""])
def test_what_was_signed_for_another_address_is_refused(url):
    with pytest.raises(SignatureInvalid):
        verify_signature(headers(url=url), URL, BODY, ("key",))


def test_any_of_the_secrets_will_do():
    assert verify_signature(headers(key="old"), URL, BODY, ("new", "old")) == "e1"


def test_another_account_s_key_is_refused():
    with pytest.raises(SignatureInvalid):
        verify_signature(headers(key="other"), URL, BODY, ("key",))


def test_no_secret_is_our_mistake():
    with pytest.raises(ConfigurationError):
        verify_signature(headers(), URL, BODY, ())
