"""Proving a sender by a shared secret."""

import hmac
from base64 import b64encode
from hashlib import sha256

import pytest

from lockstep.messaging.errors import ConfigurationError, SignatureInvalid
from lockstep.messaging.signatures import in_hex, require_hmac

BODY = b'{"id": 1}'


def signed(secret):
    return b64encode(hmac.digest(secret.encode(), BODY, sha256)).decode()


@pytest.mark.parametrize("secrets", [("current", "previous"), ("next", "current")])
def test_any_of_the_secrets_may_have_signed(secrets):
    require_hmac(BODY, [signed("another"), signed("current")], secrets)


@pytest.mark.parametrize("given", [[], [""], ["ä"], [signed("another")], [signed("current").lower()]])
def test_nothing_else_fits(given):
    with pytest.raises(SignatureInvalid):
        require_hmac(BODY, given, ("current",))


def test_a_digest_may_be_written_in_hexadecimal_digits():
    require_hmac(BODY, [hmac.digest(b"current", BODY, sha256).hex()], ("current",), written=in_hex)


@pytest.mark.parametrize("secrets", [(), ("",), ("current", "")])
def test_an_account_that_has_no_secret_or_an_empty_one_proves_nobody(secrets):
    with pytest.raises(ConfigurationError, match="no signing secret"):
        require_hmac(BODY, [signed("")], secrets)
