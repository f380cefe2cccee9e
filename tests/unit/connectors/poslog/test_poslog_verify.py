import hmac
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from lockstep.connectors.poslog.connector import PoslogConnector
from lockstep.messaging.errors import ConfigurationError, MessageExpired, SignatureInvalid
from lockstep.messaging.inbound import Request

SECRET = "whsec_" + "bmluZXR5LXNpeC1iaXRzLW9mLXNlY3JldA=="
NEXT_SECRET = "whsec_" + "YW5vdGhlci1zZWNyZXQtdGhhdC1pcy1uZXh0"
NOW = datetime(2026, 11, 23, 15, 4, 10, tzinfo=UTC)
BODY = "<POSLog>Köln</POSLog>".encode()


def signed(body=BODY, secret=SECRET, at=NOW, delivery_id="msg_1"):
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(delivery_id, at, body.decode()),
    }


def verify(headers, body=BODY, secrets=(SECRET,), now=NOW):
    return PoslogConnector().verify(Request(headers=headers, body=body), secrets, now)


def test_what_the_reference_signs_is_accepted_and_names_its_delivery():
    assert verify(signed()) == "msg_1"


@given(st.text(max_size=200), st.integers(min_value=0, max_value=2**31))
def test_whatever_the_reference_signs_is_accepted(body, seconds):
    at = datetime.fromtimestamp(seconds, UTC)
    assert verify(signed(body.encode(), at=at), body.encode(), now=at) == "msg_1"


@pytest.mark.parametrize("place", range(0, len(BODY), 5))
def test_one_flipped_bit_of_the_body_is_refused(place):
    forged = bytearray(BODY)
    forged[place] ^= 1
    with pytest.raises(SignatureInvalid):
        verify(signed(), bytes(forged))


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp"])
def test_the_id_and_the_time_are_signed_too(header):
    forged = signed()
    forged[header] = {"webhook-id": "msg_2", "webhook-timestamp": str(int(NOW.timestamp()) + 1)}[header]
    with pytest.raises(SignatureInvalid):
        verify(forged)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", " "])
def test_a_missing_header_is_named(header, value):
    headers = signed()
    if value is None:
        del headers[header]
    else:
        headers[header] = value
    with pytest.raises(SignatureInvalid, match=header if value != " " else r"malformed|no signature"):
        verify(headers)


def test_header_names_have_no_case():
    assert verify({name.title(): value for name, value in signed().items()}) == "msg_1"


def test_two_secrets_are_valid_while_one_replaces_the_other():
    both = (NEXT_SECRET, SECRET)
    assert verify(signed(secret=SECRET), secrets=both) == "msg_1"
    assert verify(signed(secret=NEXT_SECRET), secrets=both) == "msg_1"
    with pytest.raises(SignatureInvalid):
        verify(signed(secret=SECRET), secrets=(NEXT_SECRET,))


def test_a_sender_may_send_several_signatures():
    headers = signed()
    other = signed(secret=NEXT_SECRET)["webhook-signature"]
    headers["webhook-signature"] = f"v1a,bm90IG91cnM= {other} {headers['webhook-signature']}"
    assert verify(headers) == "msg_1"


@pytest.mark.parametrize("signature", ["v1", "v1,", "v1,!!!", "v2,AAAA", "garbage", "v1a,AAAA", ",", "v1,é"])
def test_a_signature_that_is_none_is_refused(signature):
    with pytest.raises(SignatureInvalid):
        verify({**signed(), "webhook-signature": signature})


@pytest.mark.parametrize("timestamp", ["now", "1.5", "-1", "1e9", "999999999999", "\u0661"])
def test_a_timestamp_that_is_none_is_refused(timestamp):
    with pytest.raises(SignatureInvalid, match="webhook-timestamp"):
        verify({**signed(), "webhook-timestamp": timestamp})


@pytest.mark.parametrize("off", [timedelta(minutes=5), timedelta(minutes=-5), timedelta(0)])
def test_a_message_within_five_minutes_is_taken(off):
    assert verify(signed(at=NOW + off)) == "msg_1"


@pytest.mark.parametrize(
    "off", [timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1), timedelta(days=400)]
)
def test_a_message_from_another_time_is_expired(off):
    with pytest.raises(MessageExpired):
        verify(signed(at=NOW + off))


def test_a_forged_message_is_invalid_before_it_is_expired():
    with pytest.raises(SignatureInvalid):
        verify(signed(secret=NEXT_SECRET, at=NOW - timedelta(days=1)))


def test_a_body_need_not_be_utf_8():
    body = "<POSLog>Köln</POSLog>".encode("iso-8859-1")
    stamp = str(int(NOW.timestamp()))
    digest = hmac.digest(b64decode(SECRET.removeprefix("whsec_")), f"msg_1.{stamp}.".encode() + body, sha256)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + b64encode(digest).decode(),
    }
    assert verify(headers, body) == "msg_1"


def test_a_secret_may_come_without_prefix_or_padding():
    assert verify(signed(), secrets=(SECRET.removeprefix("whsec_").rstrip("="),)) == "msg_1"


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_!!!",)])
def test_a_set_up_without_a_usable_secret_is_our_fault(secrets):
    with pytest.raises(ConfigurationError):
        verify(signed(), secrets=secrets)


def test_no_error_tells_the_secret_or_the_body():
    with pytest.raises(SignatureInvalid) as refused:
        verify(signed(secret=NEXT_SECRET))
    assert "Köln" not in str(refused.value)
    with pytest.raises(ConfigurationError) as broken:
        verify(signed(), secrets=("whsec_tell-no-one!",))
    assert "tell" not in str(broken.value)
