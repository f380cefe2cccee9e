import base64
import hmac
import json
from hashlib import sha256

import pytest

from lockstep.connectors.adyen.verify import SIGNATURE_HEADER, signed_fields, verify_signature
from lockstep.messaging.errors import ConfigurationError, SignatureInvalid

KEY = "0123456789ABCDEF0123456789ABCDEF"
OTHER = "FEDCBA9876543210FEDCBA9876543210"


def item(**fields):
    return {
        "pspReference": "PSP1",
        "merchantAccountCode": "Lantern",
        "merchantReference": "1042",
        "amount": {"value": 4787, "currency": "EUR"},
        "eventCode": "AUTHORISATION",
        "success": "true",
    } | fields


def digest(signed, key=KEY):
    return base64.b64encode(hmac.new(bytes.fromhex(key), signed, sha256).digest()).decode()


def signed(each, key=KEY):
    return each | {"additionalData": {"hmacSignature": digest(signed_fields(each), key)}}


def message(*items, **fields):
    holders = [{"NotificationRequestItem": each} for each in items]
    return json.dumps({"live": "true", "notificationItems": holders} | fields).encode()


@pytest.mark.parametrize(("fields", "expected"), [
    ({}, b"PSP1::Lantern:1042:4787:EUR:AUTHORISATION:true"),
    ({"originalReference": "PSP0", "eventCode": "CAPTURE"}, b"PSP1:PSP0:Lantern:1042:4787:EUR:CAPTURE:true"),
    ({"merchantReference": "a:b\\c/d"}, b"PSP1::Lantern:a:b\\c/d:4787:EUR:AUTHORISATION:true"),
    ({"merchantReference": None, "amount": None}, b"PSP1::Lantern::::AUTHORISATION:true"),
    ({"success": False}, b"PSP1::Lantern:1042:4787:EUR:AUTHORISATION:false"),
])  # fmt: skip
def test_what_is_signed_is_not_escaped(fields, expected):
    assert signed_fields(item(**fields)) == expected


def test_each_item_is_proven():
    body = message(signed(item()), signed(item(pspReference="PSP2", eventCode="CAPTURE")))
    assert verify_signature({}, body, (KEY,))


def test_one_bad_item_refuses_the_whole():
    for bad in (item(pspReference="PSP2"), signed(item(), OTHER), signed(item()) | {"success": "false"}):
        with pytest.raises(SignatureInvalid):
            verify_signature({}, message(signed(item()), bad), (KEY,))


def test_items_may_be_signed_with_different_keys_while_one_replaces_the_other():
    assert verify_signature({}, message(signed(item()), signed(item(), OTHER)), (OTHER, KEY))


def test_the_delivery_is_the_same_when_it_comes_again_and_another_for_other_items():
    first, reordered = message(signed(item())), message(signed(item()), extra="field")
    assert verify_signature({}, first, (KEY,)) == verify_signature({}, reordered, (KEY,))
    assert verify_signature({}, first, (KEY,)) != verify_signature({}, message(signed(item(success="false"))), (KEY,))


def test_items_are_not_proven_by_a_header():
    body = message(item())
    with pytest.raises(SignatureInvalid):
        verify_signature({SIGNATURE_HEADER: digest(body)}, body, (KEY,))


def test_other_webhooks_are_proven_by_a_header_over_the_body():
    body = b'{"type": "recurring.token.created"}'
    assert verify_signature({SIGNATURE_HEADER: digest(body)}, body, (KEY,)) == sha256(body).hexdigest()
    with pytest.raises(SignatureInvalid):
        verify_signature({SIGNATURE_HEADER: digest(body)}, body + b" ", (KEY,))


@pytest.mark.parametrize("body", [
    b"", b"no json", b"[]", b"{}", b'{"notificationItems": []}', b'{"notificationItems": {}}',
    b'{"notificationItems": [7]}', b'{"notificationItems": [{"NotificationRequestItem": []}]}',
    b'{"notificationItems": [{"NotificationRequestItem": {"additionalData": {"hmacSignature": 7}}}]}',
    b'{"notificationItems": [{"NotificationRequestItem": {"additionalData": {"hmacSignature": "\\ud83e"}}}]}',
])  # fmt: skip
def test_what_nobody_signed_is_refused(body):
    with pytest.raises(SignatureInvalid):
        verify_signature({}, body, (KEY,))


def test_a_signature_of_other_letters_is_refused():
    with pytest.raises(SignatureInvalid):
        verify_signature({SIGNATURE_HEADER: "grüße"}, b"{}", (KEY,))


@pytest.mark.parametrize("secrets", [(), ("no hex",), ("",)])
def test_a_key_that_is_none_is_our_mistake(secrets):
    with pytest.raises(ConfigurationError):
        verify_signature({}, message(signed(item())), secrets)
