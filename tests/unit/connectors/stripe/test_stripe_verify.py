import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from lockstep.connectors.stripe.verify import SIGNATURE_HEADER, verify_signature
from lockstep.messaging.errors import ConfigurationError, MessageExpired, SignatureInvalid

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
BODY = b'{"id":"evt_1","type":"charge.succeeded"}'
TOLERANCE = timedelta(minutes=5)


def signature(secret="whsec_one", at=NOW, body=BODY):
    return hmac.new(secret.encode(), f"{int(at.timestamp())}.".encode() + body, sha256).hexdigest()


def header(*signatures, at=NOW):
    return {SIGNATURE_HEADER: ",".join([f"t={int(at.timestamp())}", *signatures])}


def verify(headers, body=BODY, secrets=("whsec_one",), now=NOW):
    return verify_signature(headers, body, secrets, now=now, tolerance=TOLERANCE)


def test_the_event_s_id_is_the_delivery_id():
    assert verify(header(f"v1={signature()}")) == "evt_1"


def test_one_of_several_signatures_will_do():
    assert verify(header("v1=00ff", f"v1={signature()}", "v0=11")) == "evt_1"


def test_one_of_several_secrets_will_do():
    assert verify(header(f"v1={signature('whsec_old')}"), secrets=("whsec_new", "whsec_old")) == "evt_1"


def test_spaces_after_commas_do_no_harm():
    assert verify({SIGNATURE_HEADER: f"t={int(NOW.timestamp())}, v1={signature()}"}) == "evt_1"


@pytest.mark.parametrize("given", [
    "", "t=1", "v1=00", "nonsense", "t=,v1=00", "t=x,v1=00", "t=99999999999999,v1=00", "=,=,=",
])  # fmt: skip
def test_what_is_no_signature_is_refused(given):
    with pytest.raises(SignatureInvalid):
        verify({SIGNATURE_HEADER: given})


def test_the_scheme_for_tests_counts_for_nothing():
    with pytest.raises(SignatureInvalid):
        verify(header(f"v0={signature()}"))


def test_the_time_is_signed():
    with pytest.raises(SignatureInvalid):
        verify(header(f"v1={signature()}", at=NOW + timedelta(seconds=1)))


@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_an_old_or_a_future_time_is_refused(off):
    with pytest.raises(MessageExpired):
        verify(header(f"v1={signature(at=NOW + off)}", at=NOW + off))


def test_a_forged_old_message_is_called_forged():
    old = NOW - timedelta(days=1)
    with pytest.raises(SignatureInvalid):
        verify(header("v1=00", at=old))


def test_the_prefix_of_the_secret_is_part_of_it():
    with pytest.raises(SignatureInvalid):
        verify(header(f"v1={signature('one')}"))


def test_no_secret_is_our_mistake():
    with pytest.raises(ConfigurationError):
        verify(header(f"v1={signature()}"), secrets=())
