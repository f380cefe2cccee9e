import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockstep.connectors.adobe_commerce.connector import AdobeCommerceConnector
from lockstep.connectors.adobe_commerce.manifest import MANIFEST
from lockstep.messaging.errors import ConfigurationError, SignatureInvalid
from lockstep.messaging.inbound import Request

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ADOBE, SECOND, SHOP = (rsa.generate_private_key(65537, 2048) for _ in range(3))
EVENT = {"id": "e-1", "recipient_client_id": "client-1", "type": "com.adobe.commerce.observer.customer_save_after"}
BODY = json.dumps(EVENT).encode()


def pem(key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signature(key, signed: bytes) -> str:
    return base64.b64encode(key.sign(signed, PKCS1v15(), SHA256())).decode()


def event(body: bytes = BODY, *, by=ADOBE, header: str = "x-adobe-digital-signature-1", signed: bytes | None = None):
    return Request({header: signature(by, body if signed is None else signed)}, body)


def verify(request: Request, *secrets: str) -> str:
    return AdobeCommerceConnector().verify(request, secrets, NOW)


SECRET = f"client_id client-1\n{pem(ADOBE)}{pem(SECOND)}"


@pytest.mark.parametrize("by", [ADOBE, SECOND])
@pytest.mark.parametrize("header", ["x-adobe-digital-signature-1", "x-adobe-digital-signature-2"])
def test_either_signature_with_either_key_proves_an_event(by, header):
    assert verify(event(by=by, header=header), SECRET) == "e-1"


def test_one_of_two_signatures_is_enough_and_one_of_two_secrets():
    request = event()
    both = {**request.headers, "x-adobe-digital-signature-2": signature(SHOP, BODY)}
    assert verify(Request(both, BODY), f"client_id other\n{pem(SHOP)}", SECRET) == "e-1"


def test_adobe_signs_for_others_too():
    for_another = json.dumps({**EVENT, "recipient_client_id": "client-2"}).encode()
    with pytest.raises(SignatureInvalid, match="recipient_client_id"):
        verify(event(for_another), SECRET)
    nobody = json.dumps({"id": "e-1"}).encode()
    with pytest.raises(SignatureInvalid, match="recipient_client_id"):
        verify(event(nobody), SECRET)


def test_every_event_of_a_batch_must_be_for_us():
    ours, theirs = EVENT, {**EVENT, "recipient_client_id": "client-2"}
    assert len(verify(event(json.dumps([ours, ours]).encode()), SECRET)) == 64
    for batch in ([ours, theirs], []):
        with pytest.raises(SignatureInvalid):
            verify(event(json.dumps(batch).encode()), SECRET)


def test_without_a_client_no_event_is_taken():
    with pytest.raises(SignatureInvalid):
        verify(event(), pem(ADOBE))


@pytest.mark.parametrize(
    "request_",
    [
        Request({}, BODY),
        Request({"x-adobe-digital-signature-1": ""}, BODY),
        Request({"x-adobe-digital-signature-1": "no base64!"}, BODY),
        event(by=SHOP),
        event(signed=b"another body"),
        Request({"x-adobe-commerce-webhook-signature": signature(ADOBE, BODY)}, BODY),
        Request({"x-adobe-commerce-webhook-signature": ""}, BODY),
    ],
)
def test_what_does_not_prove_itself_is_refused(request_):
    with pytest.raises(SignatureInvalid):
        verify(request_, SECRET)


def test_a_webhook_is_signed_over_its_base64_by_the_shop():
    request = event(
        b'{"product":{}}', by=SHOP, header="x-adobe-commerce-webhook-signature", signed=b"eyJwcm9kdWN0Ijp7fX0="
    )
    assert len(verify(request, pem(SHOP))) == 64


def _ec() -> str:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "secrets",
    [(), ("client_id x",), ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",), (_ec(),)],
)
def test_an_account_without_an_rsa_key_is_our_mistake(secrets):
    with pytest.raises(ConfigurationError):
        verify(event(), *secrets)


def test_a_challenge_is_echoed_and_nothing_else_is():
    assert MANIFEST.inbound is not None
    assert "GET" in MANIFEST.inbound.methods, "no route would bring it"
    greet = AdobeCommerceConnector().greet
    answer = greet(Request({}, b"", query={"challenge": "abc-123"}, method="GET"))
    assert answer is not None
    assert (answer.status, answer.body) == (200, "abc-123")
    assert greet(Request({}, b"", query={"challenge": "<script>"}, method="GET")) is None
    assert greet(Request({}, b"", query={"challenge": "abc"}, method="POST")) is None
    assert greet(Request({}, b"", method="GET")) is None
